// All steps of a layer and direction in one kernel, forward: the block and cluster forms of every cell with one exchange per
// step. It stands for the loop over the steps of product and <cell>_forward.
//
// gates   [T][N][BLOCKS*H] in the order of the steps. In: W x + b, with u as the per-step form has it. Out: the activations at
//                          valid steps; past the lengths, and for RNN cells, as they came
// u       [G*H, H]         the recurrent weights, as PyTorch's weight_hh
// h       [T+1][N][H]      slot 0: the initial states. Slots 1 to T are written; past the lengths a row keeps its state
// c       [T+1][N][H]      the same for LSTM; null for other cells
// lengths [N]              or null: all rows are full
// rows                     of the batch for each cluster; the last cluster may have fewer
//
// Each block keeps its rows of U, a copy of h of its slice twice (the step before and the step after), and its own c on chip.
// Per step: the product with h for its own units; the pointwise part, each element on the lane that ends with its sums; one
// __syncthreads; its own new h to all other blocks; the wait for theirs. The gate inputs of the next step are read before that
// wait. When all rows of the slice are past their lengths, the rest of the steps is a copy.
//
// Launch, shared memory, what fits: kernels/TUNING.md.
#pragma once

#include "persistent_cells.cuh"
#include "persistent_cluster.cuh"

namespace rondo {

struct ForwardArguments {
    float* gates;
    const float* u;
    float* h;
    float* c;
    const int* lengths;
    int steps, batch, hidden, rows;
};

// Units of a thread, and the chunks of weights in its registers: together 96 registers.
template <int GATES> struct ForwardShape {
    static constexpr int PARTS = GATES == 1 ? 4 : 2;
    static constexpr int KEPT = GATES == 4 ? 3 : GATES == 3 ? 4 : 6;
    static constexpr int LEAST_LANES = 4;
};

template <class Cell, bool CLUSTERS> class PersistentForward {
    static constexpr int GATES = Cell::GATES, BLOCKS = Cell::BLOCKS;
    using Shape = ForwardShape<GATES>;
    static constexpr int PARTS = Shape::PARTS;
    static constexpr int MOST_ITEMS = MOST_ROWS * PARTS / Shape::LEAST_LANES;
    using Weights = ChipWeights<PARTS, GATES, Shape::KEPT>;
    // Whether the inputs of the next step are read after h is sent. For clusters of LSTM that would spill a register.
    static constexpr bool FETCHES_LATE = !(CLUSTERS && Cell::CELL_STATE);

    const ForwardArguments arguments;
    Exchange<CLUSTERS> exchange;
    const Part part;
    const Split split;
    const int tile, padded; // rows: of a tile, and of a slice rounded up to tiles
    const int items;        // of this lane in a tile
    const int row0, unit0;  // of the first one
    float* states; // [2][rows, padded to tiles][pitch]
    float* cells;  // [rows][J]

    // An element of the pointwise part: a unit of a row, both counted within this block.
    struct Item {
        int row, unit;
        bool real;
    };
    // Item i of this lane in the tile from that row on. The first item is a multiple of their number, so i carries no part over.
    __device__ __forceinline__ Item itemOf(int firstRow, int i) const {
        int row = firstRow + row0 + i / PARTS, unit = unit0 + i % PARTS;
        return {row, unit, i < items && row < part.count && unit < part.real};
    }
    // Where the slice and the own units begin in a slot and in a step of gates; within it, 32 bits are enough.
    __device__ __forceinline__ long long slotAt(int slot) const {
        return (static_cast<long long>(slot) * arguments.batch + part.first) * arguments.hidden + part.firstUnit;
    }
    __device__ __forceinline__ long long stepAt(int s) const {
        return (static_cast<long long>(s) * arguments.batch + part.first) * BLOCKS * arguments.hidden + part.firstUnit;
    }

    // A bit for each item of this lane in the tile from that row on: whether its row is valid at s.
    __device__ __forceinline__ unsigned validItems(int firstRow, int s) const {
        unsigned valid = 0;
#pragma unroll
        for (int i = 0; i < MOST_ITEMS; i += PARTS) {
            int row = firstRow + row0 + i / PARTS;
            if (row < part.count && isValid(arguments.lengths, part.first + row, s)) {
                valid |= ((1u << PARTS) - 1) << i;
            }
        }
        return valid;
    }

    // The inputs of these items, and the bits. The bits come first: a branch between the loads would make them wait for each
    // other.
    __device__ __forceinline__ unsigned fetch(int firstRow, int s, float (&inputs)[MOST_ITEMS][BLOCKS]) const {
        const float* from = arguments.gates + stepAt(s);
        unsigned valid = validItems(firstRow, s);
#pragma unroll
        for (int i = 0; i < MOST_ITEMS; i++) {
            Item item = itemOf(firstRow, i);
            if (item.real && (valid >> i & 1)) {
                int at = item.row * BLOCKS * arguments.hidden + item.unit;
#pragma unroll
                for (int block = 0; block < BLOCKS; block++) {
                    inputs[i][block] = from[at + block * arguments.hidden];
                }
            }
        }
        return valid;
    }

    // The pointwise part of one element, of a row that is valid at s or not; sums: its U h. What the other blocks wait for comes
    // before what goes to global memory.
    __device__ __forceinline__ void advance(const Item& item, int s, bool valid, const float* sums, float (&a)[BLOCKS],
                                            const float* before, float* after) const {
        if (!item.real) {
            return;
        }
        int at = item.row * split.pitch + part.firstUnit + item.unit;
        float h = before[at], c = 0;
        if constexpr (Cell::CELL_STATE) {
            c = cells[item.row * part.units + item.unit];
        }
        if (valid) {
#pragma unroll
            for (int gate = 0; gate < GATES; gate++) {
                a[gate] += sums[gate];
            }
            h = Cell::forward(a, h, c);
        }
        after[at] = h;
        if constexpr (Cell::SAVES_ACTIVATIONS) {
            if (valid) {
                float* to = arguments.gates + stepAt(s) + item.row * BLOCKS * arguments.hidden + item.unit;
#pragma unroll
                for (int block = 0; block < BLOCKS; block++) {
                    to[block * arguments.hidden] = a[block];
                }
            }
        }
        int to = item.row * arguments.hidden + item.unit;
        (arguments.h + slotAt(s + 1))[to] = h;
        if constexpr (Cell::CELL_STATE) {
            cells[item.row * part.units + item.unit] = c;
            (arguments.c + slotAt(s + 1))[to] = c;
        }
    }

    // The own units of all rows to every other block, starting with the next one. A warp takes a row; where a row has fewer
    // quads of values than the warp has lanes, the lanes share the receivers.
    __device__ __forceinline__ void send(float* after, int n) const {
        int lane = static_cast<int>(threadIdx.x) % 32, quads = part.units / 4;
        int shift = quads >= 32 ? 5 : 32 - __clz(quads - 1); // quads of a row rounded up to a power of two
        unsigned firstDistance = 1u + (static_cast<unsigned>(lane) >> shift);
        for (int row = static_cast<int>(threadIdx.x) / 32; row < part.count; row += static_cast<int>(blockDim.x) / 32) {
            for (int quad = lane & ((1 << shift) - 1); quad < quads; quad += 32) {
                float* at = after + row * split.pitch + part.firstUnit + quad * 4;
                float4 values = *reinterpret_cast<const float4*>(at);
                for (unsigned distance = firstDistance; distance < exchange.blocks; distance += 32u >> shift) {
                    exchange.send(at, values, (exchange.rank + distance) & (exchange.blocks - 1), n);
                }
            }
        }
    }

    __device__ __forceinline__ void start() {
        int threads = static_cast<int>(blockDim.x);
        cells = states + 2 * padded * split.pitch;
        for (int at = static_cast<int>(threadIdx.x); at < 2 * padded * split.pitch; at += threads) {
            int row = at / split.pitch, unit = at - row * split.pitch;
            bool real = row < part.count && unit < arguments.hidden;
            states[at] = real ? arguments.h[static_cast<long long>(part.first + row) * arguments.hidden + unit] : 0.0f;
        }
        if constexpr (Cell::CELL_STATE) {
            for (int at = static_cast<int>(threadIdx.x); at < part.count * part.units; at += threads) {
                int row = at / part.units, unit = at - row * part.units;
                cells[at] = unit < part.real ? arguments.c[slotAt(0) + row * arguments.hidden + unit] : 0.0f;
            }
        }
    }

    // Bytes of a step.
    __device__ __forceinline__ unsigned incoming() const {
        return (exchange.blocks - 1) * static_cast<unsigned>(part.count * part.units) * 4;
    }

    // What is left when all rows have reached their lengths.
    __device__ __forceinline__ void copyStates(const float* last) const {
        __syncthreads();
        for (int at = static_cast<int>(threadIdx.x); at < part.count * part.real; at += static_cast<int>(blockDim.x)) {
            int row = at / part.real, unit = at - row * part.real, to = row * arguments.hidden + unit;
            float h = last[row * split.pitch + part.firstUnit + unit];
            for (int s = part.last; s < arguments.steps; s++) {
                (arguments.h + slotAt(s + 1))[to] = h;
                if constexpr (Cell::CELL_STATE) {
                    (arguments.c + slotAt(s + 1))[to] = cells[row * part.units + unit];
                }
            }
        }
    }

  public:
    __device__ __forceinline__ PersistentForward(const ForwardArguments& arguments, float* shared)
        : arguments(arguments), exchange(shared),
          part(exchange.blocks, exchange.rank, arguments.rows, arguments.lengths, arguments.steps, arguments.batch,
               arguments.hidden),
          split(part.units / PARTS, static_cast<int>(exchange.blocks) * part.units, Shape::LEAST_LANES),
          tile(tileRows(arguments.rows)), padded(divideUp(arguments.rows, tile) * tile),
          items(split.itemCount(tile * PARTS)), row0(split.firstItem(tile * PARTS) / PARTS),
          unit0(split.group * PARTS + split.firstItem(tile * PARTS) % PARTS),
          states(shared + EXCHANGE_FLOATS + Weights::sharedFloats(split)), cells(nullptr) {}

    __device__ __forceinline__ Weights loadWeights(float* shared) const {
        return Weights(shared + EXCHANGE_FLOATS, split, [&](int of, int gate, int k) {
            int unit = split.group * PARTS + of;
            return unit < part.real && k < arguments.hidden
                       ? arguments.u[(static_cast<long long>(gate) * arguments.hidden + part.firstUnit + unit) *
                                         arguments.hidden + k]
                       : 0.0f;
        });
    }

    __device__ __forceinline__ void run(const Weights& weights) {
        start();
        exchange.begin(incoming());
        int plane = padded * split.pitch;
        float inputs[MOST_ITEMS][BLOCKS] = {};
        unsigned valid = 0; // of each item
        if (part.last > 0) {
            valid = fetch(0, 0, inputs);
        }
        for (int s = 0; s < part.last; s++) {
            const float* before = states + (s & 1) * plane;
            float* after = states + ((s + 1) & 1) * plane;
            if (s > 0) {
                exchange.await(s - 1, incoming());
            }
            for (int row = 0; row < part.count; row += tile) {
                float sums[MOST_ITEMS * GATES];
                weights.template product<MOST_ROWS>(tile, before + row * split.pitch, split, sums);
#pragma unroll 1
                for (int i = 0; i < items; i++) { // the arrays move up, for they are registers
                    advance(itemOf(row, i), s, valid >> i & 1, sums, inputs[0], before, after);
#pragma unroll
                    for (int next = 1; next < MOST_ITEMS; next++) {
#pragma unroll
                        for (int block = 0; block < BLOCKS; block++) {
                            inputs[next - 1][block] = inputs[next][block];
                        }
#pragma unroll
                        for (int gate = 0; gate < GATES; gate++) {
                            sums[(next - 1) * GATES + gate] = sums[next * GATES + gate];
                        }
                    }
                }
                bool more = row + tile < part.count;
                if (more || (!FETCHES_LATE && s + 1 < part.last)) {
                    valid = fetch(more ? row + tile : 0, more ? s : s + 1, inputs);
                }
            }
            __syncthreads();
            if (s + 1 < part.last) {
                if (CLUSTERS) {
                    send(after, s);
                }
                if (FETCHES_LATE) {
                    valid = fetch(0, s + 1, inputs);
                }
            }
        }
        copyStates(states + (part.last & 1) * plane);
    }
};

template <class Cell, bool CLUSTERS> __device__ __forceinline__ void persistentForward(ForwardArguments arguments) {
    if constexpr (CLUSTERS && !HAS_CLUSTERS) {
        __trap();
    } else {
        DYN_SHARED(float, shared);
        PersistentForward<Cell, CLUSTERS> kernel(arguments, shared);
        auto weights = kernel.loadWeights(shared);
        kernel.run(weights);
    }
}

} // namespace rondo

// extern "C" kernels of one cell, for each size of a cluster.
#define RONDO_PERSISTENT_FORWARD(name, Cell, blocks)                                                                   \
    extern "C" __global__ void CLUSTER_DIMS(blocks, 1, 1) __launch_bounds__(rondo::PERSISTENT_THREADS)                 \
        name##_cluster_##blocks(float* gates, const float* u, float* h, float* c, const int* lengths, int steps,       \
                                int batch, int hidden, int rows) {                                                     \
        rondo::persistentForward<Cell, (blocks > 1)>({gates, u, h, c, lengths, steps, batch, hidden, rows});           \
    }
#define RONDO_PERSISTENT_FORWARDS(name, Cell)                                                                          \
    RONDO_PERSISTENT_FORWARD(name, Cell, 1)                                                                            \
    RONDO_PERSISTENT_FORWARD(name, Cell, 2)                                                                            \
    RONDO_PERSISTENT_FORWARD(name, Cell, 4)                                                                            \
    RONDO_PERSISTENT_FORWARD(name, Cell, 8)                                                                            \
    RONDO_PERSISTENT_FORWARD(name, Cell, 16)
