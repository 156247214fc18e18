// Attention, and choices among classes.
#include "harness.h"

#include <algorithm>
#include <numeric>

namespace {

struct Sizes {
    int steps, batch, keys, size, width;
};

// Blocks that work on one row at a time: of a warp, and of as many threads as there may be.
const Grid WARP_ROWS = {3, 1, 1, 32}, BLOCK_ROWS = {3};

struct Expected {
    Doubles weights, context, dq, dk, dv, du;
};

Expected attend(const Sizes& z, const Floats& q, const Floats& k, const Floats& v, const Ints* lengths, const Floats* u,
                const Floats& dContext, const Floats& start) {
    auto at = [](size_t step, size_t batch, size_t n, size_t width) { return (step * batch + n) * width; };
    Expected e;
    e.weights.resize(at(z.steps, z.batch, 0, z.keys));
    e.context.resize(at(z.steps, z.batch, 0, z.width));
    e.dq.resize(q.size());
    e.dk.assign(start.begin(), start.begin() + static_cast<long>(k.size()));
    e.dv.assign(start.begin(), start.begin() + static_cast<long>(v.size()));
    e.du.assign(start.begin(), start.begin() + z.size);
    double scale = 1 / std::sqrt(static_cast<double>(z.size));
    for (int t = 0; t < z.steps; t++) {
        for (int n = 0; n < z.batch; n++) {
            int length = lengths ? (*lengths)[n] : z.keys;
            const float* query = &q[at(t, z.batch, n, z.size)];
            double* w = &e.weights[at(t, z.batch, n, z.keys)];
            double max = -std::numeric_limits<double>::infinity(), total = 0, mean = 0;
            for (int s = 0; s < length; s++) {
                const float* key = &k[at(s, z.batch, n, z.size)];
                for (int a = 0; a < z.size; a++) {
                    double sum = static_cast<double>(query[a]) + key[a];
                    w[s] += u ? (*u)[a] * std::tanh(sum) : static_cast<double>(query[a]) * key[a] * scale;
                }
                max = std::max(max, w[s]);
            }
            for (int s = 0; s < length; s++) {
                w[s] = std::exp(w[s] - max);
                total += w[s];
            }
            Doubles dWeights(length);
            for (int s = 0; s < length; s++) {
                w[s] /= total;
                for (int j = 0; j < z.width; j++) {
                    double gradient = dContext[at(t, z.batch, n, z.width) + j];
                    e.context[at(t, z.batch, n, z.width) + j] += w[s] * v[at(s, z.batch, n, z.width) + j];
                    dWeights[s] += gradient * v[at(s, z.batch, n, z.width) + j];
                    e.dv[at(s, z.batch, n, z.width) + j] += w[s] * gradient;
                }
                mean += w[s] * dWeights[s];
            }
            for (int s = 0; s < length; s++) {
                double dScore = w[s] * (dWeights[s] - mean);
                for (int a = 0; a < z.size; a++) {
                    size_t key = at(s, z.batch, n, z.size) + a, own = at(t, z.batch, n, z.size) + a;
                    double y = std::tanh(static_cast<double>(q[own]) + k[key]);
                    double d = u ? (*u)[a] * (1 - y * y) : 0;
                    e.dq[own] += dScore * (u ? d : k[key] * scale);
                    e.dk[key] += dScore * (u ? d : q[own] * scale);
                    e.du[a] += u ? dScore * y : 0;
                }
            }
        }
    }
    return e;
}

void padWithNaN(const Sizes& z, const Ints& lengths, int width, Floats& values) {
    for (int s = 0; s < z.keys; s++) {
        for (int n = 0; n < z.batch; n++) {
            for (int j = 0; j < width && s >= lengths[n]; j++) {
                values[(static_cast<size_t>(s) * z.batch + n) * width + j] = std::numeric_limits<float>::quiet_NaN();
            }
        }
    }
}

void testAttention(const Sizes& z, bool full, bool additive) {
    size_t queries = static_cast<size_t>(z.steps) * z.batch, keys = static_cast<size_t>(z.keys) * z.batch;
    Floats q = randoms(queries * z.size, 1, 2), k = randoms(keys * z.size, 2, 2), v = randoms(keys * z.width, 3);
    Floats u = randoms(z.size, 4, 2), dContext = randoms(queries * z.width, 5);
    Floats start = randoms(std::max(k.size(), v.size()), 6);
    Ints lengths = someLengths(z.batch, z.keys, 7);
    if (!full) {
        padWithNaN(z, lengths, z.size, k);
        padWithNaN(z, lengths, z.width, v);
    }
    Expected e = attend(z, q, k, v, full ? nullptr : &lengths, additive ? &u : nullptr, dContext, start);
    std::string what = shape({z.steps, z.batch, z.keys, z.size, z.width, full, additive});
    Buffer<float> bq(q), bk(k), bv(v), bu(u), weights(queries * z.keys), context(queries * z.width), gradient(dContext);
    Buffer<int> valid(lengths);
    CUdeviceptr at = full ? 0 : valid.at, vector = additive ? bu.at : 0;
    Grid grid = BLOCK_ROWS;
    launch("rondo_attention_forward", grid, bq, bk, bv, at, vector, z.steps, z.batch, z.keys, z.size, z.width, weights, context);
    NEAR(weights.read(), e.weights, 5e-6, what);
    NEAR(context.read(), e.context, 5e-6, what);
    Buffer<float> dScores(queries * z.keys), dq(queries * z.size), parts(queries * z.size);
    Buffer<float> dk(Floats(start.begin(), start.begin() + static_cast<long>(k.size())));
    Buffer<float> dv(Floats(start.begin(), start.begin() + static_cast<long>(v.size())));
    Buffer<float> du(Floats(start.begin(), start.begin() + z.size));
    launch("rondo_attention_backward_queries", grid, bq, bk, bv, at, vector, weights, gradient, z.steps, z.batch, z.keys, z.size,
           z.width, dScores, dq, nullptr);
    NEAR(dq.read(), e.dq, 1e-5, what);
    launch("rondo_attention_backward_queries", grid, bq, bk, bv, at, vector, weights, gradient, z.steps, z.batch, z.keys, z.size,
           z.width, dScores, dq, additive ? parts.at : 0);
    launch("rondo_attention_backward_keys", grid, bq, bk, at, vector, weights, gradient, dScores, z.steps, z.batch, z.keys, z.size,
           z.width, dk, dv);
    NEAR(dq.read(), e.dq, 1e-5, what);
    NEAR(dk.read(), e.dk, 1e-5, what);
    NEAR(dv.read(), e.dv, 1e-5, what);
    if (additive) {
        launch("rondo_column_sums_finish", {static_cast<unsigned>((z.size + 255) / 256)}, parts, static_cast<int>(queries), z.size, du);
        NEAR(du.read(), e.du, 2e-5, what);
    }
}

unsigned long long places(const Floats& logits, int row, int classes, Ints& order) {
    order.resize(classes);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
        return logits[static_cast<size_t>(row) * classes + a] > logits[static_cast<size_t>(row) * classes + b];
    });
    return static_cast<unsigned long long>(row) * classes;
}

// Random logits of which many are equal, some infinitely small.
Floats someLogits(int rows, int classes, unsigned seed) {
    Floats logits = randoms(static_cast<size_t>(rows) * classes, seed, 4);
    for (size_t i = 0; i < logits.size(); i++) {
        logits[i] = i % 3 == 0 ? std::round(logits[i]) : logits[i];
        if (i % 11 == 7 && classes > 1) {
            logits[i] = i % 2 ? -0.0f : -std::numeric_limits<float>::infinity();
        }
    }
    return logits;
}

} // namespace

TEST(attention) {
    for (const Sizes& z : {Sizes{1, 1, 1, 1, 1}, Sizes{3, 4, 5, 7, 3}, Sizes{1, 2, 40, 65, 300}, Sizes{20, 2, 3, 33, 17}}) {
        for (bool full : {true, false}) {
            for (bool additive : {true, false}) {
                testAttention(z, full, additive);
            }
        }
    }
}

TEST(attentionToMoreKeysThanAreKept) {
    testAttention({1, 2, 2500, 3, 2}, false, true);
    testAttention({2, 1, 2500, 2, 1}, true, false);
}

TEST(topK) {
    for (int classes : {1, 5, 70, 700}) {
        for (int k : {1, std::min(3, classes), std::min(classes, 40)}) {
            for (Grid grid : {WARP_ROWS, BLOCK_ROWS}) {
                int rows = 7;
                Floats logits = someLogits(rows, classes, 1);
                Ints expected;
                Doubles logs;
                for (int m = 0; m < rows; m++) {
                    Ints order;
                    size_t row = places(logits, m, classes, order);
                    double total = 0;
                    for (int v : order) {
                        total += std::exp(logits[row + v] - logits[row + order[0]]);
                    }
                    for (int j = 0; j < k; j++) {
                        expected.push_back(order[j]);
                        logs.push_back(logits[row + order[j]] - logits[row + order[0]] - std::log(total));
                    }
                }
                std::string what = shape({classes, k, grid.blockX});
                Buffer<float> in(logits), out(logs.size());
                Buffer<int> indices(expected.size());
                launch("rondo_top_k", grid, in, rows, classes, k, indices, nullptr);
                CHECK(indices.read() == expected, what);
                launch("rondo_top_k", grid, in, rows, classes, k, indices, out);
                CHECK(indices.read() == expected, what);
                NEAR(out.read(), logs, 2e-6, what);
            }
        }
    }
}

TEST(sample) {
    for (int classes : {1, 5, 70, 700}) {
        for (int among : {1, std::min(3, classes), classes / 2 + 1, classes}) {
            for (float temperature : {1.0f, 0.3f, 1e-38f, 3e38f}) {
                int rows = 9;
                Floats logits = someLogits(rows, classes, 2), uniform = randoms(rows, among);
                Ints expected;
                for (int m = 0; m < rows; m++) {
                    uniform[m] = m == 0 ? 0 : m == 1 ? 0x1.fffffep-1f : (uniform[m] + 1) / 2 * 0.999f;
                    Ints order;
                    size_t row = places(logits, m, classes, order);
                    double max = logits[row + order[0]], total = 0, sum = 0;
                    Ints candidates(order.begin(), order.begin() + among);
                    std::sort(candidates.begin(), candidates.end());
                    for (int v : candidates) {
                        total += std::exp((logits[row + v] - max) / temperature);
                    }
                    expected.push_back(order[0]);
                    for (int v : candidates) {
                        sum += std::exp((logits[row + v] - max) / temperature);
                        if (sum > uniform[m] * total) {
                            expected.back() = v;
                            break;
                        }
                    }
                }
                for (Grid grid : {WARP_ROWS, BLOCK_ROWS}) {
                    Buffer<float> in(logits), u(uniform);
                    Buffer<int> indices(rows);
                    launch("rondo_sample", grid, in, rows, classes, temperature, among, u, indices);
                    CHECK(indices.read() == expected, shape({classes, among, grid.blockX}) + " " + std::to_string(temperature));
                }
            }
        }
    }
}

TEST(choicesAmongNaNAreWithinRange) {
    float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
    for (int classes : {1, 4, 300}) {
        int rows = 4, k = std::min(4, classes);
        Floats logits(static_cast<size_t>(rows) * classes, nan), uniform(rows, 0.5f);
        for (int v = 0; v < classes; v++) {
            logits[v] = v % 2 ? nan : 1.0f;
            logits[classes + v] = infinity;
            logits[2 * classes + v] = -infinity;
        }
        Buffer<float> in(logits), u(uniform), logs(static_cast<size_t>(rows) * k);
        Buffer<int> best(static_cast<size_t>(rows) * k), drawn(rows);
        launch("rondo_top_k", BLOCK_ROWS, in, rows, classes, k, best, logs);
        for (int among : {1, k, classes}) {
            launch("rondo_sample", BLOCK_ROWS, in, rows, classes, 0.7f, among, u, drawn);
            for (int index : drawn.read()) {
                CHECK(index >= 0 && index < classes, shape({classes, among, index}));
            }
        }
        for (int index : best.read()) {
            CHECK(index >= 0 && index < classes, shape({classes, index}));
        }
    }
}
