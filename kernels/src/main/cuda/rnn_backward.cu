// One step of an Elman network for all rows of the batch, backwards: Cell.RNN_TANH and Cell.RNN_RELU.
//   da = dh' * (1 - h'^2)   or   da = dh' where h' > 0, else 0        dh = U^T da
//
// gates   [N, H]  out: da, 0 past the lengths
// hNext   [N, H]  the states after the step
// dh      [N, H]  in: the gradient by the h after the step, without dy. Out: 0 at valid steps; the product with U^T adds to it.
//                 Past the lengths it stays as it is
// dy      [T, N, dyRow] gradient by the outputs in the order of time, at this direction's first column; or null
// lengths [N]     or null: all rows are full
// reverse whether the steps run against time
//
// One thread: one unit of one row. Launch: one dimension, any grid and block; 256 threads and ceil(N*H / 256) blocks.
// Equals RnnCell.backward of the oracle before its products.
#include "output_gradient.cuh"
#include "rnn_cell.cuh"

namespace {

template <class Cell>
__device__ __forceinline__ void backward(float* gates, const float* hNext, float* dh, const float* dy, int dyRow,
                                         const int* lengths, int reverse, int s, int steps, int batch, int hidden) {
    long long units = static_cast<long long>(batch) * hidden;
    for (long long at = rondo::firstElement(); at < units; at += rondo::elementStride()) {
        rondo::Element unit = rondo::elementOf(at, hidden);
        float da = 0;
        if (rondo::isValid(lengths, unit.row, s)) {
            float dhNext = dh[at] +
                         rondo::outputGradient(dy, dyRow, lengths, reverse, s, steps, batch, unit.row, unit.column);
            da = Cell::backward(hNext[at], dhNext);
            dh[at] = 0;
        }
        gates[at] = da;
    }
}

} // namespace

extern "C" __global__ void rondo_rnn_tanh_backward(float* gates, const float* hNext, float* dh, const float* dy, int dyRow,
                                                   const int* lengths, int reverse, int s, int steps, int batch,
                                                   int hidden) {
    backward<rondo::RnnTanh>(gates, hNext, dh, dy, dyRow, lengths, reverse, s, steps, batch, hidden);
}

extern "C" __global__ void rondo_rnn_relu_backward(float* gates, const float* hNext, float* dh, const float* dy, int dyRow,
                                                   const int* lengths, int reverse, int s, int steps, int batch,
                                                   int hidden) {
    backward<rondo::RnnRelu>(gates, hNext, dh, dy, dyRow, lengths, reverse, s, steps, batch, hidden);
}
