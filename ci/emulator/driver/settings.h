// What the environment says about the pretend device. Read once, at the first driver call; README.md has the table.
#pragma once

#include <cstddef>

namespace rondo_emu {

// What a device of a compute capability offers; only the figures that the driver rules need.
struct DeviceModel {
    int major = 9, minor = 0;
    int multiprocessors = 4;
    int threadsPerMultiprocessor = 2048;
    int blocksPerMultiprocessor = 32;
    size_t sharedPerMultiprocessor = 228 * 1024;
    size_t sharedOptIn = 227 * 1024;
};

// eager: work runs when it is submitted. lazy: only when something waits for it, and nothing else with it.
// others: likewise, but all other work first.
enum class StreamMode { eager, lazy, others };

constexpr int MOST_DEVICES = 4;

struct Settings {
    DeviceModel device; // each of them
    int devices = 1;
    int driverVersion = 13000;
    StreamMode streams = StreamMode::eager;
    int launchDelayMs = 0;
    bool verbose = false;
};

Settings& settings();
inline bool isDevice(int ordinal) { return ordinal >= 0 && ordinal < settings().devices; }
void readSettings();
// Back to what the environment said.
void restoreSettings();
// eager | lazy | others; false when it is none of them.
bool parseStreamMode(const char* text);

} // namespace rondo_emu
