// Matrix products in FP32, for large matrices: C = A B or C += A B, in three forms. Row-major; pitches in floats.
//   nt: A [M, K], B [N, K]: C = A B^T     x W^T, h U^T
//   nn: A [M, K], B [K, N]: C = A B       da W, da U
//   tn: A [K, M], B [K, N]: C = A^T B     da^T x, da^T h
// M, N and K leave room for a tile: at most 2^31 - 256. Offsets are computed in 64 bits.
// True FFMA; each element of C is summed in the order of k, so equal arguments give equal bits.
//
// For a long depth and a small C (weight gradients: K = T*N) the depth is cut into parts: the blocks with blockIdx.z = p sum
// up k in [p * depthPerPart, (p + 1) * depthPerPart) into C + p * partStride, and rondo_product_sum_parts adds the parts in
// their order. Without parts: grid z 1, depthPerPart K.
//
// One thread: 8 x 8 elements of C, as four quarters of 4 x 4 at a distance of 64, so that neighbours read neighbours.
// A block: a tile of 128 x 128, depth 8 at a time in shared memory, the next 8 in registers meanwhile.
// Launch: blocks of 256, grid ceil(N / 128) x ceil(M / 128) x parts (y at most 65535).
// Equals Products.multiplyAdd (nt), multiplyTransposedAdd (nn) and outerAdd (tn) of the oracle, for many vectors.
#include "matrix.cuh"

namespace {

constexpr int TILE = 128;
constexpr int DEPTH = 8;
// Keeps 16 bytes alignment, and puts the two groups of a transposing store into different banks.
constexpr int PITCH = TILE + 4;

// Reads the piece of a tile that this thread brings: four neighbours.
template <bool depthFirst>
__device__ __forceinline__ void fetch(const rondo::Operand<depthFirst>& operand, int outer, int k,
                                      bool aligned, float (&piece)[4]) {
    int thread = static_cast<int>(threadIdx.x);
    if (depthFirst) {
        operand.four(outer + thread / 2, k + thread % 2 * 4, aligned, piece);
    } else {
        operand.four(outer + thread % 32 * 4, k + thread / 32, aligned, piece);
    }
}

// Puts it into the tile [k][outer].
template <bool depthFirst> __device__ __forceinline__ void deposit(float (&tile)[DEPTH][PITCH], const float (&piece)[4]) {
    int thread = static_cast<int>(threadIdx.x);
    if (depthFirst) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            tile[thread % 2 * 4 + i][thread / 2] = piece[i];
        }
    } else {
        *reinterpret_cast<float4*>(&tile[thread / 32][thread % 32 * 4]) =
            make_float4(piece[0], piece[1], piece[2], piece[3]);
    }
}

// Eight elements of a row of a tile: four at the place, four 64 further on.
__device__ __forceinline__ void eight(const float* row, float (&out)[8]) {
    float4 near = *reinterpret_cast<const float4*>(row), far = *reinterpret_cast<const float4*>(row + TILE / 2);
    out[0] = near.x;
    out[1] = near.y;
    out[2] = near.z;
    out[3] = near.w;
    out[4] = far.x;
    out[5] = far.y;
    out[6] = far.z;
    out[7] = far.w;
}

template <bool aDepthFirst, bool bDepthFirst>
__device__ __forceinline__ void product(const float* a, long long aRow, const float* b, long long bRow, float* c,
                                        long long cRow, int m, int n, int k, int accumulate, int depthPerPart,
                                        long long partStride) {
    SHARED_ARRAY(float, tileA, [2][DEPTH][PITCH]);
    SHARED_ARRAY(float, tileB, [2][DEPTH][PITCH]);
    rondo::Part part = rondo::partOf(c, k, depthPerPart, partStride);
    rondo::Operand<aDepthFirst> left = {a, aRow, m, part.end};
    rondo::Operand<bDepthFirst> right = {b, bRow, n, part.end};
    // A part may start anywhere: then runs along the depth are not aligned.
    bool alignedA = left.isAligned() && part.first % 4 == 0, alignedB = right.isAligned() && part.first % 4 == 0;
    int firstRow = static_cast<int>(blockIdx.y) * TILE, firstColumn = static_cast<int>(blockIdx.x) * TILE;
    int row = static_cast<int>(threadIdx.x) / 16 * 4, column = static_cast<int>(threadIdx.x) % 16 * 4;
    float pieceA[4], pieceB[4];
    fetch(left, firstRow, part.first, alignedA, pieceA);
    fetch(right, firstColumn, part.first, alignedB, pieceB);
    float sums[8][8] = {};
    int buffer = 0;
    for (int at = part.first; at < part.end; at += DEPTH) {
        deposit<aDepthFirst>(tileA[buffer], pieceA);
        deposit<bDepthFirst>(tileB[buffer], pieceB);
        __syncthreads();
        if (at + DEPTH < part.end) {
            fetch(left, firstRow, at + DEPTH, alignedA, pieceA);
            fetch(right, firstColumn, at + DEPTH, alignedB, pieceB);
        }
#pragma unroll
        for (int depth = 0; depth < DEPTH; depth++) {
            float fromA[8], fromB[8];
            eight(&tileA[buffer][depth][row], fromA);
            eight(&tileB[buffer][depth][column], fromB);
#pragma unroll
            for (int i = 0; i < 8; i++) {
#pragma unroll
                for (int j = 0; j < 8; j++) {
                    sums[i][j] = fmaf(fromA[i], fromB[j], sums[i][j]);
                }
            }
        }
        buffer ^= 1; // the other one was read before the barrier above
    }
#pragma unroll
    for (int i = 0; i < 8; i++) {
        int toRow = firstRow + row + i % 4 + i / 4 * (TILE / 2);
        if (toRow >= m) {
            continue;
        }
#pragma unroll
        for (int j = 0; j < 8; j++) {
            int toColumn = firstColumn + column + j % 4 + j / 4 * (TILE / 2);
            if (toColumn < n) {
                rondo::store(part.c + toRow * cRow + toColumn, sums[i][j], accumulate);
            }
        }
    }
}

} // namespace

extern "C" __global__ void __launch_bounds__(256, 2)
    rondo_product_nt(const float* a, long long aRow, const float* b, long long bRow, float* c, long long cRow, int m, int n,
                     int k, int accumulate, int depthPerPart, long long partStride) {
    product<true, true>(a, aRow, b, bRow, c, cRow, m, n, k, accumulate, depthPerPart, partStride);
}

extern "C" __global__ void __launch_bounds__(256, 2)
    rondo_product_nn(const float* a, long long aRow, const float* b, long long bRow, float* c, long long cRow, int m, int n,
                     int k, int accumulate, int depthPerPart, long long partStride) {
    product<true, false>(a, aRow, b, bRow, c, cRow, m, n, k, accumulate, depthPerPart, partStride);
}

extern "C" __global__ void __launch_bounds__(256, 2)
    rondo_product_tn(const float* a, long long aRow, const float* b, long long bRow, float* c, long long cRow, int m, int n,
                     int k, int accumulate, int depthPerPart, long long partStride) {
    product<false, false>(a, aRow, b, bRow, c, cRow, m, n, k, accumulate, depthPerPart, partStride);
}

// C [m, n] = or += the sum of parts [count, m, n], part by part. One thread: one element. Launch: one dimension, any shape.
extern "C" __global__ void rondo_product_sum_parts(const float* parts, int count, int m, int n, float* c, long long cRow,
                                                   int accumulate) {
    long long elements = static_cast<long long>(m) * n;
    long long stride = static_cast<long long>(gridDim.x) * blockDim.x;
    for (long long at = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; at < elements; at += stride) {
        float sum = 0;
        for (long long part = 0; part < count; part++) {
            sum += parts[part * elements + at];
        }
        rondo::store(c + at / n * cRow + at % n, sum, accumulate);
    }
}
