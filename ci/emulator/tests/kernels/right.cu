// Kernels that are right: their results do not depend on the order of threads and blocks.
#include "../../../../kernels/src/main/cuda/device_compat.cuh"

// y[i] = a * x[i] + y[i]. One thread per element, any grid.
extern "C" __global__ void axpy(float a, const float* __restrict__ x, float* y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) {
        y[i] = a * x[i] + y[i];
    }
}

// sums[block] = sum of the block's elements, in a fixed order. Block of a multiple of 32; dynamic shared memory: a
// float per warp.
extern "C" __global__ void block_reduce(const float* x, float* sums, int* count, int n) {
    DYN_SHARED(float, partial);
    SHARED_ARRAY(float, total, [1]);
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    float value = i < n ? x[i] : 0.0f;
    for (int delta = 16; delta > 0; delta /= 2) {
        value += __shfl_down_sync(0xffffffffu, value, delta);
    }
    if (threadIdx.x % 32 == 0) {
        partial[threadIdx.x / 32] = value;
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        float sum = 0;
        for (unsigned warp = 0; warp < blockDim.x / 32; warp++) {
            sum += partial[warp];
        }
        total[0] = sum;
    }
    int positive = __syncthreads_count(i < n && x[i] > 0);
    if (threadIdx.x == 0) {
        sums[blockIdx.x] = total[0];
        atomicAdd(count, positive);
    }
}

// Cooperative. T times: b[i] = (a[i - 1] + a[i + 1]) / 2 around a ring, buffers swapped.
extern "C" __global__ void ring(float* a, float* b, int n, int steps) {
    int first = blockIdx.x * blockDim.x + threadIdx.x, stride = gridDim.x * blockDim.x;
    for (int step = 0; step < steps; step++) {
        for (int i = first; i < n; i += stride) {
            b[i] = 0.5f * (a[(i + n - 1) % n] + a[(i + 1) % n]);
        }
        grid_sync();
        float* swap = a;
        a = b;
        b = swap;
    }
}

// Cluster of 4: every block adds up what all its peers have in shared memory.
extern "C" __global__ void CLUSTER_DIMS(4, 1, 1) cluster_sum(const float* x, float* sums) {
    SHARED_ARRAY(float, own, [64]);
    own[threadIdx.x] = x[blockIdx.x * 64 + threadIdx.x];
    cluster_sync();
    float sum = 0;
    for (unsigned rank = 0; rank < cluster_blocks(); rank++) {
        sum += cluster_map(own, rank)[threadIdx.x];
    }
    sums[blockIdx.x * 64 + threadIdx.x] = sum;
    cluster_sync(); // nobody ends while a peer still reads
}

// Cluster of 4 x 1: every step each block pushes its state to all peers with st.async, double-buffered by step parity.
extern "C" __global__ void CLUSTER_DIMS(4, 1, 1) cluster_push(float* state, int steps) {
    SHARED_ARRAY(float, inbox, [2][4 * 32]);
    SHARED_ARRAY(mbarrier, full, [2]);
    unsigned rank = cluster_rank(), thread = threadIdx.x;
    if (thread == 0) {
        mbarrier_init(&full[0], 1);
        mbarrier_init(&full[1], 1);
        mbarrier_init_fence();
    }
    cluster_sync();
    float value = state[blockIdx.x * 32 + thread];
    for (int step = 0; step < steps; step++) {
        int slot = step & 1;
        if (thread == 0) {
            mbarrier_arrive_expect(&full[slot], 4 * 32 * sizeof(float));
        }
        for (unsigned peer = 0; peer < 4; peer++) {
            store_async(cluster_map(&inbox[slot][rank * 32 + thread], peer), value, cluster_map(&full[slot], peer));
        }
        mbarrier_wait(&full[slot], step >> 1 & 1);
        float sum = 0;
        for (unsigned peer = 0; peer < 4; peer++) {
            sum += inbox[slot][peer * 32 + thread];
        }
        value = 0.25f * sum + static_cast<float>(rank);
        // A peer comes to the next use of this slot only after every thread here has sent what it made of this one.
    }
    state[blockIdx.x * 32 + thread] = value;
    cluster_sync();
}

// Cooperative. Each block hands a value round the grid: (step, value) in one 64-bit word, no barrier. A word per step
// and block, all 0 before.
extern "C" __global__ void flag_ring(unsigned long long* words, float* out, int steps) {
    unsigned block = blockIdx.x, before = (block + gridDim.x - 1) % gridDim.x;
    float value = static_cast<float>(block);
    if (threadIdx.x == 0) {
        for (int step = 1; step <= steps; step++) {
            unsigned long long word =
                static_cast<unsigned long long>(step) << 32 | __float_as_uint(value);
            store_release_gpu(&words[step * gridDim.x + block], word);
            unsigned long long seen;
            do {
                seen = load_acquire_gpu(&words[step * gridDim.x + before]);
                if (seen >> 32 < static_cast<unsigned long long>(step)) {
                    spin_pause();
                }
            } while (seen >> 32 < static_cast<unsigned long long>(step));
            value = __uint_as_float(static_cast<unsigned>(seen)) + 1.0f;
        }
        out[block] = value;
    }
}

// C [16 x 8] = A [16 x K] B [K x 8] with B stored column by column. One warp. TF32.
extern "C" __global__ void __launch_bounds__(32) product_tf32(const float* a, const float* b, float* c, int k) {
    unsigned lane = threadIdx.x, group = lane / 4, t = lane % 4;
    float sum[4] = {0, 0, 0, 0};
    for (int first = 0; first < k; first += 8) {
        const float* top = a + group * k + first;
        const float* bottom = a + (group + 8) * k + first;
        const float* column = b + group * k + first;
        unsigned left[4] = {__float_as_uint(to_tf32(top[t])), __float_as_uint(to_tf32(bottom[t])),
                            __float_as_uint(to_tf32(top[t + 4])), __float_as_uint(to_tf32(bottom[t + 4]))};
        unsigned right[2] = {__float_as_uint(to_tf32(column[t])), __float_as_uint(to_tf32(column[t + 4]))};
        mma_m16n8k8_tf32(sum, left, right, sum);
    }
    c[group * 8 + 2 * t] = sum[0];
    c[group * 8 + 2 * t + 1] = sum[1];
    c[(group + 8) * 8 + 2 * t] = sum[2];
    c[(group + 8) * 8 + 2 * t + 1] = sum[3];
}

// The same in bfloat16 (halfs = 0) or float16 (halfs = 1), staged through shared memory with cp.async and ldmatrix.
extern "C" __global__ void __launch_bounds__(32)
    product_16bit(const unsigned short* a, const unsigned short* b, float* c, int k, int halfs) {
    SHARED_ARRAY(unsigned short, left, [16][16]);
    SHARED_ARRAY(unsigned short, right, [8][16]);
    unsigned lane = threadIdx.x, group = lane / 4, t = lane % 4;
    float sum[4] = {0, 0, 0, 0};
    for (int first = 0; first < k; first += 16) {
        copy_async<16>(&left[lane / 2][lane % 2 * 8], a + lane / 2 * k + first + lane % 2 * 8);
        if (lane < 16) {
            copy_async<16>(&right[lane / 2][lane % 2 * 8], b + lane / 2 * k + first + lane % 2 * 8);
        }
        copy_async_commit();
        copy_async_wait<0>();
        __syncwarp();
        unsigned rows[4], columns[2];
        ldmatrix_x4(rows, &left[lane % 16][lane / 16 * 8]);
        ldmatrix_x2(columns, &right[lane % 8][lane / 8 % 2 * 8]);
        if (halfs) {
            mma_m16n8k16_f16(sum, rows, columns, sum);
        } else {
            mma_m16n8k16_bf16(sum, rows, columns, sum);
        }
        __syncwarp();
    }
    c[group * 8 + 2 * t] = sum[0];
    c[group * 8 + 2 * t + 1] = sum[1];
    c[(group + 8) * 8 + 2 * t] = sum[2];
    c[(group + 8) * 8 + 2 * t + 1] = sum[3];
}

// out = transpose of an 8 x 8 matrix of 16-bit elements, by ldmatrix.trans. One warp.
extern "C" __global__ void transpose_8x8(const unsigned short* in, unsigned short* out) {
    SHARED_ARRAY(unsigned short, tile, [16][8]);
    for (unsigned i = threadIdx.x; i < 128; i += 32) {
        tile[i / 8][i % 8] = in[i % 64];
    }
    __syncwarp();
    unsigned parts[2];
    ldmatrix_x2_trans(parts, tile[threadIdx.x % 16]);
    unsigned group = threadIdx.x / 4, t = threadIdx.x % 4;
    out[group * 8 + 2 * t] = static_cast<unsigned short>(parts[0]);
    out[group * 8 + 2 * t + 1] = static_cast<unsigned short>(parts[1] >> 16);
}

// Warp 0 brings tiles by bulk copy, warp 1 adds them up: a pipeline of two stages with an mbarrier each way.
extern "C" __global__ void pipeline(const float* x, float* sums, int tiles) {
    SHARED_ARRAY(float, stage, [2][32]);
    SHARED_ARRAY(mbarrier, full, [2]);
    SHARED_ARRAY(mbarrier, empty, [2]);
    unsigned warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    if (threadIdx.x == 0) {
        for (int i = 0; i < 2; i++) {
            mbarrier_init(&full[i], 1);
            mbarrier_init(&empty[i], 32);
        }
        mbarrier_init_fence();
    }
    __syncthreads();
    if (warp == 0 && lane == 0) {
        for (int tile = 0; tile < tiles; tile++) {
            int slot = tile & 1;
            if (tile >= 2) {
                mbarrier_wait(&empty[slot], (tile / 2 - 1) & 1);
            }
            mbarrier_arrive_expect(&full[slot], 128);
            copy_bulk(stage[slot], x + tile * 32, 128, &full[slot]);
        }
    } else if (warp == 1) {
        float sum = 0;
        for (int tile = 0; tile < tiles; tile++) {
            int slot = tile & 1;
            mbarrier_wait(&full[slot], tile / 2 & 1);
            sum += stage[slot][lane];
            mbarrier_arrive(&empty[slot]);
        }
        sums[lane] = sum;
    }
}

// Two warps meet at a named barrier while the third does not come.
extern "C" __global__ void named(int* out) {
    SHARED_ARRAY(int, box, [32]);
    unsigned warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    if (warp == 0) {
        box[lane] = static_cast<int>(lane) * 2;
        named_barrier_arrive(1, 64);
    } else if (warp == 1) {
        named_barrier_sync(1, 64);
        out[lane] = box[31 - lane];
    }
}

// Votes, masks of half a warp, reductions, matches.
extern "C" __global__ void collectives(unsigned* out) {
    unsigned lane = threadIdx.x;
    unsigned half = lane < 16 ? 0x0000ffffu : 0xffff0000u;
    out[lane] = warp_sum(half, lane);
    out[32 + lane] = __ballot_sync(0xffffffffu, lane % 3 == 0);
    out[64 + lane] = __shfl_xor_sync(half, lane, 5);
    out[96 + lane] = __match_any_sync(0xffffffffu, lane / 8);
    out[128 + lane] = __any_sync(half, lane == 3) * 2 + __all_sync(half, lane < 16);
}

__constant__ float table[4] = {1, 2, 3, 4};
extern "C" __global__ void look_up(float* x) { x[threadIdx.x] = table[threadIdx.x % 4]; }

// Compiled from a macro, as kernels for fixed sizes are.
#define SCALE_BY(n)                                                                                                    \
    extern "C" __global__ void scale_by_##n(float* x) { x[threadIdx.x] *= n; }
SCALE_BY(2)
SCALE_BY(3)

// No parameters.
extern "C" __global__ void nothing() {}

// Larger than the 8 blocks that every device with clusters has.
extern "C" __global__ void CLUSTER_DIMS(16, 1, 1) large_cluster(int* ranks) {
    cluster_sync();
    if (threadIdx.x == 0) {
        ranks[blockIdx.x] = static_cast<int>(cluster_rank() + 100 * cluster_blocks());
    }
}
