// All steps of an Elman network in one kernel on the whole device: Cell.RNN_TANH and Cell.RNN_RELU, forward and backward. The
// equations are those of rnn_cell.cuh; how blocks, exchange and product work, and the launch, is in persistent_grid.cuh.
//
// Forward, for each step s:    gates[s] += h[s] U^T, then rnn_forward
//   gates    [T, N, H]    in: W x + b + u. Out: W x + b + U h + u
//   u        [H, H]       the recurrent weights
//   h        [T + 1, N, H] in: slot 0. Out: slots 1 to T; a row whose length is reached keeps its state
//   lengths  [N]          or null: all rows are full
// Backward, from the last step to the first:    rnn_backward, then dh += da U
//   gates    [T, N, H]    out: the gradients by the pre-activations, 0 past the lengths
//   h        [T + 1, N, H] as forward left it
//   dh       [N, H]       in: the gradient by the last state. Out: by the initial one
//   dy       [T, N, dyRow] gradient by the outputs in the order of time, at this direction's first column; or null
//   reverse               whether the steps run against time
//   exchange [slots, N, H] workspace, any contents
//
// Equals, up to the order of sums, the kernels of one step with their products; RnnCell of the oracle.
#include "persistent_grid_passes.cuh"
#include "rnn_cell.cuh"

namespace {

template <class Cell> struct Forward : rondo::grid::ForwardPass<1, 1, 4> {
    struct Inputs {
        float a;
        float h; // before the step, where it stays
        bool valid;
    };

    __device__ __forceinline__ Inputs inputs(int s, long long n, int j) const {
        bool valid = rondo::isValid(lengths, n, s);
        return {*gate(s, n, 0, j), valid ? 0.0f : before(s, n, j), valid};
    }
    __device__ __forceinline__ void update(int s, long long n, int j, const Inputs& in, const float (&sums)[1]) const {
        float a = in.a + sums[0];
        publish(s, n, j, in.valid ? Cell::forward(a) : in.h);
        __stcs(gate(s, n, 0, j), a);
    }
};

template <class Cell> struct Backward : rondo::grid::BackwardPass<1, 1> {
    const float* h;

    struct Inputs {
        float dh; // as the turn before left it
        float hNext, dy;
        bool valid;
    };

    __device__ __forceinline__ Inputs inputs(int turn, long long n, int j) const {
        int s = stepOf(turn);
        float dhBefore = dh[n * hidden + j];
        if (s < 0 || !rondo::isValid(lengths, n, s)) {
            return {dhBefore, 0, 0, false};
        }
        return {dhBefore, h[slot(s + 1, n, j)], outputGradient(s, n, j), true};
    }
    __device__ __forceinline__ void prefetch(int turn, long long n, int j) const {
        prefetchStep<false>(stepOf(turn), n, j, h);
    }
    __device__ __forceinline__ void update(int turn, long long n, int j, const Inputs& in, const float (&sums)[1]) const {
        float dhNext = in.dh + productOf(turn, n, sums[0]), da = 0;
        if (in.valid) {
            da = Cell::backward(in.hNext, dhNext + in.dy);
            dhNext = 0;
        }
        dh[n * hidden + j] = dhNext;
        int s = stepOf(turn);
        if (s < 0) {
            return;
        }
        publish(turn, n, j, {da});
        __stcs(gate(s, n, 0, j), da);
    }
};

} // namespace

#define FORWARD(cell, rule, variant)                                                                                   \
    extern "C" __global__ void __launch_bounds__(256, 1) rondo_persistent_grid_##cell##_forward_##variant(             \
        float* gates, const float* u, float* h, const int* lengths, int steps, int batch, int hidden) {                \
        rondo::grid::variant(Forward<rule>{{gates, u, h, lengths, steps, batch, hidden}});                             \
    }
#define FORWARD_TANH(variant) FORWARD(rnn_tanh, rondo::RnnTanh, variant)
#define FORWARD_RELU(variant) FORWARD(rnn_relu, rondo::RnnRelu, variant)
RONDO_GRID_VARIANTS(FORWARD_TANH)
RONDO_GRID_VARIANTS(FORWARD_RELU)

#define BACKWARD(cell, rule, variant)                                                                                  \
    extern "C" __global__ void __launch_bounds__(256, 1) rondo_persistent_grid_##cell##_backward_##variant(            \
        float* gates, const float* u, const float* h, float* dh, const float* dy, int dyRow, const int* lengths,       \
        int reverse, float* exchange, int slots, int steps, int batch, int hidden) {                                   \
        rondo::grid::variant(                                                                                          \
            Backward<rule>{{gates, u, dh, dy, dyRow, lengths, reverse, exchange, slots, steps, batch, hidden}, h});    \
    }
#define BACKWARD_TANH(variant) BACKWARD(rnn_tanh, rondo::RnnTanh, variant)
#define BACKWARD_RELU(variant) BACKWARD(rnn_relu, rondo::RnnRelu, variant)
RONDO_GRID_VARIANTS(BACKWARD_TANH)
RONDO_GRID_VARIANTS(BACKWARD_RELU)
