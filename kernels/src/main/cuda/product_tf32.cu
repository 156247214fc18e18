// Matrix products on tensor cores with TF32 (8 bits of exponent, 10 of mantissa), summed in float32; forms, parameters and parts
// as in product.cu, the tile as in product_tensor.cuh.
//   tf32:   a and b are rounded to TF32: relative error of a term up to 2^-10
//   3xtf32: a = a1 + a2 with a1 and a2 in TF32, likewise b; a b = a1 b1 + (a1 b2 + a2 b1), about the accuracy of FP32
//           Products with an infinity are NaN here: it has no a2, and infinity times b2 = 0 is none either.
//
// Launch: blocks of 256, grid ceil(N / 64) x ceil(M / 128) x parts. Compute capability 8.0 and newer; below, the kernels trap.
// Equals Products.multiplyAdd (nt), multiplyTransposedAdd (nn) and outerAdd (tn) of the oracle, within that error.
#include "product_tensor.cuh"

namespace {

struct Tf32 {
    static constexpr int DEPTH = 1;
    static constexpr int PLANES = 1;
    using Fetched = float;

    template <class Operand> static __device__ __forceinline__ float fetch(const Operand& operand, int outer, int k) {
        return operand.at(outer, k);
    }
    static __device__ __forceinline__ void split(float value, unsigned (&planes)[1]) {
        planes[0] = __float_as_uint(to_tf32(value));
    }
    static __device__ __forceinline__ void multiply(float (&d)[4], const unsigned (&a)[1][4], const unsigned (&b)[1][2]) {
        mma_m16n8k8_tf32(d, a[0], b[0], d);
    }
};

struct ThreeTf32 {
    static constexpr int DEPTH = 1;
    static constexpr int PLANES = 2;
    using Fetched = float;

    template <class Operand> static __device__ __forceinline__ float fetch(const Operand& operand, int outer, int k) {
        return operand.at(outer, k);
    }
    static __device__ __forceinline__ void split(float value, unsigned (&planes)[2]) {
        float whole = to_tf32(value);
        planes[0] = __float_as_uint(whole);
        planes[1] = __float_as_uint(to_tf32(value - whole));
    }
    // The small terms first; the sum of 8 products in a fragment of its own, and this to the others in float32. Tensor cores cut
    // off what they add up, always towards zero: sums of thousands of terms would get a bias of that many halves of their last
    // bit.
    static __device__ __forceinline__ void multiply(float (&d)[4], const unsigned (&a)[2][4], const unsigned (&b)[2][2]) {
        float sum[4] = {};
        mma_m16n8k8_tf32(sum, a[1], b[0], sum);
        mma_m16n8k8_tf32(sum, a[0], b[1], sum);
        mma_m16n8k8_tf32(sum, a[0], b[0], sum);
#pragma unroll
        for (int i = 0; i < 4; i++) {
            d[i] += sum[i];
        }
    }
};

} // namespace

#define RONDO_PRODUCT(name, Precision, aDepthFirst, bDepthFirst, bounds)                                               \
    extern "C" __global__ void __launch_bounds__(bounds)                                                               \
        name(const float* a, long long aRow, const float* b, long long bRow, float* c, long long cRow, int m, int n,   \
             int k, int accumulate, int depthPerPart, long long partStride) {                                          \
        rondo::tensorProduct<Precision, aDepthFirst, bDepthFirst>(a, aRow, b, bRow, c, cRow, m, n, k, accumulate,      \
                                                                  depthPerPart, partStride);                           \
    }

RONDO_PRODUCT(rondo_product_tf32_nt, Tf32, true, true, TENSOR_TWO_BLOCKS)
RONDO_PRODUCT(rondo_product_tf32_nn, Tf32, true, false, TENSOR_TWO_BLOCKS)
RONDO_PRODUCT(rondo_product_tf32_tn, Tf32, false, false, TENSOR_BLOCK)
RONDO_PRODUCT(rondo_product_3xtf32_nt, ThreeTf32, true, true, TENSOR_BLOCK)
RONDO_PRODUCT(rondo_product_3xtf32_nn, ThreeTf32, true, false, TENSOR_BLOCK)
RONDO_PRODUCT(rondo_product_3xtf32_tn, ThreeTf32, false, false, TENSOR_BLOCK)
