// Barriers of a block and the collectives of a warp.
#pragma once

#include "language.h"

#include <cstring>

inline void __syncthreads(RONDO_EMU_SITE) {
    rondo_emu_block_sync(rondo_emu::BlockReduction::count, 0, file, line);
}
inline int __syncthreads_or(int predicate, RONDO_EMU_SITE) {
    return rondo_emu_block_sync(rondo_emu::BlockReduction::bitOr, predicate, file, line);
}
inline int __syncthreads_and(int predicate, RONDO_EMU_SITE) {
    return rondo_emu_block_sync(rondo_emu::BlockReduction::bitAnd, predicate, file, line);
}
inline int __syncthreads_count(int predicate, RONDO_EMU_SITE) {
    return rondo_emu_block_sync(rondo_emu::BlockReduction::count, predicate, file, line);
}

// bar.sync and bar.arrive of PTX: barrier 1 to 15, for a number of threads that is a multiple of 32.
inline void named_barrier_sync(unsigned barrier, unsigned threads, RONDO_EMU_SITE) {
    rondo_emu_named_sync(barrier, threads, true, file, line);
}
inline void named_barrier_arrive(unsigned barrier, unsigned threads, RONDO_EMU_SITE) {
    rondo_emu_named_sync(barrier, threads, false, file, line);
}

namespace rondo_emu {

template <class T> uint64_t toBits(T value) {
    static_assert(sizeof(T) <= 8, "a shuffle moves at most 64 bits");
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof value);
    return bits;
}

template <class T> T fromBits(uint64_t bits) {
    T value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

// The value of a lane that does not take part is undefined: poison.
template <class T> T shuffle(unsigned mask, T value, int source, const char* file, int line) {
    unsigned arrived;
    const uint64_t* slots =
        rondo_emu_warp_exchange(WarpOperation::shuffle, mask, toBits(value), &arrived, file, line);
    bool there = source >= 0 && source < 32 && (arrived >> source & 1);
    return fromBits<T>(there ? slots[source] : ~uint64_t{0});
}

template <class Combine>
unsigned reduce(unsigned mask, unsigned value, const char* file, int line, Combine combine) {
    unsigned arrived;
    const uint64_t* slots = rondo_emu_warp_exchange(WarpOperation::reduce, mask, value, &arrived, file, line);
    unsigned lane = static_cast<unsigned>(__builtin_ctz(arrived));
    unsigned result = static_cast<unsigned>(slots[lane]);
    for (lane++; lane < 32; lane++) {
        if (arrived >> lane & 1) {
            result = combine(result, static_cast<unsigned>(slots[lane]));
        }
    }
    return result;
}

} // namespace rondo_emu

inline void __syncwarp(unsigned mask = 0xffffffffu, RONDO_EMU_SITE) {
    unsigned arrived;
    rondo_emu_warp_exchange(rondo_emu::WarpOperation::sync, mask, 0, &arrived, file, line);
}

template <class T> T __shfl_sync(unsigned mask, T value, int source, int width = 32, RONDO_EMU_SITE) {
    int lane = static_cast<int>(rondo_emu_thread->lane);
    int first = lane & ~(width - 1);
    return rondo_emu::shuffle(mask, value, first + (source & (width - 1)), file, line);
}
template <class T> T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, RONDO_EMU_SITE) {
    int lane = static_cast<int>(rondo_emu_thread->lane);
    int at = lane & (width - 1);
    int source = at >= static_cast<int>(delta) ? lane - static_cast<int>(delta) : lane;
    return rondo_emu::shuffle(mask, value, source, file, line);
}
template <class T> T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, RONDO_EMU_SITE) {
    int lane = static_cast<int>(rondo_emu_thread->lane);
    int at = lane & (width - 1);
    int source = at + static_cast<int>(delta) < width ? lane + static_cast<int>(delta) : lane;
    return rondo_emu::shuffle(mask, value, source, file, line);
}
template <class T> T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32, RONDO_EMU_SITE) {
    int lane = static_cast<int>(rondo_emu_thread->lane);
    int source = lane ^ bits;
    return rondo_emu::shuffle(mask, value, source / width <= lane / width ? source : lane, file, line);
}

inline unsigned __ballot_sync(unsigned mask, int predicate, RONDO_EMU_SITE) {
    unsigned arrived, votes = 0;
    const uint64_t* slots =
        rondo_emu_warp_exchange(rondo_emu::WarpOperation::vote, mask, predicate != 0, &arrived, file, line);
    for (unsigned lane = 0; lane < 32; lane++) {
        if ((arrived >> lane & 1) && slots[lane]) {
            votes |= 1u << lane;
        }
    }
    return votes;
}
inline int __any_sync(unsigned mask, int predicate, RONDO_EMU_SITE) {
    return __ballot_sync(mask, predicate, file, line) != 0;
}
inline int __all_sync(unsigned mask, int predicate, RONDO_EMU_SITE) {
    return __ballot_sync(mask, !predicate, file, line) == 0;
}
template <class T> unsigned __match_any_sync(unsigned mask, T value, RONDO_EMU_SITE) {
    unsigned arrived, same = 0;
    uint64_t own = rondo_emu::toBits(value);
    const uint64_t* slots = rondo_emu_warp_exchange(rondo_emu::WarpOperation::match, mask, own, &arrived, file, line);
    for (unsigned lane = 0; lane < 32; lane++) {
        if ((arrived >> lane & 1) && slots[lane] == own) {
            same |= 1u << lane;
        }
    }
    return same;
}

// 32-bit integers, as on devices of compute capability 8.0 and newer.
inline unsigned __reduce_add_sync(unsigned mask, unsigned value, RONDO_EMU_SITE) {
    return rondo_emu::reduce(mask, value, file, line, [](unsigned a, unsigned b) { return a + b; });
}
inline unsigned warp_sum(unsigned mask, unsigned value, RONDO_EMU_SITE) {
    return __reduce_add_sync(mask, value, file, line);
}
inline unsigned __reduce_min_sync(unsigned mask, unsigned value, RONDO_EMU_SITE) {
    return rondo_emu::reduce(mask, value, file, line, [](unsigned a, unsigned b) { return a < b ? a : b; });
}
inline unsigned __reduce_max_sync(unsigned mask, unsigned value, RONDO_EMU_SITE) {
    return rondo_emu::reduce(mask, value, file, line, [](unsigned a, unsigned b) { return a > b ? a : b; });
}
inline unsigned __reduce_and_sync(unsigned mask, unsigned value, RONDO_EMU_SITE) {
    return rondo_emu::reduce(mask, value, file, line, [](unsigned a, unsigned b) { return a & b; });
}
inline unsigned __reduce_or_sync(unsigned mask, unsigned value, RONDO_EMU_SITE) {
    return rondo_emu::reduce(mask, value, file, line, [](unsigned a, unsigned b) { return a | b; });
}
inline unsigned __reduce_xor_sync(unsigned mask, unsigned value, RONDO_EMU_SITE) {
    return rondo_emu::reduce(mask, value, file, line, [](unsigned a, unsigned b) { return a ^ b; });
}

inline void __nanosleep(unsigned, RONDO_EMU_SITE) { rondo_emu_yield(file, line); }
inline void spin_pause(RONDO_EMU_SITE) { rondo_emu_yield(file, line); }
inline void __trap(RONDO_EMU_SITE) { rondo_emu_trap("__trap", file, line); }
