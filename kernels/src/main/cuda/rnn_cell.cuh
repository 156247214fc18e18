// The equations of one element of Cell.RNN_TANH and Cell.RNN_RELU; the oracle is dev.rondo.cpu.reference.RnnCell.
#pragma once

#include "activations.cuh"

namespace rondo {

struct RnnTanh {
    // h'.
    static __device__ __forceinline__ float forward(float a) { return tanhf(a); }
    // da, from h' and dh'.
    static __device__ __forceinline__ float backward(float hNext, float dhNext) { return dhNext * dTanh(hNext); }
};

struct RnnRelu {
    // Written so that NaN stays NaN.
    static __device__ __forceinline__ float forward(float a) { return a <= 0.0f ? 0.0f : a; }
    // Zero times an infinite gradient is NaN, as in the oracle.
    static __device__ __forceinline__ float backward(float hNext, float dhNext) {
        return (hNext > 0.0f ? 1.0f : 0.0f) * dhNext;
    }
};

} // namespace rondo
