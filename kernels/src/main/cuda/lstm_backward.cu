// One step of an LSTM for all rows of the batch, backwards: Cell.LSTM.
//   dc'' = dc' + dh' * o * (1 - tanh(c')^2)      da_o = dh' * tanh(c') * o * (1 - o)
//   da_i = dc'' * g * i * (1 - i)                da_f = dc'' * c * f * (1 - f)
//   da_g = dc'' * i * (1 - g^2)                  dc = dc'' * f
//
// gates     [N, 4H]  blocks i, f, g, o. In: the activations. Out: the gradients by the pre-activations, 0 past the lengths
// c, cNext  [N, H]   the cell states before and after the step
// dh        [N, H]   in: the gradient by the h after the step, without dy. Out: 0 at valid steps; the product with U^T adds to it
// dc        [N, H]   in: the gradient by c'. Out: by c. Past the lengths dh and dc stay as they are
// dy        [T, N, dyRow] gradient by the outputs in the order of time, at this direction's first column; or null
// lengths   [N]      or null: all rows are full
// reverse   whether the steps run against time
//
// One thread: one unit of one row. Launch: one dimension, any grid and block; 256 threads and ceil(N*H / 256) blocks.
// Equals LstmCell.backward of the oracle before its products.
#include "lstm_cell.cuh"
#include "output_gradient.cuh"

extern "C" __global__ void rondo_lstm_backward(float* gates, const float* c, const float* cNext, float* dh, float* dc,
                                               const float* dy, int dyRow, const int* lengths, int reverse, int s,
                                               int steps, int batch, int hidden) {
    long long units = static_cast<long long>(batch) * hidden;
    for (long long at = rondo::firstElement(); at < units; at += rondo::elementStride()) {
        rondo::Element unit = rondo::elementOf(at, hidden);
        float* i = gates + unit.row * 4 * hidden + unit.column;
        float* f = i + hidden;
        float* g = f + hidden;
        float* o = g + hidden;
        rondo::LstmGates da = {0, 0, 0, 0};
        if (rondo::isValid(lengths, unit.row, s)) {
            float dhNext = dh[at] +
                         rondo::outputGradient(dy, dyRow, lengths, reverse, s, steps, batch, unit.row, unit.column);
            float dC = dc[at];
            da = rondo::lstmBackward({*i, *f, *g, *o}, c[at], cNext[at], dhNext, dC);
            dh[at] = 0;
            dc[at] = dC;
        }
        *i = da.i;
        *f = da.f;
        *g = da.g;
        *o = da.o;
    }
}
