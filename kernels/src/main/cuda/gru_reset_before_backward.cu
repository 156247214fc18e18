// One step of a GRU with the reset gate before the product, for all rows of the batch, backwards: Cell.GRU_RESET_BEFORE.
// The two kernels stand before and after the product dp = U_n^T da_n.
//   da_n = dh' * (1 - z) * (1 - n^2)      da_z = dh' * (h - n) * z * (1 - z)
//   da_r = dp * h * r * (1 - r)           dh = dh' * z + dp * r + U_r^T da_r + U_z^T da_z
//
// gates   [N, 3H]  blocks r, z, n. In: the activations. Out: the gradients by the pre-activations, 0 past the lengths
//                  (z and n from the first kernel, r from the second)
// h       [N, H]   the states before the step
// dh      [N, H]   in: the gradient by the h after the step, without dy. Out: dh' * z from the first kernel, + dp * r from the
//                  second; the product with U_r^T and U_z^T adds to it. Past the lengths it stays as it is
// dp      [N, H]   read by the second kernel
// dy      [T, N, dyRow] gradient by the outputs in the order of time, at this direction's first column; or null
// lengths [N]      or null: all rows are full
// reverse whether the steps run against time
//
// One thread: one unit of one row. Launch: one dimension, any grid and block; 256 threads and ceil(N*H / 256) blocks.
// Together they equal GruResetBeforeCell.backward of the oracle without its products.
#include "gru_reset_before_cell.cuh"
#include "output_gradient.cuh"

extern "C" __global__ void rondo_gru_reset_before_backward(float* gates, const float* h, float* dh, const float* dy,
                                                           int dyRow, const int* lengths, int reverse, int s, int steps,
                                                           int batch, int hidden) {
    long long units = static_cast<long long>(batch) * hidden;
    for (long long at = rondo::firstElement(); at < units; at += rondo::elementStride()) {
        rondo::Element unit = rondo::elementOf(at, hidden);
        float* z = gates + unit.row * 3 * hidden + hidden + unit.column;
        float* n = z + hidden;
        if (rondo::isValid(lengths, unit.row, s)) {
            float dhNext = dh[at] +
                         rondo::outputGradient(dy, dyRow, lengths, reverse, s, steps, batch, unit.row, unit.column);
            dh[at] = rondo::gruResetBeforeBackward(*z, *n, h[at], dhNext);
        } else {
            *z = 0;
            *n = 0;
        }
    }
}

extern "C" __global__ void rondo_gru_reset_before_backward_reset(float* gates, const float* h, const float* dp, float* dh,
                                                                 const int* lengths, int s, int batch, int hidden) {
    long long units = static_cast<long long>(batch) * hidden;
    for (long long at = rondo::firstElement(); at < units; at += rondo::elementStride()) {
        rondo::Element unit = rondo::elementOf(at, hidden);
        float* r = gates + unit.row * 3 * hidden + unit.column;
        if (rondo::isValid(lengths, unit.row, s)) {
            dh[at] += rondo::gruResetBeforeBackwardReset(*r, h[at], dp[at]);
        } else {
            *r = 0;
        }
    }
}
