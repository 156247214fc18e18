// Modules, their functions, and what can be asked about a function.
#include "module.h"
#include "call.h"
#include "image.h"
#include "settings.h"
#include "../engine/report.h"

#include <algorithm>
#include <cstdio>

namespace rondo_emu {

int blocksPerMultiprocessor(const Kernel& kernel, size_t threads, size_t dynamicBytes) {
    const DeviceModel& device = settings().device;
    size_t rounded = (threads + 31) / 32 * 32;
    size_t limit = kernel.entry.maxThreads ? kernel.entry.maxThreads : 1024;
    if (threads == 0 || threads > limit) {
        return 0;
    }
    size_t byThreads = static_cast<size_t>(device.threadsPerMultiprocessor) / rounded;
    size_t shared = dynamicBytes + kernel.layout.used() + 1024; // a device keeps 1 KiB of every block
    size_t byShared = device.sharedPerMultiprocessor / shared;
    return static_cast<int>(std::min({byThreads, byShared, static_cast<size_t>(device.blocksPerMultiprocessor)}));
}

} // namespace rondo_emu

using namespace rondo_emu;

namespace {

int load(CUmodule* handle, const void* image) {
    if (!handle) {
        return kInvalidValue;
    }
    auto module = std::make_shared<Module>();
    if (int status = readImage(image, module.get())) {
        return status;
    }
    *handle = driverState().modules.add(module);
    return kSuccess;
}

} // namespace

DRIVER_API cuModuleLoadData(CUmodule* module, const void* image) {
    ENTER(context)
    return load(module, image);
}

DRIVER_API cuModuleLoadDataEx(CUmodule* module, const void* image, unsigned, const int*, void**) {
    ENTER(context)
    return load(module, image);
}

DRIVER_API cuModuleLoadFatBinary(CUmodule* module, const void* image) {
    ENTER(context)
    return load(module, image);
}

DRIVER_API cuModuleGetLoadingMode(int* mode) {
    ENTER(initialized)
    *mode = 1; // eager
    return kSuccess;
}

DRIVER_API cuModuleUnload(CUmodule handle) {
    ENTER_RELEASE()
    auto module = driverState().modules.find(handle);
    if (!module) {
        return kInvalidHandle;
    }
    module->loaded = false; // a launch of it that is still queued is at fault
    for (const auto& function : module->functions) {
        driverState().functions.remove(function.second);
    }
    driverState().modules.remove(handle);
    return poison();
}

DRIVER_API cuModuleGetFunction(CUfunction* handle, CUmodule moduleHandle, const char* name) {
    ENTER(context)
    auto module = driverState().modules.find(moduleHandle);
    if (!module) {
        return kInvalidHandle;
    }
    if (!handle || !name) {
        return kInvalidValue;
    }
    Kernel* kernel = findKernel(name);
    bool inImage = !module->readable || module->kernels.find("\n" + std::string(name) + "\n") != std::string::npos;
    if (!kernel || !inImage) {
        report("kernel %s: %s", name,
               kernel ? "the module image does not mention it" : "no loaded kernel library has it");
        return kNotFound;
    }
    CUfunction& known = module->functions[name];
    if (!known) {
        auto function = std::make_shared<Function>();
        function->kernel = kernel;
        function->module = module;
        known = driverState().functions.add(function);
    }
    *handle = known;
    return kSuccess;
}

DRIVER_API cuModuleGetGlobal_v2(CUdeviceptr* pointer, size_t* bytes, CUmodule module, const char* name) {
    ENTER(context)
    if (!driverState().modules.find(module)) {
        return kInvalidHandle;
    }
    const Global* global = name ? findGlobal(name) : nullptr;
    if (!global) {
        return kNotFound;
    }
    if (!deviceMemoryKnows(*global)) {
        return kOutOfMemory;
    }
    if (pointer) {
        *pointer = reinterpret_cast<CUdeviceptr>(global->address);
    }
    if (bytes) {
        *bytes = global->bytes;
    }
    return kSuccess;
}

DRIVER_API cuFuncGetModule(CUmodule* module, CUfunction handle) {
    ENTER(context)
    auto function = driverState().functions.find(handle);
    if (!function) {
        return kInvalidHandle;
    }
    for (const auto& entry : driverState().modules.all()) {
        if (entry.second == function->module) {
            *module = reinterpret_cast<CUmodule>(entry.first);
            return kSuccess;
        }
    }
    return kInvalidHandle;
}

DRIVER_API cuFuncGetAttribute(int* value, int attribute, CUfunction handle) {
    ENTER(context)
    auto function = driverState().functions.find(handle);
    if (!function) {
        return kInvalidHandle;
    }
    const KernelEntry& entry = function->kernel->entry;
    const DeviceModel& device = settings().device;
    switch (attribute) {
    case 0: *value = entry.maxThreads ? static_cast<int>(entry.maxThreads) : 1024; break;
    case 1: *value = static_cast<int>(function->kernel->layout.used()); break; // 0 until it ran once
    case 4: *value = 32; break;                                                // registers: not known here
    case 5: case 6: *value = device.major * 10 + device.minor; break;
    case 8: *value = function->dynamicLimit; break;
    case 10: *value = entry.clusterShape[0] * entry.clusterShape[1] * entry.clusterShape[2] > 1; break;
    case 11: case 12: case 13: *value = static_cast<int>(entry.clusterShape[attribute - 11]); break;
    case 14: *value = function->nonPortableCluster; break;
    default: *value = 0;
    }
    return kSuccess;
}

DRIVER_API cuFuncSetAttribute(CUfunction handle, int attribute, int value) {
    ENTER(context)
    auto function = driverState().functions.find(handle);
    if (!function) {
        return kInvalidHandle;
    }
    if (attribute == 8) {
        size_t room = settings().device.sharedOptIn;
        if (value < 0 || static_cast<size_t>(value) + function->kernel->layout.used() > room) {
            return kInvalidValue;
        }
        function->dynamicLimit = value;
    } else if (attribute == 14) {
        function->nonPortableCluster = value != 0;
    } else if (attribute != 9) { // 9: the share of shared memory, a hint
        return kInvalidValue;
    }
    return kSuccess;
}

DRIVER_API cuFuncSetCacheConfig(CUfunction handle, int) {
    ENTER(context)
    return driverState().functions.find(handle) ? kSuccess : kInvalidHandle;
}

DRIVER_API cuFuncSetSharedMemConfig(CUfunction handle, int) {
    ENTER(context)
    return driverState().functions.find(handle) ? kSuccess : kInvalidHandle;
}

namespace {

int occupancy(int* blocks, CUfunction handle, int threads, size_t dynamicBytes) {
    auto function = driverState().functions.find(handle);
    if (!function) {
        return kInvalidHandle;
    }
    if (!blocks || threads <= 0 || threads > 1024) {
        return kInvalidValue;
    }
    *blocks = blocksPerMultiprocessor(*function->kernel, static_cast<size_t>(threads), dynamicBytes);
    return kSuccess;
}

} // namespace

DRIVER_API cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, CUfunction function, int threads, size_t bytes) {
    ENTER(context)
    return occupancy(blocks, function, threads, bytes);
}

DRIVER_API cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, CUfunction function, int threads,
                                                                size_t bytes, unsigned) {
    ENTER(context)
    return occupancy(blocks, function, threads, bytes);
}

DRIVER_API cuOccupancyAvailableDynamicSMemPerBlock(size_t* bytes, CUfunction handle, int blocks, int) {
    ENTER(context)
    auto function = driverState().functions.find(handle);
    if (!function) {
        return kInvalidHandle;
    }
    if (blocks <= 0) {
        return kInvalidValue;
    }
    size_t share = settings().device.sharedPerMultiprocessor / static_cast<size_t>(blocks);
    size_t taken = function->kernel->layout.used() + 1024;
    *bytes = share > taken ? std::min(share - taken, settings().device.sharedOptIn) : 0;
    return kSuccess;
}
