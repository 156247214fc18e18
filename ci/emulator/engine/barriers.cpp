// The barriers of a block, a cluster and the grid, and the report when nothing can go on.
#include "block.h"
#include "launch.h"

#include <cstring>
#include <string>

namespace rondo_emu {

namespace {

bool sameSite(const char* fileA, int lineA, const char* fileB, int lineB) {
    return lineA == lineB && (fileA == fileB || strcmp(fileA, fileB) == 0);
}

void completeBarrier(Block& block, BlockBarrier& barrier, unsigned number) {
    memcpy(barrier.result, barrier.accumulated, sizeof barrier.result);
    barrier.accumulated[0] = 0;
    barrier.accumulated[1] = 1;
    barrier.accumulated[2] = 0;
    barrier.arrived = 0;
    for (Thread& thread : block.threads) {
        if (thread.state == State::block && thread.waitParity == number) {
            wake(thread);
        }
    }
}

// The threads that must come: for __syncthreads all that have not ended.
unsigned wanted(const Block& block, const BlockBarrier& barrier) {
    return barrier.expected ? barrier.expected : block.live;
}

void arrive(unsigned number, unsigned threads, bool wait, const char* file, int line) {
    Thread& thread = *self();
    Block& block = *thread.home;
    BlockBarrier& barrier = block.barriers[number];
    if (!barrier.arrived) {
        barrier.file = file;
        barrier.line = line;
        barrier.expected = threads;
    } else if (barrier.expected != threads) {
        faultHere(719, file, line, "barrier %u is used with %u threads here and with %u at %s:%d", number, threads,
                  barrier.expected, barrier.file, barrier.line);
        abandon();
    } else if (!threads && !sameSite(file, line, barrier.file, barrier.line)) {
        faultHere(719, file, line, "divergent __syncthreads: %u threads wait at %s:%d", barrier.arrived, barrier.file,
                  barrier.line);
        abandon();
    }
    barrier.arrived++;
    if (barrier.arrived == wanted(block, barrier)) {
        completeBarrier(block, barrier, number);
    } else if (wait) {
        thread.waitParity = number;
        pause(State::block, file, line);
    }
}

const char* stateName(State state) {
    static const char* const names[kStates] = {"not started",
                                               "ready",
                                               "at a barrier of the block",
                                               "in a warp collective",
                                               "at the cluster barrier",
                                               "at an mbarrier",
                                               "at grid sync",
                                               "ended"};
    return names[static_cast<int>(state)];
}

// Which lanes a warp collective waits for.
std::string missingLanes(const Thread& thread) {
    const Block& block = *thread.home;
    const Warp& warp = block.warps[static_cast<size_t>(&thread - block.threads.data()) >> 5];
    std::string text;
    auto describe = [&](const Meeting& meeting) {
        if (meeting.arrived >> thread.lane & 1) {
            char part[96];
            snprintf(part, sizeof part, "; mask %08x, lanes that did not come %08x", meeting.mask,
                     meeting.mask & warp.live & ~meeting.arrived);
            text += part;
        }
    };
    describe(warp.full);
    for (const auto& meeting : warp.partial) {
        describe(*meeting);
    }
    return text;
}

} // namespace

void checkBlockBarriers(Block& block) {
    BlockBarrier& barrier = block.barriers[0];
    if (barrier.arrived && !barrier.expected && barrier.arrived == block.live) {
        completeBarrier(block, barrier, 0);
    }
}

void checkClusterBarrier(Cluster& cluster) {
    if (!cluster.arrived || cluster.arrived != cluster.live) {
        return;
    }
    cluster.arrived = 0;
    cluster.phase++;
    for (unsigned rank = 0; rank < cluster.size; rank++) {
        for (Thread& thread : cluster.blocks[rank]->threads) {
            if (thread.state == State::cluster) {
                wake(thread);
            }
        }
    }
}

void reportStuck(const Cluster& cluster) {
    std::string text;
    for (unsigned rank = 0; rank < cluster.size; rank++) {
        const Block& block = *cluster.blocks[rank];
        unsigned count[kStates] = {};
        const Thread* first[kStates] = {};
        for (const Thread& thread : block.threads) {
            int state = static_cast<int>(thread.state);
            if (!count[state]++) {
                first[state] = &thread;
            }
        }
        if (count[static_cast<int>(State::done)] == block.threads.size()) {
            continue;
        }
        char part[512];
        snprintf(part, sizeof part, "%sblock (%u,%u,%u):", text.empty() ? "" : " | ", block.index.x, block.index.y,
                 block.index.z);
        text += part;
        for (int state = 0; state < kStates; state++) {
            if (!count[state]) {
                continue;
            }
            snprintf(part, sizeof part, " %u %s", count[state], stateName(static_cast<State>(state)));
            text += part;
            State is = static_cast<State>(state);
            if (is != State::done && is != State::fresh) {
                const Thread& thread = *first[state];
                snprintf(part, sizeof part, " (thread (%u,%u,%u) at %s:%d%s)", thread.index.x, thread.index.y,
                         thread.index.z, thread.file, thread.line,
                         is == State::warp ? missingLanes(thread).c_str() : "");
                text += part;
            }
            text += ",";
        }
        text.pop_back();
        if (text.size() > 1500) {
            break;
        }
    }
    fault(*cluster.launch, 719, "kernel %s: deadlock: %s", cluster.launch->kernel->entry.name, text.c_str());
}

} // namespace rondo_emu

using namespace rondo_emu;

#define EMU_EXPORT extern "C" __attribute__((visibility("default")))

EMU_EXPORT int rondo_emu_block_sync(BlockReduction reduction, int value, const char* file, int line) {
    Block& block = *self()->home;
    BlockBarrier& barrier = block.barriers[0];
    barrier.accumulated[0] |= value != 0;
    barrier.accumulated[1] &= value != 0;
    barrier.accumulated[2] += value != 0;
    arrive(0, 0, true, file, line);
    return barrier.result[static_cast<int>(reduction)];
}

EMU_EXPORT void rondo_emu_named_sync(unsigned barrier, unsigned threads, bool wait, const char* file, int line) {
    if (barrier == 0 || barrier >= kNamedBarriers || threads == 0 || threads % 32 != 0) {
        faultHere(719, file, line, "named barrier %u for %u threads: 1 to 15, and a multiple of 32", barrier, threads);
        abandon();
    }
    arrive(barrier, threads, wait, file, line);
}

EMU_EXPORT void rondo_emu_grid_sync(const char* file, int line) {
    Block& block = *self()->home;
    if (!block.cluster->launch->cooperative) {
        faultHere(719, file, line, "grid sync in a kernel that was not launched cooperatively");
        abandon();
    }
    if (!block.atGrid) {
        block.gridFile = file;
        block.gridLine = line;
    } else if (!sameSite(file, line, block.gridFile, block.gridLine)) {
        faultHere(719, file, line, "divergent grid sync: %u threads wait at %s:%d", block.atGrid, block.gridFile,
                  block.gridLine);
        abandon();
    }
    block.atGrid++;
    pause(State::grid, file, line);
}

EMU_EXPORT void rondo_emu_cluster_arrive(const char* file, int line) {
    Thread& thread = *self();
    Cluster& cluster = *thread.home->cluster;
    if (thread.clusterArrived) {
        faultHere(719, file, line, "arrives at the cluster barrier twice without a wait");
        abandon();
    }
    thread.clusterArrived = true;
    thread.clusterPhase = cluster.phase;
    cluster.arrived++;
    checkClusterBarrier(cluster);
}

EMU_EXPORT void rondo_emu_cluster_wait(const char* file, int line) {
    Thread& thread = *self();
    Cluster& cluster = *thread.home->cluster;
    if (!thread.clusterArrived) {
        faultHere(719, file, line, "waits at the cluster barrier without having arrived");
        abandon();
    }
    if (cluster.phase == thread.clusterPhase) {
        pause(State::cluster, file, line);
    }
    thread.clusterArrived = false;
}
