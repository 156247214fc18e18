// Matrix products in FP32 where A has few rows, as in the steps of a recurrent network, where they are the rows of the batch:
//   nt: A [M, K], B [N, K]: C = A B^T or C += A B^T     h U^T
//   nn: A [M, K], B [K, N]: C = A B   or C += A B       da U
// Row-major; pitches in floats. True FFMA, in an order that depends on K alone: equal arguments give equal bits.
//
// What matters here is how long one block takes. So a block computes a narrow tile of 32 x 16, and its 8 warps share the depth:
// of every 128 k, each warp takes 16, and their sums are added up at the end, warp by warp. A warp works for itself, without
// barriers of the block, and reads its next 16 while it multiplies.
// One thread: 4 x 4 elements of the tile, over an eighth of the depth.
// Launch: blocks of 256, grid ceil(N / 16) x ceil(M / 32). Any M is right; from about 64 on rondo_product_* is faster.
// Equals Products.multiplyAdd (nt) and multiplyTransposedAdd (nn) of the oracle, for some vectors.
#include "matrix.cuh"

namespace {

constexpr int ROWS = 32;
constexpr int COLUMNS = 16;
constexpr int DEPTH = 16; // of a warp at a time
constexpr int WARPS = 8;
constexpr int PITCH_A = ROWS + 4;
constexpr int PITCH_B = COLUMNS + 4;

// The piece of one lane: groups of four neighbours, group g at (outer, k).
template <bool depthFirst, int outerSize, int groups>
__device__ __forceinline__ void fetch(const rondo::Operand<depthFirst>& operand, int outer, int k,
                                      bool aligned, int lane, float (&piece)[groups][4]) {
#pragma unroll
    for (int g = 0; g < groups; g++) {
        int at = g * 32 + lane;
        if (depthFirst) {
            operand.four(outer + at / (DEPTH / 4), k + at % (DEPTH / 4) * 4, aligned, piece[g]);
        } else {
            operand.four(outer + at % (outerSize / 4) * 4, k + at / (outerSize / 4), aligned, piece[g]);
        }
    }
}

// Puts it into the warp's tile [k][outer].
template <bool depthFirst, int outerSize, int pitch, int groups>
__device__ __forceinline__ void deposit(float (&tile)[DEPTH][pitch], int lane, const float (&piece)[groups][4]) {
#pragma unroll
    for (int g = 0; g < groups; g++) {
        int at = g * 32 + lane;
#pragma unroll
        for (int i = 0; i < 4; i++) {
            if (depthFirst) {
                tile[at % (DEPTH / 4) * 4 + i][at / (DEPTH / 4)] = piece[g][i];
            } else {
                tile[at / (outerSize / 4)][at % (outerSize / 4) * 4 + i] = piece[g][i];
            }
        }
    }
}

template <bool bDepthFirst>
__device__ __forceinline__ void product(const float* a, long long aRow, const float* b, long long bRow, float* c,
                                        long long cRow, int m, int n, int k, int accumulate) {
    SHARED_ARRAY(float, tilesA, [WARPS][DEPTH][PITCH_A]);
    SHARED_ARRAY(float, tilesB, [WARPS][DEPTH][PITCH_B]);
    int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
    auto& tileA = tilesA[warp];
    auto& tileB = tilesB[warp];
    rondo::Operand<true> left = {a, aRow, m, k};
    rondo::Operand<bDepthFirst> right = {b, bRow, n, k};
    bool alignedA = left.isAligned(), alignedB = right.isAligned();
    int firstRow = static_cast<int>(blockIdx.y) * ROWS, firstColumn = static_cast<int>(blockIdx.x) * COLUMNS;
    int row = lane / 4 * 4, column = lane % 4 * 4;
    float pieceA[ROWS * DEPTH / 128][4], pieceB[COLUMNS * DEPTH / 128][4];
    int at = warp * DEPTH;
    fetch<true, ROWS>(left, firstRow, at, alignedA, lane, pieceA);
    fetch<bDepthFirst, COLUMNS>(right, firstColumn, at, alignedB, lane, pieceB);
    float sums[4][4] = {};
    for (; at < k; at += WARPS * DEPTH) {
        deposit<true, ROWS>(tileA, lane, pieceA);
        deposit<bDepthFirst, COLUMNS>(tileB, lane, pieceB);
        __syncwarp();
        if (at + WARPS * DEPTH < k) {
            fetch<true, ROWS>(left, firstRow, at + WARPS * DEPTH, alignedA, lane, pieceA);
            fetch<bDepthFirst, COLUMNS>(right, firstColumn, at + WARPS * DEPTH, alignedB, lane, pieceB);
        }
#pragma unroll
        for (int depth = 0; depth < DEPTH; depth++) {
            float4 fromA = *reinterpret_cast<const float4*>(&tileA[depth][row]);
            float4 fromB = *reinterpret_cast<const float4*>(&tileB[depth][column]);
            float as[4] = {fromA.x, fromA.y, fromA.z, fromA.w}, bs[4] = {fromB.x, fromB.y, fromB.z, fromB.w};
#pragma unroll
            for (int i = 0; i < 4; i++) {
#pragma unroll
                for (int j = 0; j < 4; j++) {
                    sums[i][j] = fmaf(as[i], bs[j], sums[i][j]);
                }
            }
        }
        __syncwarp();
    }
    // The first 512 floats of a warp's A tile now take its sums [32][16].
    static_assert(DEPTH * PITCH_A >= ROWS * COLUMNS, "room for the sums");

#pragma unroll
    for (int i = 0; i < 4; i++) {
#pragma unroll
        for (int j = 0; j < 4; j++) {
            int element = (row + i) * COLUMNS + column + j;
            tileA[element / PITCH_A][element % PITCH_A] = sums[i][j];
        }
    }
    __syncthreads();
    for (int element = static_cast<int>(threadIdx.x); element < ROWS * COLUMNS; element += 32 * WARPS) {
        float sum = 0;
#pragma unroll
        for (int from = 0; from < WARPS; from++) {
            sum += tilesA[from][element / PITCH_A][element % PITCH_A];
        }
        int toRow = firstRow + element / COLUMNS, toColumn = firstColumn + element % COLUMNS;
        if (toRow < m && toColumn < n) {
            rondo::store(c + toRow * cRow + toColumn, sum, accumulate);
        }
    }
}

} // namespace

extern "C" __global__ void __launch_bounds__(256)
    rondo_product_few_rows_nt(const float* a, long long aRow, const float* b, long long bRow, float* c, long long cRow,
                              int m, int n, int k, int accumulate) {
    product<true>(a, aRow, b, bRow, c, cRow, m, n, k, accumulate);
}

extern "C" __global__ void __launch_bounds__(256)
    rondo_product_few_rows_nn(const float* a, long long aRow, const float* b, long long bRow, float* c, long long cRow,
                              int m, int n, int k, int accumulate) {
    product<false>(a, aRow, b, bRow, c, cRow, m, n, k, accumulate);
}
