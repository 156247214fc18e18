// Gaussian distributions with a diagonal covariance: the methods of dev.rondo.spi.DistributionKernels whose names begin with
// gaussian. m, l mean and log-variance; pm, pl those of the prior, 0 without one.
//   z = m + e^(l/2) noise                dm += dz        dl += dz noise e^(l/2) / 2
//   divergence = factor * sum of (pl - l + e^(l - pl) + (m - pm)^2 e^-pl - 1) / 2
//   loss = factor * sum of (log(2 pi) + l + (x - m)^2 e^-l) / 2
// What is summed is made in float64, since the terms of a small divergence cancel, and in an order that only the launch shape
// decides. All vectors are flat; mask has one number for each row of width elements, 0 for rows that do not count, or is null.
//
// One thread: one element. Launch: one dimension; where there are partial sums, blocks of 256 and as many as partial has room.
// Equals the methods of the same name of ReferenceDistributions.
#include "indexing.cuh"
#include "reductions.cuh"

namespace {

__device__ __forceinline__ void add(float* gradient, long long i, double value) {
    if (gradient != nullptr) {
        gradient[i] = static_cast<float>(gradient[i] + value);
    }
}

__device__ __forceinline__ bool counts(const int* mask, long long i, int width) {
    return mask == nullptr || mask[i / width] != 0;
}

} // namespace

extern "C" __global__ void rondo_gaussian_forward(const float* mean, const float* logVariance, const float* noise,
                                                  float* z, long long count) {
    for (long long i = rondo::firstElement(); i < count; i += rondo::elementStride()) {
        z[i] = mean[i] + expf(0.5f * logVariance[i]) * noise[i];
    }
}

extern "C" __global__ void rondo_gaussian_backward(const float* logVariance, const float* noise, const float* dz,
                                                   float* dMean, float* dLogVariance, long long count) {
    for (long long i = rondo::firstElement(); i < count; i += rondo::elementStride()) {
        dMean[i] += dz[i];
        dLogVariance[i] += 0.5f * dz[i] * noise[i] * expf(0.5f * logVariance[i]);
    }
}

// partial[block] = the sum of the block's terms, without the factor. The gradients are added to; null if not wanted.
extern "C" __global__ void __launch_bounds__(256)
    rondo_gaussian_divergence(const float* mean, const float* logVariance, const float* priorMean,
                              const float* priorLogVariance, const int* mask, int width, long long size, float factor,
                              float* dMean, float* dLogVariance, float* dPriorMean, float* dPriorLogVariance,
                              double* partial) {
    SHARED_ARRAY(double, shared, [256]);
    double sum = 0;
    for (long long i = rondo::firstElement(); i < size; i += rondo::elementStride()) {
        if (!counts(mask, i, width)) {
            continue;
        }
        double l = logVariance[i];
        double pl = priorLogVariance == nullptr ? 0.0 : priorLogVariance[i];
        double difference = priorMean == nullptr ? mean[i] : static_cast<double>(mean[i]) - priorMean[i];
        double ratio = exp(l - pl);
        double scaled = priorLogVariance == nullptr ? difference : difference * exp(-pl);
        sum += (pl - l + ratio + difference * scaled - 1) / 2;
        add(dMean, i, factor * scaled);
        add(dLogVariance, i, factor * (ratio - 1) / 2);
        add(dPriorMean, i, -factor * scaled);
        add(dPriorLogVariance, i, factor * (1 - ratio - difference * scaled) / 2);
    }
    sum = rondo::reduceBlock<rondo::Sum>(shared, sum);
    if (threadIdx.x == 0) {
        partial[blockIdx.x] = sum;
    }
}

// The same for the loss.
extern "C" __global__ void __launch_bounds__(256)
    rondo_gaussian_loss(const float* x, const float* mean, const float* logVariance, const int* mask, int width,
                        long long size, float factor, float* dMean, float* dLogVariance, double* partial) {
    constexpr double LOG_TWO_PI = 1.8378770664093453;
    SHARED_ARRAY(double, shared, [256]);
    double sum = 0;
    for (long long i = rondo::firstElement(); i < size; i += rondo::elementStride()) {
        if (!counts(mask, i, width)) {
            continue;
        }
        double l = logVariance[i];
        double difference = static_cast<double>(x[i]) - mean[i];
        double scaled = difference * exp(-l);
        sum += (LOG_TWO_PI + l + difference * scaled) / 2;
        add(dMean, i, -factor * scaled);
        add(dLogVariance, i, factor * (1 - difference * scaled) / 2);
    }
    sum = rondo::reduceBlock<rondo::Sum>(shared, sum);
    if (threadIdx.x == 0) {
        partial[blockIdx.x] = sum;
    }
}

// result[0] = factor * the sum of the parts. One block of 256.
extern "C" __global__ void __launch_bounds__(256)
    rondo_gaussian_finish(const double* partial, int parts, float factor, float* result) {
    SHARED_ARRAY(double, shared, [256]);
    double sum = 0;
    for (int part = static_cast<int>(threadIdx.x); part < parts; part += static_cast<int>(blockDim.x)) {
        sum += partial[part];
    }
    sum = rondo::reduceBlock<rondo::Sum>(shared, sum);
    if (threadIdx.x == 0) {
        result[0] = static_cast<float>(factor * sum);
    }
}
