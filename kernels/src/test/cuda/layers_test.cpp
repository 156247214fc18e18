// Embedding, losses, clipping and optimizers.
#include "harness.h"

#include <cstring>

namespace {

struct Rows {
    int rows, width, limit;
};
const std::vector<Rows> SHAPES = {{1, 1, 1}, {7, 3, 5}, {33, 65, 4}, {600, 3, 37}, {5, 300, 2}};

Ints someIndices(const Rows& r, bool wrong) {
    Ints indices(r.rows);
    for (int m = 0; m < r.rows; m++) {
        indices[m] = (m * 13 + m / 3) % r.limit;
        if (wrong && m % 4 == 2) {
            indices[m] = m % 8 == 2 ? -1 : r.limit;
        }
    }
    return indices;
}
bool sameBits(const Floats& a, const Floats& b) { return a.size() == b.size() && !memcmp(a.data(), b.data(), a.size() * 4); }

} // namespace

TEST(gatherRows) {
    for (const Rows& r : SHAPES) {
        for (bool wrong : {false, true}) {
            for (int accumulate : {0, 1}) {
                int tableRow = r.width + 1, targetRow = r.width + 2;
                Ints indices = someIndices(r, wrong);
                Floats table = randoms(static_cast<size_t>(r.limit) * tableRow, 1);
                Floats target = randoms(static_cast<size_t>(r.rows) * targetRow, 2);
                Doubles expected = toDoubles(target);
                for (int m = 0; m < r.rows; m++) {
                    for (int j = 0; j < r.width; j++) {
                        bool valid = indices[m] >= 0 && indices[m] < r.limit;
                        double value = valid ? table[static_cast<size_t>(indices[m]) * tableRow + j] : 0;
                        double& to = expected[static_cast<size_t>(m) * targetRow + j];
                        to = accumulate ? to + value : value;
                    }
                }
                Buffer<float> from(table), to(target);
                Buffer<int> at(indices);
                launch("rondo_gather_rows", gridFor(r.rows * r.width), from, tableRow, r.limit, at, r.rows, r.width, to, targetRow,
                       accumulate);
                std::string what = shape({r.rows, r.width, r.limit, wrong, accumulate});
                NEAR(to.read(), expected, 1e-7, what);
            }
        }
    }
}

TEST(scatterAddRows) {
    for (const Rows& r : SHAPES) {
        for (bool wrong : {false, true}) {
            for (bool asColumns : {false, true}) {
                int sourceRow = r.width + 1;
                long long targetRow = asColumns ? 1 : r.width, targetColumn = asColumns ? r.limit : 1;
                Ints indices = someIndices(r, wrong);
                Floats source = randoms(static_cast<size_t>(r.rows) * sourceRow, 1);
                Floats target = randoms(static_cast<size_t>(r.limit) * r.width, 2);
                Doubles expected = toDoubles(target);
                for (int m = 0; m < r.rows; m++) {
                    for (int j = 0; j < r.width && indices[m] >= 0 && indices[m] < r.limit; j++) {
                        expected[indices[m] * targetRow + j * targetColumn] += source[static_cast<size_t>(m) * sourceRow + j];
                    }
                }
                Buffer<float> from(source), to(target), again(target);
                Buffer<int> at(indices);
                std::string what = shape({r.rows, r.width, r.limit, wrong, asColumns});
                launch("rondo_scatter_add_rows", {3, 1}, from, sourceRow, at, r.rows, r.width, r.limit, to, targetRow, targetColumn);
                launch("rondo_scatter_add_rows", {7, 2}, from, sourceRow, at, r.rows, r.width, r.limit, again, targetRow,
                       targetColumn);
                NEAR(to.read(), expected, 1e-5, what);
                CHECK(sameBits(to.read(), again.read()), what);
            }
        }
    }
}

// One index has nearly all rows, and terms of one sign: a running sum in float32 would be off by 1e-4 of it.
TEST(scatterAddManyRows) {
    constexpr int ROWS = 1 << 18, WIDTH = 2;
    Ints indices(ROWS);
    Floats source = randoms(ROWS * WIDTH, 1);
    Doubles expected(2 * WIDTH);
    for (int m = 0; m < ROWS; m++) {
        indices[m] = m % 1000 != 0;
        for (int j = 0; j < WIDTH; j++) {
            float& term = source[m * WIDTH + j];
            term += 2;
            expected[indices[m] * WIDTH + j] += term;
        }
    }
    Buffer<float> from(source), to(Floats(2 * WIDTH));
    Buffer<int> at(indices);
    launch("rondo_scatter_add_rows", {2, 1}, from, WIDTH, at, ROWS, WIDTH, 2, to, static_cast<long long>(WIDTH), 1LL);
    NEAR(to.read(), expected, 2e-6, shape({ROWS, WIDTH}));
}

TEST(softmaxCrossEntropy) {
    for (auto [rows, classes] : std::vector<std::pair<int, int>>{{1, 1}, {3, 7}, {33, 65}, {300, 5}, {5, 1000}}) {
        for (int mask = 0; mask < 4; mask++) { // none, some, all masked; some too great
            Floats logits = randoms(static_cast<size_t>(rows) * classes, 1, 100);
            Ints targets(rows);
            int counted = 0;
            for (int m = 0; m < rows; m++) {
                targets[m] = (m * 5) % classes;
                if (mask == 2 || (mask == 1 && m % 3 == 1)) {
                    targets[m] = -1 - m;
                } else if (mask == 3 && m % 4 == 3) {
                    targets[m] = classes;
                } else {
                    counted++;
                }
            }
            double loss = 0;
            Doubles gradient(logits.size());
            for (int m = 0; m < rows; m++) {
                if (targets[m] < 0 || targets[m] >= classes) {
                    continue;
                }
                const float* a = &logits[static_cast<size_t>(m) * classes];
                double max = a[0], sum = 0;
                for (int v = 0; v < classes; v++) {
                    max = std::max(max, static_cast<double>(a[v]));
                }
                for (int v = 0; v < classes; v++) {
                    sum += std::exp(a[v] - max);
                }
                loss += (std::log(sum) - (a[targets[m]] - max)) / counted;
                for (int v = 0; v < classes; v++) {
                    gradient[static_cast<size_t>(m) * classes + v] = (std::exp(a[v] - max) / sum - (v == targets[m])) / counted;
                }
            }
            std::string what = shape({rows, classes, mask});
            for (unsigned block : {32u, 256u}) {
                Buffer<float> in(logits), separate(logits.size()), rowLoss(rows), result(1);
                Buffer<int> at(targets), count(1);
                launch("rondo_softmax_cross_entropy_count", {}, at, rows, classes, count);
                CHECK(count.read()[0] == counted, what);
                launch("rondo_softmax_cross_entropy", {3, 1, 1, block}, in, at, rows, classes, count, rowLoss, nullptr);
                launch("rondo_softmax_cross_entropy", {3, 1, 1, block}, in, at, rows, classes, count, rowLoss, separate);
                NEAR(separate.read(), gradient, 2e-6, what);
                launch("rondo_softmax_cross_entropy", {3, 1, 1, block}, in, at, rows, classes, count, rowLoss, in);
                CHECK(sameBits(in.read(), separate.read()), what);
                launch("rondo_softmax_cross_entropy_finish", {}, rowLoss, rows, count, result);
                NEAR(result.read(), {loss}, 2e-6, what);
            }
        }
    }
}

TEST(meanSquaredError) {
    for (int count : {1, 33, 1000}) {
        long long n = count;
        Floats p = randoms(count, 1, 3), y = randoms(count, 2);
        double sum = 0;
        Doubles gradient(count);
        for (int i = 0; i < count; i++) {
            double error = static_cast<double>(p[i]) - y[i];
            sum += error * error;
            gradient[i] = 2 * error / count;
        }
        Grid grid = gridFor(n);
        Buffer<float> prediction(p), target(y), loss(1);
        Buffer<double> partial(grid.x);
        launch("rondo_mean_squared_error", grid, prediction, target, nullptr, 1, n, n, nullptr, partial);
        launch("rondo_mean_squared_error", grid, prediction, target, nullptr, 1, n, n, prediction, partial);
        launch("rondo_mean_squared_error_finish", {}, partial, static_cast<int>(grid.x), n, loss);
        NEAR(prediction.read(), gradient, 1e-6, shape({count}));
        NEAR(loss.read(), {sum / count}, 1e-6, shape({count}));
    }
}

TEST(clipByGlobalNorm) {
    float payload; // a NaN that a multiplication would not leave as it is
    uint32_t bits = 0x7fc12345;
    memcpy(&payload, &bits, 4);
    for (int count : {1, 33, 1000}) {
        for (float scale : {1.0f, 1e30f, 1e-30f}) {
            for (int kind = 0; kind < 3; kind++) { // above, not above, NaN
                long long n = count;
                Floats g = randoms(count, 1, scale);
                g[count / 2] = kind == 2 ? payload : g[count / 2];
                double squares = 0;
                for (float element : g) {
                    squares += static_cast<double>(element) * element;
                }
                double norm = std::sqrt(squares);
                float maxNorm = static_cast<float>(kind == 0 ? norm / 3 : kind == 1 ? norm * 1.001 : 1.0);
                Grid grid = gridFor(n);
                Buffer<float> gradients(g), result(1), factor(1);
                Buffer<double> partial(grid.x);
                launch("rondo_norm_squares", grid, gradients, n, partial);
                launch("rondo_norm_finish", {}, partial, static_cast<int>(grid.x), maxNorm, result, factor);
                launch("rondo_norm_scale", grid, gradients, n, factor);
                std::string what = shape({count, kind}) + " " + std::to_string(scale);
                Floats found = result.read(), scaled = gradients.read();
                CHECK(kind == 2 ? std::isnan(found[0]) : std::fabs(found[0] - norm) <= 1e-6 * norm, what);
                for (int i = 0; i < count && kind == 0; i++) {
                    CHECK(std::fabs(scaled[i] - g[i] * (maxNorm / norm)) <= 1e-6 * std::fabs(g[i]), what);
                }
                CHECK(kind == 0 || sameBits(scaled, g), what);
            }
        }
    }
}

TEST(clipByValue) {
    float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
    Buffer<float> g(Floats{1, -1, 0.25f, -0.25f, infinity, -infinity, nan, 0});
    launch("rondo_clip_by_value", gridFor(8), g, 8LL, 0.5f);
    NEAR(g.read(), (Doubles{0.5, -0.5, 0.25, -0.25, 0.5, -0.5, nan, 0}), 0, "");
}

TEST(optimizers) {
    for (int count : {1, 33, 1000}) {
        long long n = count;
        Floats w = randoms(count, 1), g = randoms(count, 2), m = randoms(count, 3), v = randoms(count, 4);
        for (float& element : v) {
            element = std::fabs(element);
        }
        double rate = 0.1, decay = 0.9, b1 = 0.9, b2 = 0.999, epsilon = 1e-8;
        int step = 3;
        Doubles sgd(count), velocity(count), momentum(count), square(count), rms(count), first(count), second(count), adam(count);
        for (int i = 0; i < count; i++) {
            double gi = g[i];
            sgd[i] = w[i] - rate * gi;
            velocity[i] = decay * m[i] + gi;
            momentum[i] = w[i] - rate * velocity[i];
            square[i] = decay * v[i] + (1 - decay) * gi * gi;
            rms[i] = w[i] - rate * gi / (std::sqrt(square[i]) + epsilon);
            first[i] = b1 * m[i] + (1 - b1) * gi;
            second[i] = b2 * v[i] + (1 - b2) * gi * gi;
            adam[i] = w[i] - rate * (first[i] / (1 - std::pow(b1, step))) / (std::sqrt(second[i] / (1 - std::pow(b2, step))) + epsilon);
        }
        std::string what = shape({count});
        Grid grid = gridFor(n);
        auto f = [](double value) { return static_cast<float>(value); };
        Buffer<float> gradients(g), w1(w), w2(w), w3(w), w4(w), v2(m), s3(v), m4(m), v4(v);
        launch("rondo_sgd", grid, w1, gradients, n, f(rate));
        NEAR(w1.read(), sgd, 1e-6, what);
        launch("rondo_sgd_momentum", grid, w2, gradients, v2, n, f(rate), f(decay));
        NEAR(w2.read(), momentum, 1e-6, what);
        NEAR(v2.read(), velocity, 1e-6, what);
        launch("rondo_rmsprop", grid, w3, gradients, s3, n, f(rate), f(decay), f(1 - decay), f(epsilon));
        NEAR(w3.read(), rms, 1e-6, what);
        NEAR(s3.read(), square, 1e-6, what);
        launch("rondo_adam", grid, w4, gradients, m4, v4, n, f(rate / (1 - std::pow(b1, step))), f(b1), f(1 - b1), f(b2), f(1 - b2),
               f(1 / (1 - std::pow(b2, step))), f(epsilon));
        NEAR(w4.read(), adam, 2e-6, what);
        NEAR(m4.read(), first, 1e-6, what);
        NEAR(v4.read(), second, 1e-6, what);
    }
}
