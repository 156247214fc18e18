// One step of an Elman network for all rows of the batch: Cell.RNN_TANH and Cell.RNN_RELU, forward.
//   h' = tanh(a)   or   h' = max(0, a)        a = W x + b + U h + u
//
// gates    [N, H]  a, read; backward takes h' from the states
// h, hNext [N, H]  the states before and after the step; may be the same. A row whose length is reached keeps its state
// lengths  [N]     or null: all rows are full
//
// One thread: one unit of one row. Launch: one dimension, any grid and block; 256 threads and ceil(N*H / 256) blocks.
// Equals RnnCell.forward of the oracle after its products.
#include "indexing.cuh"
#include "rnn_cell.cuh"

namespace {

template <class Cell>
__device__ __forceinline__ void forward(const float* gates, const float* h, float* hNext, const int* lengths, int s,
                                        int batch, int hidden) {
    long long units = static_cast<long long>(batch) * hidden;
    for (long long at = rondo::firstElement(); at < units; at += rondo::elementStride()) {
        long long row = rondo::elementOf(at, hidden).row;
        hNext[at] = rondo::isValid(lengths, row, s) ? Cell::forward(gates[at]) : h[at];
    }
}

} // namespace

extern "C" __global__ void rondo_rnn_tanh_forward(const float* gates, const float* h, float* hNext, const int* lengths,
                                                  int s, int batch, int hidden) {
    forward<rondo::RnnTanh>(gates, h, hNext, lengths, s, batch, hidden);
}

extern "C" __global__ void rondo_rnn_relu_forward(const float* gates, const float* h, float* hNext, const int* lengths,
                                                  int s, int batch, int hidden) {
    forward<rondo::RnnRelu>(gates, h, hNext, lengths, s, batch, hidden);
}
