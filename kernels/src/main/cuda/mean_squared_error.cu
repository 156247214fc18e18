// Mean squared error: dev.rondo.spi.LossKernels.meanSquaredError, as two kernels in a row.
//   loss = mean of (prediction - target)^2        dPrediction = 2 (prediction - target) / count
// The sum is made in float64, in an order that only the launch shape decides.
//
// Equals ReferenceLosses.meanSquaredError.
#include "indexing.cuh"
#include "reductions.cuh"

// partial[block] = the sum of the block's squared errors; the gradient, if wanted (else null; may be prediction itself).
// One dimension, blocks of 256; as many as partial has room.
extern "C" __global__ void __launch_bounds__(256)
    rondo_mean_squared_error(const float* prediction, const float* target, long long count, float* dPrediction,
                             double* partial) {
    SHARED_ARRAY(double, shared, [256]);
    double sum = 0;
    for (long long i = rondo::firstElement(); i < count; i += rondo::elementStride()) {
        double error = static_cast<double>(prediction[i]) - target[i];
        sum += error * error;
        if (dPrediction != nullptr) {
            dPrediction[i] = 2.0f * static_cast<float>(error) / static_cast<float>(count);
        }
    }
    sum = rondo::reduceBlock<rondo::Sum>(shared, sum);
    if (threadIdx.x == 0) {
        partial[blockIdx.x] = sum;
    }
}

// loss[0] = the sum of the parts / count. One block of 256.
extern "C" __global__ void __launch_bounds__(256)
    rondo_mean_squared_error_finish(const double* partial, int parts, long long count, float* loss) {
    SHARED_ARRAY(double, shared, [256]);
    double sum = 0;
    for (int part = static_cast<int>(threadIdx.x); part < parts; part += static_cast<int>(blockDim.x)) {
        sum += partial[part];
    }
    sum = rondo::reduceBlock<rondo::Sum>(shared, sum);
    if (threadIdx.x == 0) {
        loss[0] = static_cast<float>(sum / static_cast<double>(count));
    }
}
