// Runs one kernel over its grid on the emulator's own worker threads.
#pragma once

#include "kernels.h"

#include <atomic>
#include <mutex>
#include <string>

namespace rondo_emu {

// The order in which threads and blocks get their turn. A correct kernel gives the same result in all of them.
enum class Order { forward, reverse, random };

struct EngineSettings {
    Order order = Order::forward;
    unsigned seed = 1;
    unsigned workers = 2;
    double timeoutSeconds = 20; // of nothing but spinning
};
EngineSettings& engineSettings();
// fwd | rev | rand:SEED; false when it is none of them.
bool parseOrder(const std::string& text);

struct Launch {
    Kernel* kernel = nullptr;
    void** arguments = nullptr;
    Index3 grid{1, 1, 1}, block{1, 1, 1};
    size_t dynamicBytes = 0;
    bool cooperative = false;

    // While it runs.
    size_t clusters = 0;
    std::atomic<size_t> nextCluster{0};
    std::atomic<int> status{0};           // of the first fault
    std::atomic<uint64_t> progress{0};    // counts passes in which a thread got anywhere
    std::mutex gridLock;
    unsigned gridArrived = 0, gridLive = 0;
    std::atomic<unsigned> gridGeneration{0};
    Order order = Order::forward;
    unsigned seed = 1;
};

// Runs it to its end. 0, or the CUDA status of the fault that stopped it.
int run(Launch& launch);

// Notes the first fault of the launch, with its report. Later ones are consequences.
__attribute__((format(printf, 3, 4))) void fault(Launch& launch, int status, const char* format, ...);

// For the signal handlers: the same, for the running thread, with its kernel, block and thread before the text.
__attribute__((format(printf, 4, 5))) void faultHere(int status, const char* file, int line, const char* format, ...);

} // namespace rondo_emu
