// The recurrence over all steps in one kernel, spread over the whole device: what the passes of all cells share.
//
// Blocks. The grid is (P, S): S slices of the batch, which know nothing of each other, and in each slice P blocks. Every block
// owns ceil(H / P) units, keeps all of U that they need on chip for all steps, and computes them for the rows of its slice.
// One block has 256 threads. All blocks must be resident: a cooperative launch.
//
// A turn is one step of the recurrence. In it a block needs a vector of `depth` words for each row: in the forward pass h, H
// words; in the backward pass the gradients by the pre-activations of the step before, G*H words. It multiplies them by its
// columns: G sums for each unit forward, one backward. So both passes are the same product, and each word is written by one
// thread and read by all blocks of the slice. (The other way backwards, sums of parts that are made by the owners of the
// rows of U, would move P*N*H words written and as many read against G*P*N*H read, and for N = 1 an LSTM gains nothing.)
//
// Exchange. A word is a float of 32 bits that serves as its own flag: it is ABSENT, a NaN that no arithmetic of a device makes,
// until its value is there, written by one relaxed store. A reader polls the word itself: there is no flag to be ordered with the
// value, so no fence and no barrier, and half the bytes of a pair of value and tag; for N above a few the rate of L2 decides.
// It needs every word to be ABSENT before its writer comes. Words are not reused, or only after a grid_sync:
//   forward   the words are the slots of h themselves, 1 to T-1, each written once per launch.
//   backward  the words are a ring of slots in a workspace. With fewer slots than steps, half a ring is written anew only
//             after a grid_sync, and was cleared before it by the threads that will write it (persistent_grid_passes.cuh).
// The kernel clears them at its start, before one grid_sync, so nothing depends on what was there: a launch may be repeated
// on the same memory and replayed in a graph with the same arguments, and nothing counts steps or launches.
// A value that looks ABSENT, say a NaN of the initial state that is kept, is published as another NaN (present()).
//
// Product. The depth is split over the 8 warps, and in a warp over kLanes lanes, four neighbouring words each; the other
// factor of the 32 lanes is columnLanes, each with up to LANE_COLUMNS columns. A lane polls its words into registers, for a
// tile of R rows, and uses each value of U for all of them. Sums go over the lanes by shuffles, over the warps through shared
// memory, both in a fixed order: the same launch gives the same bits. Then one thread for each (row, unit) of the tile does
// the cell.
// One __syncthreads for a tile: the sums have two buffers, and whoever writes a buffer again has passed the barrier after
// its readers. Tiles of one step follow each other, so with more than R rows the exchange of one hides behind the next.
//
// U. In shared memory as [column][k], float4 along k. With one row in a slice a value of U serves one multiplication, so
// shared memory would set the pace: then each lane holds its first 4 iterations, 16 words of each of its columns, in registers.
//
// Launch, as Java computes it (all divisions round up where it says ceil):
//   rows = ceil(N / S)
//   variant, R = depth % 4 != 0: unaligned, 4; rows == 1: row, 1; rows <= 4: rows4, 4; else rows8, 8
//                (each is right for any number of rows; all but unaligned want h and exchange on multiples of 16 bytes)
//   units = ceil(H / P); columns = forward G * units, backward units; depth = forward H, backward G * H
//   LANE_COLUMNS: forward LSTM 8, GRU 6, RNN 4; backward 8
//   columnLanes = the least of 1, 2, 4, 8 with columnLanes * LANE_COLUMNS >= columns; none: does not run
//   columnsHeld = ceil(columns / columnLanes) * columnLanes; units * R <= 256
//   onChip = R == 1 ? max(0, ceil(depth / 4) * 4 - 4096 / columnLanes) : ceil(depth / 4) * 4
//   pitch = ceil(onChip / 32) * 32 + (forward 16, backward 4)
//   dynamic shared memory = 4 * columnsHeld * pitch + 64 * R * (columnsHeld + 4) bytes
//   block 256, grid (P, S, 1), P * S at most the blocks that are resident with this shared memory
//   workspace: forward none; backward 4 * slots * N * G * H bytes, where slots >= T, or slots is even and at least 4
#pragma once

#include "indexing.cuh"

namespace rondo {
namespace grid {

constexpr int WARPS = 8;
constexpr int THREADS = 32 * WARPS;
constexpr unsigned ALL_LANES = 0xffffffffu;
constexpr unsigned ABSENT = 0xffffffffu;
constexpr unsigned MOST_POLLS = 1u << 27; // for one group of words

__device__ __forceinline__ float absent() { return __uint_as_float(ABSENT); }

// The value as it may be published.
__device__ __forceinline__ float present(float value) {
    return __float_as_uint(value) == ABSENT ? __uint_as_float(0x7fffffffu) : value;
}

__device__ __forceinline__ void clear(float* words, long long count) {
    long long block = static_cast<long long>(blockIdx.y) * gridDim.x + blockIdx.x;
    long long stride = static_cast<long long>(gridDim.y) * gridDim.x * THREADS;
    for (long long i = block * THREADS + threadIdx.x; i < count; i += stride) {
        words[i] = absent();
    }
}

// What a block has to do, and the place of a thread in it.
struct Share {
    int firstUnit, units;           // of every block; the last ones may lie partly behind H
    int firstRow, rows;             // of the slice
    int depth, quads, iterations;   // words of a row, groups of four of them, groups for each lane
    int columnLanes, kLanes;        // 32 lanes are columnLanes x kLanes
    int laneColumns;                // how many columns a lane has, at most LANE_COLUMNS
    int column, quad;               // this lane's first column, and its first group
};

template <class Pass> __device__ __forceinline__ Share shareOf(const Pass& pass, int ahead) {
    Share share;
    share.units = (pass.hidden + static_cast<int>(gridDim.x) - 1) / static_cast<int>(gridDim.x);
    share.firstUnit = static_cast<int>(blockIdx.x) * share.units;
    int rows = (pass.batch + static_cast<int>(gridDim.y) - 1) / static_cast<int>(gridDim.y);
    share.firstRow = static_cast<int>(blockIdx.y) * rows;
    share.rows = max(0, min(rows, pass.batch - share.firstRow));
    share.depth = pass.depth();
    share.quads = (share.depth + 3) / 4;
    share.columnLanes = 1;
    while (share.columnLanes * Pass::LANE_COLUMNS < Pass::SUMS * share.units) {
        share.columnLanes *= 2;
    }
    share.laneColumns = (Pass::SUMS * share.units + share.columnLanes - 1) / share.columnLanes;
    share.kLanes = 32 / share.columnLanes;
    int warp = static_cast<int>(threadIdx.x) / 32, lane = static_cast<int>(threadIdx.x) % 32;
    share.column = lane / share.kLanes;
    share.quad = warp * share.kLanes + lane % share.kLanes;
    int stride = WARPS * share.kLanes * ahead;
    share.iterations = (share.quads + stride - 1) / stride * ahead;
    return share;
}

// The words of some rows of the batch: one tile at one turn.
struct Source {
    const float* first;
    int rows;
    bool polled; // not before the first step: those words are there
};

// Group `quad` of each row. VECTORS: rows are whole groups, and lie on multiples of 16 bytes.
template <bool VECTORS, int R>
__device__ __forceinline__ void fetch(float4 (&words)[R], const Source& from, const Share& share, int quad) {
    int rows = quad < share.quads ? from.rows : 0;
    const float* word = from.first + 4 * quad;
#pragma unroll
    for (int r = 0; r < R; r++, word += share.depth) {
        words[r] = make_float4(0, 0, 0, 0);
        if (r < rows) {
            if constexpr (VECTORS) {
                words[r] = load_relaxed_gpu_4(word);
            } else {
                int left = share.depth - 4 * quad;
                words[r].x = load_relaxed_gpu(word);
                words[r].y = left > 1 ? load_relaxed_gpu(word + 1) : 0.0f;
                words[r].z = left > 2 ? load_relaxed_gpu(word + 2) : 0.0f;
                words[r].w = left > 3 ? load_relaxed_gpu(word + 3) : 0.0f;
            }
        }
    }
}

template <int R> __device__ __forceinline__ bool isComplete(const float4 (&words)[R]) {
    unsigned most = 0;
#pragma unroll
    for (int r = 0; r < R; r++) {
        most = max(max(most, max(__float_as_uint(words[r].x), __float_as_uint(words[r].y))),
                   max(__float_as_uint(words[r].z), __float_as_uint(words[r].w)));
    }
    return most != ABSENT;
}

// The product of a tile of R rows with this block's columns. AHEAD groups of words are under way at a time; with HELD the
// first AHEAD groups of U are in registers and not in shared memory.
template <class Pass, bool VECTORS, int R, int AHEAD, bool HELD> struct Product {
    static constexpr int COLUMNS = Pass::LANE_COLUMNS;
    float4 words[AHEAD][R];
    float4 held[HELD ? AHEAD : 1][HELD ? COLUMNS : 1];

    __device__ __forceinline__ int quadOf(const Share& share, int iteration) const {
        return iteration * WARPS * share.kLanes + share.quad;
    }
    static __device__ __forceinline__ int firstShared(const Share& share) {
        return HELD ? min(AHEAD * WARPS * share.kLanes, share.quads) * 4 : 0;
    }
    static __device__ __forceinline__ int pitchOf(const Share& share) {
        return (share.quads * 4 - firstShared(share) + 31) / 32 * 32 + Pass::PAD;
    }

    // Brings this block's part of U on chip: u [column][k] from k = firstShared on.
    __device__ __forceinline__ void load(const Pass& pass, const Share& share, float* u) {
        int first = firstShared(share), width = share.quads * 4 - first, pitch = pitchOf(share);
        int columns = share.columnLanes * share.laneColumns;
        for (int i = static_cast<int>(threadIdx.x); i < columns * width; i += THREADS) {
            int column = Pass::ROWS_OF_U ? i / width : i % columns, k = Pass::ROWS_OF_U ? i % width : i / columns;
            u[column * pitch + k] = pass.weight(share, column, first + k);
        }
        if constexpr (HELD) {
#pragma unroll
            for (int a = 0; a < AHEAD; a++) {
                int k = quadOf(share, a) * 4;
#pragma unroll
                for (int j = 0; j < COLUMNS; j++) {
                    int column = share.column + j * share.columnLanes;
                    held[a][j] = make_float4(pass.weight(share, column, k), pass.weight(share, column, k + 1),
                                             pass.weight(share, column, k + 2), pass.weight(share, column, k + 3));
                }
            }
        }
    }

    __device__ __forceinline__ void start(const Source& from, const Share& share) {
#pragma unroll
        for (int a = 0; a < AHEAD; a++) {
            fetch<VECTORS>(words[a], from, share, quadOf(share, a));
        }
    }

    // Waits for group A; while it does, all later groups are asked for anew as well, so that none costs a way of its own. A word
    // that never comes ends the kernel with an error, in the end, and not in a hang.
    template <int A> __device__ __forceinline__ void await(const Source& from, const Share& share, int base) {
        for (unsigned polls = 0; !isComplete(words[A]);) {
            if (++polls == MOST_POLLS) {
                __trap();
            }
            spin_pause();
            fetchMissing<A>(from, share, base);
        }
    }
    template <int A> __device__ __forceinline__ void fetchMissing(const Source& from, const Share& share, int base) {
        if (!isComplete(words[A])) {
            fetch<VECTORS>(words[A], from, share, quadOf(share, base + A));
        }
        if constexpr (A + 1 < AHEAD) {
            fetchMissing<A + 1>(from, share, base);
        }
    }

    static __device__ __forceinline__ void multiplyAdd(float (&sums)[R * COLUMNS], int j, const float4 (&x)[R], float4 w) {
#pragma unroll
        for (int r = 0; r < R; r++) {
            float& sum = sums[r * COLUMNS + j];
            sum = fmaf(x[r].x, w.x, sum);
            sum = fmaf(x[r].y, w.y, sum);
            sum = fmaf(x[r].z, w.z, sum);
            sum = fmaf(x[r].w, w.w, sum);
        }
    }

    // sums [R][COLUMNS] of this lane. On the way it asks for the first words of the tile that comes next; not with one row,
    // whose next words are those of the next turn, and never there yet.
    __device__ __forceinline__ void run(float (&sums)[R * COLUMNS], const float* u, const Source& from, const Source& next,
                                        const Share& share) {
        int pitch = pitchOf(share);
        const float* mine = u + share.column * pitch - firstShared(share);
        if (HELD) {
            start(from, share);
        }
        for (int base = 0; base < share.iterations; base += AHEAD) {
            group<0>(sums, mine, share.columnLanes * pitch, from, next, share, base);
        }
    }

    // Iteration base + A, and those behind it up to AHEAD.
    template <int A>
    __device__ __forceinline__ void group(float (&sums)[R * COLUMNS], const float* mine, int step, const Source& from,
                                          const Source& next, const Share& share, int base) {
        int quad = quadOf(share, base + A);
        if (from.polled) {
            await<A>(from, share, base);
        }
        if (quad < share.quads) { // behind the end U is not there, and zero times infinity is no zero
#pragma unroll
            for (int j = 0; j < COLUMNS; j++) {
                if (HELD && base == 0) {
                    multiplyAdd(sums, j, words[A], held[HELD ? A : 0][HELD ? j : 0]);
                } else if (j / 2 * 2 < share.laneColumns) { // two at a time, the second perhaps in vain
                    int at = min(j, share.laneColumns - 1) * step + 4 * quad;
                    multiplyAdd(sums, j, words[A], *reinterpret_cast<const float4*>(mine + at));
                }
            }
        }
        bool inside = base + AHEAD < share.iterations;
        if (inside || !HELD) {
            Source source = {inside ? from.first : next.first, inside ? from.rows : next.rows, true};
            fetch<VECTORS>(words[A], source, share, quadOf(share, inside ? base + AHEAD + A : A));
        }
        if constexpr (A + 1 < AHEAD) {
            group<A + 1>(sums, mine, step, from, next, share, base);
        }
    }
};

// Adds up over the lanes of one column, distances DISTANCE, 2 DISTANCE ... kLanes / 2, and stores to [row][column]. Lanes
// share the work: from each distance on, a lane goes on with one half of the COUNT sums, if they can be halved; `first` is
// the first of its own. Otherwise they do the same, and the lower one stores.
template <int COLUMNS, int COUNT, int DISTANCE>
__device__ __forceinline__ void reduce(const float (&sums)[COUNT], const Share& share, int pitch, float* to, int first,
                                       bool stores) {
    if constexpr (DISTANCE < 32) {
        if (DISTANCE < 4 || DISTANCE < share.kLanes) { // kLanes is 4 at least
            bool upper = threadIdx.x & DISTANCE;
            if constexpr (COUNT % 2 == 0) {
                constexpr int HALF = COUNT / 2;
                float half[HALF];
#pragma unroll
                for (int i = 0; i < HALF; i++) {
                    float low = sums[i], high = sums[i + HALF];
                    half[i] = (upper ? high : low) + __shfl_xor_sync(ALL_LANES, upper ? low : high, DISTANCE);
                }
                reduce<COLUMNS, HALF, 2 * DISTANCE>(half, share, pitch, to, first + (upper ? HALF : 0), stores);
            } else {
                float whole[COUNT];
#pragma unroll
                for (int i = 0; i < COUNT; i++) {
                    whole[i] = sums[i] + __shfl_xor_sync(ALL_LANES, sums[i], DISTANCE);
                }
                reduce<COLUMNS, COUNT, 2 * DISTANCE>(whole, share, pitch, to, first, stores && !upper);
            }
            return;
        }
    }
    if (stores) {
#pragma unroll
        for (int i = 0; i < COUNT; i++) {
            int row = (first + i) / COLUMNS, j = (first + i) % COLUMNS;
            if (j < share.laneColumns) {
                to[row * pitch + share.column + j * share.columnLanes] = sums[i];
            }
        }
    }
}

// The loop over the turns.
template <class Pass, bool VECTORS, int R, int AHEAD, bool HELD>
__device__ __forceinline__ void run(const Pass& pass) {
    DYN_SHARED(float, shared);
    Share share = shareOf(pass, AHEAD);
    Product<Pass, VECTORS, R, AHEAD, HELD> product;
    int columns = share.columnLanes * share.laneColumns, sumsPitch = columns + 4, buffer = WARPS * R * sumsPitch;
    float* u = shared;
    float* partial = shared + columns * product.pitchOf(share);
    product.load(pass, share, u);
    pass.clear();
    grid_sync();

    int warp = static_cast<int>(threadIdx.x) / 32;
    int row = static_cast<int>(threadIdx.x) / share.units, unit = static_cast<int>(threadIdx.x) % share.units;
    int j = share.firstUnit + unit, tiles = (share.rows + R - 1) / R;
    bool hasElement = row < R && j < pass.hidden;
    auto sourceOf = [&](int turn, int tile) {
        Source from = {nullptr, 0, false};
        if (turn < pass.turns()) {
            int firstRow = share.firstRow + tile * R;
            from.first = pass.source(turn) + static_cast<long long>(firstRow) * share.depth;
            from.rows = min(R, share.firstRow + share.rows - firstRow);
            from.polled = pass.isPolled(turn);
        }
        return from;
    };
    auto isMine = [&](int tile) { return hasElement && tile * R + row < share.rows; };
    auto rowOf = [&](int tile) { return static_cast<long long>(share.firstRow + tile * R + row); };

    int current = 0;
    for (int turn = 0; turn < pass.turns(); turn++) {
        for (int tile = 0; tile < tiles; tile++) {
            bool last = tile + 1 == tiles, mine = isMine(tile);
            int nextTurn = last ? turn + 1 : turn, nextTile = last ? 0 : tile + 1;
            // What does not need the product is read while it runs, and is brought into L2 two turns ahead.
            typename Pass::Inputs inputs = {};
            if (mine) {
                inputs = pass.inputs(turn, rowOf(tile), j);
                pass.prefetch(turn + 2, rowOf(tile), j);
            }
            if (turn >= Pass::FIRST_PRODUCT) {
                Source from = sourceOf(turn, tile);
                if (!HELD && turn == Pass::FIRST_PRODUCT && tile == 0) {
                    product.start(from, share);
                }
                float sums[R * Pass::LANE_COLUMNS] = {};
                product.run(sums, u, from, sourceOf(nextTurn, nextTile), share);
                float* to = partial + current * buffer + warp * R * sumsPitch;
                reduce<Pass::LANE_COLUMNS, R * Pass::LANE_COLUMNS, 1>(sums, share, sumsPitch, to, 0, true);
            }
            __syncthreads();
            if (mine) {
                float sums[Pass::SUMS] = {};
                if (turn >= Pass::FIRST_PRODUCT) {
#pragma unroll
                    for (int from = 0; from < WARPS; from++) {
#pragma unroll
                        for (int g = 0; g < Pass::SUMS; g++) {
                            sums[g] += partial[current * buffer + (from * R + row) * sumsPitch + g * share.units + unit];
                        }
                    }
                }
                pass.update(turn, rowOf(tile), j, inputs, sums);
            }
            current ^= 1;
        }
        pass.endTurn(turn);
    }
}

// The variants, one kernel each: kernels NAME_row, NAME_rows4, NAME_rows8, NAME_unaligned. With few rows a tile is as small,
// so that no lane works for rows that are not there.
template <class Pass> __device__ __forceinline__ void row(const Pass& pass) { run<Pass, true, 1, 4, true>(pass); }
template <class Pass> __device__ __forceinline__ void rows4(const Pass& pass) { run<Pass, true, 4, 2, false>(pass); }
template <class Pass> __device__ __forceinline__ void rows8(const Pass& pass) { run<Pass, true, 8, 2, false>(pass); }
template <class Pass> __device__ __forceinline__ void unaligned(const Pass& pass) { run<Pass, false, 4, 1, false>(pass); }

} // namespace grid
} // namespace rondo

// define(variant) for each of them.
#define RONDO_GRID_VARIANTS(define) define(row) define(rows4) define(rows8) define(unaligned)
