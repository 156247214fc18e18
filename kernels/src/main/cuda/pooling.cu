// One vector of each sequence: dev.rondo.spi.SequenceKernels.poolForward and poolBackward.
//   mean: y = the mean of x over the valid steps    max: y = the maximum of each feature    last: y = x of the last valid step
// A row of length 0 gives zero.
//
// pooling    0 mean, 1 max, 2 last
// x, dx      [T, N, K]
// y, dy      [N, K]
// lengths    [N]  or null: all rows are full
//
// One thread: one feature of one row, over all steps. Launch: one dimension, any grid and block.
// Equals poolForward and poolBackward of ReferenceSequences.
#include "indexing.cuh"
#include "reductions.cuh"

// The mean adds 64 steps in float32, and their sums in double. NaN is a maximum.
extern "C" __global__ void rondo_pool_forward(int pooling, const float* x, const int* lengths, int steps, int batch,
                                              int width, float* y) {
    constexpr int PART = 64;
    long long elements = static_cast<long long>(batch) * width;
    for (long long at = rondo::firstElement(); at < elements; at += rondo::elementStride()) {
        int length = lengths == nullptr ? steps : lengths[rondo::elementOf(at, width).row];
        float pooled = 0;
        if (length > 0 && pooling == 0) {
            double sum = 0;
            for (long long first = 0; first < length; first += PART) {
                float part = 0;
                for (long long t = first; t < length && t < first + PART; t++) {
                    part += x[t * elements + at];
                }
                sum += part;
            }
            pooled = static_cast<float>(sum / length);
        } else if (length > 0 && pooling == 1) {
            pooled = x[at];
            for (int t = 1; t < length; t++) {
                pooled = rondo::Maximum::combine(pooled, x[t * elements + at]);
            }
        } else if (length > 0) {
            pooled = x[(length - 1) * elements + at];
        }
        y[at] = pooled;
    }
}

// dx, 0 past the lengths. The gradient of a maximum goes to the first step that has it, or to the last one where none has (NaN).
extern "C" __global__ void rondo_pool_backward(int pooling, const float* x, const int* lengths, const float* y,
                                               const float* dy, int steps, int batch, int width, float* dx) {
    long long elements = static_cast<long long>(batch) * width;
    for (long long at = rondo::firstElement(); at < elements; at += rondo::elementStride()) {
        int length = lengths == nullptr ? steps : lengths[rondo::elementOf(at, width).row];
        float gradient = dy[at];
        float mean = length > 0 ? gradient / static_cast<float>(length) : 0.0f;
        bool passed = false;
        for (int t = 0; t < steps; t++) {
            float value = 0;
            if (t < length && pooling == 0) {
                value = mean;
            } else if (t < length && !passed && (t == length - 1 || (pooling == 1 && x[t * elements + at] == y[at]))) {
                value = gradient;
                passed = true;
            }
            dx[t * elements + at] = value;
        }
    }
}
