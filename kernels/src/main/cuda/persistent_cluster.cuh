// What the persistent kernels of a cluster share: who owns which units and rows, and how values get to the other blocks.
//
// A cluster of C blocks takes a slice of the batch through all steps; no cluster waits for another one. In it, the block of
// rank r owns the units [r * J, (r + 1) * J), J = ceil(H / C) rounded up to 4; units past H do not exist and count as zero.
// A cluster of one is the block form: it needs no cluster at all, and runs on every compute capability.
//
// Values go to a peer by st.async, which counts the bytes on an mbarrier of the receiver: no block waits for a barrier of the
// cluster, only for its own mbarrier of that step. Buffers and mbarriers are double, by the parity of the step. That is
// enough: a block sends what its peers wait for only after all its threads have read what they need of the step before
// (__syncthreads), and every block waits for all others in every step.
#pragma once

#include "indexing.cuh"
#include "persistent_product.cuh"

namespace rondo {

// At the start of the dynamic shared memory.
constexpr int EXCHANGE_FLOATS = 4;

// The bytes that come in for a step, counted for every second step each by one of two mbarriers. CLUSTERS false: one block.
template <bool CLUSTERS> struct Exchange {
    mbarrier* barriers;
    unsigned blocks, rank;

    __device__ __forceinline__ explicit Exchange(float* shared)
        : barriers(reinterpret_cast<mbarrier*>(shared)), blocks(CLUSTERS ? cluster_blocks() : 1),
          rank(CLUSTERS ? cluster_rank() : 0) {}

    // Once, by all threads; bytes: what comes in for a step. What stands in shared memory before is there for the cluster after it.
    __device__ __forceinline__ void begin(unsigned bytes) const {
        if constexpr (CLUSTERS) {
            if (threadIdx.x == 0) {
                mbarrier_init(barriers, 1);
                mbarrier_init(barriers + 1, 1);
                mbarrier_init_fence();
                mbarrier_arrive_expect(barriers, bytes);
                mbarrier_arrive_expect(barriers + 1, bytes);
            }
            cluster_sync();
        } else {
            __syncthreads();
        }
    }

    // Four values to the same place in the block of that rank, for exchange number n = 0, 1, ...
    __device__ __forceinline__ void send(float* to, float4 values, unsigned owner, int n) const {
        if constexpr (CLUSTERS) {
            store_async(cluster_map(reinterpret_cast<float4*>(to), owner), values,
                        cluster_map(barriers + (n & 1), owner));
        }
    }

    // Until all of exchange n has come in.
    __device__ __forceinline__ void await(int n, unsigned bytes) const {
        if constexpr (CLUSTERS) {
            mbarrier_wait(barriers + (n & 1), static_cast<unsigned>(n >> 1 & 1));
            if (threadIdx.x == 0) {
                mbarrier_arrive_expect(barriers + (n & 1), bytes); // for n + 2, before this block lets any other get there
            }
        }
    }
};

// The rows of the batch and the units of one block.
struct Part {
    int first, count;    // rows
    int units;           // J
    int firstUnit, real; // the first own unit, and how many there are
    int last;            // the steps of the longest row

    // rows: of a slice of the batch. All blocks of a cluster get the same rows.
    __device__ __forceinline__ Part(unsigned blocks, unsigned rank, int rows, const int* lengths, int steps, int batch,
                                    int hidden) {
        first = static_cast<int>(blockIdx.x / blocks) * rows;
        count = min(rows, batch - first);
        units = divideUp(divideUp(hidden, static_cast<int>(blocks)), 4) * 4;
        firstUnit = static_cast<int>(rank) * units;
        real = max(0, min(units, hidden - firstUnit));
        last = steps;
        if (lengths != nullptr) {
            last = 0;
            for (int row = 0; row < count; row++) {
                last = max(last, lengths[first + row]);
            }
        }
    }
};

} // namespace rondo
