// Matrix products on tensor cores (compute capability 8.0 and newer), float32 in and out: the part that TF32 and BF16 share.
//   nt: A [M, K], B [N, K]: C = A B^T        nn: A [M, K], B [K, N]: C = A B        tn: A [K, M], B [K, N]: C = A^T B
// Row-major; pitches in floats. C is assigned, or with accumulate added to. Parts of the depth: as in product.cu.
//
// A block of 8 warps computes a tile of 128 x 64, each warp 32 x 32 of it: 2 x 4 products of m16n8. Shared memory holds words:
// one TF32 number, or two BF16 numbers that are neighbours along the depth. 16 words of a row are held at a time, which are two
// products deep in either precision; the next 16 are in registers meanwhile.
//
// Layout of a product, by PTX: lane = 4 * group + t. Words of A: (group, t), (group + 8, t), (group, t + 4), (group + 8, t + 4);
// of B: (t, group), (t + 4, group); C: (group, 2t), (group, 2t + 1), (group + 8, 2t), (group + 8, 2t + 1).
#pragma once

#include "matrix.cuh"

namespace rondo {

constexpr int TENSOR_ROWS = 128;
constexpr int TENSOR_COLUMNS = 64;
constexpr int TENSOR_WORDS = 16;
constexpr int TENSOR_PITCH = TENSOR_WORDS + 4;

// Where a word lies in a tile of so many outer rows, which run as they do in memory: words of a row with 20 from row to row, or
// rows of a word with 8 more than there are from word to word. The 32 words of a fragment lie in 32 banks either way, and in
// the latter so do those that a warp deposits.
template <bool depthFirst, int outerSize> __device__ __forceinline__ int tensorPlace(int row, int word) {
    static_assert(TENSOR_WORDS * (outerSize + 8) <= outerSize * TENSOR_PITCH, "the tile holds either");
    return depthFirst ? row * TENSOR_PITCH + word : word * (outerSize + 8) + row;
}

// The words that one thread of 256 brings for a tile of so many outer rows: along the depth where that is how memory runs.
template <class Precision, bool depthFirst, int outerSize>
__device__ __forceinline__ void tensorFetch(const Operand<depthFirst>& operand, int outer, int k,
                                            typename Precision::Fetched (&piece)[outerSize / 16]) {
#pragma unroll
    for (int i = 0; i < outerSize / 16; i++) {
        int at = i * 256 + static_cast<int>(threadIdx.x);
        int row = depthFirst ? at / TENSOR_WORDS : at % outerSize, word = depthFirst ? at % TENSOR_WORDS : at / outerSize;
        piece[i] = Precision::fetch(operand, outer + row, k + word * Precision::DEPTH);
    }
}

template <class Precision, bool depthFirst, int outerSize>
__device__ __forceinline__ void tensorDeposit(unsigned (&tile)[Precision::PLANES][outerSize * TENSOR_PITCH],
                                              const typename Precision::Fetched (&piece)[outerSize / 16]) {
#pragma unroll
    for (int i = 0; i < outerSize / 16; i++) {
        int at = i * 256 + static_cast<int>(threadIdx.x);
        int row = depthFirst ? at / TENSOR_WORDS : at % outerSize, word = depthFirst ? at % TENSOR_WORDS : at / outerSize;
        unsigned planes[Precision::PLANES];
        Precision::split(piece[i], planes);
#pragma unroll
        for (int plane = 0; plane < Precision::PLANES; plane++) {
            tile[plane][tensorPlace<depthFirst, outerSize>(row, word)] = planes[plane];
        }
    }
}

// Precision: DEPTH numbers to a word, PLANES words for what a word of memory becomes, fetch, split, and
// multiply(d, a of all planes, b of all planes) with d += a b.
template <class Precision, bool aDepthFirst, bool bDepthFirst>
__device__ __forceinline__ void tensorProduct(const float* a, long long aRow, const float* b, long long bRow, float* c,
                                              long long cRow, int m, int n, int k, int accumulate, int depthPerPart,
                                              long long partStride) {
    constexpr int PLANES = Precision::PLANES;
    constexpr int STEP = TENSOR_WORDS * Precision::DEPTH;
    SHARED_ARRAY(unsigned, tileA, [PLANES][TENSOR_ROWS * TENSOR_PITCH]);
    SHARED_ARRAY(unsigned, tileB, [PLANES][TENSOR_COLUMNS * TENSOR_PITCH]);
    Part part = partOf(c, k, depthPerPart, partStride);
    Operand<aDepthFirst> left = {a, aRow, m, part.end};
    Operand<bDepthFirst> right = {b, bRow, n, part.end};
    int firstRow = static_cast<int>(blockIdx.y) * TENSOR_ROWS;
    int firstColumn = static_cast<int>(blockIdx.x) * TENSOR_COLUMNS;
    int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
    int group = lane / 4, t = lane % 4, row = warp / 2 * 32, column = warp % 2 * 32;
    typename Precision::Fetched pieceA[TENSOR_ROWS / 16], pieceB[TENSOR_COLUMNS / 16];
    tensorFetch<Precision, aDepthFirst, TENSOR_ROWS>(left, firstRow, part.first, pieceA);
    tensorFetch<Precision, bDepthFirst, TENSOR_COLUMNS>(right, firstColumn, part.first, pieceB);
    auto placeA = [](int row, int word) { return tensorPlace<aDepthFirst, TENSOR_ROWS>(row, word); };
    auto placeB = [](int row, int word) { return tensorPlace<bDepthFirst, TENSOR_COLUMNS>(row, word); };
    float sums[2][4][4] = {};
    for (int at = part.first; at < part.end; at += STEP) {
        tensorDeposit<Precision, aDepthFirst, TENSOR_ROWS>(tileA, pieceA);
        tensorDeposit<Precision, bDepthFirst, TENSOR_COLUMNS>(tileB, pieceB);
        __syncthreads();
        if (at + STEP < part.end) {
            tensorFetch<Precision, aDepthFirst, TENSOR_ROWS>(left, firstRow, at + STEP, pieceA);
            tensorFetch<Precision, bDepthFirst, TENSOR_COLUMNS>(right, firstColumn, at + STEP, pieceB);
        }
#pragma unroll
        for (int word = t; word < TENSOR_WORDS; word += 8) {
            unsigned fromB[4][PLANES][2];
#pragma unroll
            for (int j = 0; j < 4; j++) {
#pragma unroll
                for (int plane = 0; plane < PLANES; plane++) {
                    fromB[j][plane][0] = tileB[plane][placeB(column + j * 8 + group, word)];
                    fromB[j][plane][1] = tileB[plane][placeB(column + j * 8 + group, word + 4)];
                }
            }
#pragma unroll
            for (int i = 0; i < 2; i++) {
                unsigned fromA[PLANES][4];
#pragma unroll
                for (int plane = 0; plane < PLANES; plane++) {
                    fromA[plane][0] = tileA[plane][placeA(row + i * 16 + group, word)];
                    fromA[plane][1] = tileA[plane][placeA(row + i * 16 + group + 8, word)];
                    fromA[plane][2] = tileA[plane][placeA(row + i * 16 + group, word + 4)];
                    fromA[plane][3] = tileA[plane][placeA(row + i * 16 + group + 8, word + 4)];
                }
#pragma unroll
                for (int j = 0; j < 4; j++) {
                    Precision::multiply(sums[i][j], fromA, fromB[j]);
                }
            }
        }
        __syncthreads();
    }
#pragma unroll
    for (int i = 0; i < 2; i++) {
#pragma unroll
        for (int j = 0; j < 4; j++) {
#pragma unroll
            for (int element = 0; element < 4; element++) {
                int toRow = firstRow + row + i * 16 + group + element / 2 * 8;
                int toColumn = firstColumn + column + j * 8 + t * 2 + element % 2;
                if (toRow < m && toColumn < n) {
                    store(part.c + toRow * cRow + toColumn, sums[i][j][element], accumulate);
                }
            }
        }
    }
}

} // namespace rondo

// Launch bounds of the kernels: two blocks on a multiprocessor wherever 128 registers are enough.
#define TENSOR_BLOCK 256
#define TENSOR_TWO_BLOCKS 256, 2
