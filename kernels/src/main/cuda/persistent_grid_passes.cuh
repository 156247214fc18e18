// What the forward passes of all cells share, and the backward passes, as rondo::grid::persist (persistent_grid.cuh) asks for it:
//   LANE_COLUMNS columns of a lane; SUMS sums for each unit; PAD floats behind a column of U that spread the banks;
//   ROWS_OF_U whether the columns of the product are rows of U; FIRST_PRODUCT the first turn that has one
//   depth, turns, source, isPolled, weight, clear, endTurn   below
//   prefetch(turn, n, j)         brings into L2 what inputs will read there; also for turns that do not come
//   Inputs inputs(turn, n, j)    what the cell reads apart from the sums
//   update(turn, n, j, inputs, sums)   the cell
#pragma once

#include "output_gradient.cuh"
#include "persistent_grid.cuh"

namespace rondo {
namespace grid {

// Turn s is step s. U has GATES * H rows; the columns of the product are those of this block's units, gate by gate.
template <int GATES, int BLOCKS, int COLUMNS_OF_LANE> struct ForwardPass {
    static constexpr int LANE_COLUMNS = COLUMNS_OF_LANE, SUMS = GATES, PAD = 16, FIRST_PRODUCT = 0;
    static constexpr bool ROWS_OF_U = true;
    float* gates;
    const float* u;
    float* h;
    const int* lengths;
    int steps, batch, hidden;

    __device__ __forceinline__ int depth() const { return hidden; }
    __device__ __forceinline__ int turns() const { return steps; }
    __device__ __forceinline__ const float* source(int turn) const { return h + slot(turn, 0, 0); }
    __device__ __forceinline__ bool isPolled(int turn) const { return turn > 0; }
    __device__ __forceinline__ float weight(const Share& share, int column, int k) const {
        int gate = column / share.units, unit = share.firstUnit + column % share.units;
        return gate < GATES && unit < hidden && k < hidden ? u[(static_cast<long long>(gate) * hidden + unit) * hidden + k]
                                                           : 0.0f;
    }
    // The last slot is read by nobody here.
    __device__ __forceinline__ void clear() const {
        grid::clear(h + slot(1, 0, 0), static_cast<long long>(steps - 1) * batch * hidden);
    }
    __device__ __forceinline__ void endTurn(int) const {}

    // Element [n, j] of slot s of the states.
    __device__ __forceinline__ long long slot(int s, long long n, int j) const {
        return (static_cast<long long>(s) * batch + n) * hidden + j;
    }
    __device__ __forceinline__ float* gate(int s, long long n, int block, int j) const {
        return gates + (static_cast<long long>(s) * batch + n) * BLOCKS * hidden + block * hidden + j;
    }
    __device__ __forceinline__ void prefetch(int s, long long n, int j) const {
        if (s < steps) {
#pragma unroll
            for (int b = 0; b < BLOCKS; b++) {
                prefetch_l2(gate(s, n, b, j));
            }
        }
    }
    __device__ __forceinline__ float before(int s, long long n, int j) const { return load_relaxed_gpu(h + slot(s, n, j)); }
    __device__ __forceinline__ void publish(int s, long long n, int j, float value) const {
        store_relaxed_gpu(h + slot(s + 1, n, j), present(value));
    }
};

// Turn i publishes the gradients by the pre-activations of step T - 1 - i that go through U, and takes up those of turn i - 1.
// Turn T only does the latter, for the initial state. The columns of the product are columns of U.
//
// Words are in a ring of slots. If it is shorter than T, there is a grid_sync after every half of it, and at turn i the
// threads clear their words of half a ring earlier:
//   all have read them: readers took them up in the turn after, and a block at turn i has words that came later than that,
//                       since half a ring is at least 2;
//   all see them cleared before they look for new ones there: a grid_sync comes in between.
template <int GATES, int BLOCKS> struct BackwardPass {
    static constexpr int LANE_COLUMNS = 8, SUMS = 1, PAD = 4, FIRST_PRODUCT = 1;
    static constexpr bool ROWS_OF_U = false;
    float* gates;
    const float* u;
    float* dh;
    const float* dy;
    int dyRow;
    const int* lengths;
    int reverse;
    float* exchange;
    int slots, steps, batch, hidden;

    __device__ __forceinline__ int depth() const { return GATES * hidden; }
    __device__ __forceinline__ int turns() const { return steps + 1; }
    __device__ __forceinline__ const float* source(int turn) const { return word((turn - 1) % slots, 0, 0, 0); }
    __device__ __forceinline__ bool isPolled(int) const { return true; }
    __device__ __forceinline__ float weight(const Share& share, int column, int k) const {
        int unit = share.firstUnit + column;
        return column < share.units && unit < hidden && k < depth() ? u[static_cast<long long>(k) * hidden + unit] : 0.0f;
    }
    __device__ __forceinline__ void clear() const {
        grid::clear(exchange, static_cast<long long>(min(slots, steps)) * batch * depth());
    }
    __device__ __forceinline__ void endTurn(int turn) const {
        if (slots < steps && (turn + 1) % (slots / 2) == 0 && turn + 1 < steps) {
            grid_sync();
        }
    }

    __device__ __forceinline__ int stepOf(int turn) const { return steps - 1 - turn; }
    // Element [n, j] of slot s of the states.
    __device__ __forceinline__ long long slot(int s, long long n, int j) const {
        return (static_cast<long long>(s) * batch + n) * hidden + j;
    }
    __device__ __forceinline__ float* gate(int s, long long n, int block, int j) const {
        return gates + (static_cast<long long>(s) * batch + n) * BLOCKS * hidden + block * hidden + j;
    }
    __device__ __forceinline__ float* word(int slot, long long n, int block, int j) const {
        return exchange + (static_cast<long long>(slot) * batch + n) * GATES * hidden + block * hidden + j;
    }
    // GATES_READ: the cell needs the activations.
    template <bool GATES_READ>
    __device__ __forceinline__ void prefetchStep(int s, long long n, int j, const float* states) const {
        if (s >= 0) {
            prefetch_l2(states + slot(s, n, j));
            if (dy != nullptr) {
                long long t = timeOf(lengths, n, s, steps, reverse);
                prefetch_l2(dy + (t * batch + n) * dyRow + j);
            }
#pragma unroll
            for (int b = 0; GATES_READ && b < BLOCKS; b++) {
                prefetch_l2(gate(s, n, b, j));
            }
        }
    }
    // What the product of a turn adds to a gradient. It comes from the step after; past the length of a row it is zeros times
    // weights, NaN if one of them is infinite.
    __device__ __forceinline__ float productOf(int turn, long long n, float sum) const {
        return isValid(lengths, n, stepOf(turn) + 1) ? sum : 0.0f;
    }
    __device__ __forceinline__ float outputGradient(int s, long long n, int j) const {
        return rondo::outputGradient(dy, dyRow, lengths, reverse, s, steps, batch, n, j);
    }
    __device__ __forceinline__ void publish(int turn, long long n, int j, const float (&values)[GATES]) const {
        float* to = word(turn % slots, n, 0, j);
#pragma unroll
        for (int g = 0; g < GATES; g++) {
            store_relaxed_gpu(to + g * hidden, present(values[g]));
        }
        if (slots < steps && turn >= slots / 2) {
            float* old = word((turn + slots / 2) % slots, n, 0, j);
#pragma unroll
            for (int g = 0; g < GATES; g++) {
                store_relaxed_gpu(old + g * hidden, absent());
            }
        }
    }
};

} // namespace grid
} // namespace rondo
