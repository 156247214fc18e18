// One step of a GRU with the reset gate before the product, for all rows of the batch: Cell.GRU_RESET_BEFORE, forward.
// The two kernels stand before and after the product that adds U_n p to the block n.
//   p = r * h        n = tanh(W_n x + b_n + U_n p + u_n)        h' = (1 - z) * n + z * h
//
// gates    [N, 3H]  blocks r, z, n. In: W x + b + u, and U h in r and z (first kernel), U_n p in n (second kernel).
//                   Out: the activations, at valid steps
// h, hNext [N, H]   the states before and after the step; may be the same. A row whose length is reached keeps its state
// p        [N, H]   assigned, 0 past the lengths; backward needs it for dU_n
// lengths  [N]      or null: all rows are full
//
// One thread: one unit of one row. Launch: one dimension, any grid and block; 256 threads and ceil(N*H / 256) blocks.
// Together they equal GruResetBeforeCell.forward of the oracle without its products.
#include "gru_reset_before_cell.cuh"
#include "indexing.cuh"

extern "C" __global__ void rondo_gru_reset_before_forward_reset(float* gates, const float* h, float* p,
                                                                const int* lengths, int s, int batch, int hidden) {
    long long units = static_cast<long long>(batch) * hidden;
    for (long long at = rondo::firstElement(); at < units; at += rondo::elementStride()) {
        rondo::Element unit = rondo::elementOf(at, hidden);
        if (!rondo::isValid(lengths, unit.row, s)) {
            p[at] = 0;
            continue;
        }
        float* r = gates + unit.row * 3 * hidden + unit.column;
        float* z = r + hidden;
        p[at] = rondo::gruResetBeforeForwardReset(*r, *z, h[at]);
    }
}

extern "C" __global__ void rondo_gru_reset_before_forward(float* gates, const float* h, float* hNext,
                                                          const int* lengths, int s, int batch, int hidden) {
    long long units = static_cast<long long>(batch) * hidden;
    for (long long at = rondo::firstElement(); at < units; at += rondo::elementStride()) {
        rondo::Element unit = rondo::elementOf(at, hidden);
        if (!rondo::isValid(lengths, unit.row, s)) {
            hNext[at] = h[at];
            continue;
        }
        float* z = gates + unit.row * 3 * hidden + hidden + unit.column;
        float* n = z + hidden;
        hNext[at] = rondo::gruResetBeforeForward(*z, *n, h[at]);
    }
}
