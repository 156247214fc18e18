// Softmax cross-entropy, the mean over the rows that are not masked: dev.rondo.spi.LossKernels.softmaxCrossEntropy, as three
// kernels in a row.
//   loss = mean of log(sum of e^(a_v - max)) - (a_target - max)        da_v = (e^(a_v - max) / sum - [v = target]) / counted
//
// logits  [M, V]
// targets [M]     in [0, V); any other one masks its row, and the host has refused those above
//
// Equals ReferenceLosses.softmaxCrossEntropy.
#include "indexing.cuh"
#include "reductions.cuh"

// counted[0] = the number of rows that count. One block of 256.
extern "C" __global__ void __launch_bounds__(256)
    rondo_softmax_cross_entropy_count(const int* targets, int rows, int classes, int* counted) {
    SHARED_ARRAY(int, shared, [256]);
    int count = 0;
    for (int m = static_cast<int>(threadIdx.x); m < rows; m += static_cast<int>(blockDim.x)) {
        count += targets[m] >= 0 && targets[m] < classes;
    }
    count = rondo::reduceBlock<rondo::Sum>(shared, count);
    if (threadIdx.x == 0) {
        counted[0] = count;
    }
}

// rowLoss[m] = the loss of row m, 0 if it is masked, and its gradient dLogits [M, V], 0 if it is masked; null if it is not
// wanted; may be logits itself. One block works on one row at a time. One dimension; blocks of a power of two up to 256 threads
// (32 are enough for small V), any grid.
extern "C" __global__ void __launch_bounds__(256)
    rondo_softmax_cross_entropy(const float* logits, const int* targets, int rows, int classes, const int* counted,
                                float* rowLoss, float* dLogits) {
    SHARED_ARRAY(float, shared, [256]);
    int first = static_cast<int>(threadIdx.x), stride = static_cast<int>(blockDim.x);
    for (long long m = blockIdx.x; m < rows; m += gridDim.x) {
        const float* a = logits + m * classes;
        int target = targets[m];
        if (target < 0 || target >= classes) {
            if (dLogits != nullptr) {
                for (int v = first; v < classes; v += stride) {
                    dLogits[m * classes + v] = 0;
                }
            }
            if (threadIdx.x == 0) {
                rowLoss[m] = 0;
            }
            continue;
        }
        float targetLogit = a[target];
        float max = -INFINITY;
        for (int v = first; v < classes; v += stride) {
            max = rondo::Maximum::combine(max, a[v]);
        }
        max = rondo::reduceBlock<rondo::Maximum>(shared, max);
        float sum = 0;
        for (int v = first; v < classes; v += stride) {
            sum += expf(a[v] - max);
        }
        sum = rondo::reduceBlock<rondo::Sum>(shared, sum);
        if (threadIdx.x == 0) {
            rowLoss[m] = logf(sum) - (targetLogit - max);
        }
        if (dLogits != nullptr) {
            float count = static_cast<float>(counted[0]);
            for (int v = first; v < classes; v += stride) {
                float p = expf(a[v] - max) / sum;
                dLogits[m * classes + v] = (p - (v == target ? 1.0f : 0.0f)) / count;
            }
        }
    }
}

// loss[0] = the sum of the rows' losses / counted[0]; 0 if none counts. One block of 256.
extern "C" __global__ void __launch_bounds__(256)
    rondo_softmax_cross_entropy_finish(const float* rowLoss, int rows, const int* counted, float* loss) {
    SHARED_ARRAY(double, shared, [256]);
    double sum = 0;
    for (int m = static_cast<int>(threadIdx.x); m < rows; m += static_cast<int>(blockDim.x)) {
        sum += rowLoss[m];
    }
    sum = rondo::reduceBlock<rondo::Sum>(shared, sum);
    if (threadIdx.x == 0) {
        loss[0] = counted[0] > 0 ? static_cast<float>(sum / counted[0]) : 0.0f;
    }
}
