// One step of a GRU for all rows of the batch: Cell.GRU, forward.
//   n = tanh(W_n x + b_n + r * q)        h' = (1 - z) * n + z * h
//
// gates    [N, 4H]  blocks r, z, q, n. In: r and z: W x + b + U h + u; q: U_n h + u_n; n: W_n x + b_n.
//                   Out: the activations r, z, n, and q as it was, at valid steps
// h, hNext [N, H]   the states before and after the step; may be the same. A row whose length is reached keeps its state
// lengths  [N]      or null: all rows are full
//
// One thread: one unit of one row. Launch: one dimension, any grid and block; 256 threads and ceil(N*H / 256) blocks.
// Equals GruCell.forward of the oracle after its products.
#include "gru_cell.cuh"
#include "indexing.cuh"

extern "C" __global__ void rondo_gru_forward(float* gates, const float* h, float* hNext, const int* lengths, int s,
                                             int batch, int hidden) {
    long long units = static_cast<long long>(batch) * hidden;
    for (long long at = rondo::firstElement(); at < units; at += rondo::elementStride()) {
        rondo::Element unit = rondo::elementOf(at, hidden);
        if (!rondo::isValid(lengths, unit.row, s)) {
            hNext[at] = h[at];
            continue;
        }
        float* r = gates + unit.row * 4 * hidden + unit.column;
        float* z = r + hidden;
        float* q = z + hidden;
        float* n = q + hidden;
        rondo::GruGates active = rondo::gruActivate({*r, *z, *q, *n});
        hNext[at] = rondo::gruForward(active, h[at]);
        *r = active.r;
        *z = active.z;
        *n = active.n;
    }
}
