// How the gradient by the outputs comes into a step of the backward pass.
#pragma once

#include "indexing.cuh"

namespace rondo {

// What dy [T, N, dyRow], in the order of time, adds to dh' of row n, unit j at time t. dy points at the first column of this
// direction; null means zero.
__device__ __forceinline__ float outputGradientAt(const float* dy, int dyRow, int batch, long long t, long long n, int j) {
    return dy == nullptr ? 0.0f : dy[(t * batch + n) * dyRow + j];
}

// The same at the valid step s.
__device__ __forceinline__ float outputGradient(const float* dy, int dyRow, const int* lengths, int reverse, int s,
                                                int steps, int batch, long long n, int j) {
    return dy == nullptr ? 0.0f : outputGradientAt(dy, dyRow, batch, timeOf(lengths, n, s, steps, reverse), n, j);
}

} // namespace rondo
