// The equations of one element of Cell.GRU, in its letters; the oracle is dev.rondo.cpu.reference.GruCell.
// Blocks of a row of gates: r, z, q, n. So U h + u, in the order of U's rows, is the first three blocks as they stand; what
// goes in with W x + b is r, z and n. The step needs U, so its product is the one that must not be cut in two.
#pragma once

#include "activations.cuh"

namespace rondo {

struct GruGates {
    float r, z, q, n;
};

// From W x + b (+ U h + u where that is added) to activations; q stays as it is.
__device__ __forceinline__ GruGates gruActivate(GruGates a) {
    float r = sigmoid(a.r);
    return {r, sigmoid(a.z), a.q, tanhf(a.n + r * a.q)};
}

// h'.
__device__ __forceinline__ float gruForward(GruGates gates, float h) {
    return (1.0f - gates.z) * gates.n + gates.z * h;
}

// da_r, da_z, dq, da_n; dh comes in as dh' and leaves as the part of the gradient by the h before that does not go through U.
__device__ __forceinline__ GruGates gruBackward(GruGates gates, float h, float& dh) {
    float dN = dh * (1.0f - gates.z);
    float daN = dN * dTanh(gates.n);
    float dZ = dh * (h - gates.n);
    float dR = daN * gates.q;
    float dQ = daN * gates.r;
    dh = dh * gates.z;
    return {dR * dSigmoid(gates.r), dZ * dSigmoid(gates.z), dQ, daN};
}

} // namespace rondo
