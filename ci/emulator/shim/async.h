// cp.async, mbarriers, and the copies that count their bytes on an mbarrier.
#pragma once

#include "language.h"

#include <cstring>

// Bytes: 4, 8 or 16. With validBytes below Bytes the rest is filled with zeros.
template <unsigned Bytes> void copy_async(void* shared, const void* global, unsigned validBytes = Bytes) {
    static_assert(Bytes == 4 || Bytes == 8 || Bytes == 16, "cp.async copies 4, 8 or 16 bytes");
    if (reinterpret_cast<uintptr_t>(shared) % Bytes || reinterpret_cast<uintptr_t>(global) % Bytes) {
        rondo_emu_trap("cp.async with addresses that are not aligned to its size", __FILE__, __LINE__);
    }
    rondo_emu_copy_async(shared, global, Bytes, validBytes);
}
inline void copy_async_commit() { rondo_emu_copy_commit(); }
template <unsigned GroupsLeft> void copy_async_wait() { rondo_emu_copy_wait(GroupsLeft); }

using mbarrier = uint64_t;

inline void mbarrier_init(mbarrier* barrier, unsigned count, RONDO_EMU_SITE) {
    rondo_emu_mbarrier_init(barrier, count, file, line);
}
inline void mbarrier_invalidate(mbarrier* barrier, RONDO_EMU_SITE) {
    rondo_emu_mbarrier_invalidate(barrier, file, line);
}
// Makes the initialisation visible to the cluster; cluster_sync follows.
inline void mbarrier_init_fence() {}
inline void mbarrier_arrive(mbarrier* barrier, RONDO_EMU_SITE) { rondo_emu_mbarrier_arrive(barrier, 1, 0, file, line); }
// On the barrier of a peer: an address of cluster_map.
inline void mbarrier_arrive_cluster(mbarrier* barrier, RONDO_EMU_SITE) {
    rondo_emu_mbarrier_arrive(barrier, 1, 0, file, line);
}
inline void mbarrier_expect(mbarrier* barrier, unsigned bytes, RONDO_EMU_SITE) {
    rondo_emu_mbarrier_expect(barrier, bytes, file, line);
}
inline void mbarrier_arrive_expect(mbarrier* barrier, unsigned bytes, RONDO_EMU_SITE) {
    rondo_emu_mbarrier_arrive(barrier, 1, bytes, file, line);
}
// Whether the phase with that parity is complete. The bytes of asynchronous copies are visible afterwards.
inline bool mbarrier_test(mbarrier* barrier, unsigned parity, RONDO_EMU_SITE) {
    bool complete = rondo_emu_mbarrier_test(barrier, parity, file, line);
    if (!complete) {
        rondo_emu_yield(file, line);
    }
    return complete;
}
inline void mbarrier_wait(mbarrier* barrier, unsigned parity, RONDO_EMU_SITE) {
    rondo_emu_mbarrier_wait(barrier, parity, file, line);
}

// st.async: a word into the shared memory of a peer; its bytes count on an mbarrier of the same block.
template <class T> void store_async(T* shared, T value, mbarrier* barrier, RONDO_EMU_SITE) {
    static_assert(sizeof(T) == 4 || sizeof(T) == 8 || sizeof(T) == 16, "st.async stores 4, 8 or 16 bytes");
    rondo_emu_copy_to_barrier(shared, &value, sizeof value, barrier, file, line);
}
// cp.async.bulk without a tensor map: a multiple of 16 bytes, all addresses aligned to 16.
inline void copy_bulk(void* shared, const void* global, unsigned bytes, mbarrier* barrier, RONDO_EMU_SITE) {
    if (bytes % 16 || reinterpret_cast<uintptr_t>(shared) % 16 || reinterpret_cast<uintptr_t>(global) % 16) {
        rondo_emu_trap("a bulk copy whose size or addresses are no multiples of 16", file, line);
    }
    rondo_emu_copy_to_barrier(shared, global, bytes, barrier, file, line);
}
