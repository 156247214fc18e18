// One step of a GRU for all rows of the batch, backwards: Cell.GRU.
//   da_n = dh' * (1 - z) * (1 - n^2)      da_z = dh' * (h - n) * z * (1 - z)
//   da_r = da_n * q * r * (1 - r)         dq = da_n * r            dh = dh' * z + U^T (da_r, da_z, dq)
//
// gates   [N, 4H]  blocks r, z, q, n. In: as gru_forward left them. Out: da_r, da_z, dq, da_n, 0 past the lengths. So the first
//                  three blocks go with U and u, and r, z and n with W and b
// h       [N, H]   the states before the step
// dh      [N, H]   in: the gradient by the h after the step, without dy. Out: dh' * z; the product with U^T adds to it.
//                  Past the lengths it stays as it is
// dy      [T, N, dyRow] gradient by the outputs in the order of time, at this direction's first column; or null
// lengths [N]      or null: all rows are full
// reverse whether the steps run against time
//
// One thread: one unit of one row. Launch: one dimension, any grid and block; 256 threads and ceil(N*H / 256) blocks.
// Equals GruCell.backward of the oracle before its products.
#include "gru_cell.cuh"
#include "output_gradient.cuh"

extern "C" __global__ void rondo_gru_backward(float* gates, const float* h, float* dh, const float* dy, int dyRow,
                                              const int* lengths, int reverse, int s, int steps, int batch, int hidden) {
    long long units = static_cast<long long>(batch) * hidden;
    for (long long at = rondo::firstElement(); at < units; at += rondo::elementStride()) {
        rondo::Element unit = rondo::elementOf(at, hidden);
        float* r = gates + unit.row * 4 * hidden + unit.column;
        float* z = r + hidden;
        float* q = z + hidden;
        float* n = q + hidden;
        rondo::GruGates da = {0, 0, 0, 0};
        if (rondo::isValid(lengths, unit.row, s)) {
            float dH = dh[at] +
                         rondo::outputGradient(dy, dyRow, lengths, reverse, s, steps, batch, unit.row, unit.column);
            da = rondo::gruBackward({*r, *z, *q, *n}, h[at], dH);
            dh[at] = dH;
        }
        *r = da.r;
        *z = da.z;
        *q = da.q;
        *n = da.n;
    }
}
