// Launches: the rules of the driver, the arguments, and the run.
#include "../engine/launch.h"
#include "../engine/device_memory.h"
#include "../engine/report.h"
#include "call.h"
#include "module.h"
#include "queue.h"
#include "settings.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sys/uio.h>
#include <unistd.h>

namespace rondo_emu {

bool deviceMemoryKnows(const Global& global) {
    Address address = reinterpret_cast<Address>(global.address);
    return deviceMemory().find(address, global.bytes) ||
           deviceMemory().registerHost(global.address, global.bytes, MemoryKind::global);
}

namespace {

struct Request {
    std::shared_ptr<Function> function;
    Index3 grid, block;
    unsigned dynamicBytes;
    bool cooperative;
};

// Copies of the arguments of a launch: what the caller passed may be gone when the kernel runs.
struct Arguments {
    std::vector<char> bytes;
    std::vector<size_t> offsets;
    std::vector<Address> buffers; // the allocations that pointer arguments name
};

const char* nameOf(const Request& request) { return request.function->kernel->entry.name; }

size_t volume(const Index3& shape) { return static_cast<size_t>(shape.x) * shape.y * shape.z; }

int refuse(const Request& request, int status, const char* what) {
    report("launch of %s with grid (%u,%u,%u), block (%u,%u,%u), %u bytes of dynamic shared memory: %s",
           nameOf(request), request.grid.x, request.grid.y, request.grid.z, request.block.x, request.block.y,
           request.block.z, request.dynamicBytes, what);
    return status;
}

int checkShape(const Request& request) {
    const Kernel& kernel = *request.function->kernel;
    const Index3 &grid = request.grid, &block = request.block;
    const DeviceModel& device = settings().device;
    if (!volume(grid) || !volume(block)) {
        return refuse(request, kInvalidValue, "an extent of 0");
    }
    if (block.x > 1024 || block.y > 1024 || block.z > 64 || volume(block) > 1024) {
        return refuse(request, kInvalidValue, "a block has at most 1024 threads, and 64 in z");
    }
    if (grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535) {
        return refuse(request, kInvalidValue, "a grid has at most 65535 blocks in y and in z");
    }
    if (kernel.entry.maxThreads && volume(block) > kernel.entry.maxThreads) {
        return refuse(request, kInvalidValue, "more threads than its __launch_bounds__");
    }
    if (request.dynamicBytes > static_cast<unsigned>(request.function->dynamicLimit)) {
        return refuse(request, kInvalidValue,
                      "more dynamic shared memory than the function allows; more than 48 KiB must be asked for with "
                      "cuFuncSetAttribute");
    }
    if (request.dynamicBytes + kernel.layout.used() > device.sharedOptIn) {
        return refuse(request, kInvalidValue, "more shared memory than a block can have");
    }
    size_t resident = static_cast<size_t>(blocksPerMultiprocessor(kernel, volume(block), request.dynamicBytes)) *
                      static_cast<size_t>(device.multiprocessors);
    const uint32_t* shape = kernel.entry.clusterShape;
    size_t cluster = static_cast<size_t>(shape[0]) * shape[1] * shape[2];
    if (cluster > 1) {
        if (device.major < 9) {
            return refuse(request, kInvalidClusterSize, "clusters need compute capability 9.0");
        }
        if (cluster > (request.function->nonPortableCluster ? 16 : 8)) {
            return refuse(request, kInvalidClusterSize,
                          "a cluster has at most 8 blocks, 16 with the attribute for non-portable sizes");
        }
        if (grid.x % shape[0] || grid.y % shape[1] || grid.z % shape[2]) {
            return refuse(request, kInvalidValue, "the grid is no multiple of the cluster");
        }
        if (resident < cluster) {
            return refuse(request, kInvalidClusterSize, "the blocks of a cluster do not fit on the device together");
        }
    }
    if (request.cooperative && volume(grid) > resident) {
        return refuse(request, kCooperativeLaunchTooLarge, "a cooperative grid must be resident as a whole");
    }
    return kSuccess;
}

// Copies memory that may not be there: false then, instead of a signal.
bool readable(const iovec* from, const iovec* to, size_t count, size_t bytes) {
    ssize_t got = process_vm_readv(getpid(), to, count, from, count, 0);
    if (got < 0 && (errno == ENOSYS || errno == EPERM)) {
        for (size_t i = 0; i < count; i++) { // not allowed here: trust the caller
            memcpy(to[i].iov_base, from[i].iov_base, to[i].iov_len);
        }
        return true;
    }
    return got == static_cast<ssize_t>(bytes);
}

// A pointer parameter must be null or name memory that the device can reach. A device does not check that; here it
// finds arguments in the wrong order, of the wrong size, or freed.
int checkPointer(const Request& request, unsigned number, Address value, Arguments* arguments) {
    const Allocation* allocation = deviceMemory().find(value, 0);
    if (value && (!allocation || value > allocation->start + allocation->bytes)) {
        char text[256];
        snprintf(text, sizeof text, "argument %u is %#llx, which is %s", number, value,
                 describeDeviceAddress(reinterpret_cast<void*>(value)).c_str());
        return refuse(request, kInvalidValue, text);
    }
    if (value) {
        arguments->buffers.push_back(allocation->start);
    }
    return kSuccess;
}

// The values out of the buffer that extra names, each at its alignment. A buffer has a size, so both can be compared.
int takeBuffer(const Request& request, void** extra, Arguments* arguments) {
    const KernelEntry& entry = request.function->kernel->entry;
    const char* buffer = nullptr;
    size_t bytes = 0, at = 0;
    for (size_t i = 0; extra[i]; i += 2) {
        uintptr_t what = reinterpret_cast<uintptr_t>(extra[i]);
        if (what == 1) {
            buffer = static_cast<const char*>(extra[i + 1]);
        } else if (what == 2) {
            bytes = *static_cast<const size_t*>(extra[i + 1]);
        } else {
            return refuse(request, kInvalidValue, "an entry of extra that is neither buffer nor size");
        }
    }
    for (unsigned i = 0; i < entry.parameterCount; i++) {
        const Parameter& parameter = entry.parameters[i];
        at = (at + parameter.alignment - 1) / parameter.alignment * parameter.alignment;
        if (!buffer || at + parameter.bytes > bytes) {
            return refuse(request, kInvalidValue, "the argument buffer is too short");
        }
        memcpy(arguments->bytes.data() + arguments->offsets[i], buffer + at, parameter.bytes);
        at += parameter.bytes;
    }
    return at == bytes ? static_cast<int>(kSuccess)
                       : refuse(request, kInvalidValue, "the argument buffer is longer than the parameters");
}

int takeParameters(const Request& request, void** parameters, Arguments* arguments) {
    const KernelEntry& entry = request.function->kernel->entry;
    size_t count = entry.parameterCount, bytes = 0;
    if (count && !parameters) {
        return refuse(request, kInvalidValue, "it has parameters, and none were given");
    }
    if (count > 64) {
        return refuse(request, kInvalidValue, "the emulator takes at most 64 parameters");
    }
    void* values[64];
    iovec to[64], from[64];
    to[0] = {values, count * sizeof(void*)};
    from[0] = {parameters, count * sizeof(void*)};
    if (count && !readable(from, to, 1, count * sizeof(void*))) {
        return refuse(request, kInvalidValue, "fewer arguments than parameters");
    }
    for (size_t i = 0; i < count; i++) {
        if (!values[i]) {
            return refuse(request, kInvalidValue, "fewer arguments than parameters");
        }
        to[i] = {arguments->bytes.data() + arguments->offsets[i], entry.parameters[i].bytes};
        from[i] = {values[i], entry.parameters[i].bytes};
        bytes += entry.parameters[i].bytes;
    }
    if (count && !readable(from, to, count, bytes)) {
        return refuse(request, kInvalidValue, "an argument lies where no memory is; are there enough of them?");
    }
    return kSuccess;
}

int takeArguments(const Request& request, void** parameters, void** extra, Arguments* arguments) {
    const KernelEntry& entry = request.function->kernel->entry;
    size_t end = 0;
    for (unsigned i = 0; i < entry.parameterCount; i++) {
        arguments->offsets.push_back(end);
        end += (entry.parameters[i].bytes + 15) / 16 * 16;
    }
    arguments->bytes.resize(end);
    int status = extra && extra[0] ? takeBuffer(request, extra, arguments)
                                   : takeParameters(request, parameters, arguments);
    for (unsigned i = 0; !status && i < entry.parameterCount; i++) {
        if (entry.parameters[i].isPointer) {
            Address value;
            memcpy(&value, arguments->bytes.data() + arguments->offsets[i], sizeof value);
            status = checkPointer(request, i, value, arguments);
        }
    }
    return status;
}

void record(const Request& request) {
    DriverState& state = driverState();
    state.launchCount++;
    if (state.launches.size() >= 4096) {
        state.launches.erase(state.launches.begin(), state.launches.begin() + 1024);
    }
    state.launches.push_back({nameOf(request), request.grid, request.block, request.dynamicBytes, request.cooperative});
}

int checkBuffers(const Request& request, const Arguments& arguments) {
    for (Address start : arguments.buffers) {
        const Allocation* allocation = deviceMemory().find(start, 0);
        if (allocation && !deviceMemory().intact(*allocation)) {
            report("kernel %s: wrote beside a buffer of %zu bytes that one of its arguments names", nameOf(request),
                   allocation->bytes);
            return kIllegalAddress;
        }
    }
    return kSuccess;
}

int execute(const Request& request, Arguments& arguments) {
    if (!request.function->module->loaded) {
        report("kernel %s: its module was unloaded before it ran", nameOf(request));
        return kLaunchFailed;
    }
    record(request);
    if (settings().launchDelayMs) {
        usleep(static_cast<useconds_t>(settings().launchDelayMs) * 1000);
    }
    std::vector<void*> pointers;
    for (size_t offset : arguments.offsets) {
        pointers.push_back(arguments.bytes.data() + offset);
    }
    Launch launch;
    launch.kernel = request.function->kernel;
    launch.arguments = pointers.data();
    launch.grid = request.grid;
    launch.block = request.block;
    launch.dynamicBytes = request.dynamicBytes;
    launch.cooperative = request.cooperative;
    int status = run(launch);
    return status ? status : checkBuffers(request, arguments);
}

int launchKernel(Request request, CUfunction handle, CUstream streamHandle, void** parameters, void** extra) {
    request.function = driverState().functions.find(handle);
    auto stream = findStream(streamHandle);
    if (!request.function || !stream || !request.function->module->loaded) {
        return kInvalidHandle;
    }
    if (int status = checkShape(request)) {
        return status;
    }
    auto arguments = std::make_shared<Arguments>();
    if (int status = takeArguments(request, parameters, extra, arguments.get())) {
        return status;
    }
    return submit(*stream, [=] { return execute(request, *arguments); });
}

} // namespace

} // namespace rondo_emu

using namespace rondo_emu;

DRIVER_API cuLaunchKernel(CUfunction function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                          unsigned blockY, unsigned blockZ, unsigned dynamicBytes, CUstream stream, void** parameters,
                          void** extra) {
    ENTER(context)
    Request request{nullptr, {gridX, gridY, gridZ}, {blockX, blockY, blockZ}, dynamicBytes, false};
    return launchKernel(request, function, stream, parameters, extra);
}

DRIVER_API cuLaunchCooperativeKernel(CUfunction function, unsigned gridX, unsigned gridY, unsigned gridZ,
                                     unsigned blockX, unsigned blockY, unsigned blockZ, unsigned dynamicBytes,
                                     CUstream stream, void** parameters) {
    ENTER(context)
    Request request{nullptr, {gridX, gridY, gridZ}, {blockX, blockY, blockZ}, dynamicBytes, true};
    return launchKernel(request, function, stream, parameters, nullptr);
}
