// How threads share out elements, and where a step of a row lies in time. Kernels that loop from firstElement by
// elementStride give the same result for every launch shape: grids and blocks of one dimension, 256 threads per block and as
// many blocks as fill the device.
#pragma once

#include "device_compat.cuh"

namespace rondo {

__device__ __forceinline__ long long firstElement() {
    return static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
}

__device__ __forceinline__ long long elementStride() { return static_cast<long long>(gridDim.x) * blockDim.x; }

// Element i of a dense matrix with so many columns. A division of 32 bits is much the cheaper one.
struct Element {
    long long row;
    int column;
};

__device__ __forceinline__ Element elementOf(long long i, int columns) {
    if (i <= 0xffffffffLL) {
        unsigned row = static_cast<unsigned>(i) / static_cast<unsigned>(columns);
        return {row, static_cast<int>(static_cast<unsigned>(i) - row * static_cast<unsigned>(columns))};
    }
    long long row = i / columns;
    return {row, static_cast<int>(i - row * columns)};
}

// Whether row n is still valid at step s. No lengths: all rows are full.
__device__ __forceinline__ bool isValid(const int* lengths, long long n, int s) {
    return lengths == nullptr || s < lengths[n];
}

// The time of step s of row n: the reverse direction starts at the last valid step. Past the length, s itself.
__device__ __forceinline__ int timeOf(const int* lengths, long long n, int s, int steps, int reverse) {
    int length = lengths == nullptr ? steps : lengths[n];
    return reverse && s < length ? length - 1 - s : s;
}

} // namespace rondo
