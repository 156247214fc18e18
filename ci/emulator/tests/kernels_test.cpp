// Kernels that are right give the right result in every order of threads and blocks.
#include "harness.h"

#include <cstring>
#include <numeric>

namespace {

unsigned short bfloat16Bits(float value) {
    unsigned bits;
    memcpy(&bits, &value, 4);
    return static_cast<unsigned short>(bits >> 16); // exact for the small integers used here
}

unsigned short half16Bits(float value) {
    unsigned bits;
    memcpy(&bits, &value, 4);
    if (value == 0) {
        return 0;
    }
    return static_cast<unsigned short>((bits >> 16 & 0x8000) | ((bits >> 23 & 255) - 112) << 10 | (bits >> 13 & 0x3ff));
}

} // namespace

TEST(axpyAddsInEveryOrder) {
    inAllOrders([] {
        Device device;
        std::vector<float> x = numbers(1000), y = numbers(1000, 3);
        Buffer<float> dx(x), dy(y);
        EQUAL(launch(device.function("axpy"), {8, 128}, 2.5f, dx.at, dy.at, 1000), 0);
        std::vector<float> result = dy.read();
        for (size_t i = 0; i < x.size(); i++) {
            EQUAL(result[i], 2.5f * x[i] + y[i]);
        }
    });
}

TEST(blockReduceSums) {
    inAllOrders([] {
        Device device;
        std::vector<float> x = numbers(700);
        Buffer<float> dx(x), sums(6);
        Buffer<int> count(std::vector<int>{0});
        EQUAL(launch(device.function("block_reduce"), {6, 128, 16}, dx.at, sums.at, count.at, 700), 0);
        std::vector<float> result = sums.read();
        EQUAL(std::accumulate(result.begin(), result.end(), 0.0f), std::accumulate(x.begin(), x.end(), 0.0f));
        int positive = 0;
        for (float value : x) {
            positive += value > 0;
        }
        EQUAL(count.read()[0], positive);
    });
}

TEST(cooperativeRing) {
    inAllOrders([] {
        Device device;
        const int n = 500, steps = 7;
        std::vector<float> a = numbers(n), b(n);
        Buffer<float> da(a), db(b);
        EQUAL(launch(device.function("ring"), {8, 32, 0, nullptr, true}, da.at, db.at, n, steps), 0);
        for (int step = 0; step < steps; step++) {
            for (int i = 0; i < n; i++) {
                b[i] = 0.5f * (a[(i + n - 1) % n] + a[(i + 1) % n]);
            }
            std::swap(a, b);
        }
        CHECK((steps % 2 ? db : da).read() == a);
    });
}

TEST(clusterReadsPeers) {
    inAllOrders([] {
        Device device;
        std::vector<float> x = numbers(512);
        Buffer<float> dx(x), sums(512);
        EQUAL(launch(device.function("cluster_sum"), {8, 64}, dx.at, sums.at), 0);
        std::vector<float> result = sums.read();
        for (size_t i = 0; i < 512; i++) {
            float sum = 0;
            for (size_t rank = 0; rank < 4; rank++) {
                sum += x[i / 256 * 256 + rank * 64 + i % 64];
            }
            EQUAL(result[i], sum);
        }
    });
}

TEST(clusterPushesToPeers) {
    inAllOrders([] {
        Device device;
        const int steps = 9;
        std::vector<float> state = numbers(2 * 128);
        Buffer<float> ds(state);
        EQUAL(launch(device.function("cluster_push"), {8, 32}, ds.at, steps), 0);
        for (int step = 0; step < steps; step++) {
            std::vector<float> next(state.size());
            for (size_t i = 0; i < state.size(); i++) {
                float sum = 0;
                for (size_t peer = 0; peer < 4; peer++) {
                    sum += state[i / 128 * 128 + peer * 32 + i % 32];
                }
                next[i] = 0.25f * sum + static_cast<float>(i / 32 % 4);
            }
            state = next;
        }
        CHECK(ds.read() == state);
    });
}

TEST(blocksExchangeByFlagInWord) {
    inAllOrders([] {
        Device device;
        const unsigned blocks = 6;
        const int steps = 20;
        Buffer<unsigned long long> words(std::vector<unsigned long long>((steps + 1) * blocks, 0));
        Buffer<float> out(blocks);
        EQUAL(launch(device.function("flag_ring"), {blocks, 32, 0, nullptr, true}, words.at, out.at, steps), 0);
        std::vector<float> result = out.read();
        for (unsigned block = 0; block < blocks; block++) {
            EQUAL(result[block], static_cast<float>((block + 6000 - steps) % blocks) + steps);
        }
    });
}

TEST(matrixProducts) {
    inAllOrders([] {
        Device device;
        const int k = 64;
        std::vector<float> a(16 * k), b(8 * k), expected(128);
        for (size_t i = 0; i < a.size(); i++) {
            a[i] = static_cast<float>(static_cast<int>(i * 7 % 9) - 4);
        }
        for (size_t i = 0; i < b.size(); i++) {
            b[i] = static_cast<float>(static_cast<int>(i * 5 % 11) - 5);
        }
        for (int row = 0; row < 16; row++) {
            for (int column = 0; column < 8; column++) {
                for (int i = 0; i < k; i++) {
                    expected[row * 8 + column] += a[row * k + i] * b[column * k + i];
                }
            }
        }
        Buffer<float> da(a), db(b), c(128);
        EQUAL(launch(device.function("product_tf32"), {1, 32}, da.at, db.at, c.at, k), 0);
        CHECK(c.read() == expected);
        for (int halfs = 0; halfs < 2; halfs++) {
            std::vector<unsigned short> sa, sb;
            for (float value : a) {
                sa.push_back(halfs ? half16Bits(value) : bfloat16Bits(value));
            }
            for (float value : b) {
                sb.push_back(halfs ? half16Bits(value) : bfloat16Bits(value));
            }
            Buffer<unsigned short> dsa(sa), dsb(sb);
            Buffer<float> result(128);
            EQUAL(launch(device.function("product_16bit"), {1, 32}, dsa.at, dsb.at, result.at, k, halfs), 0);
            CHECK(result.read() == expected);
        }
    });
}

TEST(matrixSumsAreCutOff) {
    inAllOrders([] {
        Device device;
        const int k = 64;
        std::vector<float> a(16 * k), b(8 * k);
        for (int i = 0; i < k; i += 8) {
            a[i] = i == 0 ? 1 : 0x1.cp-23f; // to 1: 1.75 units of its last place, of which one stays
            b[i] = 1;
        }
        Buffer<float> da(a), db(b), c(128);
        EQUAL(launch(device.function("product_tf32"), {1, 32}, da.at, db.at, c.at, k), 0);
        EQUAL(c.read()[0], 1 + 7 * 0x1p-23f);
    });
}

TEST(ldmatrixTransposes) {
    inAllOrders([] {
        Device device;
        std::vector<unsigned short> in(64);
        std::iota(in.begin(), in.end(), static_cast<unsigned short>(0));
        Buffer<unsigned short> din(in), out(64);
        EQUAL(launch(device.function("transpose_8x8"), {1, 32}, din.at, out.at), 0);
        std::vector<unsigned short> result = out.read();
        for (size_t i = 0; i < 64; i++) {
            EQUAL(result[i], in[i % 8 * 8 + i / 8]);
        }
    });
}

TEST(pipelineOfBulkCopies) {
    inAllOrders([] {
        Device device;
        const int tiles = 11;
        std::vector<float> x = numbers(tiles * 32);
        Buffer<float> dx(x), sums(32);
        EQUAL(launch(device.function("pipeline"), {1, 64}, dx.at, sums.at, tiles), 0);
        std::vector<float> result = sums.read();
        for (size_t lane = 0; lane < 32; lane++) {
            float sum = 0;
            for (int tile = 0; tile < tiles; tile++) {
                sum += x[static_cast<size_t>(tile) * 32 + lane];
            }
            EQUAL(result[lane], sum);
        }
    });
}

TEST(namedBarriersAndCollectives) {
    inAllOrders([] {
        Device device;
        Buffer<int> out(32);
        EQUAL(launch(device.function("named"), {1, 96}, out.at), 0);
        std::vector<int> result = out.read();
        for (int i = 0; i < 32; i++) {
            EQUAL(result[static_cast<size_t>(i)], 2 * (31 - i));
        }
        Buffer<unsigned> many(160);
        EQUAL(launch(device.function("collectives"), {1, 32}, many.at), 0);
        std::vector<unsigned> values = many.read();
        for (unsigned lane = 0; lane < 32; lane++) {
            EQUAL(values[lane], lane < 16 ? 120u : 376u);
            EQUAL(values[32 + lane], 0x49249249u);
            EQUAL(values[64 + lane], lane ^ 5);
            EQUAL(values[96 + lane], 0xffu << lane / 8 * 8);
            EQUAL(values[128 + lane], lane < 16 ? 3u : 0u);
        }
    });
}

TEST(kernelsOutOfMacrosAreFound) {
    Device device;
    Buffer<float> x(std::vector<float>{1, 2, 3, 4});
    EQUAL(launch(device.function("scale_by_3"), {1, 4}, x.at), 0);
    CHECK(x.read() == (std::vector<float>{3, 6, 9, 12}));
    EQUAL(launch(device.function("nothing"), {3, 5}), 0);
}
