// The sums of the columns of a matrix, in a fixed order: the gradients of the biases, db += the sum of da over steps and rows.
// Two kernels in a row: sums over groups of rows, then the sum of those.
//
// Equals add(gradients.bw, ...) in LayerPass.inputProductBackward, and of bu in the cells of the oracle.
#include "device_compat.cuh"

// partial [parts, columns]: part p is the sum over rows [p * rowsPerPart, (p + 1) * rowsPerPart) of matrix [rows, matrixRow].
// One thread: every eighth row of one column. Launch: blocks of 32 x 8, grid ceil(columns / 32) x parts.
extern "C" __global__ void __launch_bounds__(256)
    rondo_column_sums(const float* matrix, int matrixRow, long long rows, int columns, int rowsPerPart, float* partial) {
    SHARED_ARRAY(float, sums, [8][32]);
    long long column = static_cast<long long>(blockIdx.x) * 32 + threadIdx.x;
    long long first = static_cast<long long>(blockIdx.y) * rowsPerPart;
    long long end = first + rowsPerPart < rows ? first + rowsPerPart : rows;
    float sum = 0;
    if (column < columns) {
        for (long long row = first + threadIdx.y; row < end; row += 8) {
            sum += matrix[row * matrixRow + column];
        }
    }
    sums[threadIdx.y][threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.y == 0 && column < columns) {
        for (int y = 1; y < 8; y++) {
            sum += sums[y][threadIdx.x];
        }
        partial[blockIdx.y * static_cast<long long>(columns) + column] = sum;
    }
}

// target[column] += the sum of partial [parts, columns], part by part. One thread: one column. Launch: one dimension, a thread
// for each column or more.
extern "C" __global__ void rondo_column_sums_finish(const float* partial, int parts, int columns, float* target) {
    long long column = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
    if (column >= columns) {
        return;
    }
    float sum = 0;
    for (long long part = 0; part < parts; part++) {
        sum += partial[part * columns + column];
    }
    target[column] += sum;
}
