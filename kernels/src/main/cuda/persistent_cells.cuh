// What a persistent kernel has to know of a cell: how many gates multiply U, how many blocks a row of gates has (the first
// GATES of them take U h), which states a step needs, and the equations of the cell headers on an array of blocks.
#pragma once

#include "gru_cell.cuh"
#include "lstm_cell.cuh"
#include "rnn_cell.cuh"

namespace rondo {

struct PersistentLstm {
    static constexpr int GATES = 4, BLOCKS = 4;
    static constexpr bool CELL_STATE = true;       // c beside h
    static constexpr bool SAVES_ACTIVATIONS = true; // backward wants them in gates
    static constexpr bool NEEDS_BEFORE = true, NEEDS_AFTER = true; // backward: c, c'

    // h'; the blocks become activations, c becomes c'.
    static __device__ __forceinline__ float forward(float (&a)[BLOCKS], float, float& c) {
        LstmGates gates = lstmActivate({a[0], a[1], a[2], a[3]});
        a[0] = gates.i, a[1] = gates.f, a[2] = gates.g, a[3] = gates.o;
        float hNext;
        lstmForward(gates, c, c, hNext);
        return hNext;
    }
    // The blocks become gradients by the pre-activations; dh and dc become what of the gradients by h and c does not go
    // through U. before and after: c and c'.
    static __device__ __forceinline__ void backward(float (&a)[BLOCKS], float before, float after, float& dh, float& dc) {
        LstmGates da = lstmBackward({a[0], a[1], a[2], a[3]}, before, after, dh, dc);
        a[0] = da.i, a[1] = da.f, a[2] = da.g, a[3] = da.o;
        dh = 0;
    }
};

struct PersistentGru {
    static constexpr int GATES = 3, BLOCKS = 4; // r, z, q; n has no product
    static constexpr bool CELL_STATE = false, SAVES_ACTIVATIONS = true;
    static constexpr bool NEEDS_BEFORE = true, NEEDS_AFTER = false; // h

    static __device__ __forceinline__ float forward(float (&a)[BLOCKS], float h, float&) {
        GruGates gates = gruActivate({a[0], a[1], a[2], a[3]});
        a[0] = gates.r, a[1] = gates.z, a[2] = gates.q, a[3] = gates.n;
        return gruForward(gates, h);
    }
    static __device__ __forceinline__ void backward(float (&a)[BLOCKS], float before, float, float& dh, float&) {
        GruGates da = gruBackward({a[0], a[1], a[2], a[3]}, before, dh);
        a[0] = da.r, a[1] = da.z, a[2] = da.q, a[3] = da.n;
    }
};

template <class Rnn> struct PersistentRnn {
    static constexpr int GATES = 1, BLOCKS = 1;
    static constexpr bool CELL_STATE = false, SAVES_ACTIVATIONS = false;
    static constexpr bool NEEDS_BEFORE = false, NEEDS_AFTER = true; // h'

    static __device__ __forceinline__ float forward(float (&a)[BLOCKS], float, float&) { return Rnn::forward(a[0]); }
    static __device__ __forceinline__ void backward(float (&a)[BLOCKS], float, float after, float& dh, float&) {
        a[0] = Rnn::backward(after, dh);
        dh = 0;
    }
};

} // namespace rondo
