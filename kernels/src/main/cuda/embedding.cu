// Rows of a table by index, and the gradient back into the table. Serves embeddings (LayerKernels.embeddingForward and
// embeddingBackward, table [V, E]) and one-hot input, which is a row of the transposed input weights: W^T [I, G*H].
//
// indices [M]; a "Row" parameter is the distance of two rows in floats.
#include "indexing.cuh"

// target[m][j] = table[indices[m]][j] for j < width, or with accumulate += it. An index outside [0, limit) counts as a row of
// zeros; the host has refused it where it is wrong.
// One thread: one element. Launch: one dimension, any grid and block.
// Equals ReferenceLayers.embeddingForward, and with accumulate the one-hot case of LayerPass.inputProduct.
extern "C" __global__ void rondo_gather_rows(const float* table, int tableRow, int limit, const int* indices, int rows,
                                             int width, float* target, int targetRow, int accumulate) {
    long long elements = static_cast<long long>(rows) * width;
    for (long long at = rondo::firstElement(); at < elements; at += rondo::elementStride()) {
        rondo::Element element = rondo::elementOf(at, width);
        int index = indices[element.row];
        float* to = target + element.row * targetRow + element.column;
        if (index >= 0 && index < limit) {
            float value = table[static_cast<long long>(index) * tableRow + element.column];
            *to = accumulate ? *to + value : value;
        } else if (!accumulate) {
            *to = 0;
        }
    }
}

// target[i * targetRow + j * targetColumn] += the sum over the m with indices[m] = i, m ascending, of source[m][j], j < width.
// For a table: targetRow E, targetColumn 1. For dW [G*H, I]: targetRow 1, targetColumn I. An index outside [0, limit) adds
// nothing.
// Each block looks for the rows of one index at a time, 256 m at once, and lists them in order; each thread adds up one column: the
// rows of 256 m in float32, their sums in double, since one index may have most of a million rows.
// Launch: blocks of 256; grid x any, for the indices; grid y any, for the columns.
// Equals ReferenceLayers.embeddingBackward, and the one-hot case of LayerPass.inputProductBackward.
extern "C" __global__ void __launch_bounds__(256)
    rondo_scatter_add_rows(const float* source, int sourceRow, const int* indices, int rows, int width, int limit,
                           float* target, long long targetRow, long long targetColumn) {
    SHARED_ARRAY(int, found, [256]);
    SHARED_ARRAY(int, warpFound, [8]);
    int thread = static_cast<int>(threadIdx.x), lane = thread % 32, warp = thread / 32;
    for (int column = static_cast<int>(blockIdx.y) * 256; column < width; column += static_cast<int>(gridDim.y) * 256) {
        int j = column + thread;
        for (int i = static_cast<int>(blockIdx.x); i < limit; i += static_cast<int>(gridDim.x)) {
            double sum = 0;
            bool any = false;
            for (long long first = 0; first < rows; first += 256) {
                long long m = first + thread;
                bool match = m < rows && indices[m] == i;
                int count = __syncthreads_count(match);
                if (count == 0) {
                    continue;
                }
                any = true;
                unsigned votes = __ballot_sync(0xffffffffu, match);
                if (lane == 0) {
                    warpFound[warp] = __popc(votes);
                }
                __syncthreads();
                if (match) {
                    int place = __popc(votes & ((1u << lane) - 1));
                    for (int before = 0; before < warp; before++) {
                        place += warpFound[before];
                    }
                    found[place] = static_cast<int>(m);
                }
                __syncthreads();
                if (j < width) {
                    float part = 0;
                    for (int k = 0; k < count; k++) {
                        part += source[static_cast<long long>(found[k]) * sourceRow + j];
                    }
                    sum += part;
                }
                __syncthreads();
            }
            if (any && j < width) {
                float* to = target + i * targetRow + j * targetColumn;
                *to = static_cast<float>(*to + sum);
            }
        }
    }
}
