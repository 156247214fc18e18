#include "control.h"
#include "call.h"
#include "queue.h"
#include "settings.h"
#include "../engine/device_memory.h"
#include "../engine/launch.h"
#include "../engine/report.h"

#include <cstdio>
#include <cstring>

using namespace rondo_emu;

#define EMU_EXPORT extern "C" __attribute__((visibility("default")))

namespace {

size_t copyText(const std::string& from, char* text, size_t bytes) {
    if (text && bytes) {
        snprintf(text, bytes, "%s", from.c_str());
    }
    return from.size();
}

using Hold = std::lock_guard<std::recursive_mutex>;

} // namespace

EMU_EXPORT int rondo_emu_fail(const char* function, long k, int status) {
    Hold hold(driverLock());
    return injectFailure(function, k, status) ? 0 : 1;
}

EMU_EXPORT void rondo_emu_reset() {
    Hold hold(driverLock());
    dropWork();
    clearInjections();
    setPoison(0);
    clearReport();
    driverState().launches.clear();
    driverState().launchCount = 0;
    driverState().leakedAtRelease = 0;
    restoreSettings();
}

EMU_EXPORT long rondo_emu_live(const char* what) {
    Hold hold(driverLock());
    const DriverState& state = driverState();
    const DeviceMemory& memory = deviceMemory();
    struct {
        const char* name;
        size_t count;
    } const all[] = {{"allocations", memory.count(MemoryKind::device)},
                     {"pinned", memory.count(MemoryKind::pinned)},
                     {"registered", memory.count(MemoryKind::registered)},
                     {"contexts", state.contexts.count()},
                     {"modules", state.modules.count()},
                     {"streams", state.streams.count()},
                     {"events", state.events.count()},
                     {"graphs", state.graphs.count()},
                     {"graphExecs", state.graphExecs.count()},
                     {"pendingWork", pendingWork()},
                     {"leakedAtRelease", state.leakedAtRelease}};
    for (const auto& entry : all) {
        if (strcmp(entry.name, what) == 0) {
            return static_cast<long>(entry.count);
        }
    }
    return -1;
}

EMU_EXPORT size_t rondo_emu_bytes() {
    Hold hold(driverLock());
    return deviceMemory().used();
}

EMU_EXPORT long rondo_emu_calls(const char* function) { return callCount(function); }

EMU_EXPORT long rondo_emu_launches() {
    Hold hold(driverLock());
    return driverState().launchCount;
}

EMU_EXPORT size_t rondo_emu_launch(long i, char* text, size_t bytes) {
    Hold hold(driverLock());
    const auto& all = driverState().launches;
    if (i < 0 || static_cast<size_t>(i) >= all.size()) {
        return 0;
    }
    const LaunchRecord& launch = all[all.size() - 1 - static_cast<size_t>(i)];
    char line[512];
    snprintf(line, sizeof line, "%s grid=(%u,%u,%u) block=(%u,%u,%u) shared=%u cooperative=%d", launch.kernel.c_str(),
             launch.grid.x, launch.grid.y, launch.grid.z, launch.block.x, launch.block.y, launch.block.z,
             launch.dynamicBytes, launch.cooperative);
    return copyText(line, text, bytes);
}

EMU_EXPORT size_t rondo_emu_last_report(char* text, size_t bytes) { return copyText(lastReport(), text, bytes); }

EMU_EXPORT int rondo_emu_order(const char* order) {
    Hold hold(driverLock());
    readSettings();
    return parseOrder(order) ? 0 : 1;
}

EMU_EXPORT int rondo_emu_streams(const char* mode) {
    Hold hold(driverLock());
    readSettings();
    finishAllWork();
    return parseStreamMode(mode) ? 0 : 1;
}

EMU_EXPORT void rondo_emu_delay(int milliseconds) {
    Hold hold(driverLock());
    readSettings();
    settings().launchDelayMs = milliseconds;
}

EMU_EXPORT void rondo_emu_timeout(int milliseconds) {
    Hold hold(driverLock());
    readSettings();
    engineSettings().timeoutSeconds = milliseconds / 1000.0;
}

EMU_EXPORT void rondo_emu_memory(size_t bytes) {
    Hold hold(driverLock());
    readSettings();
    deviceMemory().setTotal(bytes);
}

EMU_EXPORT int rondo_emu_enqueue(void* handle, int (*function)(void*), void* data, void (*release)(void*)) {
    Hold hold(driverLock());
    auto stream = findStream(handle);
    if (!stream) {
        release(data);
        return kInvalidHandle;
    }
    std::shared_ptr<void> owned(data, release);
    return submit(*stream, [=] { return function(owned.get()); });
}

EMU_EXPORT int rondo_emu_is_device(unsigned long long start, size_t bytes) {
    Hold hold(driverLock());
    return deviceMemory().find(start, bytes) != nullptr;
}
