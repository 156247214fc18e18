#include "shared_memory.h"

#include <cstring>
#include <new>
#include <sys/mman.h>

namespace rondo_emu {

namespace {

constexpr size_t kPage = 4096;
// Static arrays with their strips may need more room than a device gives the arrays alone.
constexpr size_t kStaticRoom = 2 * kStaticLimit;
constexpr size_t kDynamicRoom = 232 * 1024;
constexpr size_t kArena = kPage + kStaticRoom + kPage + kDynamicRoom + kPage;

size_t roundUp(size_t value, size_t to) { return (value + to - 1) / to * to; }

bool isPoison(const char* from, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        if (static_cast<unsigned char>(from[i]) != kPoison) {
            return false;
        }
    }
    return true;
}

} // namespace

bool SharedLayout::find(const void* key, size_t bytes, size_t alignment, const char* name, SharedSlot* slot) {
    std::lock_guard<std::mutex> hold(lock_);
    for (const SharedSlot& known : slots_) {
        if (known.key == key) {
            *slot = known;
            return true;
        }
    }
    size_t align = alignment < 16 ? 16 : alignment;
    size_t offset = roundUp(end_, align);
    if (roundUp(used_, alignment) + bytes > kStaticLimit || offset + bytes + kStripBytes > kStaticRoom) {
        return false;
    }
    used_ = roundUp(used_, alignment) + bytes;
    end_ = offset + bytes + kStripBytes;
    slots_.push_back({key, name, offset, bytes});
    *slot = slots_.back();
    return true;
}

size_t SharedLayout::used() const {
    std::lock_guard<std::mutex> hold(lock_);
    return used_;
}

bool SharedLayout::findDamage(const SharedArena& arena, SharedSlot* slot) const {
    if (!arena.hasStatic()) {
        return false;
    }
    std::lock_guard<std::mutex> hold(lock_);
    for (const SharedSlot& known : slots_) {
        if (arena.damagedBehind(known)) {
            *slot = known;
            return true;
        }
    }
    return false;
}

SharedArena::~SharedArena() {
    if (base_) {
        munmap(base_ - kPage, kArena);
    }
}

void SharedArena::begin(size_t dynamicBytes, bool hasPeers) {
    if (!base_) {
        void* map = mmap(nullptr, kArena, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (map == MAP_FAILED) {
            throw std::bad_alloc();
        }
        base_ = static_cast<char*>(map) + kPage;
        dynamicEnd_ = base_ + kStaticRoom + kPage + kDynamicRoom;
        setAccess(true);
    }
    dynamicBytes_ = dynamicBytes;
    dynamic_ = dynamicEnd_ - roundUp(dynamicBytes, 128);
    memset(dynamic_, kPoison, static_cast<size_t>(dynamicEnd_ - dynamic_));
    poisoned_ = 0;
    if (hasPeers) {
        memset(base_, kPoison, kStaticRoom);
        poisoned_ = kStaticRoom;
    }
}

char* SharedArena::at(const SharedSlot& slot) {
    size_t end = slot.offset + slot.bytes + kStripBytes;
    if (end > poisoned_) {
        memset(base_ + poisoned_, kPoison, end - poisoned_);
        poisoned_ = end;
    }
    return base_ + slot.offset;
}

bool SharedArena::damagedBehind(const SharedSlot& slot) const {
    size_t end = slot.offset + slot.bytes;
    return end + kStripBytes <= poisoned_ && !isPoison(base_ + end, kStripBytes);
}

bool SharedArena::dynamicDamaged() const {
    const char* end = dynamic_ + dynamicBytes_;
    return !isPoison(end, static_cast<size_t>(dynamicEnd_ - end));
}

bool SharedArena::contains(const void* address) const {
    const char* at = static_cast<const char*>(address);
    return base_ && ((at >= base_ && at < base_ + kStaticRoom) || (at >= dynamic_ && at < dynamic_ + dynamicBytes_));
}

size_t SharedArena::offsetOf(const void* address) const {
    return static_cast<size_t>(static_cast<const char*>(address) - base_);
}

bool SharedArena::covers(const void* address) const {
    const char* at = static_cast<const char*>(address);
    return base_ && at >= base_ - kPage && at < base_ - kPage + kArena;
}

void SharedArena::setAccess(bool allowed) {
    int access = allowed ? PROT_READ | PROT_WRITE : PROT_NONE;
    mprotect(base_, kStaticRoom, access);
    mprotect(base_ + kStaticRoom + kPage, kDynamicRoom, access);
}

} // namespace rondo_emu
