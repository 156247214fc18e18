// Kernels with one mistake each. The tests want to see each of them caught.
#include "../../../../kernels/src/main/cuda/device_compat.cuh"

extern "C" __global__ void out_of_bounds(float* x) { x[threadIdx.x] = 1; }
extern "C" __global__ void before_start(float* x) { x[-1] = 1; }
extern "C" __global__ void far_away(float* x) { x[8192] = 1; }

// Reads its neighbour's element without a barrier in between.
extern "C" __global__ void missing_barrier(float* x) {
    SHARED_ARRAY(float, tile, [64]);
    tile[threadIdx.x] = x[threadIdx.x];
    x[threadIdx.x] = tile[(threadIdx.x + 1) % 64];
}

extern "C" __global__ void divergent_barrier(float* x) {
    if (threadIdx.x < 32) {
        x[threadIdx.x] = 1;
        __syncthreads();
    } else {
        x[threadIdx.x] = 2;
        __syncthreads();
    }
}

// Half of the threads come to the barrier, the others wait for something that never comes.
extern "C" __global__ void half_barrier() {
    if (threadIdx.x < 32) {
        __syncthreads();
    } else {
        __shfl_sync(0xffffffffu, 1, 0);
        if (threadIdx.x == 40) {
            __syncwarp(0x0000ffffu);
        }
        __syncwarp();
    }
}

// Reads memory that nobody wrote.
extern "C" __global__ void uninitialised(float* in, float* out) {
    SHARED_ARRAY(float, tile, [32]);
    out[threadIdx.x] = tile[threadIdx.x];
    out[32 + threadIdx.x] = in[threadIdx.x];
}

extern "C" __global__ void wrong_mask() {
    __syncwarp(threadIdx.x < 16 ? 0xffffffffu : 0xffff0000u);
    __syncthreads();
}
extern "C" __global__ void mask_without_me() { __syncwarp(0x7fffffffu); }
extern "C" __global__ void mixed_collectives() {
    if (threadIdx.x < 16) {
        __ballot_sync(0xffffffffu, 1);
    } else {
        __shfl_sync(0xffffffffu, 1, 0);
    }
}

// Uses what cp.async brings without waiting for it.
extern "C" __global__ void missing_copy_wait(const float* in, float* out) {
    SHARED_ARRAY(float, tile, [32 * 4]);
    copy_async<16>(tile + threadIdx.x * 4, in + threadIdx.x * 4);
    copy_async_commit();
    out[threadIdx.x] = tile[threadIdx.x * 4];
}

extern "C" __global__ void shared_overrun(float* out) {
    SHARED_ARRAY(float, tile, [32]);
    tile[threadIdx.x + 1] = 1;
    __syncthreads();
    out[threadIdx.x] = tile[threadIdx.x];
}

extern "C" __global__ void dynamic_overrun(float* out, int n) {
    DYN_SHARED(float, tile);
    tile[threadIdx.x + n] = 1;
    __syncthreads();
    out[threadIdx.x] = tile[threadIdx.x + n];
}

extern "C" __global__ void CLUSTER_DIMS(2, 1, 1) rank_out_of_range(float* out) {
    SHARED_ARRAY(float, own, [1]);
    own[0] = 1;
    cluster_sync();
    out[0] = *cluster_map(own, 2);
    cluster_sync();
}

extern "C" __global__ void CLUSTER_DIMS(2, 1, 1) no_sync_at_start(float* out) {
    SHARED_ARRAY(float, own, [32]);
    own[threadIdx.x] = 1;
    out[blockIdx.x * 32 + threadIdx.x] = cluster_map(own, 1 - cluster_rank())[threadIdx.x];
    cluster_sync();
}

extern "C" __global__ void CLUSTER_DIMS(2, 1, 1) no_sync_at_end(float* out) {
    SHARED_ARRAY(float, own, [32]);
    own[threadIdx.x] = 1;
    cluster_sync();
    if (cluster_rank() == 0) {
        return;
    }
    for (int i = 0; i < 3; i++) {
        __syncthreads();
    }
    out[threadIdx.x] = cluster_map(own, 0)[threadIdx.x];
}

extern "C" __global__ void grid_sync_alone() { grid_sync(); }

// Cooperative. Block 0 leaves a barrier out.
extern "C" __global__ void missing_grid_sync(int* out) {
    if (blockIdx.x != 0) {
        grid_sync();
    } else {
        while (load_acquire_gpu(out) == 0) {
            spin_pause();
        }
    }
}

// Waits for a block that an ordinary launch need not have started.
extern "C" __global__ void spin_for_later_block(int* flag) {
    if (blockIdx.x == gridDim.x - 1) {
        store_release_gpu(flag, 1);
    }
    while (load_acquire_gpu(flag) == 0) {
        spin_pause();
    }
}

extern "C" __global__ void divide(int* x) { x[0] = 7 / x[1]; }
extern "C" __global__ void misaligned(float* x) {
    float4 value = *reinterpret_cast<const float4*>(x + 1);
    x[0] = value.x;
}
extern "C" __global__ void deep_stack(float* x) {
    volatile float room[40000];
    for (int i = 39999; i >= 0; i--) {
        room[i] = x[0];
    }
    x[1] = room[17];
}
extern "C" __global__ void mbarrier_forgotten() {
    SHARED_ARRAY(mbarrier, full, [1]);
    if (threadIdx.x == 0) {
        mbarrier_init(full, 33);
    }
    __syncthreads();
    mbarrier_arrive(full);
    mbarrier_wait(full, 0);
}
extern "C" __global__ void mbarrier_not_initialised() {
    SHARED_ARRAY(mbarrier, full, [1]);
    mbarrier_arrive(full);
}
extern "C" __global__ void mbarrier_too_many() {
    SHARED_ARRAY(mbarrier, full, [1]);
    if (threadIdx.x == 0) {
        mbarrier_init(full, 1);
        mbarrier_expect(full, 16);
    }
    __syncthreads();
    mbarrier_arrive(full);
}
extern "C" __global__ void arithmetic(int* x) {
    x[0] = 1 << x[1];
    x[2] = x[3] + x[3];
}
extern "C" __global__ void __launch_bounds__(64) bounded(float* x) { x[threadIdx.x] = 1; }
extern "C" __global__ void trap() { __trap(); }
// Never gives the others a turn.
extern "C" __global__ void blind_spin(volatile int* flag) {
    while (*flag == 0) {
    }
}
