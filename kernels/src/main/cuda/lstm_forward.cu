// One step of an LSTM for all rows of the batch: Cell.LSTM, forward.
//   c' = f * c + i * g        h' = o * tanh(c')
//
// gates      [N, 4H]  blocks i, f, g, o. In: W x + b + U h + u. Out: the activations, at valid steps
// c, h       [N, H]   the states before the step
// cNext, hNext [N, H] the states after it; may be c and h themselves. A row whose length is reached keeps its state
// lengths    [N]      or null: all rows are full
//
// One thread: one unit of one row. Launch: one dimension, any grid and block; 256 threads and ceil(N*H / 256) blocks.
// Equals LstmCell.forward of the oracle after its products.
#include "indexing.cuh"
#include "lstm_cell.cuh"

extern "C" __global__ void rondo_lstm_forward(float* gates, const float* c, const float* h, float* cNext, float* hNext,
                                              const int* lengths, int s, int batch, int hidden) {
    long long units = static_cast<long long>(batch) * hidden;
    for (long long at = rondo::firstElement(); at < units; at += rondo::elementStride()) {
        rondo::Element unit = rondo::elementOf(at, hidden);
        if (!rondo::isValid(lengths, unit.row, s)) {
            cNext[at] = c[at];
            hNext[at] = h[at];
            continue;
        }
        float* i = gates + unit.row * 4 * hidden + unit.column;
        float* f = i + hidden;
        float* g = f + hidden;
        float* o = g + hidden;
        rondo::LstmGates active = rondo::lstmActivate({*i, *f, *g, *o});
        rondo::lstmForward(active, c[at], cNext[at], hNext[at]);
        *i = active.i;
        *f = active.f;
        *g = active.g;
        *o = active.o;
    }
}
