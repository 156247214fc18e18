// The shared memory of a block: static arrays with a strip of poison after each, then the dynamic part, which ends at a
// guard page.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace rondo_emu {

constexpr size_t kStaticLimit = 48 * 1024;
constexpr size_t kStripBytes = 64;
constexpr unsigned char kPoison = 0xff; // a NaN as float, -1 as int

struct SharedSlot {
    const void* key;
    const char* name;
    size_t offset, bytes;
};

// Where the static arrays of a kernel lie. Fixed at first use and the same in all its blocks, as on a device.
class SharedLayout {
public:
    // The slot of the key, made if it is new; false when static shared memory is used up.
    bool find(const void* key, size_t bytes, size_t alignment, const char* name, SharedSlot* slot);
    size_t used() const;       // bytes a device would need
    // The first slot behind which the block wrote; false if it wrote behind none.
    bool findDamage(const class SharedArena& arena, SharedSlot* slot) const;

private:
    mutable std::mutex lock_;
    std::vector<SharedSlot> slots_;
    size_t end_ = 0, used_ = 0;
};

class SharedArena {
public:
    SharedArena() = default;
    SharedArena(const SharedArena&) = delete;
    SharedArena& operator=(const SharedArena&) = delete;
    ~SharedArena();

    // Fresh, poisoned memory for a block. With peers everything is poisoned at once: they may write before the block
    // does.
    void begin(size_t dynamicBytes, bool hasPeers);
    char* dynamic() const { return dynamic_; }
    char* at(const SharedSlot& slot);
    // Whether the strip of poison behind a static array was written to.
    bool damagedBehind(const SharedSlot& slot) const;
    bool hasStatic() const { return poisoned_ != 0; }

    bool contains(const void* address) const;
    size_t offsetOf(const void* address) const;
    char* atOffset(size_t offset) const { return base_ + offset; }
    bool covers(const void* address) const; // its guard pages included
    void setAccess(bool allowed);
    // Bytes between the end of the dynamic part and the guard page.
    bool dynamicDamaged() const;

private:
    char* base_ = nullptr;    // of the static part
    char* dynamic_ = nullptr;
    char* dynamicEnd_ = nullptr;
    size_t dynamicBytes_ = 0;
    size_t poisoned_ = 0;     // of the static part
};

} // namespace rondo_emu
