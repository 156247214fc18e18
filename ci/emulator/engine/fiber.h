// Stacks and the switch between them. A fiber is a stack with the registers of a paused thread on top.
#pragma once

#include <cstddef>
#include <vector>

namespace rondo_emu {

constexpr size_t kStackBytes = 64 * 1024;
constexpr size_t kPageBytes = 4096;

// Stacks of one worker, each below its own guard page, kept for the next block.
class StackPool {
public:
    char* take();
    void give(char* stack) { free_.push_back(stack); }

private:
    std::vector<char*> free_;
};

// Prepares an unused stack so that the first switch to it enters the function. Returns the stack pointer.
void* prepareStack(char* stack, void (*function)());

// The place where a thread that will not go on may run a last function.
inline char* stackTop(char* stack) { return stack + kStackBytes - 64; }

// Whether an address lies in the guard page below the stack.
inline bool hitsGuard(const char* stack, const void* address) {
    const char* at = static_cast<const char*>(address);
    return stack && at < stack && at >= stack - kPageBytes;
}

} // namespace rondo_emu

// Saves the callee-saved registers on the present stack, notes it in *saved and goes on from the other one.
extern "C" void rondo_emu_switch(void** saved, void* other);
