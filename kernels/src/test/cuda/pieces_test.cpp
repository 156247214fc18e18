// Elements, columns, pooling, layer normalisation and Gaussian distributions.
#include "harness.h"

#include <algorithm>

namespace {

// Blocks that work on one row at a time: of a warp, and of as many threads as there may be.
const Grid WARP_ROWS = {3, 1, 1, 32}, BLOCK_ROWS = {3};

double active(int activation, double x) {
    return activation == 0 ? std::tanh(x) : activation == 1 ? sigmoid(x) : std::max(x, 0.0);
}
double slope(int activation, double y) { return activation == 0 ? 1 - y * y : activation == 1 ? y * (1 - y) : y > 0; }

} // namespace

TEST(activations) {
    float infinity = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
    for (int activation : {0, 1, 2}) {
        for (int count : {8, 33, 1000}) {
            Floats x = randoms(count, 1, 8), dy = randoms(count, 2);
            x[0] = infinity, x[1] = -infinity, x[2] = nan, x[3] = 0;
            Doubles y(count), dx(count);
            Floats rounded(count);
            for (int i = 0; i < count; i++) {
                y[i] = std::isnan(x[i]) ? nan : active(activation, x[i]);
                rounded[i] = static_cast<float>(y[i]);
                dx[i] = dy[i] * slope(activation, rounded[i]);
            }
            Buffer<float> in(x), out(count), gradient(dy), to(count);
            Grid grid = gridFor(count);
            long long n = count;
            launch("rondo_activate", grid, activation, in, out, n);
            NEAR(out.read(), y, 5e-7, shape({activation, count}));
            launch("rondo_activate", grid, activation, in, in, n);
            NEAR(in.read(), y, 5e-7, shape({activation, count}));
            Buffer<float> outputs(rounded);
            launch("rondo_activate_backward", grid, activation, outputs, gradient, to, n);
            NEAR(to.read(), dx, 5e-7, shape({activation, count}));
            launch("rondo_activate_backward", grid, activation, outputs, gradient, gradient, n);
            NEAR(gradient.read(), dx, 5e-7, shape({activation, count}));
        }
    }
}

TEST(sumsAndProducts) {
    for (int count : {1, 33, 1000}) {
        Floats a = randoms(count, 1), b = randoms(count, 2), y = randoms(count, 3);
        Doubles sum(count), product(count), added(count), square(count);
        for (int i = 0; i < count; i++) {
            sum[i] = y[i] - 1.5 * a[i];
            product[i] = static_cast<double>(a[i]) * b[i];
            added[i] = y[i] + product[i];
            square[i] = static_cast<double>(a[i]) * a[i];
        }
        Grid grid = gridFor(count);
        long long n = count;
        Buffer<float> left(a), right(b), s(y), p(y), q(y);
        launch("rondo_add_scaled", grid, -1.5f, left, s, n);
        NEAR(s.read(), sum, 1e-6, shape({count}));
        launch("rondo_multiply", grid, left, right, p, n, 0);
        NEAR(p.read(), product, 1e-6, shape({count}));
        launch("rondo_multiply", grid, left, right, q, n, 1);
        NEAR(q.read(), added, 1e-6, shape({count}));
        launch("rondo_multiply", grid, left, right, right, n, 0);
        NEAR(right.read(), product, 1e-6, shape({count}));
        launch("rondo_multiply", grid, left, left, left, n, 0);
        NEAR(left.read(), square, 1e-6, shape({count}));
    }
}

TEST(columns) {
    struct Shape {
        int rows, times, width;
    };
    for (Shape s : {Shape{1, 1, 1}, Shape{3, 5, 7}, Shape{1, 300, 2}, Shape{4, 1, 65}, Shape{2, 130, 3}}) {
        for (int accumulate : {0, 1}) {
            int fewRow = s.width + 3, manyRow = s.width + 1, many = s.rows * s.times;
            Floats small = randoms(static_cast<size_t>(s.rows) * fewRow, 1), large = randoms(static_cast<size_t>(many) * manyRow, 2);
            Doubles copied = toDoubles(large), summed = toDoubles(small);
            for (int j = 0; j < s.width; j++) {
                for (int m = 0; m < many; m++) {
                    double& to = copied[static_cast<size_t>(m) * manyRow + 1 + j];
                    to = (accumulate ? to : 0) + small[static_cast<size_t>(m % s.rows) * fewRow + 2 + j];
                }
                for (int r = 0; r < s.rows; r++) {
                    double sum = 0;
                    for (int m = r; m < many; m += s.rows) {
                        sum += large[static_cast<size_t>(m) * manyRow + 1 + j];
                    }
                    double& to = summed[static_cast<size_t>(r) * fewRow + 2 + j];
                    to = (accumulate ? to : 0) + sum;
                }
            }
            std::string what = shape({s.rows, s.times, s.width, accumulate});
            Buffer<float> few(small), lot(large), toFew(small), toLot(large);
            launch("rondo_copy_columns", gridFor(many * s.width), few.from(2), fewRow, s.rows, toLot.from(1), manyRow, many, s.width,
                   accumulate);
            NEAR(toLot.read(), copied, 1e-6, what);
            launch("rondo_sum_columns", gridFor(s.rows * s.width), lot.from(1), manyRow, many, toFew.from(2), fewRow, s.rows, s.width,
                   accumulate);
            NEAR(toFew.read(), summed, 2e-6, what);
        }
    }
}

TEST(pooling) {
    struct Shape {
        int steps, batch, width;
    };
    float nan = std::numeric_limits<float>::quiet_NaN();
    for (Shape s : {Shape{1, 1, 1}, Shape{5, 4, 3}, Shape{200, 3, 2}, Shape{3, 2, 300}}) {
        for (bool full : {true, false}) {
            for (int pooling : {0, 1, 2}) {
                size_t elements = static_cast<size_t>(s.batch) * s.width;
                Ints lengths = someLengths(s.batch, s.steps, 3);
                Floats x = randoms(s.steps * elements, 1), dy = randoms(elements, 2);
                for (float& value : x) {
                    value = std::round(4 * value); // many are equal
                }
                Doubles y(elements), dx(x.size());
                for (size_t i = 0; i < elements; i++) {
                    int length = full ? s.steps : lengths[i / s.width], at = 0;
                    double sum = 0;
                    for (int t = 0; t < length; t++) {
                        sum += x[t * elements + i];
                        at = pooling == 2 || x[t * elements + i] > x[at * elements + i] ? t : at;
                    }
                    for (int t = 0; t < length; t++) {
                        dx[t * elements + i] = pooling == 0 ? static_cast<double>(dy[i]) / length : t == at ? dy[i] : 0;
                    }
                    y[i] = length == 0 ? 0 : pooling == 0 ? sum / length : x[at * elements + i];
                    for (int t = length; t < s.steps; t++) {
                        x[t * elements + i] = nan;
                    }
                }
                std::string what = shape({s.steps, s.batch, s.width, full, pooling});
                Buffer<float> in(x), out(elements), gradient(dy), to(x.size());
                Buffer<int> valid(lengths);
                CUdeviceptr at = full ? 0 : valid.at;
                Grid grid = gridFor(static_cast<long long>(elements));
                launch("rondo_pool_forward", grid, pooling, in, at, s.steps, s.batch, s.width, out);
                NEAR(out.read(), y, 1e-6, what);
                launch("rondo_pool_backward", grid, pooling, in, at, out, gradient, s.steps, s.batch, s.width, to);
                NEAR(to.read(), dx, 1e-6, what);
            }
        }
    }
}

TEST(layerNorm) {
    struct Shape {
        int rows, size;
        float away;
    };
    for (Shape s : {Shape{1, 1, 0}, Shape{7, 5, 0}, Shape{600, 3, 0}, Shape{4, 5000, 0}, Shape{5, 33, 100}, Shape{2, 1000, -1000}}) {
        for (Grid grid : {WARP_ROWS, BLOCK_ROWS}) {
            size_t size = s.size, elements = s.rows * size;
            float epsilon = 1e-5f;
            Floats weight = randoms(size, 1), bias = randoms(size, 2), x = randoms(elements, 3), dy = randoms(elements, 4);
            Floats dWeight = randoms(size, 5), dBias = randoms(size, 6);
            for (float& value : x) {
                value += s.away;
            }
            Doubles y(elements), dx(elements), statistics, dw = toDoubles(dWeight), db = toDoubles(dBias);
            for (int m = 0; m < s.rows; m++) {
                double mean = 0, variance = 0, meanG = 0, meanGn = 0;
                for (size_t k = 0; k < size; k++) {
                    mean += static_cast<double>(x[m * size + k]) / s.size;
                }
                for (size_t k = 0; k < size; k++) {
                    variance += (x[m * size + k] - mean) * (x[m * size + k] - mean) / s.size;
                }
                double r = 1 / std::sqrt(variance + epsilon);
                statistics.push_back(mean);
                statistics.push_back(r);
                for (size_t k = 0; k < size; k++) {
                    double n = (x[m * size + k] - mean) * r, g = static_cast<double>(dy[m * size + k]) * weight[k];
                    y[m * size + k] = n * weight[k] + bias[k];
                    meanG += g / s.size;
                    meanGn += g * n / s.size;
                    dw[k] += dy[m * size + k] * n;
                    db[k] += dy[m * size + k];
                }
                for (size_t k = 0; k < size; k++) {
                    double n = (x[m * size + k] - mean) * r;
                    dx[m * size + k] = r * (static_cast<double>(dy[m * size + k]) * weight[k] - meanG - n * meanGn);
                }
            }
            std::string what = shape({s.rows, s.size, grid.blockX});
            // The mean is kept in float32: a row that is far away loses as much as the numbers of the row have lost.
            double tolerance = 1e-5 + 1e-6 * std::fabs(s.away);
            Buffer<float> w(weight), b(bias), in(x), out(elements), kept(2 * s.rows), gradient(dy), to(elements);
            launch("rondo_layer_norm_forward", grid, w, b, in, s.rows, s.size, epsilon, out, nullptr);
            NEAR(out.read(), y, s.size == 1 ? 1e-6 : 1e-5, what);
            launch("rondo_layer_norm_forward", grid, w, b, in, s.rows, s.size, epsilon, out, kept);
            NEAR(out.read(), y, s.size == 1 ? 1e-6 : 1e-5, what);
            NEAR(kept.read(), statistics, 2e-6, what);
            launch("rondo_layer_norm_backward", grid, w, in, kept, gradient, s.rows, s.size, to);
            NEAR(to.read(), dx, tolerance * (s.size == 1 ? 300 : 5), what);
            int rowsOfPart = 256, parts = (s.rows + 255) / 256;
            Buffer<float> weightSums(parts * size), biasSums(parts * size), sumW(dWeight), sumB(dBias);
            launch("rondo_layer_norm_weight_sums", {static_cast<unsigned>((size + 31) / 32), static_cast<unsigned>(parts), 1, 32, 8}, in,
                   kept, gradient, static_cast<long long>(s.rows), s.size, rowsOfPart, weightSums, biasSums);
            Grid columns = {static_cast<unsigned>((size + 255) / 256)};
            launch("rondo_column_sums_finish", columns, weightSums, parts, s.size, sumW);
            launch("rondo_column_sums_finish", columns, biasSums, parts, s.size, sumB);
            NEAR(sumW.read(), dw, tolerance, what);
            NEAR(sumB.read(), db, 2e-5, what);
            launch("rondo_layer_norm_backward", grid, w, in, kept, gradient, s.rows, s.size, gradient);
            NEAR(gradient.read(), dx, tolerance * (s.size == 1 ? 300 : 5), what);
        }
    }
}

TEST(gaussian) {
    struct Shape {
        int rows, width;
    };
    float nan = std::numeric_limits<float>::quiet_NaN();
    for (Shape s : {Shape{1, 1}, Shape{7, 5}, Shape{300, 4}}) {
        for (int kind = 0; kind < 4; kind++) { // without and with a prior, without and with a mask
            bool prior = kind & 1, masked = kind & 2;
            int count = s.rows * s.width;
            long long n = count;
            float factor = 0.3f;
            Floats m = randoms(count, 1), l = randoms(count, 2, 2), pm = randoms(count, 3), pl = randoms(count, 4, 2);
            Floats noise = randoms(count, 5, 2), dz = randoms(count, 6);
            Ints mask(s.rows);
            for (int i = 0; i < count; i++) {
                mask[i / s.width] = (i / s.width) % 3 != 1 ? -2 : 0;
                if (masked && mask[i / s.width] == 0) {
                    m[i] = nan;
                }
                if (!prior) {
                    pm[i] = pl[i] = 0;
                }
            }
            Floats start = randoms(count, 7);
            Doubles z(count), dm(count), dl(count), gm = toDoubles(start), gl = gm, gpm = gm, gpl = gm, lm = gm, ll = gm;
            double divergence = 0, loss = 0;
            for (int i = 0; i < count; i++) {
                double deviation = std::exp(l[i] / 2.0);
                z[i] = m[i] + deviation * noise[i];
                dm[i] = start[i] + dz[i];
                dl[i] = start[i] + dz[i] * noise[i] * deviation / 2;
                if (masked && mask[i / s.width] == 0) {
                    continue;
                }
                double d = static_cast<double>(m[i]) - pm[i], ratio = std::exp(static_cast<double>(l[i]) - pl[i]);
                double scaled = d * std::exp(-static_cast<double>(pl[i]));
                divergence += factor * (pl[i] - l[i] + ratio + d * scaled - 1) / 2;
                gm[i] += factor * scaled;
                gl[i] += factor * (ratio - 1) / 2;
                gpm[i] -= factor * scaled;
                gpl[i] += factor * (1 - ratio - d * scaled) / 2;
                double e = static_cast<double>(noise[i]) - m[i], over = e * std::exp(-static_cast<double>(l[i]));
                loss += factor * (std::log(2 * 3.14159265358979323846) + l[i] + e * over) / 2;
                lm[i] -= factor * over;
                ll[i] += factor * (1 - e * over) / 2;
            }
            std::string what = shape({s.rows, s.width, kind});
            Grid grid = gridFor(n);
            int parts = static_cast<int>(grid.x);
            Buffer<float> mean(m), variance(l), priorMean(pm), priorVariance(pl), e(noise), to(count), gradient(dz), result(1);
            Buffer<float> dMean(start), dVariance(start), a(start), b(start), c(start), d(start), f(start), g(start);
            Buffer<double> partial(parts);
            Buffer<int> counts(mask);
            launch("rondo_gaussian_forward", grid, mean, variance, e, to, n);
            NEAR(to.read(), z, 2e-6, what);
            launch("rondo_gaussian_backward", grid, variance, e, gradient, dMean, dVariance, n);
            NEAR(dMean.read(), dm, 1e-6, what);
            NEAR(dVariance.read(), dl, 2e-6, what);
            CUdeviceptr rows = masked ? counts.at : 0;
            int width = masked ? s.width : 1;
            CUdeviceptr none = 0;
            launch("rondo_gaussian_divergence", grid, mean, variance, prior ? priorMean.at : none, prior ? priorVariance.at : none, rows,
                   width, n, factor, a, b, prior ? c.at : none, prior ? d.at : none, partial);
            launch("rondo_gaussian_finish", {}, partial, parts, factor, result);
            NEAR(result.read(), {divergence}, 1e-6, what);
            NEAR(a.read(), gm, 1e-6, what);
            NEAR(b.read(), gl, 1e-6, what);
            NEAR(c.read(), prior ? gpm : toDoubles(start), 1e-6, what);
            NEAR(d.read(), prior ? gpl : toDoubles(start), 1e-6, what);
            launch("rondo_gaussian_divergence", grid, mean, variance, prior ? priorMean.at : none, prior ? priorVariance.at : none, rows,
                   width, n, factor, nullptr, nullptr, nullptr, nullptr, partial);
            launch("rondo_gaussian_finish", {}, partial, parts, factor, result);
            NEAR(result.read(), {divergence}, 1e-6, what);
            launch("rondo_gaussian_loss", grid, e, mean, variance, rows, width, n, factor, f, g, partial);
            launch("rondo_gaussian_finish", {}, partial, parts, factor, result);
            NEAR(result.read(), {loss}, 1e-6, what);
            NEAR(f.read(), lm, 1e-6, what);
            NEAR(g.read(), ll, 1e-6, what);
            launch("rondo_gaussian_loss", grid, e, mean, variance, rows, width, n, factor, nullptr, nullptr, partial);
            launch("rondo_gaussian_finish", {}, partial, parts, factor, result);
            NEAR(result.read(), {loss}, 1e-6, what);
        }
    }
}
