// All steps of an LSTM in one kernel on the whole device: Cell.LSTM, forward and backward. The equations are those of
// lstm_cell.cuh; how blocks, exchange and product work, and the launch, is in persistent_grid.cuh.
//
// Forward, for each step s:    gates[s] += h[s] U^T, then lstm_forward
//   gates    [T, N, 4H]   blocks i, f, g, o. In: W x + b + u. Out: the activations; past the lengths W x + b + U h + u
//   u        [4H, H]      the recurrent weights
//   h, c     [T + 1, N, H] in: slot 0. Out: slots 1 to T; a row whose length is reached keeps its state
//   lengths  [N]          or null: all rows are full
// Backward, from the last step to the first:    lstm_backward, then dh += da U
//   gates    [T, N, 4H]   in: the activations. Out: the gradients by the pre-activations, 0 past the lengths
//   c        [T + 1, N, H] as forward left it
//   dh, dc   [N, H]       in: the gradients by the last states. Out: by the initial ones
//   dy       [T, N, dyRow] gradient by the outputs in the order of time, at this direction's first column; or null
//   reverse               whether the steps run against time
//   exchange [slots, N, 4H] workspace, any contents
//
// Equals, up to the order of sums, the kernels of one step with their products; LstmCell of the oracle.
#include "lstm_cell.cuh"
#include "persistent_grid_passes.cuh"

namespace {

struct Forward : rondo::grid::ForwardPass<4, 4, 8> {
    float* c;

    struct Inputs {
        rondo::LstmGates a;
        float h, c; // before the step; h only where it stays
        bool valid;
    };

    __device__ __forceinline__ Inputs inputs(int s, long long n, int j) const {
        bool valid = rondo::isValid(lengths, n, s);
        return {{*gate(s, n, 0, j), *gate(s, n, 1, j), *gate(s, n, 2, j), *gate(s, n, 3, j)},
                valid ? 0.0f : before(s, n, j),
                c[slot(s, n, j)],
                valid};
    }
    __device__ __forceinline__ void update(int s, long long n, int j, const Inputs& in, const float (&sums)[4]) const {
        rondo::LstmGates a = {in.a.i + sums[0], in.a.f + sums[1], in.a.g + sums[2], in.a.o + sums[3]};
        float cNext = in.c, hNext = in.h;
        if (in.valid) {
            a = rondo::lstmActivate(a);
            rondo::lstmForward(a, in.c, cNext, hNext);
        }
        publish(s, n, j, hNext);
        c[slot(s + 1, n, j)] = cNext;
        __stcs(gate(s, n, 0, j), a.i);
        __stcs(gate(s, n, 1, j), a.f);
        __stcs(gate(s, n, 2, j), a.g);
        __stcs(gate(s, n, 3, j), a.o);
    }
};

struct Backward : rondo::grid::BackwardPass<4, 4> {
    const float* c;
    float* dc;

    struct Inputs {
        rondo::LstmGates gates;
        float dh, dc; // as the turn before left them
        float c, cNext, dy;
        bool valid;
    };

    __device__ __forceinline__ Inputs inputs(int turn, long long n, int j) const {
        int s = stepOf(turn);
        float dhBefore = dh[n * hidden + j], dcBefore = dc[n * hidden + j];
        if (s < 0 || !rondo::isValid(lengths, n, s)) {
            return {{}, dhBefore, dcBefore, 0, 0, 0, false};
        }
        return {{*gate(s, n, 0, j), *gate(s, n, 1, j), *gate(s, n, 2, j), *gate(s, n, 3, j)},
                dhBefore,
                dcBefore,
                c[slot(s, n, j)],
                c[slot(s + 1, n, j)],
                outputGradient(s, n, j),
                true};
    }
    __device__ __forceinline__ void prefetch(int turn, long long n, int j) const {
        prefetchStep<true>(stepOf(turn), n, j, c);
    }
    __device__ __forceinline__ void update(int turn, long long n, int j, const Inputs& in, const float (&sums)[1]) const {
        float dhNext = in.dh + productOf(turn, n, sums[0]), dC = in.dc;
        rondo::LstmGates da = {0, 0, 0, 0};
        if (in.valid) {
            da = rondo::lstmBackward(in.gates, in.c, in.cNext, dhNext + in.dy, dC);
            dhNext = 0;
        }
        dh[n * hidden + j] = dhNext;
        int s = stepOf(turn);
        if (s < 0) {
            return;
        }
        publish(turn, n, j, {da.i, da.f, da.g, da.o});
        dc[n * hidden + j] = dC;
        __stcs(gate(s, n, 0, j), da.i);
        __stcs(gate(s, n, 1, j), da.f);
        __stcs(gate(s, n, 2, j), da.g);
        __stcs(gate(s, n, 3, j), da.o);
    }
};

} // namespace

#define FORWARD(variant)                                                                                               \
    extern "C" __global__ void __launch_bounds__(256, 1)                                                               \
        rondo_persistent_grid_lstm_forward_##variant(float* gates, const float* u, float* h, float* c,                 \
                                                     const int* lengths, int steps, int batch, int hidden) {           \
        rondo::grid::variant(Forward{{gates, u, h, lengths, steps, batch, hidden}, c});                                \
    }
RONDO_GRID_VARIANTS(FORWARD)

#define BACKWARD(variant)                                                                                              \
    extern "C" __global__ void __launch_bounds__(256, 1) rondo_persistent_grid_lstm_backward_##variant(                \
        float* gates, const float* u, const float* c, float* dh, float* dc, const float* dy, int dyRow,                \
        const int* lengths, int reverse, float* exchange, int slots, int steps, int batch, int hidden) {               \
        rondo::grid::variant(Backward{                                                                                 \
            {gates, u, dh, dy, dyRow, lengths, reverse, exchange, slots, steps, batch, hidden}, c, dc});               \
    }
// The depth is 4 * H, whole groups of four, so there is no unaligned variant.
BACKWARD(row) BACKWARD(rows4) BACKWARD(rows8)
