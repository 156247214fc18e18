// The cells: one step of all rows. Forward against float64; backward against the difference quotient of the forward pass in
// float64, so that no gradient is derived twice.
#include "harness.h"

#include <functional>

namespace {

constexpr int STEPS = 4;
const std::vector<std::pair<int, int>> SHAPES = {{1, 1}, {3, 7}, {2, 33}, {33, 3}, {5, 65}, {7, 100}};

struct State {
    double h, c;
};
// h' and c' from the blocks of a row of gates, as they are before the step kernel, and the states before.
using Step = std::function<State(const std::vector<double>& a, State before)>;

State lstm(const std::vector<double>& a, State before) {
    double c = sigmoid(a[1]) * before.c + sigmoid(a[0]) * std::tanh(a[2]);
    return {sigmoid(a[3]) * std::tanh(c), c};
}
State gru(const std::vector<double>& a, State before) {
    double z = sigmoid(a[1]), n = std::tanh(a[3] + sigmoid(a[0]) * a[2]);
    return {(1 - z) * n + z * before.h, 0};
}
State rnnTanh(const std::vector<double>& a, State) { return {std::tanh(a[0]), 0}; }
State rnnRelu(const std::vector<double>& a, State) { return {std::max(0.0, a[0]), 0}; }
// p comes in through its product: of one element only h in z * h and the blocks z and n count.
State gruResetBefore(const std::vector<double>& a, State before) {
    double z = sigmoid(a[1]);
    return {(1 - z) * std::tanh(a[2]) + z * before.h, 0};
}

double slope(const std::function<double(double)>& f, double at) {
    double d = 1e-5;
    return (f(at + d) - f(at - d)) / (2 * d);
}

bool valid(const Ints& lengths, int n, int s) { return lengths.empty() || s < lengths[n]; }

struct Case {
    int batch, hidden, blocks;
    Ints lengths;
    int s, reverse;
    Floats gates, h, c, dh, dc, dy;
    int dyRow, column;

    Case(int batch, int hidden, int blocks, bool full, int reverse)
        : batch(batch), hidden(hidden), blocks(blocks), lengths(full ? Ints() : someLengths(batch, STEPS, 5)), s(1),
          reverse(reverse), gates(randoms(static_cast<size_t>(batch) * blocks * hidden, 1, 3)),
          h(randoms(static_cast<size_t>(batch) * hidden, 2)), c(randoms(h.size(), 3, 2)), dh(randoms(h.size(), 4)),
          dc(randoms(h.size(), 6)), dyRow(2 * hidden), column(reverse ? hidden : 0) {
        dy = randoms(static_cast<size_t>(STEPS) * batch * dyRow, 7);
    }
    std::vector<double> pre(size_t n, size_t j) const {
        std::vector<double> a;
        for (int block = 0; block < blocks; block++) {
            a.push_back(gates[(n * blocks + block) * hidden + j]);
        }
        return a;
    }
    double outputGradient(int n, int j) const {
        int length = lengths.empty() ? STEPS : lengths[n];
        int t = reverse ? length - 1 - s : s;
        return dy[(static_cast<size_t>(t) * batch + n) * dyRow + column + j];
    }
};

// Calls body(n, j, at) for each element.
void each(const Case& k, const std::function<void(int, int, size_t)>& body) {
    for (int n = 0; n < k.batch; n++) {
        for (int j = 0; j < k.hidden; j++) {
            body(n, j, static_cast<size_t>(n) * k.hidden + j);
        }
    }
}

void forEveryCase(int blocks, const std::function<void(const Case&)>& body) {
    for (auto [batch, hidden] : SHAPES) {
        body(Case(batch, hidden, blocks, true, 0));
        body(Case(batch, hidden, blocks, false, 0));
        body(Case(batch, hidden, blocks, false, 1));
    }
}

struct Expected {
    Doubles h, c, da, dh, dc;
};

// activeBlocks: which blocks count for the derivative; hDirect: whether h' depends on h other than through products.
Expected expect(const Case& k, const Step& step, bool hasC, bool hDirect, bool dySeen = true) {
    Expected e{toDoubles(k.h), toDoubles(k.c), Doubles(k.gates.size()), toDoubles(k.dh), toDoubles(k.dc)};
    each(k, [&](int n, int j, size_t at) {
        if (!valid(k.lengths, n, k.s)) {
            return;
        }
        State before{k.h[at], k.c[at]};
        std::vector<double> a = k.pre(n, j);
        State after = step(a, before);
        double dhNext = k.dh[at] + (dySeen ? k.outputGradient(n, j) : 0), dcNext = hasC ? k.dc[at] : 0;
        auto loss = [&](State s) { return dhNext * s.h + dcNext * s.c; };
        for (int block = 0; block < k.blocks; block++) {
            e.da[(static_cast<size_t>(n) * k.blocks + block) * k.hidden + j] = slope(
                [&](double value) {
                    std::vector<double> moved = a;
                    moved[block] = value;
                    return loss(step(moved, before));
                },
                a[block]);
        }
        e.dh[at] = hDirect ? slope([&](double h) { return loss(step(a, {h, before.c})); }, before.h) : 0;
        if (hasC) {
            e.dc[at] = slope([&](double c) { return loss(step(a, {before.h, c})); }, before.c);
            e.c[at] = after.c;
        }
        e.h[at] = after.h;
    });
    return e;
}

CUdeviceptr orNull(const Buffer<int>& lengths, const Case& k) { return k.lengths.empty() ? 0 : lengths.at; }
Ints orOne(const Ints& lengths) { return lengths.empty() ? Ints{0} : lengths; }

} // namespace

TEST(lstmStep) {
    forEveryCase(4, [](const Case& k) {
        std::string what = shape({k.batch, k.hidden, k.reverse});
        Expected e = expect(k, lstm, true, false);
        Buffer<float> gates(k.gates), h(k.h), c(k.c), hNext(k.h.size()), cNext(k.c.size()), dh(k.dh), dc(k.dc), dy(k.dy);
        Buffer<int> lengths(orOne(k.lengths));
        Grid grid = gridFor(static_cast<long long>(k.h.size()));
        launch("rondo_lstm_forward", grid, gates, c, h, cNext, hNext, orNull(lengths, k), k.s, k.batch, k.hidden);
        NEAR(hNext.read(), e.h, 1e-6, what);
        NEAR(cNext.read(), e.c, 1e-6, what);
        launch("rondo_lstm_backward", grid, gates, c, cNext, dh, dc, dy.from(k.column), k.dyRow, orNull(lengths, k), k.reverse,
               k.s, STEPS, k.batch, k.hidden);
        NEAR(gates.read(), e.da, 3e-6, what);
        NEAR(dh.read(), e.dh, 3e-6, what);
        NEAR(dc.read(), e.dc, 3e-6, what);
        Buffer<float> inPlace(k.gates), hOnly(k.h), cOnly(k.c);
        launch("rondo_lstm_forward", grid, inPlace, cOnly, hOnly, cOnly, hOnly, orNull(lengths, k), k.s, k.batch, k.hidden);
        NEAR(hOnly.read(), e.h, 1e-6, what);
        NEAR(cOnly.read(), e.c, 1e-6, what);
    });
}

TEST(gruStep) {
    forEveryCase(4, [](const Case& k) {
        std::string what = shape({k.batch, k.hidden, k.reverse});
        Expected e = expect(k, gru, false, true);
        Buffer<float> gates(k.gates), h(k.h), hNext(k.h.size()), dh(k.dh), dy(k.dy);
        Buffer<int> lengths(orOne(k.lengths));
        Grid grid = gridFor(static_cast<long long>(k.h.size()));
        launch("rondo_gru_forward", grid, gates, h, hNext, orNull(lengths, k), k.s, k.batch, k.hidden);
        NEAR(hNext.read(), e.h, 1e-6, what);
        launch("rondo_gru_backward", grid, gates, h, dh, dy.from(k.column), k.dyRow, orNull(lengths, k), k.reverse, k.s, STEPS,
               k.batch, k.hidden);
        NEAR(gates.read(), e.da, 3e-6, what);
        NEAR(dh.read(), e.dh, 3e-6, what);
    });
}

TEST(gruResetBeforeStep) {
    forEveryCase(3, [](const Case& k) {
        std::string what = shape({k.batch, k.hidden, k.reverse});
        Expected e = expect(k, gruResetBefore, false, true);
        Doubles p(k.h.size());
        each(k, [&](int n, int j, size_t at) { // p = s(a_r) * h, with the gradient dc taken as dp
            std::vector<double> a = k.pre(n, j);
            if (!valid(k.lengths, n, k.s)) {
                return;
            }
            p[at] = sigmoid(a[0]) * k.h[at];
            e.da[static_cast<size_t>(n) * 3 * k.hidden + j] =
                k.dc[at] * slope([&](double r) { return sigmoid(r) * k.h[at]; }, a[0]);
            e.dh[at] += k.dc[at] * sigmoid(a[0]);
        });
        Buffer<float> gates(k.gates), h(k.h), hNext(k.h.size()), dh(k.dh), dp(k.dc), dy(k.dy), itsP(k.h.size());
        Buffer<int> lengths(orOne(k.lengths));
        Grid grid = gridFor(static_cast<long long>(k.h.size()));
        launch("rondo_gru_reset_before_forward_reset", grid, gates, h, itsP, orNull(lengths, k), k.s, k.batch, k.hidden);
        NEAR(itsP.read(), p, 1e-6, what);
        launch("rondo_gru_reset_before_forward", grid, gates, h, hNext, orNull(lengths, k), k.s, k.batch, k.hidden);
        NEAR(hNext.read(), e.h, 1e-6, what);
        launch("rondo_gru_reset_before_backward", grid, gates, h, dh, dy.from(k.column), k.dyRow, orNull(lengths, k), k.reverse,
               k.s, STEPS, k.batch, k.hidden);
        launch("rondo_gru_reset_before_backward_reset", grid, gates, h, dp, dh, orNull(lengths, k), k.s, k.batch, k.hidden);
        NEAR(gates.read(), e.da, 3e-6, what);
        NEAR(dh.read(), e.dh, 3e-6, what);
    });
}

TEST(rnnStep) {
    forEveryCase(1, [](const Case& k) {
        for (bool relu : {false, true}) {
            std::string what = shape({k.batch, k.hidden, k.reverse, relu});
            Expected e = expect(k, relu ? rnnRelu : rnnTanh, false, false, false);
            Buffer<float> gates(k.gates), h(k.h), hNext(k.h.size()), dh(k.dh);
            Buffer<int> lengths(orOne(k.lengths));
            Grid grid = gridFor(static_cast<long long>(k.h.size()));
            launch(relu ? "rondo_rnn_relu_forward" : "rondo_rnn_tanh_forward", grid, gates, h, hNext, orNull(lengths, k), k.s,
                   k.batch, k.hidden);
            NEAR(hNext.read(), e.h, 1e-6, what);
            launch(relu ? "rondo_rnn_relu_backward" : "rondo_rnn_tanh_backward", grid, gates, hNext, dh, nullptr, 0,
                   orNull(lengths, k), k.reverse, k.s, STEPS, k.batch, k.hidden);
            NEAR(gates.read(), e.da, 3e-6, what);
            NEAR(dh.read(), e.dh, 3e-6, what);
        }
    });
}

TEST(activationsAtTheLimits) {
    float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
    Floats limits = {infinity, -infinity, nan, 200, -200, 0, 1e-30f};
    int count = static_cast<int>(limits.size());
    Floats zeros(limits.size()), ones(limits.size(), 1.0f);
    Doubles tanhs, relus, resets;
    for (float a : limits) {
        tanhs.push_back(std::tanh(static_cast<double>(a)));
        relus.push_back(a > 0 || std::isnan(a) ? a : 0);
        resets.push_back(sigmoid(a));
    }
    Buffer<float> gates(limits), h(zeros), hNext(limits.size());
    launch("rondo_rnn_tanh_forward", gridFor(count), gates, h, hNext, nullptr, 0, 1, count);
    NEAR(hNext.read(), tanhs, 1e-7, "");
    launch("rondo_rnn_relu_forward", gridFor(count), gates, h, hNext, nullptr, 0, 1, count);
    NEAR(hNext.read(), relus, 0, "");
    Floats both = limits;
    both.insert(both.end(), limits.begin(), limits.end());
    both.insert(both.end(), limits.begin(), limits.end());
    Buffer<float> three(both), one(ones);
    launch("rondo_gru_reset_before_forward_reset", gridFor(count), three, one, hNext, nullptr, 0, 1, count);
    NEAR(hNext.read(), resets, 1e-7, "");
}
