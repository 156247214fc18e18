// The persistent kernels of clusters and blocks against a recurrence in float64, written from the Javadoc of Cell: all cells,
// both passes, sizes that split unevenly. Equal arguments give equal bits: from run to run, in every order of threads and for
// every slice of the batch.
#include "harness.h"

#include <cstring>
#include <map>

namespace {

enum class Cell { tanh, relu, lstm, gru };
const char* const NAMES[] = {"rnn_tanh", "rnn_relu", "lstm", "gru"};

struct Case {
    Cell cell;
    int cluster, hidden, batch, rows, steps, reverse;
    bool uneven; // lengths

    int gates() const { return cell == Cell::lstm ? 4 : cell == Cell::gru ? 3 : 1; }
    int blocks() const { return cell == Cell::gru ? 4 : gates(); }
    std::string text() const {
        return NAMES[static_cast<int>(cell)] + (" " + shape({cluster, hidden, batch, rows, steps, reverse, uneven}));
    }
};

int up(int value, int to) { return (value + to - 1) / to * to; }

// Launch shape and shared memory, by the formulas of kernels/TUNING.md.
struct Launch {
    unsigned threads, clusters;
    size_t shared;
    bool fits;

    Launch(const Case& c, bool forward) {
        int units = up((c.hidden + c.cluster - 1) / c.cluster, 4);
        int parts = forward && c.gates() == 1 ? 4 : 2, values = forward ? c.gates() : 4;
        int kept = !forward ? (c.cluster == 1 ? 3 : 2) : c.gates() == 4 ? 3 : c.gates() == 3 ? 4 : 6;
        int groups = forward ? units / parts : up(c.cluster * units, 8) / 8;
        int depth = forward ? c.cluster * units : c.gates() * units, lanes = 32;
        int least = forward ? 4 : c.cluster == 1 ? 8 : c.gates() == 1 ? 2 : 4;
        while (lanes > least && (groups * lanes > 256 || 2 * lanes >= depth)) {
            lanes /= 2;
        }
        threads = static_cast<unsigned>(up(groups * lanes, 32));
        int chunks = up(depth, 4 * lanes) / (4 * lanes), pitch = chunks * 4 * lanes;
        int tile = c.rows > 4 ? 8 : c.rows > 2 ? 4 : c.rows, padded = up(c.rows, tile), own = c.rows * units;
        int weights = std::max(0, chunks - kept) * parts * values * 4 * groups * lanes;
        bool lstm = c.cell == Cell::lstm;
        int buffers = c.cluster == 1 ? 1 : 2;
        int floats = forward ? 2 * padded * pitch + (lstm ? own : 0)
                             : buffers * padded * pitch + buffers * c.cluster * own + (lstm ? 2 : 1) * own;
        shared = 16 + 4 * static_cast<size_t>(weights + floats);
        clusters = static_cast<unsigned>((c.batch + c.rows - 1) / c.rows);
        fits = threads <= 256 && shared <= 232448;
    }
};

template <class... Values> void launchCluster(const Case& c, const char* pass, const Launch& shape, Values... values) {
    std::string name = "rondo_" + std::string(NAMES[static_cast<int>(c.cell)]) + "_" + pass + "_cluster_" + std::to_string(c.cluster);
    CUfunction function = kernel(name.c_str());
    launched(name.c_str(), cuFuncSetAttribute(function, 8, static_cast<int>(shape.shared)));
    if (c.cluster == 16) {
        launched(name.c_str(), cuFuncSetAttribute(function, 14, 1));
    }
    void* pointers[] = {static_cast<void*>(&values)..., nullptr};
    launched(name.c_str(), cuLaunchKernel(function, shape.clusters * static_cast<unsigned>(c.cluster), 1, 1, shape.threads, 1, 1,
                                          static_cast<unsigned>(shape.shared), nullptr, pointers, nullptr));
}

// What comes in, and what is expected.
struct Recurrence {
    Case c;
    Ints lengths;
    int dyRow;
    Floats gates, u, h0, c0, dy, dhLast, dcLast;
    Doubles active, h, cells, da, dh, dc; // after forward; after backward

    size_t gateAt(int s, int n, int block, int j) const {
        return ((static_cast<size_t>(s) * c.batch + n) * c.blocks() + block) * c.hidden + j;
    }
    size_t stateAt(int s, int n, int j) const { return (static_cast<size_t>(s) * c.batch + n) * c.hidden + j; }
    size_t dyAt(int s, int n, int j) const {
        int t = c.reverse ? lengths[n] - 1 - s : s;
        return (static_cast<size_t>(t) * c.batch + n) * dyRow + j;
    }

    explicit Recurrence(const Case& c) : c(c), lengths(c.batch, c.steps), dyRow(c.hidden + 3) {
        if (c.uneven) {
            lengths = someLengths(c.batch, c.steps, 11);
            std::swap(lengths[0], lengths[c.batch - 1]);
        }
        size_t states = static_cast<size_t>(c.batch) * c.hidden;
        gates = randoms(states * c.steps * c.blocks(), 1, 2);
        u = randoms(static_cast<size_t>(c.gates()) * c.hidden * c.hidden, 2, 1.5f / std::sqrt(static_cast<float>(c.hidden)));
        h0 = randoms(states, 3);
        c0 = randoms(states, 4);
        dy = randoms(static_cast<size_t>(c.steps) * c.batch * dyRow, 5);
        dhLast = randoms(states, 6);
        dcLast = randoms(states, 7);
        // Whatever stands in the padding has no influence.
        for (int n = 0; n < c.batch; n++) {
            for (int s = lengths[n]; s < c.steps; s++) {
                for (int i = 0; i < c.blocks() * c.hidden; i++) {
                    gates[gateAt(s, n, 0, i)] = NAN;
                }
                for (int i = 0; i < dyRow; i++) {
                    dy[(static_cast<size_t>(s) * c.batch + n) * dyRow + i] = NAN;
                }
            }
        }
        forward();
        backward();
    }

    void forward() {
        active = toDoubles(gates);
        h.assign(static_cast<size_t>(c.steps + 1) * c.batch * c.hidden, 0);
        std::copy(h0.begin(), h0.end(), h.begin());
        cells = h;
        std::copy(c0.begin(), c0.end(), cells.begin());
        for (int s = 0; s < c.steps; s++) {
            for (int n = 0; n < c.batch; n++) {
                for (int j = 0; j < c.hidden; j++) {
                    double a[4] = {}, old = h[stateAt(s, n, j)], cell = cells[stateAt(s, n, j)], next = old;
                    if (s < lengths[n]) {
                        for (int b = 0; b < c.blocks(); b++) {
                            a[b] = gates[gateAt(s, n, b, j)];
                        }
                        for (int g = 0; g < c.gates(); g++) {
                            for (int k = 0; k < c.hidden; k++) {
                                a[g] += u[(static_cast<size_t>(g) * c.hidden + j) * c.hidden + k] * h[stateAt(s, n, k)];
                            }
                        }
                        if (c.cell == Cell::lstm) {
                            a[0] = sigmoid(a[0]), a[1] = sigmoid(a[1]), a[2] = std::tanh(a[2]), a[3] = sigmoid(a[3]);
                            cell = a[1] * cell + a[0] * a[2];
                            next = a[3] * std::tanh(cell);
                        } else if (c.cell == Cell::gru) {
                            a[0] = sigmoid(a[0]), a[1] = sigmoid(a[1]), a[3] = std::tanh(a[3] + a[0] * a[2]);
                            next = (1 - a[1]) * a[3] + a[1] * old;
                        } else {
                            next = c.cell == Cell::tanh ? std::tanh(a[0]) : std::max(0.0, a[0]);
                            a[0] = gates[gateAt(s, n, 0, j)];
                        }
                        for (int b = 0; b < c.blocks(); b++) {
                            active[gateAt(s, n, b, j)] = a[b];
                        }
                    }
                    h[stateAt(s + 1, n, j)] = next;
                    cells[stateAt(s + 1, n, j)] = cell;
                }
            }
        }
    }

    void backward() {
        da.assign(gates.size(), 0);
        dh = toDoubles(dhLast);
        dc = toDoubles(dcLast);
        for (int s = c.steps - 1; s >= 0; s--) {
            for (int n = 0; n < c.batch; n++) {
                if (s >= lengths[n]) {
                    continue;
                }
                for (int j = 0; j < c.hidden; j++) {
                    const double* a = &active[gateAt(s, n, 0, j)];
                    int b = c.hidden;
                    double* d = &da[gateAt(s, n, 0, j)];
                    double& own = dh[stateAt(0, n, j)];
                    double dNext = own + dy[dyAt(s, n, j)], after = h[stateAt(s + 1, n, j)];
                    own = 0;
                    if (c.cell == Cell::lstm) {
                        double tanhC = std::tanh(cells[stateAt(s + 1, n, j)]), &dCell = dc[stateAt(0, n, j)];
                        dCell += dNext * a[3 * b] * (1 - tanhC * tanhC);
                        d[0] = dCell * a[2 * b] * a[0] * (1 - a[0]);
                        d[b] = dCell * cells[stateAt(s, n, j)] * a[b] * (1 - a[b]);
                        d[2 * b] = dCell * a[0] * (1 - a[2 * b] * a[2 * b]);
                        d[3 * b] = dNext * tanhC * a[3 * b] * (1 - a[3 * b]);
                        dCell *= a[b];
                    } else if (c.cell == Cell::gru) {
                        double r = a[0], z = a[b], q = a[2 * b], candidate = a[3 * b];
                        d[3 * b] = dNext * (1 - z) * (1 - candidate * candidate);
                        d[0] = d[3 * b] * q * r * (1 - r);
                        d[b] = dNext * (h[stateAt(s, n, j)] - candidate) * z * (1 - z);
                        d[2 * b] = d[3 * b] * r;
                        own = dNext * z;
                    } else {
                        d[0] = c.cell == Cell::tanh ? dNext * (1 - after * after) : after > 0 ? dNext : 0;
                    }
                }
                for (int i = 0; i < c.gates() * c.hidden; i++) {
                    for (int k = 0; k < c.hidden; k++) {
                        dh[stateAt(0, n, k)] += da[gateAt(s, n, 0, i)] * u[static_cast<size_t>(i) * c.hidden + k];
                    }
                }
            }
        }
    }
};

// The expected results of a case, computed once for all orders and slices.
const Recurrence& recurrenceOf(Case c) {
    static std::map<std::string, Recurrence> known;
    c.cluster = c.rows = 1;
    std::string key = c.text();
    return known.try_emplace(key, c).first->second;
}

// The first bits seen for a key, in this process.
void sameBits(const std::string& key, const Floats& values) {
    static std::map<std::string, Floats> known;
    const Floats& first = known.try_emplace(key, values).first->second;
    CHECK(first.size() == values.size() && !memcmp(first.data(), values.data(), values.size() * sizeof(float)), key);
}

Floats withSlots(const Floats& initial, int steps) {
    Floats slots(initial.size() * static_cast<size_t>(steps + 1), NAN);
    std::copy(initial.begin(), initial.end(), slots.begin());
    return slots;
}

void check(const Case& c) {
    Launch forward(c, true), backward(c, false);
    if (!forward.fits || !backward.fits) {
        fail(__FILE__, __LINE__, "does not fit: " + c.text());
        return;
    }
    const Recurrence& expected = recurrenceOf(c);
    bool lstm = c.cell == Cell::lstm;
    Buffer<float> gates(expected.gates), u(expected.u), h(withSlots(expected.h0, c.steps));
    Buffer<float> cells(lstm ? withSlots(expected.c0, c.steps) : Floats(1));
    Buffer<float> dy(expected.dy), dh(expected.dhLast), dc(lstm ? expected.dcLast : Floats(1));
    Buffer<int> lengths(expected.lengths);
    CUdeviceptr cellsAt = lstm ? cells.at : 0, dcAt = lstm ? dc.at : 0, lengthsAt = c.uneven ? lengths.at : 0;

    std::string what = c.text();
    Case anySlice = c; // the slices of the batch must not matter
    anySlice.rows = 0;
    auto compare = [&](const char* name, const Floats& actual, const Doubles& reference, double tolerance) {
        NEAR(actual, reference, tolerance, name + (" " + what));
        sameBits(name + (" " + anySlice.text()), actual);
    };
    launchCluster(c, "forward", forward, gates.at, u.at, h.at, cellsAt, lengthsAt, c.steps, c.batch, c.hidden, c.rows);
    compare("activations", gates.read(), expected.active, 3e-6);
    compare("h", h.read(), expected.h, 3e-6);
    if (lstm) {
        compare("c", cells.read(), expected.cells, 3e-6);
    }
    launchCluster(c, "backward", backward, gates.at, u.at, h.at, cellsAt, dh.at, dcAt, dy.at, expected.dyRow, lengthsAt, c.reverse,
                  c.steps, c.batch, c.hidden, c.rows);
    compare("da", gates.read(), expected.da, 1e-5);
    compare("dh", dh.read(), expected.dh, 1e-5);
    if (lstm) {
        compare("dc", dc.read(), expected.dc, 1e-5);
    }
}

constexpr Cell CELLS[] = {Cell::tanh, Cell::relu, Cell::lstm, Cell::gru};

} // namespace

TEST(persistentClusterSmall) {
    for (Cell cell : CELLS) {
        for (int cluster : {1, 2, 4, 8, 16}) {
            check({cell, cluster, 1, 1, 1, 3, 0, false});
            check({cell, cluster, 33, 3, 3, 4, cluster % 3 == 1, true});
        }
    }
}

TEST(persistentClusterLarge) {
    for (Cell cell : CELLS) {
        for (int cluster : {1, 8}) {
            check({cell, cluster, 100, 65, cluster == 8 ? 16 : 8, 3, 0, true});
        }
        // What does not fit with fewer blocks is refused by the formulas, not by the driver.
        for (int cluster : {2, 4, 8, 16}) {
            Case c = {cell, cluster, 257, 3, 3, 3, 1, true};
            bool fits = Launch(c, true).fits && Launch(c, false).fits;
            CHECK(fits == (cluster >= (cell == Cell::lstm ? 8 : cell == Cell::gru ? 4 : 2)), c.text());
            if (fits) {
                check(c);
            }
        }
    }
}

TEST(persistentClusterSlices) {
    for (Cell cell : CELLS) {
        for (int rows : {1, 2, 3, 5, 8, 13}) {
            check({cell, 2, 20, 13, rows, 3, 1, true});
        }
    }
}
