#include "signals.h"
#include "block.h"
#include "device_memory.h"
#include "launch.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <string>
#include <sys/ucontext.h>

namespace rondo_emu {

namespace {

struct sigaction previousSegv, previousFpe;

// What lies at an address that a thread may not touch.
std::string describe(const void* address) {
    const Thread& thread = *self();
    const Cluster& cluster = *thread.home->cluster;
    char text[256];
    if (hitsGuard(thread.stack, address)) {
        snprintf(text, sizeof text, "the stack of the thread is full (%zu bytes)", kStackBytes);
        return text;
    }
    for (unsigned rank = 0; rank < cluster.size; rank++) {
        const Block& block = *cluster.blocks[rank];
        if (!block.shared.covers(address)) {
            continue;
        }
        if (!block.started) {
            snprintf(text, sizeof text,
                     "shared memory of cluster rank %u, which may not have started: cluster_sync first", rank);
        } else if (block.ended) {
            snprintf(text, sizeof text,
                     "shared memory of cluster rank %u, which has ended: cluster_sync before the end", rank);
        } else {
            snprintf(text, sizeof text, "outside of the shared memory of the block (%u dynamic bytes)",
                     block.dynamicBytes);
        }
        return text;
    }
    return describeDeviceAddress(address);
}

// Lets the thread leave its kernel instead of going on where it was. Its stack may be unusable, so it starts anew
// there.
void leaveKernel(ucontext_t* context) {
    Thread& thread = *self();
    uintptr_t top = reinterpret_cast<uintptr_t>(stackTop(thread.stack)) & ~uintptr_t{15};
    context->uc_mcontext.gregs[REG_RSP] = static_cast<greg_t>(top - 8);
    context->uc_mcontext.gregs[REG_RIP] = static_cast<greg_t>(reinterpret_cast<uintptr_t>(&abandon));
}

void passOn(const struct sigaction& previous, int number, siginfo_t* info, void* context) {
    if (previous.sa_flags & SA_SIGINFO) {
        previous.sa_sigaction(number, info, context);
    } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
        previous.sa_handler(number);
    } else {
        signal(number, SIG_DFL); // the instruction runs again and ends the process as it would have
    }
}

void onSegv(int number, siginfo_t* info, void* context) {
    Worker* worker = currentWorker;
    if (!worker || !worker->inKernel || !self() || !self()->stack) {
        passOn(previousSegv, number, info, context);
        return;
    }
    if (info->si_code == SI_KERNEL) { // the processor does not say which address
        faultHere(716, nullptr, 0, "misaligned address, or one that no memory can have");
    } else {
        faultHere(700, nullptr, 0, "illegal address %p: %s", info->si_addr, describe(info->si_addr).c_str());
    }
    leaveKernel(static_cast<ucontext_t*>(context));
}

void onFpe(int number, siginfo_t* info, void* context) {
    Worker* worker = currentWorker;
    if (!worker || !worker->inKernel || !self() || !self()->stack) {
        passOn(previousFpe, number, info, context);
        return;
    }
    faultHere(719, nullptr, 0, "division of an integer by zero");
    leaveKernel(static_cast<ucontext_t*>(context));
}

bool sameLibrary(const void* a, const void* b) {
    Dl_info infoA, infoB;
    return dladdr(a, &infoA) && dladdr(b, &infoB) && infoA.dli_fbase == infoB.dli_fbase;
}

// Sent by interruptWorker: a loop that never yields.
void onInterrupt(int, siginfo_t*, void* context) {
    Worker* worker = currentWorker;
    ucontext_t* at = static_cast<ucontext_t*>(context);
    if (!worker || !worker->inKernel || !self() || !self()->stack) {
        return;
    }
    void (*kernel)(void**) = self()->home->cluster->launch->kernel->entry.call;
    if (sameLibrary(reinterpret_cast<void*>(at->uc_mcontext.gregs[REG_RIP]), reinterpret_cast<void*>(kernel))) {
        faultHere(702, nullptr, 0, "runs for more than %g s without a barrier and without a yield; is it a spin?",
                  engineSettings().timeoutSeconds);
        leaveKernel(at);
    }
}

void install(int number, void (*handler)(int, siginfo_t*, void*), struct sigaction* previous) {
    struct sigaction action = {};
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigaction(number, &action, previous);
}

} // namespace

void installSignalHandlers() {
    static bool done = false;
    if (!done) {
        done = true;
        install(SIGSEGV, onSegv, &previousSegv);
        install(SIGFPE, onFpe, &previousFpe);
        install(SIGRTMIN + 7, onInterrupt, nullptr);
    }
}

void interruptWorker(pthread_t worker) { pthread_kill(worker, SIGRTMIN + 7); }

void prepareWorkerSignals() {
    constexpr size_t bytes = 64 * 1024;
    stack_t stack = {};
    stack.ss_sp = malloc(bytes);
    stack.ss_size = bytes;
    sigaltstack(&stack, nullptr);
}

} // namespace rondo_emu
