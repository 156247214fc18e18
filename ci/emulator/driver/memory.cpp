// Memory: allocation, copies, fills, what a pointer is.
#include "call.h"
#include "queue.h"
#include "settings.h"
#include "../engine/device_memory.h"
#include "../engine/report.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

using namespace rondo_emu;

namespace {

Address addressOf(const void* pointer) { return reinterpret_cast<Address>(pointer); }

bool isPinned(const void* host, size_t bytes) {
    const Allocation* allocation = deviceMemory().find(addressOf(host), bytes);
    return allocation && (allocation->kind == MemoryKind::pinned || allocation->kind == MemoryKind::registered);
}

int checkDevice(const char* call, Address start, size_t bytes) {
    if (deviceMemory().find(start, bytes)) {
        return kSuccess;
    }
    report("%s: %zu bytes from %#llx (%s) are not inside one allocation", call, bytes, start,
           describeDeviceAddress(reinterpret_cast<void*>(start)).c_str());
    return kInvalidValue;
}

int checkHost(const char* call, const void* host) {
    const Allocation* allocation = deviceMemory().near(addressOf(host));
    bool ofDevice = allocation && (allocation->kind == MemoryKind::device || allocation->kind == MemoryKind::global);
    if (!host || ofDevice) {
        report("%s: the host pointer is %s", call, host ? "an address of the device" : "null");
        return kInvalidValue;
    }
    return kSuccess;
}

// When it runs, both ends must still be there.
int copyNow(const char* call, void* to, const void* from, size_t bytes, bool toDevice, bool fromDevice) {
    if (toDevice && checkDevice(call, addressOf(to), bytes)) {
        return kIllegalAddress;
    }
    if (fromDevice && checkDevice(call, addressOf(from), bytes)) {
        return kIllegalAddress;
    }
    memmove(to, from, bytes);
    return kSuccess;
}

int refusePageable(const char* call) {
    report("%s: a graph would read or write pageable host memory at every launch; only pinned memory is accepted",
           call);
    return kInvalidValue;
}

// A copy out of pageable memory takes its bytes at once, one into pageable memory ends before it returns, and all
// others happen when the stream comes to them.
int copyToDevice(const char* call, Stream& stream, CUdeviceptr to, const void* from, size_t bytes, bool blocking) {
    if (bytes == 0) {
        return kSuccess;
    }
    if (int status = checkDevice(call, to, bytes)) {
        return status;
    }
    if (int status = checkHost(call, from)) {
        return status;
    }
    if (blocking) {
        if (int status = refuseDuringCapture()) {
            return status;
        }
    }
    void* target = reinterpret_cast<void*>(to);
    if (isPinned(from, bytes)) {
        auto copy = [=] { return copyNow(call, target, from, bytes, true, false); };
        return blocking ? submitAndFinish(stream, copy) : submit(stream, copy);
    }
    if (stream.capture) {
        return refusePageable(call);
    }
    if (blocking) {
        if (int status = submitAndFinish(stream, nullptr)) {
            return status;
        }
    }
    if (settings().streams == StreamMode::eager) {
        return submit(stream, [=] { return copyNow(call, target, from, bytes, true, false); });
    }
    const char* first = static_cast<const char*>(from);
    auto taken = std::make_shared<std::vector<char>>(first, first + bytes);
    return submit(stream, [=] { return copyNow(call, target, taken->data(), bytes, true, false); });
}

int copyToHost(const char* call, Stream& stream, void* to, CUdeviceptr from, size_t bytes, bool blocking) {
    if (bytes == 0) {
        return kSuccess;
    }
    if (int status = checkDevice(call, from, bytes)) {
        return status;
    }
    if (int status = checkHost(call, to)) {
        return status;
    }
    if (blocking) {
        if (int status = refuseDuringCapture()) {
            return status;
        }
    }
    bool pinned = isPinned(to, bytes);
    if (stream.capture && !pinned) {
        return refusePageable(call);
    }
    auto copy = [=] { return copyNow(call, to, reinterpret_cast<void*>(from), bytes, false, true); };
    return blocking || !pinned ? submitAndFinish(stream, copy) : submit(stream, copy);
}

int copyOnDevice(const char* call, Stream& stream, CUdeviceptr to, CUdeviceptr from, size_t bytes) {
    if (bytes == 0) {
        return kSuccess;
    }
    if (int status = checkDevice(call, to, bytes)) {
        return status;
    }
    if (int status = checkDevice(call, from, bytes)) {
        return status;
    }
    return submit(stream, [=] {
        return copyNow(call, reinterpret_cast<void*>(to), reinterpret_cast<void*>(from), bytes, true, true);
    });
}

template <class T> int fill(const char* call, Stream& stream, CUdeviceptr to, T value, size_t count) {
    if (count == 0) {
        return kSuccess;
    }
    if (to % sizeof(T) || count > SIZE_MAX / sizeof(T)) {
        return kInvalidValue;
    }
    if (int status = checkDevice(call, to, count * sizeof(T))) {
        return status;
    }
    return submit(stream, [=]() -> int {
        if (checkDevice(call, to, count * sizeof(T))) {
            return kIllegalAddress;
        }
        std::fill_n(reinterpret_cast<T*>(to), count, value);
        return kSuccess;
    });
}

} // namespace

#define STREAM(handle)                                                                                                 \
    auto stream = findStream(handle);                                                                                  \
    if (!stream) {                                                                                                     \
        return kInvalidHandle;                                                                                         \
    }

DRIVER_API cuMemGetInfo_v2(size_t* free, size_t* total) {
    ENTER(context)
    *total = deviceMemory().total();
    *free = *total - std::min(*total, deviceMemory().used());
    return kSuccess;
}

DRIVER_API cuMemAlloc_v2(CUdeviceptr* pointer, size_t bytes) {
    ENTER(context)
    if (!pointer || bytes == 0) {
        return kInvalidValue;
    }
    if (int status = refuseDuringCapture()) {
        return status;
    }
    Address start = deviceMemory().allocate(bytes, MemoryKind::device);
    if (!start) {
        return kOutOfMemory;
    }
    *pointer = start;
    return kSuccess;
}

DRIVER_API cuMemAllocPitch_v2(CUdeviceptr* pointer, size_t* pitch, size_t width, size_t height, unsigned element) {
    ENTER(context)
    if (!pointer || !pitch || !width || !height || (element != 4 && element != 8 && element != 16)) {
        return kInvalidValue;
    }
    *pitch = (width + 511) / 512 * 512;
    Address start = deviceMemory().allocate(*pitch * height, MemoryKind::device);
    if (!start) {
        return kOutOfMemory;
    }
    *pointer = start;
    return kSuccess;
}

// Waits for everything that was submitted, as a device does.
DRIVER_API cuMemFree_v2(CUdeviceptr pointer) {
    ENTER_RELEASE()
    if (int status = refuseDuringCapture()) {
        return status;
    }
    finishAllWork();
    if (pointer && !deviceMemory().release(pointer, MemoryKind::device)) {
        return kInvalidValue;
    }
    return poison();
}

DRIVER_API cuMemAllocAsync(CUdeviceptr* pointer, size_t bytes, CUstream handle) {
    ENTER(context)
    STREAM(handle)
    if (!pointer || bytes == 0) {
        return kInvalidValue;
    }
    if (stream->capture) {
        report("cuMemAllocAsync: allocations inside a graph are not part of the emulator");
        return kNotSupported;
    }
    Address start = deviceMemory().allocate(bytes, MemoryKind::device, false);
    if (!start) {
        return kOutOfMemory;
    }
    *pointer = start;
    return submit(*stream, [=] {
        deviceMemory().setAccessible(start);
        return 0;
    });
}

DRIVER_API cuMemFreeAsync(CUdeviceptr pointer, CUstream handle) {
    ENTER_RELEASE()
    STREAM(handle)
    if (stream->capture) {
        return kNotSupported;
    }
    const Allocation* allocation = deviceMemory().find(pointer, 1);
    if (!pointer || !allocation || allocation->start != pointer || allocation->kind != MemoryKind::device) {
        report("cuMemFreeAsync: %s", describeDeviceAddress(reinterpret_cast<void*>(pointer)).c_str());
        return kInvalidValue;
    }
    if (poison()) {
        deviceMemory().release(pointer, MemoryKind::device);
        return poison();
    }
    return submit(*stream, [=]() -> int {
        return deviceMemory().release(pointer, MemoryKind::device) ? kSuccess : kIllegalAddress;
    });
}

DRIVER_API cuMemAllocHost_v2(void** pointer, size_t bytes) {
    ENTER(context)
    if (!pointer || bytes == 0) {
        return kInvalidValue;
    }
    *pointer = reinterpret_cast<void*>(deviceMemory().allocate(bytes, MemoryKind::pinned));
    return *pointer ? kSuccess : kOutOfMemory;
}

DRIVER_API cuMemHostAlloc(void** pointer, size_t bytes, unsigned flags) {
    ENTER(context)
    if (!pointer || bytes == 0 || flags > 7) {
        return kInvalidValue;
    }
    *pointer = reinterpret_cast<void*>(deviceMemory().allocate(bytes, MemoryKind::pinned));
    return *pointer ? kSuccess : kOutOfMemory;
}

DRIVER_API cuMemFreeHost(void* pointer) {
    ENTER_RELEASE()
    finishAllWork();
    if (!deviceMemory().release(addressOf(pointer), MemoryKind::pinned)) {
        return kInvalidValue;
    }
    return poison();
}

DRIVER_API cuMemHostRegister_v2(void* pointer, size_t bytes, unsigned) {
    ENTER(context)
    if (!pointer || bytes == 0) {
        return kInvalidValue;
    }
    return deviceMemory().registerHost(pointer, bytes, MemoryKind::registered) ? kSuccess
                                                                               : kHostMemoryAlreadyRegistered;
}

DRIVER_API cuMemHostUnregister(void* pointer) {
    ENTER_RELEASE()
    finishAllWork();
    if (!deviceMemory().release(addressOf(pointer), MemoryKind::registered)) {
        return kHostMemoryNotRegistered;
    }
    return poison();
}

DRIVER_API cuMemHostGetDevicePointer_v2(CUdeviceptr* pointer, void* host, unsigned) {
    ENTER(context)
    if (!isPinned(host, 1)) {
        return kInvalidValue;
    }
    *pointer = addressOf(host);
    return kSuccess;
}

DRIVER_API cuMemGetAddressRange_v2(CUdeviceptr* start, size_t* bytes, CUdeviceptr pointer) {
    ENTER(context)
    const Allocation* allocation = deviceMemory().find(pointer, 1);
    if (!allocation) {
        return kNotFound;
    }
    if (start) {
        *start = allocation->start;
    }
    if (bytes) {
        *bytes = allocation->bytes;
    }
    return kSuccess;
}

DRIVER_API cuPointerGetAttribute(void* data, int attribute, CUdeviceptr pointer) {
    ENTER(context)
    const Allocation* allocation = deviceMemory().find(pointer, 1);
    if (!allocation) {
        return kInvalidValue;
    }
    bool device = allocation->kind == MemoryKind::device;
    switch (attribute) {
    case 1: *static_cast<CUcontext*>(data) = driverState().primaries[currentDevice()].context; return kSuccess;
    case 2: *static_cast<unsigned*>(data) = device ? 2 : 1; return kSuccess;
    case 3: *static_cast<CUdeviceptr*>(data) = pointer; return kSuccess;
    case 4:
        *static_cast<void**>(data) = reinterpret_cast<void*>(pointer);
        return device ? kInvalidValue : kSuccess;
    case 8: *static_cast<unsigned*>(data) = 0; return kSuccess;  // managed
    case 9: *static_cast<int*>(data) = currentDevice(); return kSuccess; // ordinal of the device
    case 11: *static_cast<CUdeviceptr*>(data) = allocation->start; return kSuccess;
    case 12: *static_cast<size_t*>(data) = allocation->bytes; return kSuccess;
    default: return kNotSupported;
    }
}

DRIVER_API cuMemcpyHtoD_v2(CUdeviceptr to, const void* from, size_t bytes) {
    ENTER(context)
    return copyToDevice("cuMemcpyHtoD", driverState().legacy, to, from, bytes, true);
}

DRIVER_API cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void* from, size_t bytes, CUstream handle) {
    ENTER(context)
    STREAM(handle)
    return copyToDevice("cuMemcpyHtoDAsync", *stream, to, from, bytes, false);
}

DRIVER_API cuMemcpyDtoH_v2(void* to, CUdeviceptr from, size_t bytes) {
    ENTER(context)
    return copyToHost("cuMemcpyDtoH", driverState().legacy, to, from, bytes, true);
}

DRIVER_API cuMemcpyDtoHAsync_v2(void* to, CUdeviceptr from, size_t bytes, CUstream handle) {
    ENTER(context)
    STREAM(handle)
    return copyToHost("cuMemcpyDtoHAsync", *stream, to, from, bytes, false);
}

DRIVER_API cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
    ENTER(context)
    return copyOnDevice("cuMemcpyDtoD", driverState().legacy, to, from, bytes);
}

DRIVER_API cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream handle) {
    ENTER(context)
    STREAM(handle)
    return copyOnDevice("cuMemcpyDtoDAsync", *stream, to, from, bytes);
}

DRIVER_API cuMemsetD8_v2(CUdeviceptr to, unsigned char value, size_t count) {
    ENTER(context)
    return fill("cuMemsetD8", driverState().legacy, to, value, count);
}

DRIVER_API cuMemsetD16_v2(CUdeviceptr to, unsigned short value, size_t count) {
    ENTER(context)
    return fill("cuMemsetD16", driverState().legacy, to, value, count);
}

DRIVER_API cuMemsetD32_v2(CUdeviceptr to, unsigned value, size_t count) {
    ENTER(context)
    return fill("cuMemsetD32", driverState().legacy, to, value, count);
}

DRIVER_API cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t count, CUstream handle) {
    ENTER(context)
    STREAM(handle)
    return fill("cuMemsetD8Async", *stream, to, value, count);
}

DRIVER_API cuMemsetD16Async(CUdeviceptr to, unsigned short value, size_t count, CUstream handle) {
    ENTER(context)
    STREAM(handle)
    return fill("cuMemsetD16Async", *stream, to, value, count);
}

DRIVER_API cuMemsetD32Async(CUdeviceptr to, unsigned value, size_t count, CUstream handle) {
    ENTER(context)
    STREAM(handle)
    return fill("cuMemsetD32Async", *stream, to, value, count);
}
