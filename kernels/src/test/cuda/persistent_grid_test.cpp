// The persistent kernels of the whole grid against the kernels of one step with their products, which layer_pass_test.cpp holds
// against float64. Launch shapes are computed as the head of persistent_grid.cuh says.
#include "harness.h"

#include <algorithm>
#include <cstring>
#include <map>

namespace {

enum class Cell { tanh, relu, lstm, gru };
struct Traits {
    const char* name;
    int gates, blocks, laneColumns;
};
Traits traitsOf(Cell cell) {
    switch (cell) {
    case Cell::tanh: return {"rnn_tanh", 1, 1, 4};
    case Cell::relu: return {"rnn_relu", 1, 1, 4};
    case Cell::lstm: return {"lstm", 4, 4, 8};
    default: return {"gru", 3, 4, 6};
    }
}

int ceilDiv(int a, int b) { return (a + b - 1) / b; }

struct Launch {
    Grid grid;
    std::string variant;
    unsigned shared;
};
Launch launchOf(Cell cell, bool forward, int batch, int hidden, int blocks, int slices) {
    Traits traits = traitsOf(cell);
    int rows = ceilDiv(batch, slices), units = ceilDiv(hidden, blocks);
    int columns = forward ? traits.gates * units : units, depth = forward ? hidden : traits.gates * hidden;
    int laneColumns = forward ? traits.laneColumns : 8, lanes = 1;
    while (lanes * laneColumns < columns) {
        lanes *= 2;
    }
    const char* variant = depth % 4 != 0 ? "unaligned" : rows == 1 ? "row" : rows <= 4 ? "rows4" : "rows8";
    int tile = depth % 4 != 0 ? 4 : rows == 1 ? 1 : rows <= 4 ? 4 : 8;
    CHECK(lanes <= 8 && units * tile <= 256, "a test that cannot run " + shape({hidden, blocks}));
    int onChip = ceilDiv(depth, 4) * 4;
    if (tile == 1) {
        onChip = std::max(0, onChip - 4096 / lanes);
    }
    int pitch = ceilDiv(onChip, 32) * 32 + (forward ? 16 : 4);
    int held = ceilDiv(columns, lanes) * lanes, bytes = 4 * held * pitch + 64 * tile * (held + 4);
    return {{static_cast<unsigned>(blocks), static_cast<unsigned>(slices)}, variant, static_cast<unsigned>(bytes)};
}

struct Case {
    Cell cell;
    int steps, batch, hidden, blocks, slices, slots = 0;
    bool lengths = true, reverse = false, output = true;

    int slotsOrSteps() const { return slots == 0 ? steps : slots; }
    std::string text() const {
        return std::string(traitsOf(cell).name) +
               shape({steps, batch, hidden, blocks, slices, slots, lengths, reverse, output});
    }
};

// What a pass reads and writes, on the device.
struct Layer {
    const Case& of;
    Traits traits;
    int row, units;
    Buffer<int> lengths;
    Buffer<float> gates, u, h, c, dh, dc, dy;

    explicit Layer(const Case& of)
        : of(of), traits(traitsOf(of.cell)), row(traits.blocks * of.hidden), units(of.batch * of.hidden),
          lengths(someLengths(of.batch, of.steps, 3)), gates(randoms(static_cast<size_t>(of.steps) * of.batch * row, 1)),
          u(randoms(static_cast<size_t>(traits.gates) * of.hidden * of.hidden, 2, 2 / std::sqrt(static_cast<float>(of.hidden)))),
          h(randoms(static_cast<size_t>(of.steps + 1) * units, 4)), c(randoms(h.count, 5)), dh(randoms(units, 6)),
          dc(randoms(units, 7)), dy(randoms(static_cast<size_t>(of.steps) * units, 8)) {}

    CUdeviceptr lengthsOrNull() const { return of.lengths ? lengths.at : 0; }
    CUdeviceptr dyOrNull() const { return of.output ? dy.at : 0; }
    CUdeviceptr slot(const Buffer<float>& slots, int s) const { return slots.from(static_cast<long long>(s) * units); }
    CUdeviceptr gatesOf(int s) const { return gates.from(static_cast<long long>(s) * of.batch * row); }
    Grid productGrid(int columns) const {
        return {static_cast<unsigned>(ceilDiv(columns, 16)), static_cast<unsigned>(ceilDiv(of.batch, 32))};
    }
    std::string step(const char* pass) const { return std::string("rondo_") + traits.name + "_" + pass; }
    std::string whole(const char* pass, const Launch& launch) const {
        return std::string("rondo_persistent_grid_") + traits.name + "_" + pass + "_" + launch.variant;
    }

    void forwardBySteps() const {
        Grid each = gridFor(units);
        long long wide = of.hidden;
        for (int s = 0; s < of.steps; s++) {
            int rows = traits.gates * of.hidden;
            launch("rondo_product_few_rows_nt", productGrid(rows), slot(h, s), wide, u, wide, gatesOf(s),
                   static_cast<long long>(row), of.batch, rows, of.hidden, 1);
            if (of.cell == Cell::lstm) {
                launch(step("forward").c_str(), each, gatesOf(s), slot(c, s), slot(h, s), slot(c, s + 1), slot(h, s + 1),
                       lengthsOrNull(), s, of.batch, of.hidden);
            } else {
                launch(step("forward").c_str(), each, gatesOf(s), slot(h, s), slot(h, s + 1), lengthsOrNull(), s, of.batch,
                       of.hidden);
            }
        }
    }

    void forward() const {
        Launch shape = launchOf(of.cell, true, of.batch, of.hidden, of.blocks, of.slices);
        std::string name = whole("forward", shape);
        if (of.cell == Cell::lstm) {
            launchCooperative(name.c_str(), shape.grid, shape.shared, gates, u, h, c, lengthsOrNull(), of.steps, of.batch,
                              of.hidden);
        } else {
            launchCooperative(name.c_str(), shape.grid, shape.shared, gates, u, h, lengthsOrNull(), of.steps, of.batch,
                              of.hidden);
        }
    }

    void backwardBySteps() const {
        Grid each = gridFor(units);
        long long wide = of.hidden;
        for (int s = of.steps - 1; s >= 0; s--) {
            if (of.cell == Cell::lstm) {
                launch(step("backward").c_str(), each, gatesOf(s), slot(c, s), slot(c, s + 1), dh, dc, dyOrNull(), of.hidden,
                       lengthsOrNull(), static_cast<int>(of.reverse), s, of.steps, of.batch, of.hidden);
            } else {
                launch(step("backward").c_str(), each, gatesOf(s), slot(h, of.cell == Cell::gru ? s : s + 1), dh, dyOrNull(),
                       of.hidden, lengthsOrNull(), static_cast<int>(of.reverse), s, of.steps, of.batch, of.hidden);
            }
            launch("rondo_product_few_rows_nn", productGrid(of.hidden), gatesOf(s), static_cast<long long>(row), u, wide, dh,
                   wide, of.batch, of.hidden, traits.gates * of.hidden, 1);
        }
    }

    // With numbers in it that a pass could take for its own.
    Buffer<float> workspace() const {
        return Buffer<float>(randoms(static_cast<size_t>(of.slotsOrSteps()) * of.batch * traits.gates * of.hidden, 9));
    }
    void backward(const Buffer<float>& exchange) const {
        Launch shape = launchOf(of.cell, false, of.batch, of.hidden, of.blocks, of.slices);
        std::string name = whole("backward", shape);
        if (of.cell == Cell::lstm) {
            launchCooperative(name.c_str(), shape.grid, shape.shared, gates, u, c, dh, dc, dyOrNull(), of.hidden, lengthsOrNull(),
                              static_cast<int>(of.reverse), exchange, of.slotsOrSteps(), of.steps, of.batch, of.hidden);
        } else {
            launchCooperative(name.c_str(), shape.grid, shape.shared, gates, u, h, dh, dyOrNull(), of.hidden, lengthsOrNull(),
                              static_cast<int>(of.reverse), exchange, of.slotsOrSteps(), of.steps, of.batch, of.hidden);
        }
    }
};

void write(const Buffer<float>& to, const Floats& values) {
    cuMemcpyHtoD_v2(to.at, values.data(), values.size() * sizeof(float));
}

bool sameBits(const Floats& a, const Floats& b) {
    return a.size() == b.size() && memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// The same bits in every order of threads.
void checkOrders(const Floats& values, const std::string& what) {
    static std::map<std::string, Floats> first;
    auto [at, isNew] = first.emplace(what, values);
    CHECK(isNew || sameBits(at->second, values), "another order of threads gives other bits: " + what);
}

// The initial state, and behind it numbers that are not the result.
Floats otherSlots(Floats h, int units) {
    for (size_t i = static_cast<size_t>(units); i < h.size(); i++) {
        h[i] += 1;
    }
    return h;
}

constexpr double TOLERANCE = 4e-6;

void check(const Case& of) {
    std::string what = of.text();
    Layer expected(of), actual(of);
    Floats gates = actual.gates.read();
    expected.forwardBySteps();
    actual.forward();
    Floats active = actual.gates.read(), h = actual.h.read(), c = actual.c.read();
    NEAR(active, toDoubles(expected.gates.read()), TOLERANCE, what);
    NEAR(h, toDoubles(expected.h.read()), TOLERANCE, what);
    if (of.cell == Cell::lstm) {
        NEAR(c, toDoubles(expected.c.read()), TOLERANCE, what);
    }
    checkOrders(h, "h " + what);
    // Once more, on slots with other numbers in them.
    write(actual.gates, gates);
    write(actual.h, otherSlots(h, actual.units));
    actual.forward();
    CHECK(sameBits(actual.h.read(), h) && sameBits(actual.gates.read(), active), "forward, once more: " + what);

    // Both passes backward start from the same numbers.
    Floats afterForward = expected.gates.read(), dh = actual.dh.read(), dc = actual.dc.read();
    write(actual.gates, afterForward);
    write(actual.h, expected.h.read());
    write(actual.c, expected.c.read());
    expected.backwardBySteps();
    Buffer<float> exchange = actual.workspace();
    actual.backward(exchange);
    Floats da = actual.gates.read(), dhFirst = actual.dh.read(), dcFirst = actual.dc.read();
    NEAR(da, toDoubles(expected.gates.read()), TOLERANCE, what);
    NEAR(dhFirst, toDoubles(expected.dh.read()), TOLERANCE, what);
    NEAR(dcFirst, toDoubles(expected.dc.read()), TOLERANCE, what);
    checkOrders(dhFirst, "dh " + what);
    write(actual.gates, afterForward);
    write(actual.dh, dh);
    write(actual.dc, dc);
    actual.backward(exchange);
    CHECK(sameBits(actual.gates.read(), da) && sameBits(actual.dh.read(), dhFirst) && sameBits(actual.dc.read(), dcFirst),
          "backward, once more: " + what);
}

constexpr Cell CELLS[] = {Cell::tanh, Cell::relu, Cell::lstm, Cell::gru};

} // namespace

// Steps, batch, hidden, blocks, slices.
TEST(persistent_grid_small) {
    for (Cell cell : CELLS) {
        check({cell, 3, 1, 1, 1, 1});
        check({cell, 3, 3, 1, 2, 1}); // a block without units
        check({cell, 1, 3, 8, 2, 1});
        check({cell, 4, 5, 12, 3, 4}); // a slice without rows
        check({cell, 3, 3, 33, 5, 1});
        check({cell, 3, 65, 33, 3, 3});
    }
}

// H = 100 and 257 with the batch in slices and not; 257 goes word by word except backward in an LSTM.
TEST(persistent_grid_uneven) {
    for (Cell cell : CELLS) {
        check({cell, 3, 3, 100, 7, 3});                                 // one row in a slice
        check({cell, 3, 65, 100, 8, 2, 0, false, true});                // all rows full
        check({cell, 4, 7, 100, 10, 2, 0, true, true});                 // four rows in a slice, and three
        check({cell, 3, 3, 257, 17, 1, 0, true, false, false});         // no gradient by the outputs
        check({cell, 3, 1, 257, 20, 1});
    }
    check({Cell::gru, 3, 65, 257, 17, 1});
}

// A ring of slots that is shorter than the steps.
TEST(persistent_grid_ring) {
    for (Cell cell : CELLS) {
        check({cell, 5, 3, 20, 3, 1, 4});
        check({cell, 9, 13, 20, 3, 1, 4, true, true});
        check({cell, 8, 1, 33, 4, 1, 6});
    }
}

// U in registers and in shared memory.
TEST(persistent_grid_held) {
    check({Cell::lstm, 3, 1, 520, 33, 1});
    check({Cell::gru, 2, 1, 700, 44, 1});
    check({Cell::tanh, 2, 1, 528, 17, 1});
}

// A state that looks like a word that is not there yet is passed on as a NaN, and nobody waits for it in vain.
TEST(persistent_grid_absent) {
    Case of = {Cell::lstm, 3, 3, 8, 2, 1};
    Layer layer(of);
    Floats states = layer.h.read();
    unsigned bits = 0xffffffffu;
    memcpy(&states[layer.of.hidden + 1], &bits, sizeof bits); // row 1, whose length is 0
    write(layer.h, states);
    Layer expected(of);
    expected.forwardBySteps();
    layer.forward();
    Floats h = layer.h.read();
    Doubles wanted = toDoubles(expected.h.read());
    for (int s = 0; s <= of.steps; s++) {
        wanted[static_cast<size_t>(s) * layer.units + of.hidden + 1] = std::numeric_limits<double>::quiet_NaN();
    }
    NEAR(h, wanted, TOLERANCE, of.text());
}

// Recorded once with its arguments, and replayed.
TEST(persistent_grid_graph) {
    Case of = {Cell::lstm, 5, 3, 20, 3, 1, 4};
    Layer layer(of);
    Floats gates = layer.gates.read(), dh = layer.dh.read(), dc = layer.dc.read(), firstH, firstDh;
    Buffer<float> exchange = layer.workspace();
    CUstream stream;
    CUgraph graph;
    CUgraphExec replay;
    constexpr int NON_BLOCKING = 1, THREAD_LOCAL = 1;
    launched("stream", cuStreamCreate(&stream, NON_BLOCKING));
    launched("capture", cuStreamBeginCapture_v2(stream, THREAD_LOCAL));
    launchStream() = stream;
    layer.forward();
    layer.backward(exchange);
    launchStream() = nullptr;
    launched("capture", cuStreamEndCapture(stream, &graph));
    launched("graph", cuGraphInstantiateWithFlags(&replay, graph, 0));
    for (int i = 0; i < 3; i++) {
        write(layer.gates, gates);
        write(layer.h, otherSlots(layer.h.read(), layer.units));
        write(layer.dh, dh);
        write(layer.dc, dc);
        launched("replay", cuGraphLaunch(replay, stream));
        launched("replay", cuStreamSynchronize(stream));
        Floats h = layer.h.read(), dhNow = layer.dh.read();
        if (i == 0) {
            firstH = h;
            firstDh = dhNow;
            Layer expected(of);
            expected.forwardBySteps();
            expected.backwardBySteps();
            NEAR(h, toDoubles(expected.h.read()), TOLERANCE, of.text());
            NEAR(dhNow, toDoubles(expected.dh.read()), TOLERANCE, of.text());
        }
        CHECK(sameBits(h, firstH) && sameBits(dhNow, firstDh), "replay " + std::to_string(i));
    }
    cuGraphExecDestroy(replay);
    cuGraphDestroy(graph);
    cuStreamDestroy_v2(stream);
}
