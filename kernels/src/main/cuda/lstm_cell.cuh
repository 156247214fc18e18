// The equations of one element of Cell.LSTM, in its letters; the oracle is dev.rondo.cpu.reference.LstmCell.
// Blocks of a row of gates: i, f, g, o.
#pragma once

#include "activations.cuh"

namespace rondo {

struct LstmGates {
    float i, f, g, o;
};

// From pre-activations to activations.
__device__ __forceinline__ LstmGates lstmActivate(LstmGates a) {
    return {sigmoid(a.i), sigmoid(a.f), tanhf(a.g), sigmoid(a.o)};
}

// c' and h' from the activations and the c before.
__device__ __forceinline__ void lstmForward(LstmGates gates, float c, float& cNext, float& hNext) {
    cNext = gates.f * c + gates.i * gates.g;
    hNext = gates.o * tanhf(cNext);
}

// The gradients by the pre-activations; dc comes in as dc' and leaves as the gradient by the c before. The gradient by the h
// before comes from U alone.
__device__ __forceinline__ LstmGates lstmBackward(LstmGates gates, float c, float cNext, float dhNext, float& dc) {
    float tanhC = tanhf(cNext);
    float dO = dhNext * tanhC;
    float dC = dc + dhNext * gates.o * dTanh(tanhC); // dc''
    float dI = dC * gates.g;
    float dF = dC * c;
    float dG = dC * gates.i;
    dc = dC * gates.f;
    return {dI * dSigmoid(gates.i), dF * dSigmoid(gates.f), dG * dTanh(gates.g), dO * dSigmoid(gates.o)};
}

} // namespace rondo
