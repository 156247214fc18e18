// target [columns, rows] = the transpose of source [rows, columns], both dense. For one-hot input W [G*H, I] becomes
// [I, G*H], so that the column of an index lies in one piece.
//
// A block takes a tile of 32 x 32 through shared memory, so that reads and writes both run along rows.
// Launch: blocks of 32 x 8, grid x ceil(columns / 32), grid y any (tiles of rows are taken in turn).
#include "device_compat.cuh"

extern "C" __global__ void __launch_bounds__(256)
    rondo_transpose(const float* source, int rows, int columns, float* target) {
    SHARED_ARRAY(float, tile, [32][33]);
    long long firstColumn = static_cast<long long>(blockIdx.x) * 32;
    for (long long firstRow = static_cast<long long>(blockIdx.y) * 32; firstRow < rows; firstRow += gridDim.y * 32LL) {
        long long column = firstColumn + threadIdx.x;
        for (unsigned y = threadIdx.y; y < 32; y += 8) {
            if (firstRow + y < rows && column < columns) {
                tile[y][threadIdx.x] = source[(firstRow + y) * columns + column];
            }
        }
        __syncthreads();
        long long row = firstRow + threadIdx.x;
        for (unsigned y = threadIdx.y; y < 32; y += 8) {
            if (row < rows && firstColumn + y < columns) {
                target[(firstColumn + y) * rows + row] = tile[threadIdx.x][y];
            }
        }
        __syncthreads();
    }
}
