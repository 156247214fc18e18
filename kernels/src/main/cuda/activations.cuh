// The nonlinear functions in float32, accurate to a few units in the last place: expf and tanhf of CUDA without fast-math.
// They saturate at infinities, and NaN stays NaN. Derivatives are taken from the output, as in the oracle's Products.
#pragma once

#include "device_compat.cuh"

namespace rondo {

// For a far below zero expf overflows to infinity and the reciprocal is 0, as it must be. A division would be a branch and a
// call; the reciprocal errs by at most one more unit in the last place, and only below a = -87.3, where a sigmoid is no longer
// a normal number, it gives 0.
__device__ __forceinline__ float sigmoid(float a) { return reciprocal_approx(1.0f + expf(-a)); }

__device__ __forceinline__ float dSigmoid(float s) { return s * (1.0f - s); }

__device__ __forceinline__ float dTanh(float y) { return 1.0f - y * y; }

} // namespace rondo
