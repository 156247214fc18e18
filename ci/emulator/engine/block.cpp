// The life of blocks and threads: start, turn, pause, end.
#include "block.h"
#include "launch.h"

#include <cstring>

namespace rondo_emu {

__thread Worker* currentWorker __attribute__((tls_model("initial-exec")));

namespace {

Index3 blockIndex(const Launch& launch, const uint32_t* shape, size_t cluster, unsigned rank) {
    unsigned across = launch.grid.x / shape[0], down = launch.grid.y / shape[1];
    unsigned x = static_cast<unsigned>(cluster % across);
    unsigned y = static_cast<unsigned>(cluster / across % down);
    unsigned z = static_cast<unsigned>(cluster / across / down);
    return {x * shape[0] + rank % shape[0], y * shape[1] + rank / shape[0] % shape[1],
            z * shape[2] + rank / shape[0] / shape[1]};
}

// Thread indices depend on the block size alone and stay from block to block.
void shapeThreads(Block& block) {
    unsigned count = block.size.x * block.size.y * block.size.z;
    block.threads.resize(count);
    block.warps.resize((count + 31) / 32);
    for (unsigned i = 0; i < count; i++) {
        Thread& thread = block.threads[i];
        thread.index = {i % block.size.x, i / block.size.x % block.size.y, i / block.size.x / block.size.y};
        thread.lane = i & 31;
        thread.block = &block;
        thread.home = &block;
        thread.stack = nullptr;
    }
}

void orderThreads(Block& block, const Launch& launch, std::minstd_rand& random) {
    size_t count = block.threads.size();
    if (launch.order == Order::forward) {
        block.order.clear();
        return;
    }
    block.order.resize(count);
    for (size_t i = 0; i < count; i++) {
        block.order[i] = static_cast<unsigned>(launch.order == Order::reverse ? count - 1 - i : i);
    }
    if (launch.order == Order::random) {
        for (size_t i = count; i > 1; i--) {
            std::swap(block.order[i - 1], block.order[random() % i]);
        }
    }
}

void beginBlock(Block& block, Cluster& cluster, const Launch& launch, size_t number, unsigned rank) {
    const uint32_t* shape = launch.kernel->entry.clusterShape;
    bool sameShape = block.size.x == launch.block.x && block.size.y == launch.block.y &&
                     block.size.z == launch.block.z && !block.threads.empty();
    block.cluster = &cluster;
    block.index = blockIndex(launch, shape, number, rank);
    block.size = launch.block;
    block.gridSize = launch.grid;
    block.clusterSize = {shape[0], shape[1], shape[2]};
    block.clusterRank = rank;
    block.clusterBlocks = cluster.size;
    if (!sameShape) {
        shapeThreads(block);
    }
    unsigned count = static_cast<unsigned>(block.threads.size());
    for (Thread& thread : block.threads) {
        thread.state = State::fresh;
        thread.clusterArrived = false;
        thread.spinAddress = nullptr;
        thread.copyGroup = 0;
        thread.copies.clear();
    }
    for (unsigned w = 0; w < block.warps.size(); w++) {
        unsigned lanes = count - w * 32;
        block.warps[w].live = lanes >= 32 ? ~0u : (1u << lanes) - 1;
        block.warps[w].full.mask = ~0u;
        block.warps[w].full.arrived = 0;
        block.warps[w].partial.clear();
    }
    for (BlockBarrier& barrier : block.barriers) {
        barrier = BlockBarrier();
    }
    block.mbarriers.clear();
    block.live = count;
    block.next = block.ready = block.atGrid = 0;
    block.gridArrived = block.started = block.ended = false;
    orderThreads(block, launch, cluster.random);
    if (cluster.size > 1) {
        block.shared.setAccess(true);
    }
    block.shared.begin(launch.dynamicBytes, cluster.size > 1);
    block.dynamicShared = block.shared.dynamic();
    block.dynamicBytes = static_cast<unsigned>(launch.dynamicBytes);
    if (cluster.size > 1) {
        block.shared.setAccess(false); // until its first thread has started
    }
}

void endBlock(Block& block) {
    block.ended = true;
    Launch& launch = *block.cluster->launch;
    if (launch.status.load(std::memory_order_relaxed)) {
        return;
    }
    SharedSlot slot;
    if (block.shared.dynamicDamaged()) {
        fault(launch, 700, "kernel %s: block (%u,%u,%u) wrote past the end of its %u bytes of dynamic shared memory",
              launch.kernel->entry.name, block.index.x, block.index.y, block.index.z, block.dynamicBytes);
    } else if (launch.kernel->layout.findDamage(block.shared, &slot)) {
        fault(launch, 700, "kernel %s: block (%u,%u,%u) wrote past the end of the shared array %s (%zu bytes)",
              launch.kernel->entry.name, block.index.x, block.index.y, block.index.z, slot.name, slot.bytes);
    }
    if (block.cluster->size > 1) {
        block.shared.setAccess(false); // a peer that still reads it is at fault
    }
}

void finish(Thread& thread) {
    Block& block = *thread.home;
    Cluster& cluster = *block.cluster;
    unsigned number = static_cast<unsigned>(&thread - block.threads.data());
    thread.state = State::done;
    block.live--;
    cluster.live--;
    block.warps[number >> 5].live &= ~(1u << thread.lane);
    if (thread.clusterArrived && thread.clusterPhase == cluster.phase) {
        cluster.arrived--;
    }
    checkMeetings(block, number >> 5);
    checkBlockBarriers(block);
    checkClusterBarrier(cluster);
    if (!block.live) {
        endBlock(block);
    }
}

Thread& takeFresh(Block& block) {
    unsigned number = block.order.empty() ? block.next : block.order[block.next];
    block.next++;
    Thread& thread = block.threads[number];
    thread.state = State::ready;
    return thread;
}

// The body of every fiber. A thread that ends without ever waiting hands its stack to the next fresh one, so a kernel
// without barriers needs no switches.
void runThreads() {
    for (;;) {
        Thread* thread = self();
        Block& block = *thread->home;
        Launch& launch = *block.cluster->launch;
        launch.kernel->entry.call(launch.arguments);
        finish(*thread);
        if (block.next < block.threads.size() && !launch.status.load(std::memory_order_relaxed)) {
            Thread& next = takeFresh(block);
            next.stack = thread->stack;
            thread->stack = nullptr;
            rondo_emu_thread = &next;
            continue;
        }
        void* dropped;
        rondo_emu_switch(&dropped, currentWorker->scheduler);
        __builtin_unreachable();
    }
}

void resume(Worker& worker, Thread& thread) {
    rondo_emu_thread = &thread;
    rondo_emu_switch(&worker.scheduler, thread.stackPointer);
    Thread* last = self(); // on this stack another thread may have begun
    if (last->state == State::done && last->stack) {
        worker.stacks.give(last->stack);
        last->stack = nullptr;
    }
}

unsigned passBlock(Worker& worker, Block& block, const Launch& launch) {
    unsigned resumed = 0;
    while (block.next < block.threads.size() && !launch.status.load(std::memory_order_relaxed)) {
        if (!block.started) {
            block.started = true;
            if (block.cluster->size > 1) {
                block.shared.setAccess(true);
            }
        }
        Thread& thread = takeFresh(block);
        thread.stack = worker.stacks.take();
        thread.stackPointer = prepareStack(thread.stack, runThreads);
        resume(worker, thread);
        resumed++;
    }
    if (!block.ready) {
        return resumed;
    }
    if (launch.order == Order::random) {
        orderThreads(block, launch, block.cluster->random);
    }
    size_t count = block.threads.size();
    for (size_t i = 0; i < count && block.ready; i++) {
        Thread& thread = block.threads[block.order.empty() ? i : block.order[i]];
        if (thread.state == State::ready) {
            block.ready--;
            resume(worker, thread);
            resumed++;
            if (launch.status.load(std::memory_order_relaxed)) {
                break;
            }
        }
    }
    return resumed;
}

} // namespace

void beginCluster(Cluster& cluster, Launch& launch, Worker& worker, size_t number) {
    const uint32_t* shape = launch.kernel->entry.clusterShape;
    cluster.launch = &launch;
    cluster.worker = &worker;
    cluster.size = shape[0] * shape[1] * shape[2];
    cluster.random.seed(launch.seed + static_cast<unsigned>(number) * 7919u);
    while (cluster.blocks.size() < cluster.size) {
        cluster.blocks.push_back(std::make_unique<Block>());
    }
    cluster.live = 0;
    cluster.arrived = cluster.phase = 0;
    cluster.finished = false;
    for (unsigned rank = 0; rank < cluster.size; rank++) {
        beginBlock(*cluster.blocks[rank], cluster, launch, number, rank);
        cluster.live += cluster.blocks[rank]->live;
    }
}

void endCluster(Cluster& cluster) {
    for (unsigned rank = 0; rank < cluster.size; rank++) {
        Block& block = *cluster.blocks[rank];
        for (Thread& thread : block.threads) {
            if (thread.stack) {
                cluster.worker->stacks.give(thread.stack);
                thread.stack = nullptr;
            }
        }
        if (cluster.size > 1) {
            block.shared.setAccess(true);
        }
    }
    cluster.finished = true;
}

Pass runPass(Cluster& cluster) {
    Worker& worker = *cluster.worker;
    worker.running = &cluster;
    worker.yields = 0;
    Pass pass;
    const Launch& launch = *cluster.launch;
    for (unsigned i = 0; i < cluster.size && !launch.status.load(std::memory_order_relaxed); i++) {
        unsigned rank = launch.order == Order::reverse ? cluster.size - 1 - i : i;
        pass.resumed += passBlock(worker, *cluster.blocks[rank], launch);
    }
    pass.yielded = worker.yields;
    return pass;
}

bool allAtGrid(const Cluster& cluster) {
    for (unsigned rank = 0; rank < cluster.size; rank++) {
        const Block& block = *cluster.blocks[rank];
        if (block.live && !block.gridArrived) {
            return false;
        }
    }
    return true;
}

void pause(State state, const char* file, int line) {
    Thread* thread = self();
    thread->state = state;
    thread->file = file;
    thread->line = line;
    rondo_emu_switch(&thread->stackPointer, currentWorker->scheduler);
}

void wake(Thread& thread) {
    thread.state = State::ready;
    thread.home->ready++;
}

void abandon() {
    void* dropped;
    rondo_emu_switch(&dropped, currentWorker->scheduler);
    __builtin_unreachable();
}

} // namespace rondo_emu

extern "C" {

__attribute__((visibility("default"))) __thread rondo_emu::ThreadView* rondo_emu_thread
    __attribute__((tls_model("initial-exec")));

__attribute__((visibility("default"))) void rondo_emu_yield(const char* file, int line) {
    rondo_emu::Thread* thread = rondo_emu::self();
    thread->home->ready++;
    rondo_emu::currentWorker->yields++;
    rondo_emu::pause(rondo_emu::State::ready, file, line);
}

__attribute__((visibility("default"))) void rondo_emu_spin(const volatile void* address, uint64_t value,
                                                           const char* file, int line) {
    rondo_emu::Thread* thread = rondo_emu::self();
    bool again = thread->spinAddress == address && thread->spinValue == value;
    thread->spinAddress = address;
    thread->spinValue = value;
    if (again) {
        rondo_emu_yield(file, line);
    }
}
}
