// Grids and clusters.
#pragma once

#include "language.h"

inline void grid_sync(RONDO_EMU_SITE) { rondo_emu_grid_sync(file, line); }

constexpr bool HAS_CLUSTERS = true;
inline unsigned cluster_rank() { return rondo_emu_thread->block->clusterRank; }
inline unsigned cluster_blocks() { return rondo_emu_thread->block->clusterBlocks; }
inline void cluster_arrive(RONDO_EMU_SITE) { rondo_emu_cluster_arrive(file, line); }
inline void cluster_arrive_relaxed(RONDO_EMU_SITE) { rondo_emu_cluster_arrive(file, line); }
inline void cluster_wait(RONDO_EMU_SITE) { rondo_emu_cluster_wait(file, line); }
inline void cluster_sync(RONDO_EMU_SITE) {
    rondo_emu_cluster_arrive(file, line);
    rondo_emu_cluster_wait(file, line);
}
// The same variable in the shared memory of the block with that rank.
template <class T> T* cluster_map(T* shared, unsigned rank, RONDO_EMU_SITE) {
    return static_cast<T*>(rondo_emu_cluster_map(shared, rank, file, line));
}
