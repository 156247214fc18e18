// The memory of the pretend device. Every allocation ends at a guard page and is filled with poison; a freed one stays
// reserved for a while, so that its next use is seen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace rondo_emu {

using Address = unsigned long long;

// global: a variable of a kernel library.
enum class MemoryKind { device, pinned, registered, global };

struct Allocation {
    Address start = 0;
    size_t bytes = 0;
    MemoryKind kind = MemoryKind::device;
    char* map = nullptr; // the whole reservation, guards included
    size_t mapBytes = 0;
    bool freed = false;
    bool accessible = true; // false between a stream-ordered allocation and its turn
    unsigned flags = 0;     // of pinned memory
};

// All of these are called with the driver's lock held.
class DeviceMemory {
public:
    // 0 when the device has no room.
    Address allocate(size_t bytes, MemoryKind kind, bool accessible = true);
    // False when the address is no start of a live allocation of that kind; the reason is reported.
    bool release(Address start, MemoryKind kind);
    bool registerHost(void* start, size_t bytes, MemoryKind kind);
    void setAccessible(Address start);

    // The live allocation that holds the whole range; null if there is none.
    const Allocation* find(Address start, size_t bytes) const;
    // The allocation, live or freed, that an address lies in or next to; null if there is none.
    const Allocation* near(Address address) const;
    // Whether the bytes around an allocation, which belong to nobody, are still as they were.
    bool intact(const Allocation& allocation) const;

    size_t total() const;
    void setTotal(size_t bytes);
    size_t used() const;
    size_t count(MemoryKind kind) const;
    // Gives everything back. Returns how many allocations were live.
    size_t clear();
};

DeviceMemory& deviceMemory();

// For reports.
std::string describeDeviceAddress(const void* address);

} // namespace rondo_emu
