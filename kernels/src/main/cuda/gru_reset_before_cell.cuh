// The equations of one element of Cell.GRU_RESET_BEFORE, in its letters; the oracle is
// dev.rondo.cpu.reference.GruResetBeforeCell. Blocks of a row of gates: r, z, n. The product with U_n needs p of all units, so
// either pass is cut in two there.
#pragma once

#include "activations.cuh"

namespace rondo {

// Before the product with U_n: r and z are activated, p = r * h is what U_n multiplies.
__device__ __forceinline__ float gruResetBeforeForwardReset(float& r, float& z, float h) {
    r = sigmoid(r);
    z = sigmoid(z);
    return r * h;
}

// After it: n is activated. Gives h'.
__device__ __forceinline__ float gruResetBeforeForward(float z, float& n, float h) {
    n = tanhf(n);
    return (1.0f - z) * n + z * h;
}

// Before the product with U_n^T: z and n become da_z and da_n. Gives dh' * z, a part of the gradient by the h before.
__device__ __forceinline__ float gruResetBeforeBackward(float& z, float& n, float h, float dhNext) {
    float dN = dhNext * (1.0f - z);
    float dZ = dhNext * (h - n);
    float dh = dhNext * z;
    n = dN * dTanh(n);
    z = dZ * dSigmoid(z);
    return dh;
}

// After it, dp = U_n^T da_n: r becomes da_r. Gives dp * r, a part of the gradient by the h before.
__device__ __forceinline__ float gruResetBeforeBackwardReset(float& r, float h, float dp) {
    float dR = dp * h;
    float dh = dp * r;
    r = dR * dSigmoid(r);
    return dh;
}

} // namespace rondo
