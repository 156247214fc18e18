// Columns of one matrix in another one, where the rows of the smaller one repeat: vectors side by side, a vector for all steps of
// a sequence, the condition of a network, and the gradients of these.
//
// A "Row" parameter is the distance of two rows in floats; the pointer is at the first column that counts.
//
// One thread: one element of the target. Launch: one dimension, any grid and block.
// Equals copyColumns and sumColumns of ReferenceElements, and what the condition is in LayerPass.inputProduct and
// inputProductBackward of the oracle.
#include "indexing.cuh"

// target[m][j] = source[m mod sourceRows][j] for m < rows, j < width, or with accumulate += it.
extern "C" __global__ void rondo_copy_columns(const float* source, int sourceRow, int sourceRows, float* target,
                                              int targetRow, int rows, int width, int accumulate) {
    long long elements = static_cast<long long>(rows) * width;
    for (long long at = rondo::firstElement(); at < elements; at += rondo::elementStride()) {
        rondo::Element element = rondo::elementOf(at, width);
        long long from = rondo::elementOf(element.row, sourceRows).column;
        float value = source[from * sourceRow + element.column];
        float* to = target + element.row * targetRow + element.column;
        *to = accumulate ? *to + value : value;
    }
}

// target[r][j] = the sum over k of source[r + k * rows][j] for r < rows, j < width, or with accumulate += it, k ascending: 64
// rows in float32, their sums in double, since a sequence may be long.
extern "C" __global__ void rondo_sum_columns(const float* source, int sourceRow, int sourceRows, float* target,
                                             int targetRow, int rows, int width, int accumulate) {
    constexpr long long PART = 64;
    long long elements = static_cast<long long>(rows) * width;
    for (long long at = rondo::firstElement(); at < elements; at += rondo::elementStride()) {
        rondo::Element element = rondo::elementOf(at, width);
        double sum = 0;
        for (long long first = element.row; first < sourceRows; first += PART * rows) {
            long long end = first + PART * rows < sourceRows ? first + PART * rows : sourceRows;
            float part = 0;
            for (long long m = first; m < end; m += rows) {
                part += source[m * sourceRow + element.column];
            }
            sum += part;
        }
        float* to = target + element.row * targetRow + element.column;
        *to = static_cast<float>(accumulate ? *to + sum : sum);
    }
}
