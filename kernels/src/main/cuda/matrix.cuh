// Matrices of a product as kernels see them: guarded at the edges, in one of two orders.
#pragma once

#include "device_compat.cuh"

namespace rondo {

// An operand with so many outer rows (rows of C for A, columns of C for B) and the depth k, which is summed over.
// depthFirst: element (outer, k) lies at outer * pitch + k, as both operands of the form NT; else at k * pitch + outer.
template <bool depthFirst> struct Operand {
    const float* values;
    long long pitch;
    int outerEnd, depthEnd; // elements outside read as 0

    __device__ __forceinline__ float at(int outer, int k) const {
        if (outer >= outerEnd || k >= depthEnd) {
            return 0.0f;
        }
        return values[depthFirst ? outer * pitch + k : k * pitch + outer];
    }

    // Whether four neighbours can be read at once wherever the first has an index that is a multiple of four.
    __device__ __forceinline__ bool isAligned() const {
        return pitch % 4 == 0 && reinterpret_cast<unsigned long long>(values) % 16 == 0;
    }

    // Four neighbours in memory: (outer, k ... k + 3) if depthFirst, else (outer ... outer + 3, k).
    __device__ __forceinline__ void four(int outer, int k, bool aligned, float (&out)[4]) const {
        bool inside = depthFirst ? outer < outerEnd && k + 3 < depthEnd : outer + 3 < outerEnd && k < depthEnd;
        if (aligned && inside) {
            float4 all = *reinterpret_cast<const float4*>(values + (depthFirst ? outer * pitch + k : k * pitch + outer));
            out[0] = all.x;
            out[1] = all.y;
            out[2] = all.z;
            out[3] = all.w;
            return;
        }
#pragma unroll
        for (int i = 0; i < 4; i++) {
            out[i] = depthFirst ? at(outer, k + i) : at(outer + i, k);
        }
    }
};

// C is assigned, or with accumulate added to.
__device__ __forceinline__ void store(float* c, float value, bool accumulate) { *c = accumulate ? *c + value : value; }

// Which part of the depth the blocks with this blockIdx.z sum up, and where they write.
struct Part {
    int first, end;
    float* c;
};

__device__ __forceinline__ Part partOf(float* c, int depth, int depthPerPart, long long partStride) {
    int part = static_cast<int>(blockIdx.z);
    int first = part * depthPerPart; // a part that would start behind the depth is not launched
    int end = depth - first < depthPerPart ? depth : first + depthPerPart;
    return {first, end, c + part * partStride};
}

} // namespace rondo
