// Shared memory as a kernel asks for it, the shared memory of peers, asynchronous copies and mbarriers.
#include "block.h"
#include "launch.h"

#include <cstring>

namespace rondo_emu {

namespace {

// The block of this cluster whose shared memory holds the address; null if none does.
Block* ownerOf(Cluster& cluster, const void* address) {
    for (unsigned rank = 0; rank < cluster.size; rank++) {
        if (cluster.blocks[rank]->shared.contains(address)) {
            return cluster.blocks[rank].get();
        }
    }
    return nullptr;
}

[[noreturn]] void refuse(const char* what, const char* file, int line) {
    faultHere(719, file, line, "%s", what);
    abandon();
}

Block& blockOf(const uint64_t* barrier, const char* file, int line) {
    Block* block = ownerOf(*self()->home->cluster, barrier);
    if (!block) {
        refuse("an mbarrier that is not in shared memory of this cluster", file, line);
    }
    if (!block->started) {
        refuse("an mbarrier of a block that may not have started: cluster_sync comes first", file, line);
    }
    if (block->ended) {
        refuse("an mbarrier of a block that has ended", file, line);
    }
    return *block;
}

Mbarrier& find(const uint64_t* address, const char* file, int line) {
    for (Mbarrier& barrier : blockOf(address, file, line).mbarriers) {
        if (barrier.address == address) {
            return barrier;
        }
    }
    refuse("an mbarrier that was not initialised", file, line);
}

void checkPhase(Cluster& cluster, Mbarrier& barrier) {
    if (barrier.pending != 0 || barrier.bytes != 0) {
        return;
    }
    barrier.pending = barrier.count;
    barrier.phase++;
    for (unsigned rank = 0; rank < cluster.size; rank++) {
        for (Thread& thread : cluster.blocks[rank]->threads) {
            if (thread.state == State::mbarrier && thread.waitsFor == barrier.address &&
                (barrier.phase & 1) != thread.waitParity) {
                wake(thread);
            }
        }
    }
}

bool hasWaiter(const Cluster& cluster, const Mbarrier& barrier) {
    for (unsigned rank = 0; rank < cluster.size; rank++) {
        for (const Thread& thread : cluster.blocks[rank]->threads) {
            if (thread.state == State::mbarrier && thread.waitsFor == barrier.address) {
                return true;
            }
        }
    }
    return false;
}

// Shows the bytes that were on their way. Called by whoever waits, as late as the rules allow.
void deliver(Cluster& cluster, Mbarrier& barrier) {
    for (Mbarrier::Late& late : barrier.late) {
        memcpy(late.to, late.data.data(), late.data.size());
        barrier.bytes -= static_cast<int64_t>(late.data.size());
    }
    bool any = !barrier.late.empty();
    barrier.late.clear();
    if (any) {
        checkPhase(cluster, barrier);
    }
}

} // namespace

} // namespace rondo_emu

using namespace rondo_emu;

#define EMU_EXPORT extern "C" __attribute__((visibility("default")))

EMU_EXPORT void* rondo_emu_shared(const void* key, size_t bytes, size_t alignment, const char* name) {
    Block& block = *self()->home;
    SharedSlot slot;
    if (!block.cluster->launch->kernel->layout.find(key, bytes, alignment, name, &slot)) {
        faultHere(719, "shared memory", 0, "array %s of %zu bytes: more than %zu bytes of static shared memory", name,
                  bytes, kStaticLimit);
        abandon();
    }
    return block.shared.at(slot);
}

EMU_EXPORT void* rondo_emu_cluster_map(const void* shared, unsigned rank, const char* file, int line) {
    Block& block = *self()->home;
    Cluster& cluster = *block.cluster;
    if (rank >= cluster.size) {
        faultHere(719, file, line, "cluster rank %u of %u", rank, cluster.size);
        abandon();
    }
    if (!block.shared.contains(shared)) {
        refuse("maps an address that is not in its own shared memory", file, line);
    }
    return cluster.blocks[rank]->shared.atOffset(block.shared.offsetOf(shared));
}

EMU_EXPORT void rondo_emu_copy_async(void* shared, const void* global, unsigned bytes, unsigned validBytes) {
    Thread& thread = *self();
    thread.copies.push_back({shared, global, bytes, validBytes, thread.copyGroup});
}

EMU_EXPORT void rondo_emu_copy_commit() { self()->copyGroup++; }

EMU_EXPORT void rondo_emu_copy_wait(unsigned groupsLeft) {
    Thread& thread = *self();
    size_t kept = 0;
    for (const PendingCopy& copy : thread.copies) {
        if (copy.group + groupsLeft < thread.copyGroup) {
            memcpy(copy.to, copy.from, copy.validBytes);
            memset(static_cast<char*>(copy.to) + copy.validBytes, 0, copy.bytes - copy.validBytes);
        } else {
            thread.copies[kept++] = copy;
        }
    }
    thread.copies.resize(kept);
}

EMU_EXPORT void rondo_emu_mbarrier_init(uint64_t* address, unsigned count, const char* file, int line) {
    Block& block = *self()->home;
    if (!block.shared.contains(address) || reinterpret_cast<uintptr_t>(address) % 8 != 0 || count == 0) {
        refuse("mbarrier init: eight aligned bytes of the block's own shared memory and a count of 1 or more", file,
               line);
    }
    for (Mbarrier& barrier : block.mbarriers) {
        if (barrier.address == address) {
            refuse("an mbarrier that is in use is initialised again", file, line);
        }
    }
    *address = 0;
    block.mbarriers.push_back({address, count, count, 0, 0, {}});
}

EMU_EXPORT void rondo_emu_mbarrier_invalidate(uint64_t* address, const char* file, int line) {
    Block& block = blockOf(address, file, line);
    Mbarrier& barrier = find(address, file, line);
    block.mbarriers.erase(block.mbarriers.begin() + (&barrier - block.mbarriers.data()));
}

EMU_EXPORT void rondo_emu_mbarrier_expect(uint64_t* address, unsigned bytes, const char* file, int line) {
    find(address, file, line).bytes += bytes;
}

EMU_EXPORT void rondo_emu_mbarrier_arrive(uint64_t* address, unsigned count, unsigned expectBytes, const char* file,
                                          int line) {
    Mbarrier& barrier = find(address, file, line);
    barrier.bytes += expectBytes;
    if (count > barrier.pending) {
        refuse("more arrivals at an mbarrier than its count", file, line);
    }
    barrier.pending -= count;
    checkPhase(*self()->home->cluster, barrier);
}

EMU_EXPORT bool rondo_emu_mbarrier_test(uint64_t* address, unsigned parity, const char* file, int line) {
    Mbarrier& barrier = find(address, file, line);
    deliver(*self()->home->cluster, barrier);
    return (barrier.phase & 1) != (parity & 1);
}

EMU_EXPORT void rondo_emu_mbarrier_wait(uint64_t* address, unsigned parity, const char* file, int line) {
    if (!self()->home->shared.contains(address)) {
        refuse("a wait at an mbarrier of another block: only the own ones can be waited for", file, line);
    }
    if (!rondo_emu_mbarrier_test(address, parity, file, line)) {
        Thread& thread = *self();
        thread.waitsFor = address;
        thread.waitParity = parity & 1;
        pause(State::mbarrier, file, line);
    }
}

EMU_EXPORT void rondo_emu_copy_to_barrier(void* to, const void* source, unsigned bytes, uint64_t* address,
                                          const char* file, int line) {
    Cluster& cluster = *self()->home->cluster;
    Mbarrier& barrier = find(address, file, line);
    if (ownerOf(cluster, to) != ownerOf(cluster, address)) {
        refuse("an asynchronous copy into one block that counts on the mbarrier of another", file, line);
    }
    Mbarrier::Late late{to, std::vector<char>(bytes)};
    memcpy(late.data.data(), source, bytes);
    barrier.late.push_back(std::move(late));
    if (hasWaiter(cluster, barrier)) {
        deliver(cluster, barrier);
    }
}

EMU_EXPORT void rondo_emu_trap(const char* what, const char* file, int line) { refuse(what, file, line); }
