// All steps of a layer and direction in one kernel, backwards: the block and cluster forms of every cell with one exchange per
// step. It stands for the loop over the steps of <cell>_backward and product.
//
// gates   [T][N][BLOCKS*H] in the order of the steps. In: as forward left them (RNN cells do not read them). Out: the gradients
//                          by the pre-activations, in the blocks of <cell>_backward, 0 past the lengths
// u       [G*H, H]         the recurrent weights, as PyTorch's weight_hh
// h       [T+1][N][H]      the states of forward, slot 0 the initial ones
// c       [T+1][N][H]      the same for LSTM; null for other cells
// dh, dc  [N, H]           in: the gradients by the final states, without dy. Out: by the initial states. dc: LSTM only, or null
// dy      [T, N, dyRow]    gradient by the outputs in the order of time, at this direction's first column; or null
// lengths [N]              or null: all rows are full
// reverse                  whether the steps run against time
// rows                     of the batch for each cluster; the last cluster may have fewer
//
// A block holds the same rows of U as forward, those of its own units. Per step: the pointwise part for its own units, of which
// inputs were read before the block started to wait; one __syncthreads; its own da times its rows of U, a part of dh for all H
// units; each part to the block that owns the units, H values per row and block where sending da would be G*H; the wait for
// the parts of all blocks, which the owner adds up in the order of the ranks.
//
// Launch, shared memory, what fits: kernels/TUNING.md.
#pragma once

#include "output_gradient.cuh"
#include "persistent_cells.cuh"
#include "persistent_cluster.cuh"

namespace rondo {

struct BackwardArguments {
    float* gates;
    const float* u;
    const float* h;
    const float* c;
    float* dh;
    float* dc;
    const float* dy;
    const int* lengths;
    int dyRow, reverse, steps, batch, hidden, rows;
};

// Whether this is compiled for compute capability 10.0 and newer.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 1000
constexpr bool AFTER_9 = true;
#else
constexpr bool AFTER_9 = false;
#endif

template <class Cell, bool CLUSTERS> class PersistentBackward {
    static constexpr int GATES = Cell::GATES, BLOCKS = Cell::BLOCKS;
    static constexpr int PARTS = 2, VALUES = 4; // of a thread: two quads of neighbouring units
    static constexpr int LEAST_LANES = !CLUSTERS ? 8 : GATES == 1 ? 2 : 4;
    static constexpr int MOST_ITEMS = MOST_ROWS * PARTS / LEAST_LANES;
    static constexpr int PREFETCHED = 2; // elements of a thread
    // Whether the others are brought into L2 a step before they are read. Where not, it would spill a register.
    static constexpr bool PREFETCHES_REST = !(CLUSTERS && GATES == 3 && AFTER_9);
    // The exchange of a cluster takes registers of its own: with three chunks these would spill.
    static constexpr bool FEW_REGISTERS = CLUSTERS && (GATES == 1 || (GATES == 4 && AFTER_9));
    using Weights = ChipWeights<PARTS, VALUES, FEW_REGISTERS ? 2 : 3>;

    const BackwardArguments arguments;
    Exchange<CLUSTERS> exchange;
    const Part part;
    const int quads, groups;
    const Split split;
    const int tile, padded; // rows: of a tile, and of a slice rounded up to tiles
    float* da;       // [2 with clusters][rows, padded to tiles][pitch]; gate g of own unit j at g * J + j
    float* received; // [2 with clusters][blocks][rows][J]
    float* carried;  // [rows][J]: what of dh does not go through U; then dc [rows][J]

    // An element of the pointwise part: a unit of a row, both counted within this block, and how many of the row's steps are
    // valid; row -1: there is none.
    struct Element {
        int row, unit, length;
    };
    struct Inputs {
        bool valid;
        float a[BLOCKS], before, after, dy;
    };
    __device__ __forceinline__ int lengthOf(int row) const {
        return arguments.lengths == nullptr ? arguments.steps : arguments.lengths[part.first + row];
    }
    __device__ __forceinline__ Element elementAt(int at) const {
        int row = divide(at, part.units), unit = at - row * part.units;
        bool exists = at < elements() && unit < part.real;
        return {exists ? row : -1, unit, exists ? lengthOf(row) : 0};
    }

    // By the parity of n: with clusters, nothing keeps a warp from the next step while another one is still in its product.
    __device__ __forceinline__ float* gradients(int n) const { return CLUSTERS ? da + (n & 1) * padded * split.pitch : da; }

    __device__ __forceinline__ float& cellGradient(int at) const { return carried[arguments.rows * part.units + at]; }
    __device__ __forceinline__ int elements() const { return part.count * part.units; }
    // Where the slice and the own units begin in a slot and in a step of gates; within it, 32 bits are enough.
    __device__ __forceinline__ long long slotAt(int slot) const {
        return (static_cast<long long>(slot) * arguments.batch + part.first) * arguments.hidden + part.firstUnit;
    }
    __device__ __forceinline__ float* gatesAt(int s, int row, int unit) const {
        return arguments.gates + (static_cast<long long>(s) * arguments.batch + part.first) * BLOCKS * arguments.hidden +
               part.firstUnit + row * BLOCKS * arguments.hidden + unit;
    }

    __device__ __forceinline__ Inputs fetch(const Element& e, int s) const {
        Inputs in = {};
        in.valid = s < e.length;
        if (in.valid) {
            if constexpr (Cell::SAVES_ACTIVATIONS) {
                const float* from = gatesAt(s, e.row, e.unit);
#pragma unroll
                for (int block = 0; block < BLOCKS; block++) {
                    in.a[block] = from[block * arguments.hidden];
                }
            }
            const float* states = Cell::CELL_STATE ? arguments.c : arguments.h;
            int at = e.row * arguments.hidden + e.unit;
            in.before = Cell::NEEDS_BEFORE ? (states + slotAt(s))[at] : 0.0f;
            in.after = Cell::NEEDS_AFTER ? (states + slotAt(s + 1))[at] : 0.0f;
            in.dy = outputGradientAt(arguments.dy, arguments.dyRow, arguments.batch,
                                     arguments.reverse ? e.length - 1 - s : s, part.first + e.row,
                                     part.firstUnit + e.unit);
        }
        return in;
    }

    // Brings into L2 what fetch will read, of what an earlier step has not read.
    __device__ __forceinline__ void prefetch(const Element& e, int s) const {
        if (s < e.length) {
#pragma unroll
            for (int block = 0; Cell::SAVES_ACTIVATIONS && block < BLOCKS; block++) {
                prefetch_l2(gatesAt(s, e.row, e.unit) + block * arguments.hidden);
            }
            const float* states = Cell::CELL_STATE ? arguments.c : arguments.h;
            prefetch_l2(states + slotAt(Cell::NEEDS_BEFORE ? s : s + 1) + e.row * arguments.hidden + e.unit);
            if (arguments.dy != nullptr) {
                long long t = arguments.reverse ? e.length - 1 - s : s;
                prefetch_l2(arguments.dy + (t * arguments.batch + part.first + e.row) * arguments.dyRow + part.firstUnit + e.unit);
            }
        }
    }

    // The gradient by h of an own unit, without dy, after n exchanges. valid: whether the row was at the last of them. If
    // not, its parts are zeros times weights: NaN if one of them is infinite.
    __device__ __forceinline__ float gradientOf(int at, int n, bool valid) const {
        if (n == 0 || !valid) {
            return carried[at];
        }
        const float* from = received + (CLUSTERS ? (n - 1) & 1 : 0) * static_cast<int>(exchange.blocks) * elements() + at;
        float sum = from[0];
        for (unsigned rank = 1; rank < exchange.blocks; rank++) {
            from += elements();
            sum += from[0];
        }
        return carried[at] + sum;
    }

    // The pointwise part of one element at step s, after n exchanges.
    __device__ __forceinline__ void advance(const Element& e, Inputs& in, int s, int n) const {
        if (e.row < 0) {
            return;
        }
        int at = e.row * part.units + e.unit;
        float dh = gradientOf(at, n, s + 1 < e.length);
        if (in.valid) {
            float dc = 0;
            if constexpr (Cell::CELL_STATE) {
                dc = cellGradient(at);
            }
            dh += in.dy;
            Cell::backward(in.a, in.before, in.after, dh, dc);
            if constexpr (Cell::CELL_STATE) {
                cellGradient(at) = dc;
            }
        }
        carried[at] = dh;
        float* to = gatesAt(s, e.row, e.unit);
#pragma unroll
        for (int block = 0; block < BLOCKS; block++) {
            to[block * arguments.hidden] = in.a[block]; // 0 if the row is not valid
            if (block < GATES) {
                gradients(n)[e.row * split.pitch + block * part.units + e.unit] = in.a[block];
            }
        }
    }

    // The parts of dh of the tile from that row on to their owners, as exchange n.
    __device__ __forceinline__ void send(int firstRow, int n, const float (&sums)[MOST_ITEMS * VALUES]) const {
        int first = split.firstItem(tile * PARTS), items = split.itemCount(tile * PARTS), quadsOfBlock = part.units / 4;
        int buffer = CLUSTERS ? (n & 1) * static_cast<int>(exchange.blocks) + static_cast<int>(exchange.rank) : 0;
        float* own = received + buffer * elements();
#pragma unroll
        for (int i = 0; i < MOST_ITEMS; i++) {
            if (i >= items) {
                break;
            }
            int row = firstRow + (first + i) / PARTS, quad = (first + i) % PARTS * groups + split.group;
            if (row < part.count && quad < quads && split.group < groups) {
                int owner = CLUSTERS ? divide(quad, quadsOfBlock) : 0;
                float* to = own + row * part.units + 4 * (quad - owner * quadsOfBlock);
                float4 values = make_float4(sums[i * 4], sums[i * 4 + 1], sums[i * 4 + 2], sums[i * 4 + 3]);
                if constexpr (CLUSTERS) {
                    exchange.send(to, values, static_cast<unsigned>(owner), n);
                } else {
                    *reinterpret_cast<float4*>(to) = values;
                }
            }
        }
    }

    __device__ __forceinline__ void start() {
        int threads = static_cast<int>(blockDim.x);
        int gradients = (CLUSTERS ? 2 : 1) * padded * split.pitch;
        received = da + gradients;
        carried = received + (CLUSTERS ? 2 * static_cast<int>(exchange.blocks) : 1) * arguments.rows * part.units;
        for (int at = static_cast<int>(threadIdx.x); at < gradients; at += threads) {
            da[at] = 0;
        }
        for (int at = static_cast<int>(threadIdx.x); at < elements(); at += threads) {
            int row = at / part.units, unit = at - row * part.units;
            long long from = slotAt(0) + row * arguments.hidden + unit;
            carried[at] = unit < part.real ? arguments.dh[from] : 0.0f;
            if constexpr (Cell::CELL_STATE) {
                cellGradient(at) = unit < part.real ? arguments.dc[from] : 0.0f;
            }
        }
    }

    // Bytes of a step.
    __device__ __forceinline__ unsigned incoming() const { return exchange.blocks * static_cast<unsigned>(elements()) * 4; }

    // The steps at which no row is valid.
    __device__ __forceinline__ void clearGates() const {
        for (int at = static_cast<int>(threadIdx.x); at < part.count * part.real; at += static_cast<int>(blockDim.x)) {
            int row = at / part.real, unit = at - row * part.real;
            for (int s = part.last; s < arguments.steps; s++) {
                float* to = gatesAt(s, row, unit);
#pragma unroll
                for (int block = 0; block < BLOCKS; block++) {
                    to[block * arguments.hidden] = 0;
                }
            }
        }
    }

    __device__ __forceinline__ void finish(int n) const {
        for (int at = static_cast<int>(threadIdx.x); at < elements(); at += static_cast<int>(blockDim.x)) {
            int row = at / part.units, unit = at - row * part.units;
            if (unit < part.real) {
                long long to = slotAt(0) + row * arguments.hidden + unit;
                arguments.dh[to] = gradientOf(at, n, lengthOf(row) > 0);
                if constexpr (Cell::CELL_STATE) {
                    arguments.dc[to] = cellGradient(at);
                }
            }
        }
    }

  public:
    __device__ __forceinline__ PersistentBackward(const BackwardArguments& arguments, float* shared)
        : arguments(arguments), exchange(shared),
          part(exchange.blocks, exchange.rank, arguments.rows, arguments.lengths, arguments.steps, arguments.batch,
               arguments.hidden),
          quads(static_cast<int>(exchange.blocks) * part.units / VALUES), groups(divideUp(quads, PARTS)),
          split(groups, GATES * part.units, LEAST_LANES), tile(tileRows(arguments.rows)),
          padded(divideUp(arguments.rows, tile) * tile), da(shared + EXCHANGE_FLOATS + Weights::sharedFloats(split)),
          received(nullptr), carried(nullptr) {}

    __device__ __forceinline__ Weights loadWeights(float* shared) const {
        return Weights(shared + EXCHANGE_FLOATS, split, [&](int of, int value, int k) {
            int unit = (of * groups + split.group) * VALUES + value, gate = k / part.units, own = k - gate * part.units;
            return split.group < groups && unit < arguments.hidden && gate < GATES && own < part.real
                       ? arguments.u[(static_cast<long long>(gate) * arguments.hidden + part.firstUnit + own) *
                                         arguments.hidden + unit]
                       : 0.0f;
        });
    }

    __device__ __forceinline__ void run(const Weights& weights) {
        int thread = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);
        start();
        exchange.begin(incoming());
        clearGates();
        Element mine[PREFETCHED];
        Inputs next[PREFETCHED] = {};
#pragma unroll
        for (int i = 0; i < PREFETCHED; i++) {
            mine[i] = elementAt(thread + i * threads);
            if (part.last > 0) {
                next[i] = fetch(mine[i], part.last - 1);
            }
        }
        for (int s = part.last - 1; s >= 0; s--) {
            int n = part.last - 1 - s;
#pragma unroll
            for (int i = 0; i < PREFETCHED; i++) {
                advance(mine[i], next[i], s, n);
            }
            for (int at = thread + PREFETCHED * threads; at < elements(); at += threads) {
                Element e = elementAt(at);
                Inputs in = fetch(e, s);
                advance(e, in, s, n);
            }
            __syncthreads();
            for (int row = 0; row < part.count; row += tile) {
                float sums[MOST_ITEMS * VALUES];
                weights.template product<MOST_ROWS>(tile, gradients(n) + row * split.pitch, split, sums);
                send(row, n, sums);
            }
            if (s > 0) {
#pragma unroll
                for (int i = 0; i < PREFETCHED; i++) {
                    next[i] = fetch(mine[i], s - 1);
                }
#pragma unroll 1
                for (int at = thread + PREFETCHED * threads; PREFETCHES_REST && at < elements(); at += threads) {
                    prefetch(elementAt(at), s - 1);
                }
            }
            if constexpr (CLUSTERS) {
                exchange.await(n, incoming());
            } else {
                __syncthreads();
            }
        }
        finish(part.last);
    }
};

template <class Cell, bool CLUSTERS> __device__ __forceinline__ void persistentBackward(BackwardArguments arguments) {
    if constexpr (CLUSTERS && !HAS_CLUSTERS) {
        __trap();
    } else {
        DYN_SHARED(float, shared);
        PersistentBackward<Cell, CLUSTERS> kernel(arguments, shared);
        auto weights = kernel.loadWeights(shared);
        kernel.run(weights);
    }
}

} // namespace rondo

// extern "C" kernels of one cell, for each size of a cluster.
#define RONDO_PERSISTENT_BACKWARD(name, Cell, blocks)                                                                  \
    extern "C" __global__ void CLUSTER_DIMS(blocks, 1, 1) __launch_bounds__(rondo::PERSISTENT_THREADS)                 \
        name##_cluster_##blocks(float* gates, const float* u, const float* h, const float* c, float* dh, float* dc,    \
                                const float* dy, int dyRow, const int* lengths, int reverse, int steps, int batch,     \
                                int hidden, int rows) {                                                                \
        rondo::persistentBackward<Cell, (blocks > 1)>(                                                                 \
            {gates, u, h, c, dh, dc, dy, lengths, dyRow, reverse, steps, batch, hidden, rows});                        \
    }
#define RONDO_PERSISTENT_BACKWARDS(name, Cell)                                                                         \
    RONDO_PERSISTENT_BACKWARD(name, Cell, 1)                                                                           \
    RONDO_PERSISTENT_BACKWARD(name, Cell, 2)                                                                           \
    RONDO_PERSISTENT_BACKWARD(name, Cell, 4)                                                                           \
    RONDO_PERSISTENT_BACKWARD(name, Cell, 8)                                                                           \
    RONDO_PERSISTENT_BACKWARD(name, Cell, 16)
