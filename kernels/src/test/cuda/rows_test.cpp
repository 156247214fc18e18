// Rows between the order of time and the order of the steps, biases, indices, dropout, transposes, column sums, filling.
#include "harness.h"

#include <cstring>

namespace {

const std::vector<std::pair<int, int>> SHAPES = {{1, 1}, {3, 7}, {2, 33}, {33, 5}, {4, 100}}; // batch, width
constexpr int STEPS = 5;

struct Order {
    Ints lengths; // empty: all full
    int reverse;
    int length(int n) const { return lengths.empty() ? STEPS : lengths[n]; }
    int time(int s, int n) const { return reverse && s < length(n) ? length(n) - 1 - s : s; }
};
std::vector<Order> orders(int batch) {
    return {{{}, 0}, {{}, 1}, {someLengths(batch, STEPS, 3), 0}, {someLengths(batch, STEPS, 3), 1}};
}
Ints orOne(const Ints& lengths) { return lengths.empty() ? Ints{0} : lengths; }

} // namespace

TEST(rowsToStepsAndBack) {
    float nan = std::numeric_limits<float>::quiet_NaN();
    for (auto [batch, width] : SHAPES) {
        for (const Order& order : orders(batch)) {
            std::string what = shape({batch, width, order.reverse, static_cast<long long>(order.lengths.size())});
            int row = 2 * width + 1, column = width;
            size_t rows = static_cast<size_t>(STEPS) * batch;
            Floats x = randoms(rows * row, 1), target = randoms(rows * row, 2), sum = target;
            Doubles steps(rows * width), back = toDoubles(target), added = toDoubles(target);
            for (int n = 0; n < batch; n++) {
                for (int s = 0; s < STEPS; s++) {
                    for (int j = 0; j < width; j++) {
                        size_t t = static_cast<size_t>(order.time(s, n));
                        size_t inTime = (t * batch + n) * row + column + j, inSteps = (static_cast<size_t>(s) * batch + n) * width + j;
                        bool valid = s < order.length(n);
                        x[inTime] = valid ? x[inTime] : nan;
                        steps[inSteps] = valid ? x[inTime] : 0;
                        back[inTime] = steps[inSteps];
                        added[inTime] += steps[inSteps];
                    }
                }
            }
            Buffer<float> source(x), ordered(rows * width), assigned(target), accumulated(target);
            Buffer<int> lengths(orOne(order.lengths));
            CUdeviceptr orNull = order.lengths.empty() ? 0 : lengths.at;
            Grid grid = gridFor(static_cast<long long>(rows) * width);
            launch("rondo_rows_to_steps", grid, source.from(column), row, orNull, order.reverse, STEPS, batch, width, ordered);
            NEAR(ordered.read(), steps, 0, what);
            launch("rondo_rows_to_time", grid, ordered, orNull, order.reverse, STEPS, batch, width, assigned.from(column), row, 0);
            NEAR(assigned.read(), back, 0, what);
            launch("rondo_rows_to_time", grid, ordered, orNull, order.reverse, STEPS, batch, width, accumulated.from(column), row, 1);
            NEAR(accumulated.read(), added, 1e-7, what);
        }
    }
}

TEST(scatterRows) {
    for (auto [rows, width] : SHAPES) {
        int limit = 2 * rows + 1;
        Ints indices(rows);
        Floats source = randoms(static_cast<size_t>(rows) * width, 1), target = randoms(static_cast<size_t>(limit) * width, 2);
        Doubles expected = toDoubles(target);
        for (int m = 0; m < rows; m++) {
            indices[m] = m == 2 ? -1 : m == 3 ? limit : (2 * m + 3) % limit;
            for (int j = 0; j < width && m != 2 && m != 3; j++) {
                expected[static_cast<size_t>(indices[m]) * width + j] = source[static_cast<size_t>(m) * width + j];
            }
        }
        Buffer<float> from(source), to(target);
        Buffer<int> at(indices);
        launch("rondo_scatter_rows", gridFor(static_cast<long long>(rows) * width), from, at, rows, width, limit, to);
        NEAR(to.read(), expected, 0, shape({rows, width}));
    }
}

TEST(rowsPastLengths) {
    for (int width : {1, 3, 65}) {
        Ints lengths = {2, 0, 1, 3};
        int batch = static_cast<int>(lengths.size());
        for (int s = 0; s < 3; s++) {
            for (bool zero : {false, true}) {
                Floats from = randoms(static_cast<size_t>(batch) * width, 1), to = randoms(from.size(), 2), expected = to;
                for (int n = 0; n < batch; n++) {
                    for (int j = 0; j < width && s >= lengths[n]; j++) {
                        expected[static_cast<size_t>(n) * width + j] = zero ? 0 : from[static_cast<size_t>(n) * width + j];
                    }
                }
                Buffer<float> target(to), source(from);
                Buffer<int> ends(lengths);
                launch("rondo_rows_past_lengths", gridFor(batch * width), target, zero ? 0 : source.at, ends, s, batch, width);
                CHECK(target.read() == expected, shape({width, s, zero}));
            }
        }
    }
}

TEST(indicesToSteps) {
    for (int batch : {1, 3, 65}) {
        for (const Order& order : orders(batch)) {
            for (bool wrong : {false, true}) {
                Ints source(static_cast<size_t>(STEPS) * batch, 1000), expected(source.size(), -1);
                for (int n = 0; n < batch; n++) {
                    for (int s = 0; s < order.length(n); s++) {
                        int at = order.time(s, n) * batch + n, index = (at * 7) % 11;
                        if (wrong && at % 3 == 1) {
                            index = at % 2 ? -5 : 11;
                        }
                        source[at] = index;
                        expected[s * batch + n] = index < 0 || index > 10 ? -1 : index;
                    }
                }
                Buffer<int> in(source), out(source.size()), lengths(orOne(order.lengths));
                launch("rondo_indices_to_steps", gridFor(STEPS * batch), in, order.lengths.empty() ? 0 : lengths.at, order.reverse,
                       STEPS, batch, 11, out);
                CHECK(out.read() == expected, shape({batch, order.reverse}));
            }
        }
    }
}

TEST(fillRows) {
    for (auto [rows, width] : SHAPES) {
        for (int which = 0; which < 4; which++) {
            int row = width + 3;
            Floats target = randoms(static_cast<size_t>(rows) * row, 1), a = randoms(width, 2), b = randoms(width, 3);
            Doubles expected = toDoubles(target);
            for (int m = 0; m < rows; m++) {
                for (int j = 0; j < width; j++) {
                    expected[static_cast<size_t>(m) * row + j] = (which & 1 ? a[j] : 0.0) + (which & 2 ? b[j] : 0.0);
                }
            }
            Buffer<float> to(target), da(a), db(b);
            launch("rondo_fill_rows", gridFor(rows * width), to, row, static_cast<long long>(rows), width, which & 1 ? da.at : 0,
                   which & 2 ? db.at : 0);
            NEAR(to.read(), expected, 1e-7, shape({rows, width, which}));
        }
    }
}

// dev.rondo.spi.Dropout, as it stands there.
static double factor(int64_t seed, int64_t counter, double probability) {
    uint64_t z = static_cast<uint64_t>(seed) + 0x9E3779B97F4A7C15ULL * (static_cast<uint64_t>(counter) + 1);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    z ^= z >> 31;
    float uniform = static_cast<float>(z >> 40) * 0x1p-24f;
    return uniform < probability ? 0 : 1 / (1 - probability);
}

TEST(dropoutIsTheMaskOfTheContract) {
    for (double probability : {0.0, 0.1, 0.5, 0.9999999}) {
        for (long long seed : {0LL, 42LL, -7LL}) {
            for (long long first : {0LL, 5000000000LL}) {
                const int count = 1003;
                Floats y = randoms(count, 1);
                Floats expected = y;
                for (int i = 0; i < count; i++) {
                    expected[i] *= static_cast<float>(factor(seed, first + i, probability));
                }
                Buffer<float> device(y);
                Buffer<long long> seedAt(std::vector<long long>{seed});
                launch("rondo_dropout", gridFor(count), device, static_cast<long long>(count), seedAt, first,
                       static_cast<int>(std::ceil(probability * 0x1p24)), static_cast<float>(1 / (1 - probability)));
                CHECK(device.read() == expected, shape({seed, first}) + " " + std::to_string(probability));
            }
        }
    }
}

TEST(transposeAnyShape) {
    for (auto [rows, columns] : std::vector<std::pair<int, int>>{{1, 1}, {3, 7}, {33, 65}, {100, 32}, {31, 129}}) {
        Floats source = randoms(static_cast<size_t>(rows) * columns, 1), expected(source.size());
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                expected[static_cast<size_t>(j) * rows + i] = source[static_cast<size_t>(i) * columns + j];
            }
        }
        for (unsigned y : {1u, 4u}) {
            Buffer<float> from(source), to(source.size());
            launch("rondo_transpose", {static_cast<unsigned>((columns + 31) / 32), y, 1, 32, 8}, from, rows, columns, to);
            CHECK(to.read() == expected, shape({rows, columns}));
        }
    }
}

TEST(columnSums) {
    for (auto [rows, columns] : std::vector<std::pair<int, int>>{{1, 1}, {3, 7}, {33, 65}, {1000, 33}}) {
        for (int rowsPerPart : {1, 37, 1000}) {
            int row = columns + 2, parts = (rows + rowsPerPart - 1) / rowsPerPart;
            Floats matrix = randoms(static_cast<size_t>(rows) * row, 1), target = randoms(columns, 2);
            Doubles expected = toDoubles(target);
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < columns; j++) {
                    expected[j] += matrix[static_cast<size_t>(i) * row + j];
                }
            }
            Buffer<float> from(matrix), partial(static_cast<size_t>(parts) * columns), sums(target);
            launch("rondo_column_sums", {static_cast<unsigned>((columns + 31) / 32), static_cast<unsigned>(parts), 1, 32, 8}, from,
                   row, static_cast<long long>(rows), columns, rowsPerPart, partial);
            launch("rondo_column_sums_finish", {static_cast<unsigned>((columns + 255) / 256)}, partial, parts, columns, sums);
            NEAR(sums.read(), expected, 1e-5, shape({rows, columns, rowsPerPart}));
        }
    }
}
