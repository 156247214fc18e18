// Layer normalisation of rows: dev.rondo.spi.LayerKernels.layerNormForward and layerNormBackward.
//   y = (x - mean) r w + b       r = 1 / sqrt(variance + epsilon)
//   dx = r (g - mean of g - n mean of (g n))   with n = (x - mean) r, g = dy w        dw += sum of dy n     db += sum of dy
//
// x, y, dy, dx [M, K]
// weight, bias [K]
// statistics   [M, 2]  mean and r of each row
//
// Equals layerNormForward and layerNormBackward of ReferenceLayers.
#include "indexing.cuh"
#include "reductions.cuh"

// One block works on one row at a time. The second pass takes the differences from a mean that is rounded, and what they leave
// over corrects it: so neither the mean nor the variance suffers from numbers far from zero.
// One dimension; blocks of a power of two up to 256 threads (32 are enough for a small K), any grid. statistics may be null.
extern "C" __global__ void __launch_bounds__(256)
    rondo_layer_norm_forward(const float* weight, const float* bias, const float* x, int rows, int size, float epsilon,
                             float* y, float* statistics) {
    SHARED_ARRAY(float, shared, [256]);
    long long stride = blockDim.x;
    float count = static_cast<float>(size);
    for (long long m = blockIdx.x; m < rows; m += gridDim.x) {
        const float* row = x + m * size;
        float sum = 0;
        for (long long k = threadIdx.x; k < size; k += stride) {
            sum += row[k];
        }
        float about = rondo::reduceBlock<rondo::Sum>(shared, sum) / count;
        float rest = 0, squares = 0;
        for (long long k = threadIdx.x; k < size; k += stride) {
            float difference = row[k] - about;
            rest += difference;
            squares += difference * difference;
        }
        rest = rondo::reduceBlock<rondo::Sum>(shared, rest) / count;
        squares = rondo::reduceBlock<rondo::Sum>(shared, squares) / count;
        float variance = squares - rest * rest;
        float r = 1.0f / sqrtf((variance < 0 ? 0.0f : variance) + epsilon);
        for (long long k = threadIdx.x; k < size; k += stride) {
            y[m * size + k] = (row[k] - about - rest) * r * weight[k] + bias[k];
        }
        if (statistics != nullptr && threadIdx.x == 0) {
            statistics[2 * m] = about + rest;
            statistics[2 * m + 1] = r;
        }
    }
}

// dx; may be dy. One block works on one row at a time; launched as the forward pass.
extern "C" __global__ void __launch_bounds__(256)
    rondo_layer_norm_backward(const float* weight, const float* x, const float* statistics, const float* dy, int rows,
                              int size, float* dx) {
    SHARED_ARRAY(float, shared, [256]);
    long long stride = blockDim.x;
    float count = static_cast<float>(size);
    for (long long m = blockIdx.x; m < rows; m += gridDim.x) {
        float mean = statistics[2 * m], r = statistics[2 * m + 1];
        float meanG = 0, meanGn = 0;
        for (long long k = threadIdx.x; k < size; k += stride) {
            float g = dy[m * size + k] * weight[k];
            meanG += g;
            meanGn += g * ((x[m * size + k] - mean) * r);
        }
        meanG = rondo::reduceBlock<rondo::Sum>(shared, meanG) / count;
        meanGn = rondo::reduceBlock<rondo::Sum>(shared, meanGn) / count;
        for (long long k = threadIdx.x; k < size; k += stride) {
            float n = (x[m * size + k] - mean) * r;
            dx[m * size + k] = r * (dy[m * size + k] * weight[k] - meanG - n * meanGn);
        }
    }
}

// weightSums, biasSums [parts, K]: part p of the sums of dy n and of dy is that of rows [p * rowsPerPart, (p + 1) * rowsPerPart);
// rondo_column_sums_finish adds the parts up.
// One thread: every eighth row of one column. Launch: blocks of 32 x 8, grid ceil(K / 32) x parts.
extern "C" __global__ void __launch_bounds__(256)
    rondo_layer_norm_weight_sums(const float* x, const float* statistics, const float* dy, long long rows, int size,
                                 int rowsPerPart, float* weightSums, float* biasSums) {
    SHARED_ARRAY(float, forWeight, [8][32]);
    SHARED_ARRAY(float, forBias, [8][32]);
    long long column = static_cast<long long>(blockIdx.x) * 32 + threadIdx.x;
    long long first = static_cast<long long>(blockIdx.y) * rowsPerPart;
    long long end = first + rowsPerPart < rows ? first + rowsPerPart : rows;
    float dWeight = 0, dBias = 0;
    if (column < size) {
        for (long long m = first + threadIdx.y; m < end; m += 8) {
            float gradient = dy[m * size + column];
            dWeight += gradient * ((x[m * size + column] - statistics[2 * m]) * statistics[2 * m + 1]);
            dBias += gradient;
        }
    }
    forWeight[threadIdx.y][threadIdx.x] = dWeight;
    forBias[threadIdx.y][threadIdx.x] = dBias;
    __syncthreads();
    if (threadIdx.y == 0 && column < size) {
        for (int part = 1; part < 8; part++) {
            dWeight += forWeight[part][threadIdx.x];
            dBias += forBias[part][threadIdx.x];
        }
        weightSums[blockIdx.y * static_cast<long long>(size) + column] = dWeight;
        biasSums[blockIdx.y * static_cast<long long>(size) + column] = dBias;
    }
}
