// All steps of a GRU in one kernel on the whole device: Cell.GRU, forward and backward. The equations are those of
// gru_cell.cuh; how blocks, exchange and product work, and the launch, is in persistent_grid.cuh.
//
// Forward, for each step s:    gates[s] blocks r, z, q += h[s] U^T, then gru_forward
//   gates    [T, N, 4H]   blocks r, z, q, n. In: r and z: W x + b + u; q: u_n; n: W_n x + b_n. Out: the activations r, z, n,
//                         and q = U_n h + u_n; past the lengths only the product is added
//   u        [3H, H]      the recurrent weights
//   h        [T + 1, N, H] in: slot 0. Out: slots 1 to T; a row whose length is reached keeps its state
//   lengths  [N]          or null: all rows are full
// Backward, from the last step to the first:    gru_backward, then dh += (da_r, da_z, dq) U
//   gates    [T, N, 4H]   in: as forward left them. Out: da_r, da_z, dq, da_n, 0 past the lengths
//   h        [T + 1, N, H] as forward left it
//   dh       [N, H]       in: the gradient by the last state. Out: by the initial one
//   dy       [T, N, dyRow] gradient by the outputs in the order of time, at this direction's first column; or null
//   reverse               whether the steps run against time
//   exchange [slots, N, 3H] workspace, any contents
//
// Equals, up to the order of sums, the kernels of one step with their products; GruCell of the oracle.
#include "gru_cell.cuh"
#include "persistent_grid_passes.cuh"

namespace {

struct Forward : rondo::grid::ForwardPass<3, 4, 6> {
    struct Inputs {
        rondo::GruGates a;
        float h; // before the step
        bool valid;
    };

    __device__ __forceinline__ Inputs inputs(int s, long long n, int j) const {
        return {{*gate(s, n, 0, j), *gate(s, n, 1, j), *gate(s, n, 2, j), *gate(s, n, 3, j)},
                before(s, n, j),
                rondo::isValid(lengths, n, s)};
    }
    __device__ __forceinline__ void update(int s, long long n, int j, const Inputs& in, const float (&sums)[3]) const {
        rondo::GruGates a = {in.a.r + sums[0], in.a.z + sums[1], in.a.q + sums[2], in.a.n};
        float hNext = in.h;
        if (in.valid) {
            a = rondo::gruActivate(a);
            hNext = rondo::gruForward(a, in.h);
        }
        publish(s, n, j, hNext);
        __stcs(gate(s, n, 0, j), a.r);
        __stcs(gate(s, n, 1, j), a.z);
        __stcs(gate(s, n, 2, j), a.q);
        __stcs(gate(s, n, 3, j), a.n);
    }
};

struct Backward : rondo::grid::BackwardPass<3, 4> {
    const float* h;

    struct Inputs {
        rondo::GruGates gates;
        float dh; // as the turn before left it
        float h, dy;
        bool valid;
    };

    __device__ __forceinline__ Inputs inputs(int turn, long long n, int j) const {
        int s = stepOf(turn);
        float dhBefore = dh[n * hidden + j];
        if (s < 0 || !rondo::isValid(lengths, n, s)) {
            return {{}, dhBefore, 0, 0, false};
        }
        return {{*gate(s, n, 0, j), *gate(s, n, 1, j), *gate(s, n, 2, j), *gate(s, n, 3, j)},
                dhBefore,
                h[slot(s, n, j)],
                outputGradient(s, n, j),
                true};
    }
    __device__ __forceinline__ void prefetch(int turn, long long n, int j) const {
        prefetchStep<true>(stepOf(turn), n, j, h);
    }
    __device__ __forceinline__ void update(int turn, long long n, int j, const Inputs& in, const float (&sums)[1]) const {
        float dH = in.dh + productOf(turn, n, sums[0]);
        rondo::GruGates da = {0, 0, 0, 0};
        if (in.valid) {
            dH += in.dy;
            da = rondo::gruBackward(in.gates, in.h, dH);
        }
        dh[n * hidden + j] = dH;
        int s = stepOf(turn);
        if (s < 0) {
            return;
        }
        publish(turn, n, j, {da.r, da.z, da.q});
        __stcs(gate(s, n, 0, j), da.r);
        __stcs(gate(s, n, 1, j), da.z);
        __stcs(gate(s, n, 2, j), da.q);
        __stcs(gate(s, n, 3, j), da.n);
    }
};

} // namespace

#define FORWARD(variant)                                                                                               \
    extern "C" __global__ void __launch_bounds__(256, 1) rondo_persistent_grid_gru_forward_##variant(                  \
        float* gates, const float* u, float* h, const int* lengths, int steps, int batch, int hidden) {                \
        rondo::grid::variant(Forward{{gates, u, h, lengths, steps, batch, hidden}});                                   \
    }
RONDO_GRID_VARIANTS(FORWARD)

#define BACKWARD(variant)                                                                                              \
    extern "C" __global__ void __launch_bounds__(256, 1) rondo_persistent_grid_gru_backward_##variant(                 \
        float* gates, const float* u, const float* h, float* dh, const float* dy, int dyRow, const int* lengths,       \
        int reverse, float* exchange, int slots, int steps, int batch, int hidden) {                                   \
        rondo::grid::variant(                                                                                          \
            Backward{{gates, u, dh, dy, dyRow, lengths, reverse, exchange, slots, steps, batch, hidden}, h});          \
    }
RONDO_GRID_VARIANTS(BACKWARD)
