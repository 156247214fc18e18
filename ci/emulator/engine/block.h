// The threads, warps, blocks and clusters of a running kernel. All blocks of a cluster live on one worker, so nothing
// in here needs a lock.
#pragma once

#include "../shim/abi.h"
#include "fiber.h"
#include "shared_memory.h"

#include <memory>
#include <random>
#include <vector>

namespace rondo_emu {

struct Block;
struct Cluster;
struct Launch;
struct Worker;

enum class State : uint8_t { fresh, ready, block, warp, cluster, mbarrier, grid, done };
constexpr int kStates = 8;

// One cp.async that was issued but not waited for.
struct PendingCopy {
    void* to;
    const void* from;
    unsigned bytes, validBytes, group;
};

struct Thread : ThreadView {
    State state;
    bool clusterArrived;     // arrived at the cluster barrier, has not waited
    uint32_t clusterPhase;   // the phase it arrived in
    Block* home;
    void* stackPointer;
    char* stack;             // null when it has none
    const char* file;        // where it waits
    int line;
    const void* waitsFor;    // the mbarrier
    unsigned waitParity;
    const volatile void* spinAddress;
    uint64_t spinValue;
    unsigned copyGroup;
    std::vector<PendingCopy> copies;
};

// One set of lanes that meet: those of a mask. Two sets of slots, so that a fast lane cannot overwrite what a slow one
// has still to read.
struct Meeting {
    unsigned mask = 0, arrived = 0, generation = 0;
    WarpOperation operation = WarpOperation::sync;
    const char* file = nullptr;
    int line = 0;
    unsigned complete[2] = {0, 0};
    uint64_t slot[2][32];
};

struct Warp {
    unsigned live = 0;
    Meeting full;
    std::vector<std::unique_ptr<Meeting>> partial;
};

constexpr unsigned kNamedBarriers = 16;

struct BlockBarrier {
    unsigned arrived = 0, expected = 0;
    const char* file = nullptr;
    int line = 0;
    int accumulated[3] = {0, 1, 0}, result[3] = {0, 1, 0};
};

// One mbarrier object, known by its address in shared memory.
struct Mbarrier {
    const uint64_t* address;
    unsigned count, pending;
    int64_t bytes;        // still to come
    unsigned phase;
    struct Late {
        void* to;
        std::vector<char> data;
    };
    std::vector<Late> late; // copies whose bytes have not been shown yet
};

struct Block : BlockView {
    Cluster* cluster = nullptr;
    std::vector<Thread> threads;
    std::vector<Warp> warps;
    BlockBarrier barriers[kNamedBarriers];
    std::vector<Mbarrier> mbarriers;
    SharedArena shared;
    std::vector<unsigned> order;  // in which threads are started and resumed; empty: ascending
    unsigned live = 0, next = 0, ready = 0;
    unsigned atGrid = 0;          // threads that wait at the grid barrier
    bool gridArrived = false;
    unsigned gridGeneration = 0;
    const char* gridFile = nullptr;
    int gridLine = 0;
    bool started = false, ended = false;
    unsigned shape = 0;           // the block size the thread indices were made for
};

struct Cluster {
    Launch* launch = nullptr;
    Worker* worker = nullptr;
    std::vector<std::unique_ptr<Block>> blocks;
    unsigned size = 0;            // blocks in use
    unsigned live = 0;            // threads
    unsigned arrived = 0, phase = 0;
    std::minstd_rand random;
    bool finished = false;
};

// What a worker thread of the operating system has of its own.
struct Worker {
    StackPool stacks;
    void* scheduler = nullptr;    // stack pointer of the scheduler while a fiber runs
    Cluster* running = nullptr;
    bool inKernel = false;
    unsigned yields = 0;          // resumed threads that only yielded, in this pass
    std::vector<std::unique_ptr<Cluster>> cache;
};

extern __thread Worker* currentWorker __attribute__((tls_model("initial-exec")));

inline Thread* self() { return static_cast<Thread*>(rondo_emu_thread); }

// Makes a cluster ready to run: index of its first block, threads fresh, shared memory poisoned.
void beginCluster(Cluster& cluster, Launch& launch, Worker& worker, size_t number);
void endCluster(Cluster& cluster);

struct Pass {
    unsigned resumed = 0, yielded = 0;
};
// Resumes every thread of the cluster that can run, once.
Pass runPass(Cluster& cluster);
// Whether all live threads of all live blocks wait at the grid barrier.
bool allAtGrid(const Cluster& cluster);
// Nothing can run any more: reports who waits where.
void reportStuck(const Cluster& cluster);

// Leaves the running thread. Returns when it is resumed.
void pause(State state, const char* file, int line);
void wake(Thread& thread);
// Leaves the running thread for ever, after a fault.
[[noreturn]] void abandon();

// Called when a thread ends, for barriers that waited only for it.
void checkBlockBarriers(Block& block);
void checkMeetings(Block& block, unsigned warp);
void checkClusterBarrier(Cluster& cluster);

} // namespace rondo_emu
