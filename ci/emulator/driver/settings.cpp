#include "settings.h"
#include "call.h"
#include "../engine/device_memory.h"
#include "../engine/launch.h"
#include "../engine/report.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <utility>
#include <unistd.h>

namespace rondo_emu {

namespace {

// A wrong setting ends the process: a test that silently ran with others would prove nothing.
[[noreturn]] void refuse(const char* name, const char* value) {
    report("%s=%s makes no sense; see the table of environment variables in the emulator's README", name, value);
    exit(2);
}

std::pair<Settings, EngineSettings>& atStart() {
    static auto* made = new std::pair<Settings, EngineSettings>;
    return *made;
}

void readNumber(const char* name, long low, long high, void (*set)(long)) {
    const char* value = getenv(name);
    if (!value || !*value) {
        return;
    }
    char* end;
    long number = strtol(value, &end, 10);
    if (*end || number < low || number > high) {
        refuse(name, value);
    }
    set(number);
}

void setCapability(const char* text) {
    DeviceModel& device = settings().device;
    char tail;
    if (sscanf(text, "%d.%d%c", &device.major, &device.minor, &tail) != 2) {
        refuse("RONDO_EMU_CC", text);
    }
    struct {
        int major, minor, threads, blocks, sharedKib, optInKib;
    } const known[] = {{7, 5, 1024, 16, 64, 64},    {8, 0, 2048, 32, 164, 163},  {8, 6, 1536, 16, 100, 99},
                       {8, 9, 1536, 24, 100, 99},   {9, 0, 2048, 32, 228, 227},  {10, 0, 2048, 32, 228, 227},
                       {12, 0, 1536, 24, 100, 99}};
    for (const auto& model : known) {
        if (model.major == device.major && model.minor == device.minor) {
            device.threadsPerMultiprocessor = model.threads;
            device.blocksPerMultiprocessor = model.blocks;
            device.sharedPerMultiprocessor = static_cast<size_t>(model.sharedKib) * 1024;
            device.sharedOptIn = static_cast<size_t>(model.optInKib) * 1024;
            return;
        }
    }
    refuse("RONDO_EMU_CC", text);
}

} // namespace

Settings& settings() {
    static Settings* made = new Settings;
    return *made;
}

bool parseStreamMode(const char* text) {
    static const char* const names[] = {"eager", "lazy", "others"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(text, names[i]) == 0) {
            settings().streams = static_cast<StreamMode>(i);
            return true;
        }
    }
    return false;
}

void readSettings() {
    static bool done = false;
    if (done) {
        return;
    }
    done = true;
    const char* text;
    if ((text = getenv("RONDO_EMU_CC")) && *text) {
        setCapability(text);
    }
    if ((text = getenv("RONDO_EMU_ORDER")) && *text && !parseOrder(text)) {
        refuse("RONDO_EMU_ORDER", text);
    }
    if ((text = getenv("RONDO_EMU_STREAMS")) && *text && !parseStreamMode(text)) {
        refuse("RONDO_EMU_STREAMS", text);
    }
    engineSettings().workers = static_cast<unsigned>(std::min(4L, std::max(1L, sysconf(_SC_NPROCESSORS_ONLN))));
    readNumber("RONDO_EMU_WORKERS", 1, 64, [](long n) { engineSettings().workers = static_cast<unsigned>(n); });
    // Every resident thread has a stack of two mappings, and a process may have 65530.
    readNumber("RONDO_EMU_SMS", 1, 12, [](long n) { settings().device.multiprocessors = static_cast<int>(n); });
    readNumber("RONDO_EMU_DEVICES", 1, MOST_DEVICES, [](long n) { settings().devices = static_cast<int>(n); });
    readNumber("RONDO_EMU_MEMORY_MIB", 1, 1 << 20,
               [](long n) { deviceMemory().setTotal(static_cast<size_t>(n) << 20); });
    readNumber("RONDO_EMU_DRIVER", 1000, 99999, [](long n) { settings().driverVersion = static_cast<int>(n); });
    readNumber("RONDO_EMU_DELAY_MS", 0, 600000, [](long n) { settings().launchDelayMs = static_cast<int>(n); });
    readNumber("RONDO_EMU_TIMEOUT_MS", 1, 3600000,
               [](long n) { engineSettings().timeoutSeconds = static_cast<double>(n) / 1000; });
    readNumber("RONDO_EMU_VERBOSE", 0, 1, [](long n) { settings().verbose = n != 0; });
    if ((text = getenv("RONDO_EMU_KERNELS")) && *text && !dlopen(text, RTLD_NOW | RTLD_GLOBAL)) {
        report("%s", dlerror());
        refuse("RONDO_EMU_KERNELS", text);
    }
    if ((text = getenv("RONDO_EMU_FAIL")) && *text && !parseInjections(text)) {
        refuse("RONDO_EMU_FAIL", text);
    }
    atStart() = {settings(), engineSettings()};
}

void restoreSettings() {
    readSettings();
    settings() = atStart().first;
    engineSettings() = atStart().second;
}

} // namespace rondo_emu
