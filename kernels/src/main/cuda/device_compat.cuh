// The one header of a kernel source, and the only place that knows PTX. The same names mean the same for nvcc and, on the
// CPU emulator, for g++. What a compute capability lacks is replaced where that is possible and traps where it is not; a
// kernel that uses it is not launched there.
#pragma once

#if !defined(__CUDACC__)

#include "rondo_emulator.h"

#else

#include <cooperative_groups.h>

// __global__ void CLUSTER_DIMS(4, 1, 1) name(...): nvcc refuses the attribute below compute capability 9.0.
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 900
#define CLUSTER_DIMS(x, y, z) __cluster_dims__(x, y, z)
#else
#define CLUSTER_DIMS(x, y, z)
#endif

// SHARED_ARRAY(float, tile, [32][33]);   DYN_SHARED(float, scratch);
#define SHARED_ARRAY(type, name, ...) __shared__ __align__(16) type name __VA_ARGS__
#define DYN_SHARED(type, name)                                                                                         \
    extern __shared__ __align__(128) unsigned char rondo_dynamic_shared[];                                             \
    type* name = reinterpret_cast<type*>(rondo_dynamic_shared)

namespace rondo_device {

__device__ __forceinline__ unsigned sharedAddress(const void* pointer) {
    return static_cast<unsigned>(__cvta_generic_to_shared(pointer));
}

// Not by __cvta_generic_to_global, with which the compiler no longer counts pointers up but computes each address anew.
__device__ __forceinline__ unsigned long long globalAddress(const void* pointer) {
    unsigned long long address;
    asm("cvta.to.global.u64 %0, %1;" : "=l"(address) : "l"(pointer));
    return address;
}

template <class To, class From> __device__ __forceinline__ To sameBits(From from) {
    static_assert(sizeof(To) == sizeof(From), "the same size");
    To to;
    memcpy(&to, &from, sizeof to);
    return to;
}

} // namespace rondo_device

// ---- words that other blocks write, of 32 or 64 bits

#define RONDO_LOAD(name, instruction, at)                                                                              \
    template <class T> __device__ __forceinline__ T name(const T* address) {                                           \
        static_assert(sizeof(T) == 4 || sizeof(T) == 8, "a word of 32 or 64 bits");                                    \
        if constexpr (sizeof(T) == 4) {                                                                                \
            unsigned bits;                                                                                             \
            asm volatile(instruction ".b32 %0, [%1];" : "=r"(bits) : "l"(at(address)) : "memory");                     \
            return rondo_device::sameBits<T>(bits);                                                                    \
        } else {                                                                                                       \
            unsigned long long bits;                                                                                   \
            asm volatile(instruction ".b64 %0, [%1];" : "=l"(bits) : "l"(at(address)) : "memory");                     \
            return rondo_device::sameBits<T>(bits);                                                                    \
        }                                                                                                              \
    }
#define RONDO_STORE(name, instruction, at)                                                                             \
    template <class T> __device__ __forceinline__ void name(T* address, T value) {                                     \
        static_assert(sizeof(T) == 4 || sizeof(T) == 8, "a word of 32 or 64 bits");                                    \
        if constexpr (sizeof(T) == 4) {                                                                                \
            unsigned bits = rondo_device::sameBits<unsigned>(value);                                                   \
            asm volatile(instruction ".b32 [%0], %1;" ::"l"(at(address)), "r"(bits) : "memory");                       \
        } else {                                                                                                       \
            unsigned long long bits = rondo_device::sameBits<unsigned long long>(value);                               \
            asm volatile(instruction ".b64 [%0], %1;" ::"l"(at(address)), "l"(bits) : "memory");                       \
        }                                                                                                              \
    }

// Words of the whole device lie in global memory; those of a cluster may lie in shared memory too.
RONDO_LOAD(load_acquire_gpu, "ld.acquire.gpu.global", rondo_device::globalAddress)
RONDO_LOAD(load_relaxed_gpu, "ld.relaxed.gpu.global", rondo_device::globalAddress)
RONDO_LOAD(load_volatile, "ld.volatile", )
RONDO_STORE(store_release_gpu, "st.release.gpu.global", rondo_device::globalAddress)
RONDO_STORE(store_relaxed_gpu, "st.relaxed.gpu.global", rondo_device::globalAddress)
RONDO_STORE(store_volatile, "st.volatile", )
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
RONDO_LOAD(load_acquire_cluster, "ld.acquire.cluster", )
RONDO_STORE(store_release_cluster, "st.release.cluster", )
__device__ __forceinline__ void fence_acq_rel_cluster() { asm volatile("fence.acq_rel.cluster;" ::: "memory"); }
#else
RONDO_LOAD(load_acquire_cluster, "ld.acquire.gpu", )
RONDO_STORE(store_release_cluster, "st.release.gpu", )
__device__ __forceinline__ void fence_acq_rel_cluster() { __threadfence(); }
#endif
#undef RONDO_LOAD
#undef RONDO_STORE

// Four words of 32 bits at an address aligned to 16, each loaded for itself: a relaxed load of the device.
__device__ __forceinline__ float4 load_relaxed_gpu_4(const float* address) {
    float4 words;
    asm volatile("ld.relaxed.gpu.global.v4.f32 {%0, %1, %2, %3}, [%4];"
                 : "=f"(words.x), "=f"(words.y), "=f"(words.z), "=f"(words.w)
                 : "l"(rondo_device::globalAddress(address))
                 : "memory");
    return words;
}

// Brings the line of an address into L2, some time.
__device__ __forceinline__ void prefetch_l2(const void* address) {
    asm volatile("prefetch.global.L2 [%0];" ::"l"(rondo_device::globalAddress(address)));
}

// In every loop that waits for another thread.
__device__ __forceinline__ void spin_pause() { __nanosleep(20); }

// ---- barriers

__device__ __forceinline__ void named_barrier_sync(unsigned barrier, unsigned threads) {
    asm volatile("bar.sync %0, %1;" ::"r"(barrier), "r"(threads) : "memory");
}
__device__ __forceinline__ void named_barrier_arrive(unsigned barrier, unsigned threads) {
    asm volatile("bar.arrive %0, %1;" ::"r"(barrier), "r"(threads) : "memory");
}
// Only in a cooperative launch.
__device__ __forceinline__ void grid_sync() { cooperative_groups::this_grid().sync(); }

// The sum over the lanes of a mask that names the calling lane.
__device__ __forceinline__ unsigned warp_sum(unsigned mask, unsigned value) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    return __reduce_add_sync(mask, value);
#else
    unsigned sum = 0;
    for (unsigned rest = mask; rest; rest &= rest - 1) {
        sum += __shfl_sync(mask, value, __ffs(static_cast<int>(rest)) - 1);
    }
    return sum;
#endif
}

// ---- clusters

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
constexpr bool HAS_CLUSTERS = true; // and mbarriers
__device__ __forceinline__ unsigned cluster_rank() {
    unsigned rank;
    asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
    return rank;
}
__device__ __forceinline__ unsigned cluster_blocks() {
    unsigned count;
    asm("mov.u32 %0, %%cluster_nctarank;" : "=r"(count));
    return count;
}
__device__ __forceinline__ void cluster_arrive() { asm volatile("barrier.cluster.arrive.release;" ::: "memory"); }
// Orders nothing; for a barrier that only keeps blocks from ending.
__device__ __forceinline__ void cluster_arrive_relaxed() { asm volatile("barrier.cluster.arrive.relaxed;"); }
__device__ __forceinline__ void cluster_wait() { asm volatile("barrier.cluster.wait.acquire;" ::: "memory"); }
// The same variable in the shared memory of the block with that rank.
template <class T> __device__ __forceinline__ T* cluster_map(T* shared, unsigned rank) {
    unsigned long long address;
    asm("mapa.u64 %0, %1, %2;" : "=l"(address) : "l"(shared), "r"(rank));
    return reinterpret_cast<T*>(address);
}
#else
constexpr bool HAS_CLUSTERS = false;
__device__ __forceinline__ unsigned cluster_rank() { return 0; }
__device__ __forceinline__ unsigned cluster_blocks() { return 1; }
__device__ __forceinline__ void cluster_arrive() { __syncthreads(); }
__device__ __forceinline__ void cluster_arrive_relaxed() {}
__device__ __forceinline__ void cluster_wait() {}
template <class T> __device__ __forceinline__ T* cluster_map(T* shared, unsigned) { return shared; }
#endif
__device__ __forceinline__ void cluster_sync() {
    cluster_arrive();
    cluster_wait();
}

// ---- cp.async: 4, 8 or 16 bytes; with validBytes below Bytes the rest is filled with zeros

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
template <unsigned Bytes>
__device__ __forceinline__ void copy_async(void* shared, const void* global, unsigned validBytes = Bytes) {
    static_assert(Bytes == 4 || Bytes == 8 || Bytes == 16, "cp.async copies 4, 8 or 16 bytes");
    unsigned to = rondo_device::sharedAddress(shared);
    if constexpr (Bytes == 16) {
        asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(global), "r"(validBytes) : "memory");
    } else {
        asm volatile("cp.async.ca.shared.global [%0], [%1], %3, %2;" ::"r"(to), "l"(global), "r"(validBytes), "n"(Bytes)
                     : "memory");
    }
}
__device__ __forceinline__ void copy_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <unsigned GroupsLeft> __device__ __forceinline__ void copy_async_wait() {
    asm volatile("cp.async.wait_group %0;" ::"n"(GroupsLeft) : "memory");
}
#else
template <unsigned Bytes>
__device__ __forceinline__ void copy_async(void* shared, const void* global, unsigned validBytes = Bytes) {
    for (unsigned i = 0; i < Bytes; i += 4) {
        *reinterpret_cast<unsigned*>(static_cast<char*>(shared) + i) =
            i < validBytes ? *reinterpret_cast<const unsigned*>(static_cast<const char*>(global) + i) : 0;
    }
}
__device__ __forceinline__ void copy_async_commit() {}
template <unsigned GroupsLeft> __device__ __forceinline__ void copy_async_wait() {}
#endif

// ---- mbarriers, and copies that count their bytes on one: compute capability 9.0

using mbarrier = unsigned long long;

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
__device__ __forceinline__ void mbarrier_init(mbarrier* barrier, unsigned count) {
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(rondo_device::sharedAddress(barrier)), "r"(count)
                 : "memory");
}
__device__ __forceinline__ void mbarrier_invalidate(mbarrier* barrier) {
    asm volatile("mbarrier.inval.shared::cta.b64 [%0];" ::"r"(rondo_device::sharedAddress(barrier)) : "memory");
}
// Makes the initialisation visible to the cluster; cluster_sync follows.
__device__ __forceinline__ void mbarrier_init_fence() {
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}
__device__ __forceinline__ void mbarrier_arrive(mbarrier* barrier) {
    asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(rondo_device::sharedAddress(barrier)) : "memory");
}
// On the barrier of a peer: an address of cluster_map.
__device__ __forceinline__ void mbarrier_arrive_cluster(mbarrier* barrier) {
    asm volatile("mbarrier.arrive.release.cluster.shared::cluster.b64 _, [%0];" ::"r"(
                     rondo_device::sharedAddress(barrier))
                 : "memory");
}
__device__ __forceinline__ void mbarrier_expect(mbarrier* barrier, unsigned bytes) {
    asm volatile("mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [%0], %1;" ::"r"(rondo_device::sharedAddress(barrier)),
                 "r"(bytes)
                 : "memory");
}
__device__ __forceinline__ void mbarrier_arrive_expect(mbarrier* barrier, unsigned bytes) {
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(rondo_device::sharedAddress(barrier)),
                 "r"(bytes)
                 : "memory");
}
// Whether the phase with that parity is complete. The bytes of asynchronous copies are visible afterwards, also those that a
// peer sent: they lie in the shared memory of this block, and the barrier counts them when they are there. Nothing else of a
// peer is ordered by it. (With .acquire.cluster the whole L1 would be thrown away at each test.)
__device__ __forceinline__ bool mbarrier_test(mbarrier* barrier, unsigned parity) {
    unsigned complete;
    asm volatile("{\n"
                 ".reg .pred p;\n"
                 "mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2;\n"
                 "selp.u32 %0, 1, 0, p;\n"
                 "}"
                 : "=r"(complete)
                 : "r"(rondo_device::sharedAddress(barrier)), "r"(parity)
                 : "memory");
    return complete;
}
// Bytes that never come end the kernel with an error, in the end, and not in a hang.
__device__ __forceinline__ void mbarrier_wait(mbarrier* barrier, unsigned parity) {
    for (unsigned polls = 0; !mbarrier_test(barrier, parity);) {
        if (++polls == 1u << 27) {
            __trap();
        }
    }
}
// A word into the shared memory of a peer; its bytes count on an mbarrier of the same block.
template <class T> __device__ __forceinline__ void store_async(T* shared, T value, mbarrier* barrier) {
    static_assert(sizeof(T) == 4 || sizeof(T) == 8 || sizeof(T) == 16, "st.async stores 4, 8 or 16 bytes");
    unsigned to = rondo_device::sharedAddress(shared), on = rondo_device::sharedAddress(barrier);
    if constexpr (sizeof(T) == 4) {
        asm volatile("st.async.shared::cluster.mbarrier::complete_tx::bytes.b32 [%0], %1, [%2];" ::"r"(to),
                     "r"(rondo_device::sameBits<unsigned>(value)), "r"(on)
                     : "memory");
    } else if constexpr (sizeof(T) == 8) {
        asm volatile("st.async.shared::cluster.mbarrier::complete_tx::bytes.b64 [%0], %1, [%2];" ::"r"(to),
                     "l"(rondo_device::sameBits<unsigned long long>(value)), "r"(on)
                     : "memory");
    } else {
        uint4 words = rondo_device::sameBits<uint4>(value);
        asm volatile("st.async.shared::cluster.mbarrier::complete_tx::bytes.v4.b32 [%0], {%1, %2, %3, %4}, [%5];" ::"r"(to),
                     "r"(words.x), "r"(words.y), "r"(words.z), "r"(words.w), "r"(on)
                     : "memory");
    }
}
// A multiple of 16 bytes, all addresses aligned to 16.
__device__ __forceinline__ void copy_bulk(void* shared, const void* global, unsigned bytes, mbarrier* barrier) {
    asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(
                     rondo_device::sharedAddress(shared)),
                 "l"(global), "r"(bytes), "r"(rondo_device::sharedAddress(barrier))
                 : "memory");
}
#else
__device__ __forceinline__ void mbarrier_init(mbarrier*, unsigned) { __trap(); }
__device__ __forceinline__ void mbarrier_invalidate(mbarrier*) { __trap(); }
__device__ __forceinline__ void mbarrier_init_fence() {}
__device__ __forceinline__ void mbarrier_arrive(mbarrier*) { __trap(); }
__device__ __forceinline__ void mbarrier_arrive_cluster(mbarrier*) { __trap(); }
__device__ __forceinline__ void mbarrier_expect(mbarrier*, unsigned) { __trap(); }
__device__ __forceinline__ void mbarrier_arrive_expect(mbarrier*, unsigned) { __trap(); }
__device__ __forceinline__ bool mbarrier_test(mbarrier*, unsigned) { return __trap(), false; }
__device__ __forceinline__ void mbarrier_wait(mbarrier*, unsigned) { __trap(); }
template <class T> __device__ __forceinline__ void store_async(T*, T, mbarrier*) { __trap(); }
__device__ __forceinline__ void copy_bulk(void*, const void*, unsigned, mbarrier*) { __trap(); }
#endif

// ---- 16-bit numbers as bits; arithmetic is done in float

struct half16 {
    unsigned short bits;
};
struct bfloat16 {
    unsigned short bits;
};

__device__ __forceinline__ float to_float(half16 value) {
    float result;
    asm("cvt.f32.f16 %0, %1;" : "=f"(result) : "h"(value.bits));
    return result;
}
__device__ __forceinline__ half16 to_half16(float value) {
    half16 result;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(result.bits) : "f"(value));
    return result;
}
__device__ __forceinline__ float to_float(bfloat16 value) {
    return __uint_as_float(static_cast<unsigned>(value.bits) << 16);
}
__device__ __forceinline__ bfloat16 to_bfloat16(float value) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    bfloat16 result;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(result.bits) : "f"(value));
    return result;
#else
    unsigned bits = __float_as_uint(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) {
        return {0x7fff};
    }
    return {static_cast<unsigned short>((bits + 0x7fffu + (bits >> 16 & 1)) >> 16)};
#endif
}
// The ten mantissa bits that a TF32 product sees: to nearest, ties away from zero. The other bits are 0; the PTX manual leaves open
// what cvt makes of them. From (2 - 2^-11) * 2^127 on, just below the largest float, it is an infinity.
__device__ __forceinline__ float to_tf32(float value) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
    unsigned bits;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(value));
    return __uint_as_float(bits & 0xffffe000u);
#else
    unsigned bits = __float_as_uint(value);
    return (bits & 0x7f800000u) == 0x7f800000u ? value : __uint_as_float((bits + 0x1000u) & ~0x1fffu);
#endif
}

__device__ __forceinline__ float exp2_approx(float value) {
    float result;
    asm("ex2.approx.f32 %0, %1;" : "=f"(result) : "f"(value));
    return result;
}
// Within one unit in the last place (2^-23, by the PTX manual); results below 2^-126 are 0, so is that of an infinity.
__device__ __forceinline__ float reciprocal_approx(float value) {
    float result;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(value));
    return result;
}
__device__ __forceinline__ float tanh_approx(float value) {
    float result;
    asm("tanh.approx.f32 %0, %1;" : "=f"(result) : "f"(value));
    return result;
}

// ---- products of a warp, in the lane layout of PTX: D = A * B + C

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
#define RONDO_MMA16(name, type)                                                                                        \
    __device__ __forceinline__ void name(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2],                \
                                         const float (&c)[4]) {                                                        \
        asm volatile("mma.sync.aligned.m16n8k16.row.col.f32." type "." type ".f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, " \
                     "{%8, %9}, {%10, %11, %12, %13};"                                                                 \
                     : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])                                                  \
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "f"(c[0]), "f"(c[1]),         \
                       "f"(c[2]), "f"(c[3]));                                                                          \
    }
RONDO_MMA16(mma_m16n8k16_bf16, "bf16")
RONDO_MMA16(mma_m16n8k16_f16, "f16")
#undef RONDO_MMA16
__device__ __forceinline__ void mma_m16n8k8_tf32(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2],
                                                 const float (&c)[4]) {
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
                 "{%10, %11, %12, %13};"
                 : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "f"(c[0]), "f"(c[1]), "f"(c[2]),
                   "f"(c[3]));
}
#else
#define RONDO_NO_MMA(name)                                                                                             \
    __device__ __forceinline__ void name(float (&)[4], const unsigned (&)[4], const unsigned (&)[2],                   \
                                         const float (&)[4]) {                                                         \
        __trap();                                                                                                      \
    }
RONDO_NO_MMA(mma_m16n8k16_bf16)
RONDO_NO_MMA(mma_m16n8k16_f16)
RONDO_NO_MMA(mma_m16n8k8_tf32)
#undef RONDO_NO_MMA
#endif

// Lane 8 i + r gives the address of row r of matrix i, eight 16-bit elements.
#define RONDO_LDMATRIX4(name, qualifier)                                                                               \
    __device__ __forceinline__ void name(unsigned (&out)[4], const void* row) {                                        \
        asm volatile("ldmatrix.sync.aligned.m8n8.x4" qualifier ".shared.b16 {%0, %1, %2, %3}, [%4];"                   \
                     : "=r"(out[0]), "=r"(out[1]), "=r"(out[2]), "=r"(out[3])                                          \
                     : "r"(rondo_device::sharedAddress(row))                                                           \
                     : "memory");                                                                                      \
    }
#define RONDO_LDMATRIX2(name, qualifier)                                                                               \
    __device__ __forceinline__ void name(unsigned (&out)[2], const void* row) {                                        \
        asm volatile("ldmatrix.sync.aligned.m8n8.x2" qualifier ".shared.b16 {%0, %1}, [%2];"                           \
                     : "=r"(out[0]), "=r"(out[1])                                                                      \
                     : "r"(rondo_device::sharedAddress(row))                                                           \
                     : "memory");                                                                                      \
    }
RONDO_LDMATRIX4(ldmatrix_x4, "")
RONDO_LDMATRIX4(ldmatrix_x4_trans, ".trans")
RONDO_LDMATRIX2(ldmatrix_x2, "")
RONDO_LDMATRIX2(ldmatrix_x2_trans, ".trans")
#undef RONDO_LDMATRIX4
#undef RONDO_LDMATRIX2

#endif
