// Mean squared error: dev.rondo.spi.LossKernels.meanSquaredError, as two kernels in a row.
//   loss = mean of (prediction - target)^2        dPrediction = 2 (prediction - target) / counted
// over the elements of rows that are not masked, counted in all.
// The sum is made in float64, in an order that only the launch shape decides.
//
// Equals ReferenceLosses.meanSquaredError.
#include "indexing.cuh"
#include "reductions.cuh"

// partial[block] = the sum of the block's squared errors; the gradient, if wanted (else null; may be prediction itself).
// mask, one for each row of width elements, is 0 for rows that do not count; null if all do.
// One dimension, blocks of 256; as many as partial has room.
extern "C" __global__ void __launch_bounds__(256)
    rondo_mean_squared_error(const float* prediction, const float* target, const int* mask, int width, long long size,
                             long long counted, float* dPrediction, double* partial) {
    SHARED_ARRAY(double, shared, [256]);
    double sum = 0;
    for (long long i = rondo::firstElement(); i < size; i += rondo::elementStride()) {
        bool counts = mask == nullptr || mask[i / width] != 0;
        double error = counts ? static_cast<double>(prediction[i]) - target[i] : 0.0;
        sum += error * error;
        if (dPrediction != nullptr) {
            dPrediction[i] = counts ? 2.0f * static_cast<float>(error) / static_cast<float>(counted) : 0.0f;
        }
    }
    sum = rondo::reduceBlock<rondo::Sum>(shared, sum);
    if (threadIdx.x == 0) {
        partial[blockIdx.x] = sum;
    }
}

// loss[0] = the sum of the parts / counted; 0 if nothing was counted. One block of 256.
extern "C" __global__ void __launch_bounds__(256)
    rondo_mean_squared_error_finish(const double* partial, int parts, long long counted, float* loss) {
    SHARED_ARRAY(double, shared, [256]);
    double sum = 0;
    for (int part = static_cast<int>(threadIdx.x); part < parts; part += static_cast<int>(blockDim.x)) {
        sum += partial[part];
    }
    sum = rondo::reduceBlock<rondo::Sum>(shared, sum);
    if (threadIdx.x == 0) {
        loss[0] = counted == 0 ? 0.0f : static_cast<float>(sum / static_cast<double>(counted));
    }
}
