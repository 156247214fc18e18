// Clipping by the global norm: dev.rondo.spi.OptimizerKernels.clipByGlobalNorm, as three kernels in a row.
//   norm = sqrt(sum of g^2); if norm > maxNorm: g *= maxNorm / norm
// The sum is made in float64 (no overflow, no order of magnitude lost), in an order that only the launch shape decides.
//
// Equals ReferenceOptimizers.clipByGlobalNorm.
#include "indexing.cuh"
#include "reductions.cuh"

// partial[block] = the sum of the squares of the block's elements. One dimension, blocks of 256; as many as partial has room.
extern "C" __global__ void __launch_bounds__(256) rondo_norm_squares(const float* g, long long count, double* partial) {
    SHARED_ARRAY(double, shared, [256]);
    double sum = 0;
    for (long long i = rondo::firstElement(); i < count; i += rondo::elementStride()) {
        double element = g[i];
        sum += element * element;
    }
    sum = rondo::reduceBlock<rondo::Sum>(shared, sum);
    if (threadIdx.x == 0) {
        partial[blockIdx.x] = sum;
    }
}

// norm[0] = the norm, scale[0] = maxNorm / norm if the norm is above it, else 1. One block of 256.
extern "C" __global__ void __launch_bounds__(256) rondo_norm_finish(const double* partial, int parts, float maxNorm,
                                                                    float* norm, float* scale) {
    SHARED_ARRAY(double, shared, [256]);
    double sum = 0;
    for (int part = static_cast<int>(threadIdx.x); part < parts; part += static_cast<int>(blockDim.x)) {
        sum += partial[part];
    }
    sum = rondo::reduceBlock<rondo::Sum>(shared, sum);
    if (threadIdx.x == 0) {
        double total = sqrt(sum);
        norm[0] = static_cast<float>(total);
        scale[0] = total > maxNorm ? static_cast<float>(maxNorm / total) : 1.0f;
    }
}

// g *= scale[0]; a scale of 1 leaves every bit as it is, NaN payloads too. One thread: one element. One dimension, any shape.
extern "C" __global__ void rondo_norm_scale(float* g, long long count, const float* scale) {
    float factor = scale[0];
    if (factor == 1.0f) {
        return;
    }
    for (long long i = rondo::firstElement(); i < count; i += rondo::elementStride()) {
        g[i] *= factor;
    }
}
