// The product inside a persistent kernel: weights that stay on chip for all steps, times a few rows that change every step.
//   out[row][o] = sum over k of weight[o][k] * in[row][k]
// Forward: outputs are the gates of a block's own units, k runs over the units of h. Backward: outputs are all units of dh,
// k runs over the gates of the block's own units.
//
// A group of `lanes` neighbouring threads computes PARTS * VALUES outputs; the lanes share k: lane l takes the four k from
// 4 * (chunk * lanes + l), chunk by chunk. So a weight is read by one thread only, once for all rows of a tile, and each
// thread's weights can lie anywhere: the first KEPT chunks are in its registers, the others in shared memory, where the
// threads of a warp read 512 neighbouring bytes, without bank conflicts. A row is read in float4, `lanes` neighbouring ones
// by a warp, the same ones by all its groups.
// Then a butterfly over the lanes adds up the sums and shares them out: an item is the VALUES outputs of one part and one
// row, and each lane ends with ITEMS / lanes items. The order of additions depends on `lanes` alone, so equal arguments give
// equal bits, whatever the rows of a tile.
#pragma once

#include "device_compat.cuh"

namespace rondo {

constexpr int PERSISTENT_THREADS = 256; // at most; 255 registers each
constexpr int MOST_ROWS = 8;            // of a tile
constexpr unsigned ALL_LANES = 0xffffffffu;

__device__ __forceinline__ int divideUp(int a, int b) { return (a + b - 1) / b; }

// Of numbers that are not negative; the unsigned division is the cheaper one.
__device__ __forceinline__ int divide(int a, int b) {
    return static_cast<int>(static_cast<unsigned>(a) / static_cast<unsigned>(b));
}

// The rows of a tile for so many rows of a slice: the least of 1, 2, 4, 8 that holds them, or 8.
__device__ __forceinline__ int tileRows(int rows) { return rows > 4 ? 8 : rows > 2 ? 4 : rows; }

// How a block's threads share out the product. The same on host and device: kernels/TUNING.md has it as formulas.
struct Split {
    int lanes, slots;  // slots: threads that have weights; the last warp may have idle ones
    int lane, group;   // of this thread
    int chunks, pitch; // pitch: length of a row of the input, a multiple of 4 * lanes

    // leastLanes: what the kernel's arrays are made for.
    __device__ __forceinline__ Split(int groups, int depth, int leastLanes) {
        lanes = 32;
        while (lanes > leastLanes && (groups * lanes > PERSISTENT_THREADS || 2 * lanes >= depth)) {
            lanes /= 2;
        }
        slots = groups * lanes;
        lane = static_cast<int>(threadIdx.x) % lanes;
        group = static_cast<int>(threadIdx.x) / lanes;
        chunks = divideUp(depth, 4 * lanes);
        pitch = chunks * 4 * lanes;
    }

    // The first of this lane's items after the butterfly over so many, a power of two.
    __device__ __forceinline__ int firstItem(int items) const {
        int first = 0;
        for (int bit = 1; bit < lanes && items > 1; bit *= 2) {
            items /= 2;
            first += lane & bit ? items : 0;
        }
        return first;
    }
    // How many it has; with more lanes than items, the lanes below the number of items have one.
    __device__ __forceinline__ int itemCount(int items) const {
        return lane >= items ? 0 : lanes >= items ? 1 : items / lanes;
    }
};

// Adds up sums [ITEMS][VALUES] over the lanes: each step halves the items of a lane and doubles the lanes in its sums.
template <int ITEMS, int VALUES, int BIT = 1>
__device__ __forceinline__ void addLanes(float* sums, int lanes) {
    if constexpr (BIT < 32) {
        if (BIT < lanes) { // the same for the whole block
            if constexpr (ITEMS > 1) {
                constexpr int HALF = ITEMS / 2 * VALUES;
                bool upper = threadIdx.x & BIT;
#pragma unroll
                for (int v = 0; v < HALF; v++) {
                    float kept = upper ? sums[v + HALF] : sums[v];
                    float given = upper ? sums[v] : sums[v + HALF];
                    sums[v] = kept + __shfl_xor_sync(ALL_LANES, given, BIT);
                }
            } else {
#pragma unroll
                for (int v = 0; v < VALUES; v++) {
                    sums[v] += __shfl_xor_sync(ALL_LANES, sums[v], BIT);
                }
            }
            addLanes<(ITEMS > 1 ? ITEMS / 2 : 1), VALUES, BIT * 2>(sums, lanes);
        }
    }
}

template <int PARTS, int VALUES, int KEPT> class ChipWeights {
    static constexpr int OUTPUTS = PARTS * VALUES;
    float4 kept_[KEPT][OUTPUTS];
    const float4* rest_; // [chunks - KEPT][OUTPUTS][slots], of this thread
    int stride_;

    template <int ROWS>
    static __device__ __forceinline__ void add(const float4 (&weights)[OUTPUTS], const float4* input, int pitch,
                                               float (&sums)[ROWS * OUTPUTS]) {
#pragma unroll
        for (int row = 0; row < ROWS; row++) {
            float4 in = *input;
            input += pitch / 4;
            // The four k one after the other, so that neighbouring instructions do not wait for each other.
#pragma unroll
            for (int o = 0; o < OUTPUTS; o++) {
                sums[row * OUTPUTS + o] = fmaf(weights[o].x, in.x, sums[row * OUTPUTS + o]);
            }
#pragma unroll
            for (int o = 0; o < OUTPUTS; o++) {
                sums[row * OUTPUTS + o] = fmaf(weights[o].y, in.y, sums[row * OUTPUTS + o]);
            }
#pragma unroll
            for (int o = 0; o < OUTPUTS; o++) {
                sums[row * OUTPUTS + o] = fmaf(weights[o].z, in.z, sums[row * OUTPUTS + o]);
            }
#pragma unroll
            for (int o = 0; o < OUTPUTS; o++) {
                sums[row * OUTPUTS + o] = fmaf(weights[o].w, in.w, sums[row * OUTPUTS + o]);
            }
        }
    }

    // sums [ROWS][PARTS][VALUES] = this lane's part of the product.
    template <int ROWS>
    __device__ __forceinline__ void multiply(const float* input, const Split& split, float (&sums)[ROWS * OUTPUTS]) const {
#pragma unroll
        for (int i = 0; i < ROWS * OUTPUTS; i++) {
            sums[i] = 0;
        }
        const float4* in = reinterpret_cast<const float4*>(input) + split.lane;
#pragma unroll
        for (int chunk = 0; chunk < KEPT; chunk++) {
            if (chunk < split.chunks) {
                add<ROWS>(kept_[chunk], in + chunk * split.lanes, split.pitch, sums);
            }
        }
        const float4* rest = rest_;
#pragma unroll 1
        for (int chunk = KEPT; chunk < split.chunks; chunk++) {
            float4 weights[OUTPUTS];
#pragma unroll
            for (int o = 0; o < OUTPUTS; o++) {
                weights[o] = *rest;
                rest += stride_;
            }
            add<ROWS>(weights, in + chunk * split.lanes, split.pitch, sums);
        }
    }

    template <class Weight>
    static __device__ __forceinline__ float4 four(const Split& split, int chunk, int o, const Weight& weight) {
        int k = 4 * (chunk * split.lanes + split.lane);
        return make_float4(weight(o / VALUES, o % VALUES, k), weight(o / VALUES, o % VALUES, k + 1),
                           weight(o / VALUES, o % VALUES, k + 2), weight(o / VALUES, o % VALUES, k + 3));
    }

  public:
    // The floats of shared memory for the chunks that are not in registers.
    static __device__ __forceinline__ int sharedFloats(const Split& split) {
        return split.chunks <= KEPT ? 0 : (split.chunks - KEPT) * OUTPUTS * 4 * split.slots;
    }

    // weight(part, value, k) gives a weight, 0 outside of the matrix. A thread reads back only what it wrote itself.
    template <class Weight>
    __device__ __forceinline__ ChipWeights(float* shared, const Split& split, const Weight& weight)
        : rest_(nullptr), stride_(split.slots) {
        int slot = static_cast<int>(threadIdx.x) < split.slots ? static_cast<int>(threadIdx.x) : 0; // what idle ones read
        rest_ = reinterpret_cast<const float4*>(shared) + slot;
#pragma unroll
        for (int chunk = 0; chunk < KEPT; chunk++) {
#pragma unroll
            for (int o = 0; o < OUTPUTS; o++) {
                kept_[chunk][o] = four(split, chunk, o, weight);
            }
        }
        if (static_cast<int>(threadIdx.x) < split.slots) {
            float4* rest = reinterpret_cast<float4*>(shared) + slot;
#pragma unroll 1
            for (int chunk = KEPT; chunk < split.chunks; chunk++) {
                for (int o = 0; o < OUTPUTS; o++) {
                    rest[((chunk - KEPT) * OUTPUTS + o) * stride_] = four(split, chunk, o, weight);
                }
            }
        }
    }

    // items [OUTPUTS of each] = the items of this lane from the product with so many rows of the input in shared memory, of
    // which there are as many as of a tile: 1, 2, 4 or 8.
    template <int MOST, int LENGTH>
    __device__ __forceinline__ void product(int rows, const float* input, const Split& split, float (&items)[LENGTH]) const {
        if constexpr (MOST > 1) {
            if (rows < MOST) {
                product<MOST / 2>(rows, input, split, items);
                return;
            }
        }
        float sums[MOST * OUTPUTS];
        multiply<MOST>(input, split, sums);
        addLanes<MOST * PARTS, VALUES>(sums, split.lanes);
#pragma unroll
        for (int i = 0; i < LENGTH && i < MOST * OUTPUTS; i++) {
            items[i] = sums[i];
        }
    }
};

} // namespace rondo
