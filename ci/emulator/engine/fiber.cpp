#include "fiber.h"

#include <cstdint>
#include <new>
#include <sys/mman.h>

// System V x86-64: rbx, rbp and r12 to r15 belong to the caller; the rest may be lost over a call.
asm(R"(
    .text
    .globl rondo_emu_switch
    .hidden rondo_emu_switch
    .type rondo_emu_switch, @function
rondo_emu_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size rondo_emu_switch, .-rondo_emu_switch
)");

namespace rondo_emu {

char* StackPool::take() {
    if (!free_.empty()) {
        char* stack = free_.back();
        free_.pop_back();
        return stack;
    }
    void* map = mmap(nullptr, kStackBytes + kPageBytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED) {
        throw std::bad_alloc();
    }
    mprotect(map, kPageBytes, PROT_NONE);
    return static_cast<char*>(map) + kPageBytes;
}

void* prepareStack(char* stack, void (*function)()) {
    void** top = reinterpret_cast<void**>(reinterpret_cast<uintptr_t>(stackTop(stack)) & ~uintptr_t{15});
    *--top = nullptr; // where the function would return to: it never does
    *--top = reinterpret_cast<void*>(function);
    for (int i = 0; i < 6; i++) {
        *--top = nullptr;
    }
    return top;
}

} // namespace rondo_emu
