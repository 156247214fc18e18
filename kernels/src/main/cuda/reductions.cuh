// Reductions over a block in a fixed order, so that the same numbers give the same bits.
#pragma once

#include "device_compat.cuh"

namespace rondo {

struct Sum {
    template <class T> static __device__ __forceinline__ T combine(T a, T b) { return a + b; }
};

// NaN counts as the greatest, as in Java.
struct Maximum {
    static __device__ __forceinline__ float combine(float a, float b) { return a != a || a > b ? a : b; }
};

// All threads of a block of a power of two call it with a shared array of one element per thread, and get the combination of
// their values: thread i with i + half, half by half. The array is free again afterwards.
template <class Combination, class T> __device__ __forceinline__ T reduceBlock(T* shared, T value) {
    shared[threadIdx.x] = value;
    __syncthreads();
    for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
        if (threadIdx.x < half) {
            shared[threadIdx.x] = Combination::combine(shared[threadIdx.x], shared[threadIdx.x + half]);
        }
        __syncthreads();
    }
    T result = shared[0];
    __syncthreads();
    return result;
}

} // namespace rondo
