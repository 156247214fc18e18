// Matrix products on tensor cores with BF16 (8 bits of exponent, 7 of mantissa), float32 in and out and summed in float32: a and
// b are rounded to nearest on their way into shared memory, relative error of a term up to 2^-7. Forms, parameters and parts
// as in product.cu, the tile as in product_tensor.cuh.
//
// Launch: blocks of 256, grid ceil(N / 64) x ceil(M / 128) x parts. Compute capability 8.0 and newer; below, the kernels trap.
// Equals Products.multiplyAdd (nt), multiplyTransposedAdd (nn) and outerAdd (tn) of the oracle, within that error.
#include "product_tensor.cuh"

namespace {

struct Bf16 {
    static constexpr int DEPTH = 2;
    static constexpr int PLANES = 1;
    using Fetched = unsigned;

    // Two neighbours along the depth, the first in the lower half.
    template <class Operand> static __device__ __forceinline__ unsigned fetch(const Operand& operand, int outer, int k) {
        unsigned low = to_bfloat16(operand.at(outer, k)).bits, high = to_bfloat16(operand.at(outer, k + 1)).bits;
        return low | high << 16;
    }
    static __device__ __forceinline__ void split(unsigned word, unsigned (&planes)[1]) { planes[0] = word; }
    static __device__ __forceinline__ void multiply(float (&d)[4], const unsigned (&a)[1][4], const unsigned (&b)[1][2]) {
        mma_m16n8k16_bf16(d, a[0], b[0], d);
    }
};

} // namespace

#define RONDO_PRODUCT(name, aDepthFirst, bDepthFirst, bounds)                                                          \
    extern "C" __global__ void __launch_bounds__(bounds)                                                               \
        name(const float* a, long long aRow, const float* b, long long bRow, float* c, long long cRow, int m, int n,   \
             int k, int accumulate, int depthPerPart, long long partStride) {                                          \
        rondo::tensorProduct<Bf16, aDepthFirst, bDepthFirst>(a, aRow, b, bRow, c, cRow, m, n, k, accumulate,           \
                                                             depthPerPart, partStride);                                \
    }

RONDO_PRODUCT(rondo_product_bf16_nt, true, true, TENSOR_TWO_BLOCKS)
RONDO_PRODUCT(rondo_product_bf16_nn, true, false, TENSOR_BLOCK)
RONDO_PRODUCT(rondo_product_bf16_tn, false, false, TENSOR_BLOCK)
