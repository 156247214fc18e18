// cuInit, the device and its attributes, contexts.
#include "call.h"
#include "objects.h"
#include "queue.h"
#include "settings.h"
#include "../engine/device_memory.h"
#include "../engine/report.h"
#include "../engine/signals.h"

#include <cstdio>
#include <cstring>

namespace rondo_emu {

namespace {

// The contexts of a thread, the current one last.
thread_local std::vector<CUcontext> stack;

CUcontext current() { return stack.empty() ? nullptr : stack.back(); }

int checkContext(CUcontext context) { return driverState().contexts.find(context) ? kSuccess : kInvalidContext; }

} // namespace

DriverState& driverState() {
    static DriverState* made = new DriverState;
    return *made;
}

int currentContextStatus() {
    if (!current()) {
        return kInvalidContext;
    }
    return driverState().contexts.find(current()) ? kSuccess : kContextIsDestroyed;
}

int currentDevice() {
    auto context = driverState().contexts.find(current());
    return context ? context->device : 0;
}

size_t destroyEverything() {
    DriverState& state = driverState();
    dropWork();
    size_t left = state.modules.count() + state.streams.count() + state.events.count() + state.graphs.count() +
                  state.graphExecs.count() + deviceMemory().clear();
    state.modules.clear();
    state.functions.clear();
    state.streams.clear();
    state.events.clear();
    state.graphs.clear();
    state.graphExecs.clear();
    state.legacy = Stream();
    return left;
}

} // namespace rondo_emu

using namespace rondo_emu;

DRIVER_API cuInit(unsigned flags) {
    ENTER(nothing)
    if (flags) {
        return kInvalidValue;
    }
    installSignalHandlers();
    driverState().initialized = true;
    return kSuccess;
}

DRIVER_API cuDriverGetVersion(int* version) {
    ENTER(nothing)
    *version = settings().driverVersion;
    return kSuccess;
}

DRIVER_API cuDeviceGet(CUdevice* device, int ordinal) {
    ENTER(initialized)
    if (!isDevice(ordinal)) {
        return kInvalidDevice;
    }
    *device = ordinal;
    return kSuccess;
}

DRIVER_API cuDeviceGetCount(int* count) {
    ENTER(initialized)
    *count = settings().devices;
    return kSuccess;
}

DRIVER_API cuDeviceGetName(char* name, int length, CUdevice device) {
    ENTER(initialized)
    if (!isDevice(device)) {
        return kInvalidDevice;
    }
    if (device == 0) {
        snprintf(name, static_cast<size_t>(length), "Rondo emulator (no GPU)");
    } else {
        snprintf(name, static_cast<size_t>(length), "Rondo emulator (no GPU), device %d", device);
    }
    return kSuccess;
}

DRIVER_API cuDeviceGetUuid(void* uuid, CUdevice device) {
    ENTER(initialized)
    if (!isDevice(device)) {
        return kInvalidDevice;
    }
    memcpy(uuid, "RondoEmulator..", 16);
    return kSuccess;
}

DRIVER_API cuDeviceTotalMem_v2(size_t* bytes, CUdevice device) {
    ENTER(initialized)
    if (!isDevice(device)) {
        return kInvalidDevice;
    }
    *bytes = deviceMemory().total();
    return kSuccess;
}

DRIVER_API cuDeviceComputeCapability(int* major, int* minor, CUdevice device) {
    ENTER(initialized)
    if (!isDevice(device)) {
        return kInvalidDevice;
    }
    *major = settings().device.major;
    *minor = settings().device.minor;
    return kSuccess;
}

DRIVER_API cuDeviceGetPCIBusId(char* text, int length, CUdevice device) {
    ENTER(initialized)
    if (!isDevice(device)) {
        return kInvalidDevice;
    }
    snprintf(text, static_cast<size_t>(length), "0000:00:00.0");
    return kSuccess;
}

DRIVER_API cuDeviceGetAttribute(int* value, int attribute, CUdevice device) {
    ENTER(initialized)
    if (!isDevice(device)) {
        return kInvalidDevice;
    }
    const DeviceModel& model = settings().device;
    bool hopper = model.major >= 9;
    switch (attribute) {
    case 1: *value = 1024; break;                                             // threads of a block
    case 2: case 3: *value = 1024; break;                                     // block x, y
    case 4: *value = 64; break;                                               // block z
    case 5: *value = 0x7fffffff; break;                                       // grid x
    case 6: case 7: *value = 65535; break;                                    // grid y, z
    case 8: *value = 48 * 1024; break;                                        // shared memory of a block
    case 9: *value = 64 * 1024; break;                                        // constant memory
    case 10: *value = 32; break;                                              // warp size
    case 11: *value = 0x7fffffff; break;                                      // pitch
    case 12: *value = 65536; break;                                           // registers of a block
    case 13: *value = 1000000; break;                                         // clock, kHz
    case 14: *value = 512; break;                                             // texture alignment
    case 16: *value = model.multiprocessors; break;
    case 19: *value = 1; break;                                               // can map host memory
    case 31: *value = 1; break;                                               // concurrent kernels
    case 36: *value = 1000000; break;                                         // memory clock, kHz
    case 37: *value = 128; break;                                             // memory bus, bits
    case 38: *value = 4 << 20; break;                                         // L2 cache
    case 39: *value = model.threadsPerMultiprocessor; break;
    case 40: *value = 2; break;                                               // asynchronous engines
    case 41: *value = 1; break;                                               // unified addressing
    case 75: *value = model.major; break;
    case 76: *value = model.minor; break;
    case 78: *value = 1; break;                                               // stream priorities
    case 81: *value = static_cast<int>(model.sharedPerMultiprocessor); break;
    case 82: *value = 65536; break;                                           // registers of a multiprocessor
    case 95: *value = 1; break;                                               // cooperative launch
    case 97: *value = static_cast<int>(model.sharedOptIn); break;
    case 106: *value = model.blocksPerMultiprocessor; break;
    case 111: *value = 1024; break;                                           // reserved shared memory of a block
    case 115: *value = 1; break;                                              // memory pools
    case 120: *value = hopper; break;                                         // cluster launch
    default: *value = 0;
    }
    return attribute > 0 ? kSuccess : kInvalidValue;
}

DRIVER_API cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice device) {
    ENTER(initialized)
    if (!isDevice(device)) {
        return kInvalidDevice;
    }
    DriverState& state = driverState();
    Primary& primary = state.primaries[device];
    if (primary.count++ == 0) {
        auto made = std::make_shared<Context>();
        made->primary = true;
        made->device = device;
        primary.context = state.contexts.add(made);
    }
    *context = primary.context;
    return kSuccess;
}

DRIVER_API cuDevicePrimaryCtxRelease_v2(CUdevice device) {
    ENTER(initialized)
    if (!isDevice(device)) {
        return kInvalidDevice;
    }
    DriverState& state = driverState();
    Primary& primary = state.primaries[device];
    if (primary.count == 0) {
        return kInvalidContext;
    }
    if (--primary.count == 0) {
        finishAllWork();
        state.contexts.remove(primary.context);
        primary.context = nullptr;
        // What belongs to which device is not kept apart: all of it goes with the last one.
        bool others = false;
        for (const Primary& other : state.primaries) {
            others |= other.count > 0;
        }
        if (!others) {
            state.leakedAtRelease = destroyEverything();
        }
        if (!others && state.leakedAtRelease) {
            report("the primary context was released while %zu of its objects were live", state.leakedAtRelease);
        }
    }
    return poison();
}

DRIVER_API cuDevicePrimaryCtxReset_v2(CUdevice device) {
    ENTER(initialized)
    if (!isDevice(device)) {
        return kInvalidDevice;
    }
    driverState().leakedAtRelease = destroyEverything();
    return poison();
}

DRIVER_API cuDevicePrimaryCtxGetState(CUdevice device, unsigned* flags, int* active) {
    ENTER(initialized)
    if (!isDevice(device)) {
        return kInvalidDevice;
    }
    *flags = 0;
    *active = driverState().primaries[device].count > 0;
    return kSuccess;
}

DRIVER_API cuDevicePrimaryCtxSetFlags_v2(CUdevice device, unsigned) {
    ENTER(initialized)
    return isDevice(device) ? kSuccess : kInvalidDevice;
}

DRIVER_API cuCtxCreate_v2(CUcontext* context, unsigned, CUdevice device) {
    ENTER(initialized)
    if (!isDevice(device)) {
        return kInvalidDevice;
    }
    auto made = std::make_shared<Context>();
    made->device = device;
    *context = driverState().contexts.add(made);
    stack.push_back(*context);
    return kSuccess;
}

DRIVER_API cuCtxDestroy_v2(CUcontext context) {
    ENTER(initialized)
    auto found = driverState().contexts.find(context);
    if (!found || found->primary) {
        return kInvalidContext;
    }
    driverState().contexts.remove(context);
    if (current() == context) {
        stack.pop_back();
    }
    return kSuccess;
}

DRIVER_API cuCtxSetCurrent(CUcontext context) {
    ENTER(initialized)
    if (context && checkContext(context)) {
        return checkContext(context);
    }
    if (!stack.empty()) {
        stack.pop_back();
    }
    if (context) {
        stack.push_back(context);
    }
    return kSuccess;
}

DRIVER_API cuCtxGetCurrent(CUcontext* context) {
    ENTER(initialized)
    *context = current();
    return kSuccess;
}

DRIVER_API cuCtxPushCurrent_v2(CUcontext context) {
    ENTER(initialized)
    if (!context || checkContext(context)) {
        return kInvalidContext;
    }
    stack.push_back(context);
    return kSuccess;
}

DRIVER_API cuCtxPopCurrent_v2(CUcontext* context) {
    ENTER(initialized)
    if (stack.empty()) {
        return kInvalidContext;
    }
    if (context) {
        *context = stack.back();
    }
    stack.pop_back();
    return kSuccess;
}

DRIVER_API cuCtxGetDevice(CUdevice* device) {
    ENTER(context)
    *device = currentDevice();
    return kSuccess;
}

DRIVER_API cuCtxGetApiVersion(CUcontext, unsigned* version) {
    ENTER(initialized)
    *version = 3020;
    return kSuccess;
}

DRIVER_API cuCtxGetFlags(unsigned* flags) {
    ENTER(context)
    *flags = 0;
    return kSuccess;
}

DRIVER_API cuCtxSynchronize() {
    ENTER(context)
    if (int status = refuseDuringCapture()) {
        return status;
    }
    finishAllWork();
    return poison();
}

// Settings that have no meaning here.
DRIVER_API cuCtxSetLimit(int, size_t) {
    ENTER(context)
    return kSuccess;
}

DRIVER_API cuCtxGetLimit(size_t* value, int) {
    ENTER(context)
    *value = 0;
    return kSuccess;
}

DRIVER_API cuCtxSetCacheConfig(int) {
    ENTER(context)
    return kSuccess;
}

DRIVER_API cuCtxGetCacheConfig(int* config) {
    ENTER(context)
    *config = 0;
    return kSuccess;
}

DRIVER_API cuCtxSetSharedMemConfig(int) {
    ENTER(context)
    return kSuccess;
}

DRIVER_API cuCtxGetSharedMemConfig(int* config) {
    ENTER(context)
    *config = 1;
    return kSuccess;
}

DRIVER_API cuCtxGetStreamPriorityRange(int* least, int* greatest) {
    ENTER(context)
    if (least) {
        *least = 0;
    }
    if (greatest) {
        *greatest = -5;
    }
    return kSuccess;
}
