#include "device_memory.h"
#include "report.h"
#include "shared_memory.h"

#include <cstring>
#include <deque>
#include <map>
#include <sys/mman.h>

namespace rondo_emu {

namespace {

constexpr size_t kPage = 4096;
constexpr size_t kGuard = 64 * 1024;
constexpr size_t kAlignment = 256;  // what cuMemAlloc promises
constexpr size_t kFront = 64;       // bytes looked at before an allocation
constexpr size_t kQuarantine = 512; // freed allocations that stay reserved

struct Table {
    std::map<Address, Allocation> live, freed;
    std::deque<Address> order; // of freed
    size_t total = size_t{1} << 30;
    size_t used = 0;
    size_t counts[4] = {0, 0, 0, 0};
};

Table& table() {
    static Table* made = new Table;
    return *made;
}

size_t roundUp(size_t value, size_t to) { return (value + to - 1) / to * to; }

const Allocation* below(const std::map<Address, Allocation>& all, Address address) {
    auto found = all.upper_bound(address);
    return found == all.begin() ? nullptr : &std::prev(found)->second;
}

bool poisoned(const char* from, const char* to) {
    for (const char* at = from; at < to; at++) {
        if (static_cast<unsigned char>(*at) != kPoison) {
            return false;
        }
    }
    return true;
}

const char* kindName(MemoryKind kind) {
    static const char* const names[] = {"device", "pinned host", "registered host", "global"};
    return names[static_cast<int>(kind)];
}

bool reaches(const Allocation& allocation, Address address) {
    if (!allocation.map) {
        return address >= allocation.start && address < allocation.start + allocation.bytes;
    }
    Address low = reinterpret_cast<Address>(allocation.map);
    return address >= low && address < low + allocation.mapBytes;
}

} // namespace

DeviceMemory& deviceMemory() {
    static DeviceMemory* made = new DeviceMemory;
    return *made;
}

Address DeviceMemory::allocate(size_t bytes, MemoryKind kind, bool accessible) {
    Table& all = table();
    if (kind == MemoryKind::device && (bytes > all.total || all.used + bytes > all.total)) {
        return 0;
    }
    size_t padded = roundUp(bytes, kAlignment);
    size_t pages = roundUp(padded, kPage);
    size_t mapBytes = pages + 2 * kGuard;
    void* map = mmap(nullptr, mapBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED) {
        return 0;
    }
    Allocation allocation;
    allocation.map = static_cast<char*>(map);
    allocation.mapBytes = mapBytes;
    allocation.bytes = bytes;
    allocation.kind = kind;
    char* first = allocation.map + kGuard;
    allocation.start = reinterpret_cast<Address>(first + pages - padded);
    mprotect(first, pages, PROT_READ | PROT_WRITE);
    if (kind == MemoryKind::device) {
        memset(first, kPoison, pages);
        all.used += bytes;
    } else {
        memset(first, kPoison, static_cast<size_t>(allocation.start - reinterpret_cast<Address>(first)));
        memset(reinterpret_cast<char*>(allocation.start) + bytes, kPoison, padded - bytes);
    }
    allocation.accessible = accessible;
    if (!accessible) {
        mprotect(first, pages, PROT_NONE);
    }
    all.counts[static_cast<int>(kind)]++;
    all.live[allocation.start] = allocation;
    return allocation.start;
}

void DeviceMemory::setAccessible(Address start) {
    auto found = table().live.find(start);
    if (found != table().live.end() && !found->second.accessible) {
        Allocation& allocation = found->second;
        allocation.accessible = true;
        mprotect(allocation.map + kGuard, allocation.mapBytes - 2 * kGuard, PROT_READ | PROT_WRITE);
    }
}

bool DeviceMemory::registerHost(void* start, size_t bytes, MemoryKind kind) {
    Address address = reinterpret_cast<Address>(start);
    const Allocation* before = below(table().live, address + bytes - 1);
    if (before && before->start + before->bytes > address) {
        return false;
    }
    Allocation allocation;
    allocation.start = address;
    allocation.bytes = bytes;
    allocation.kind = kind;
    table().counts[static_cast<int>(kind)]++;
    table().live[address] = allocation;
    return true;
}

bool DeviceMemory::release(Address start, MemoryKind kind) {
    Table& all = table();
    auto found = all.live.find(start);
    if (found == all.live.end() || found->second.kind != kind) {
        if (all.freed.count(start)) {
            report("freed twice: %s memory at %#llx", kindName(kind), start);
        } else {
            report("freed, but not the start of an allocation of %s memory: %#llx (%s)", kindName(kind), start,
                   describeDeviceAddress(reinterpret_cast<void*>(start)).c_str());
        }
        return false;
    }
    Allocation allocation = found->second;
    if (!intact(allocation)) {
        report("something wrote beside a buffer of %zu bytes of %s memory", allocation.bytes, kindName(kind));
    }
    all.live.erase(found);
    all.counts[static_cast<int>(kind)]--;
    if (kind == MemoryKind::device) {
        all.used -= allocation.bytes;
    }
    if (!allocation.map) {
        return true;
    }
    // The pages go back to the system, the addresses stay taken.
    mmap(allocation.map, allocation.mapBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
         0);
    allocation.freed = true;
    all.freed[start] = allocation;
    all.order.push_back(start);
    if (all.order.size() > kQuarantine) {
        auto oldest = all.freed.find(all.order.front());
        all.order.pop_front();
        munmap(oldest->second.map, oldest->second.mapBytes);
        all.freed.erase(oldest);
    }
    return true;
}

const Allocation* DeviceMemory::find(Address start, size_t bytes) const {
    const Allocation* allocation = below(table().live, start);
    if (!allocation || bytes > allocation->bytes || start - allocation->start > allocation->bytes - bytes) {
        return nullptr;
    }
    return allocation;
}

const Allocation* DeviceMemory::near(Address address) const {
    // Reservations of neighbours may touch, so the one that begins above the address counts as well.
    for (const auto* all : {&table().live, &table().freed}) {
        auto above = all->upper_bound(address);
        if (above != all->begin() && reaches(std::prev(above)->second, address)) {
            return &std::prev(above)->second;
        }
        if (above != all->end() && reaches(above->second, address)) {
            return &above->second;
        }
    }
    return nullptr;
}

bool DeviceMemory::intact(const Allocation& allocation) const {
    if (!allocation.map || !allocation.accessible) {
        return true;
    }
    const char* start = reinterpret_cast<const char*>(allocation.start);
    const char* first = allocation.map + kGuard;
    const char* front = start - first > static_cast<ptrdiff_t>(kFront) ? start - kFront : first;
    const char* end = allocation.map + allocation.mapBytes - kGuard;
    return poisoned(front, start) && poisoned(start + allocation.bytes, end);
}

size_t DeviceMemory::total() const { return table().total; }
void DeviceMemory::setTotal(size_t bytes) { table().total = bytes; }
size_t DeviceMemory::used() const { return table().used; }
size_t DeviceMemory::count(MemoryKind kind) const { return table().counts[static_cast<int>(kind)]; }

size_t DeviceMemory::clear() {
    Table& all = table();
    size_t left = all.live.size() - count(MemoryKind::global);
    while (!all.live.empty()) {
        release(all.live.begin()->first, all.live.begin()->second.kind);
    }
    return left;
}

std::string describeDeviceAddress(const void* address) {
    Address at = reinterpret_cast<Address>(address);
    const Allocation* allocation = deviceMemory().near(at);
    if (!allocation) {
        return "no memory of the device";
    }
    char text[160];
    long long offset = static_cast<long long>(at - allocation->start);
    snprintf(text, sizeof text, "offset %lld of a %s buffer of %zu bytes%s", offset, kindName(allocation->kind),
             allocation->bytes,
             allocation->freed         ? ", which was freed"
             : !allocation->accessible ? ", whose stream-ordered allocation had not had its turn"
                                       : "");
    return text;
}

} // namespace rondo_emu
