// How the gradient by the outputs comes into a step of the backward pass.
#pragma once

#include "indexing.cuh"

namespace rondo {

// What dy [T, N, dyRow], in the order of time, adds to dh' of row n, unit j at the valid step s. dy points at the first
// column of this direction; null means zero.
__device__ __forceinline__ float outputGradient(const float* dy, int dyRow, const int* lengths, int reverse, int s,
                                                int steps, int batch, long long n, int j) {
    if (dy == nullptr) {
        return 0.0f;
    }
    long long t = timeOf(lengths, n, s, steps, reverse);
    return dy[(t * batch + n) * dyRow + j];
}

} // namespace rondo
