// A whole layer and direction: the kernels in the order in which a launcher calls them, forward and backward over T steps with
// lengths, against a float64 network written from the Javadoc of Cell. Gradients are held against its difference quotients.
#include "harness.h"

namespace {

enum class Cell { tanh, relu, lstm, gru, gruResetBefore };
constexpr int STEPS = 4, BATCH = 3;

// Gates first ... first + count - 1 of a weight matrix belong to the blocks of a row of gates from `block` on.
struct Group {
    int gate, count, block;
};
struct Layout {
    int gates, blocks;
    std::vector<Group> input, recurrent; // the second recurrent group of GRU_RESET_BEFORE multiplies p
};
Layout layoutOf(Cell cell) {
    switch (cell) {
    case Cell::lstm: return {4, 4, {{0, 4, 0}}, {{0, 4, 0}}};
    case Cell::gru: return {3, 4, {{0, 2, 0}, {2, 1, 3}}, {{0, 3, 0}}};
    case Cell::gruResetBefore: return {3, 3, {{0, 3, 0}}, {{0, 2, 0}, {2, 1, 2}}};
    default: return {1, 1, {{0, 1, 0}}, {{0, 1, 0}}};
    }
}

struct Network {
    Cell cell;
    int inputs, hidden, reverse;
    Ints lengths = {STEPS, 0, 2};
    Doubles w, u, bw, bu, x, h0, c0, dy, dhLast, dcLast;

    Network(Cell cell, int inputs, int hidden, int reverse) : cell(cell), inputs(inputs), hidden(hidden), reverse(reverse) {
        size_t rows = static_cast<size_t>(layoutOf(cell).gates) * hidden, states = static_cast<size_t>(BATCH) * hidden;
        w = toDoubles(randoms(rows * inputs, 1, 0.5f));
        u = toDoubles(randoms(rows * hidden, 2, 0.5f));
        bw = toDoubles(randoms(rows, 3, 0.5f));
        bu = toDoubles(randoms(rows, 4, 0.5f));
        x = toDoubles(randoms(static_cast<size_t>(STEPS) * BATCH * inputs, 5));
        h0 = toDoubles(randoms(states, 6));
        c0 = toDoubles(randoms(states, 7));
        dy = toDoubles(randoms(STEPS * states, 8));
        dhLast = toDoubles(randoms(states, 9));
        dcLast = toDoubles(randoms(states, 10));
    }

    // y [T, N, H] and the final states; gives the sum of y * dy + h * dhLast + c * dcLast.
    double run(Doubles* y, Doubles* hLast, Doubles* cLast) const {
        int gates = layoutOf(cell).gates;
        Doubles h = h0, c = c0;
        double loss = 0;
        for (int n = 0; n < BATCH; n++) {
            for (int s = 0; s < lengths[n]; s++) {
                size_t row = static_cast<size_t>(reverse ? lengths[n] - 1 - s : s) * BATCH + n;
                Doubles ax = bw, ah = bu, old(h.begin() + n * hidden, h.begin() + (n + 1) * hidden), p(hidden);
                for (int i = 0; i < gates * hidden; i++) {
                    for (int k = 0; k < inputs; k++) {
                        ax[i] += w[i * inputs + k] * x[row * inputs + k];
                    }
                }
                auto multiplyU = [&](int firstGate, int endGate, const Doubles& by) {
                    for (int i = firstGate * hidden; i < endGate * hidden; i++) {
                        for (int k = 0; k < hidden; k++) {
                            ah[i] += u[i * hidden + k] * by[k];
                        }
                    }
                };
                if (cell == Cell::gruResetBefore) {
                    multiplyU(0, 2, old);
                    for (int j = 0; j < hidden; j++) {
                        p[j] = sigmoid(ax[j] + ah[j]) * old[j];
                    }
                    multiplyU(2, 3, p);
                } else {
                    multiplyU(0, gates, old);
                }
                for (int j = 0; j < hidden; j++) {
                    auto a = [&](int gate) { return ax[gate * hidden + j] + ah[gate * hidden + j]; };
                    double& to = h[n * hidden + j];
                    if (cell == Cell::lstm) {
                        double& cell = c[n * hidden + j];
                        cell = sigmoid(a(1)) * cell + sigmoid(a(0)) * std::tanh(a(2));
                        to = sigmoid(a(3)) * std::tanh(cell);
                    } else if (cell == Cell::tanh || cell == Cell::relu) {
                        to = cell == Cell::tanh ? std::tanh(a(0)) : std::max(0.0, a(0));
                    } else {
                        double candidate = cell == Cell::gru ? ax[2 * hidden + j] + sigmoid(a(0)) * ah[2 * hidden + j] : a(2);
                        to = (1 - sigmoid(a(1))) * std::tanh(candidate) + sigmoid(a(1)) * old[j];
                    }
                    loss += to * dy[row * hidden + j];
                    if (y != nullptr) {
                        (*y)[row * hidden + j] = to;
                    }
                }
            }
        }
        for (size_t i = 0; i < h.size(); i++) {
            loss += h[i] * dhLast[i] + (cell == Cell::lstm ? c[i] * dcLast[i] : 0);
        }
        if (hLast != nullptr) {
            *hLast = h;
            *cLast = c;
        }
        return loss;
    }
};

Floats toFloats(const Doubles& values) { return Floats(values.begin(), values.end()); }
unsigned tiles(int size, int tile) { return static_cast<unsigned>((size + tile - 1) / tile); }

// The layer on the device. gates [T][N][blocks*H], h and c slots [T+1][N][H], all in the order of the steps.
struct Device {
    const Network& net;
    Layout layout;
    int inputs, hidden, row, units, rows;
    Grid each;
    Buffer<int> lengths;
    Buffer<float> w, u, bw, bu, x, ordered, gates, h, c, p, y;

    explicit Device(const Network& net)
        : net(net), layout(layoutOf(net.cell)), inputs(net.inputs), hidden(net.hidden), row(layout.blocks * hidden),
          units(BATCH * hidden), rows(STEPS * BATCH), each(gridFor(units)), lengths(net.lengths), w(toFloats(net.w)),
          u(toFloats(net.u)), bw(toFloats(net.bw)), bu(toFloats(net.bu)), x(toFloats(net.x)), ordered(net.x.size()),
          gates(static_cast<size_t>(rows) * row), h(static_cast<size_t>(STEPS + 1) * units), c(h.count),
          p(static_cast<size_t>(STEPS) * units), y(net.dy.size()) {
        Floats states = toFloats(net.h0), cells = toFloats(net.c0);
        cuMemcpyHtoD_v2(h.at, states.data(), states.size() * sizeof(float));
        cuMemcpyHtoD_v2(c.at, cells.data(), cells.size() * sizeof(float));
    }

    CUdeviceptr step(int s, int block = 0) const { return gates.from(static_cast<long long>(s) * BATCH * row + block * hidden); }
    CUdeviceptr slot(const Buffer<float>& slots, int s) const { return slots.from(static_cast<long long>(s) * units); }
    static long long wide(int value) { return value; }

    // gates of step s, += state U^T for one group.
    void recurrent(int s, const Group& g, CUdeviceptr state) {
        launch("rondo_product_few_rows_nt", {tiles(g.count * hidden, 16), 1}, state, wide(hidden), u.from(g.gate * hidden * hidden),
               wide(hidden), step(s, g.block), wide(row), BATCH, g.count * hidden, hidden, 1);
    }

    void forward() {
        launch("rondo_rows_to_steps", gridFor(rows * inputs), x, inputs, lengths, net.reverse, STEPS, BATCH, inputs, ordered);
        if (net.cell == Cell::gru) {
            launch("rondo_fill_rows", each, gates, row, wide(rows), 2 * hidden, bw, bu);
            launch("rondo_fill_rows", each, gates.from(2 * hidden), row, wide(rows), hidden, nullptr, bu.from(2 * hidden));
            launch("rondo_fill_rows", each, gates.from(3 * hidden), row, wide(rows), hidden, bw.from(2 * hidden), nullptr);
        } else {
            launch("rondo_fill_rows", each, gates, row, wide(rows), row, bw, bu);
        }
        for (const Group& g : layout.input) {
            launch("rondo_product_nt", {tiles(g.count * hidden, 128), tiles(rows, 128)}, ordered, wide(inputs),
                   w.from(g.gate * hidden * inputs), wide(inputs), gates.from(g.block * hidden), wide(row), rows, g.count * hidden,
                   inputs, 1, inputs, 0LL);
        }
        for (int s = 0; s < STEPS; s++) {
            CUdeviceptr before = slot(h, s), after = slot(h, s + 1);
            recurrent(s, layout.recurrent[0], before);
            if (net.cell == Cell::lstm) {
                launch("rondo_lstm_forward", each, step(s), slot(c, s), before, slot(c, s + 1), after, lengths, s, BATCH, hidden);
            } else if (net.cell == Cell::gru) {
                launch("rondo_gru_forward", each, step(s), before, after, lengths, s, BATCH, hidden);
            } else if (net.cell == Cell::gruResetBefore) {
                launch("rondo_gru_reset_before_forward_reset", each, step(s), before, slot(p, s), lengths, s, BATCH, hidden);
                recurrent(s, layout.recurrent[1], slot(p, s));
                launch("rondo_gru_reset_before_forward", each, step(s), before, after, lengths, s, BATCH, hidden);
            } else {
                const char* name = net.cell == Cell::tanh ? "rondo_rnn_tanh_forward" : "rondo_rnn_relu_forward";
                launch(name, each, step(s), before, after, lengths, s, BATCH, hidden);
            }
        }
        launch("rondo_rows_to_time", each, slot(h, 1), lengths, net.reverse, STEPS, BATCH, hidden, y, hidden, 0);
    }

    // target += or = da U for one group.
    void recurrentBackward(int s, const Group& g, const Buffer<float>& target, int accumulate) {
        launch("rondo_product_few_rows_nn", {tiles(hidden, 16), 1}, step(s, g.block), wide(row), u.from(g.gate * hidden * hidden),
               wide(hidden), target, wide(hidden), BATCH, hidden, g.count * hidden, accumulate);
    }

    void backward(const Buffer<float>& dy, const Buffer<float>& dh, const Buffer<float>& dc, const Buffer<float>& dp) {
        for (int s = STEPS - 1; s >= 0; s--) {
            if (net.cell == Cell::lstm) {
                launch("rondo_lstm_backward", each, step(s), slot(c, s), slot(c, s + 1), dh, dc, dy, hidden, lengths, net.reverse, s,
                       STEPS, BATCH, hidden);
            } else if (net.cell == Cell::gru) {
                launch("rondo_gru_backward", each, step(s), slot(h, s), dh, dy, hidden, lengths, net.reverse, s, STEPS, BATCH, hidden);
            } else if (net.cell == Cell::gruResetBefore) {
                launch("rondo_gru_reset_before_backward", each, step(s), slot(h, s), dh, dy, hidden, lengths, net.reverse, s, STEPS,
                       BATCH, hidden);
                recurrentBackward(s, layout.recurrent[1], dp, 0);
                launch("rondo_gru_reset_before_backward_reset", each, step(s), slot(h, s), dp, dh, lengths, s, BATCH, hidden);
            } else {
                const char* name = net.cell == Cell::tanh ? "rondo_rnn_tanh_backward" : "rondo_rnn_relu_backward";
                launch(name, each, step(s), slot(h, s + 1), dh, dy, hidden, lengths, net.reverse, s, STEPS, BATCH, hidden);
            }
            recurrentBackward(s, layout.recurrent[0], dh, 1);
        }
    }

    // Sums over steps and rows: weights += da^T state, bias += da, for the blocks of some groups.
    void weightGradient(const Group& g, const Buffer<float>& states, int columns, const Buffer<float>& weights, const Buffer<float>& bias) {
        int count = g.count * hidden;
        Buffer<float> partial(count);
        launch("rondo_product_tn", {tiles(columns, 128), tiles(count, 128)}, gates.from(g.block * hidden), wide(row), states,
               wide(columns), weights.from(g.gate * hidden * columns), wide(columns), count, columns, rows, 1, rows, 0LL);
        launch("rondo_column_sums", {tiles(count, 32), 1, 1, 32, 8}, gates.from(g.block * hidden), row, wide(rows), count, rows,
               partial);
        launch("rondo_column_sums_finish", {tiles(count, 256)}, partial, 1, count, bias.from(g.gate * hidden));
    }

    void inputGradient(const Buffer<float>& dx) {
        Buffer<float> steps(net.x.size());
        int accumulate = 0;
        for (const Group& g : layout.input) {
            launch("rondo_product_nn", {tiles(inputs, 128), tiles(rows, 128)}, gates.from(g.block * hidden), wide(row),
                   w.from(g.gate * hidden * inputs), wide(inputs), steps, wide(inputs), rows, inputs, g.count * hidden, accumulate,
                   g.count * hidden, 0LL);
            accumulate = 1;
        }
        launch("rondo_rows_to_time", gridFor(rows * inputs), steps, lengths, net.reverse, STEPS, BATCH, inputs, dx, inputs, 0);
    }
};

// Some elements of a gradient against the difference quotient by the same elements of a tensor of the network.
void checkSlope(Network net, Doubles Network::* tensor, const Floats& gradient, const std::string& what) {
    size_t count = (net.*tensor).size(), stride = std::max<size_t>(1, count / 40);
    for (size_t i = 0; i < count; i += stride) {
        double kept = (net.*tensor)[i], d = 1e-6;
        (net.*tensor)[i] = kept + d;
        double above = net.run(nullptr, nullptr, nullptr);
        (net.*tensor)[i] = kept - d;
        double below = net.run(nullptr, nullptr, nullptr);
        (net.*tensor)[i] = kept;
        NEAR(Floats{gradient[i]}, (Doubles{(above - below) / (2 * d)}), 2e-5, what + " " + std::to_string(i));
    }
}

void checkLayer(Cell cell, int inputs, int hidden, int reverse) {
    std::string what = shape({static_cast<int>(cell), inputs, hidden, reverse});
    Network net(cell, inputs, hidden, reverse);
    Doubles y(net.dy.size()), hLast, cLast;
    net.run(&y, &hLast, &cLast);
    Device device(net);
    device.forward();
    NEAR(device.y.read(), y, 3e-6, what);
    Floats slots = device.h.read();
    NEAR(Floats(slots.end() - device.units, slots.end()), hLast, 3e-6, what);
    Buffer<float> dy(toFloats(net.dy)), dh(toFloats(net.dhLast)), dc(toFloats(net.dcLast)), dp(dh.count);
    device.backward(dy, dh, dc, dp);
    Buffer<float> dw(Floats(net.w.size())), du(Floats(net.u.size())), dbw(Floats(net.bw.size())), dbu(Floats(net.bu.size()));
    Buffer<float> dx(net.x.size());
    for (const Group& g : device.layout.input) {
        device.weightGradient(g, device.ordered, inputs, dw, dbw);
    }
    for (size_t i = 0; i < device.layout.recurrent.size(); i++) {
        device.weightGradient(device.layout.recurrent[i], i == 0 ? device.h : device.p, hidden, du, dbu);
    }
    device.inputGradient(dx);
    checkSlope(net, &Network::w, dw.read(), "dW " + what);
    checkSlope(net, &Network::u, du.read(), "dU " + what);
    checkSlope(net, &Network::bw, dbw.read(), "db " + what);
    checkSlope(net, &Network::bu, dbu.read(), "du " + what);
    checkSlope(net, &Network::x, dx.read(), "dx " + what);
    checkSlope(net, &Network::h0, dh.read(), "dh " + what);
    if (cell == Cell::lstm) {
        checkSlope(net, &Network::c0, dc.read(), "dc " + what);
    }
}

} // namespace

TEST(wholeLayer) {
    for (Cell cell : {Cell::tanh, Cell::relu, Cell::lstm, Cell::gru, Cell::gruResetBefore}) {
        for (int reverse : {0, 1}) {
            checkLayer(cell, 1, 1, reverse);
            checkLayer(cell, 5, 7, reverse);
        }
        checkLayer(cell, 3, 33, 1);
    }
}
