// The rules of the driver: contexts, handles, memory, launches, images, injected failures, leak counters.
#include "harness.h"

#include <algorithm>
#include <cstring>
#include <thread>

TEST(deviceSaysWhatItIs) {
    Device device;
    char name[64];
    EQUAL(cuDeviceGetName(name, sizeof name, 0), 0);
    CHECK(strcmp(name, "Rondo emulator (no GPU)") == 0);
    int value;
    EQUAL(cuDeviceGetAttribute(&value, 75, 0), 0);
    EQUAL(value, 9);
    CUdevice other;
    EQUAL(cuDeviceGet(&other, 1), 101);
    EQUAL(cuProfilerStart(), 801);
}

TEST(callsNeedACurrentContext) {
    cuInit(0);
    CUdeviceptr pointer;
    EQUAL(cuMemAlloc_v2(&pointer, 16), 201);
    Device device;
    int inThread = 0;
    std::thread([&] { inThread = cuMemAlloc_v2(&pointer, 16); }).join();
    EQUAL(inThread, 201);
    CUcontext popped = nullptr;
    EQUAL(cuCtxPopCurrent_v2(&popped), 0);
    CHECK(popped == device.context);
    EQUAL(cuMemAlloc_v2(&pointer, 16), 201);
    EQUAL(cuCtxPushCurrent_v2(device.context), 0);
    EQUAL(cuMemAlloc_v2(&pointer, 16), 0);
    EQUAL(cuMemFree_v2(pointer), 0);
}

TEST(destroyedContextIsRefused) {
    CUcontext context;
    {
        Device device;
        context = device.context;
    }
    EQUAL(cuCtxSetCurrent(context), 201);
}

TEST(copiesStayInsideAnAllocation) {
    Device device;
    Buffer<float> x(numbers(64));
    std::vector<float> host(65);
    EQUAL(cuMemcpyHtoD_v2(x, host.data(), 65 * 4), 1);
    EQUAL(cuMemcpyDtoH_v2(host.data(), x.at + 4, 64 * 4), 1);
    EQUAL(cuMemsetD32_v2(x, 0, 65), 1);
    EQUAL(cuMemsetD32_v2(x.at + 2, 0, 1), 1);
    EQUAL(cuMemcpyHtoD_v2(x, nullptr, 4), 1);
    EQUAL(cuMemcpyHtoD_v2(x, reinterpret_cast<void*>(x.at), 4), 1);
    REPORTED("the host pointer is an address of the device");
    EQUAL(cuMemcpyDtoD_v2(x.at + 128, x, 128), 0);
    std::vector<float> result = x.read();
    CHECK(std::equal(result.begin(), result.begin() + 32, result.begin() + 32, result.end()));
}

TEST(freedMemoryIsNotUsedAgain) {
    Device device;
    CUdeviceptr pointer;
    EQUAL(cuMemAlloc_v2(&pointer, 256), 0);
    EQUAL(cuMemFree_v2(pointer), 0);
    EQUAL(cuMemFree_v2(pointer), 1);
    REPORTED("freed twice");
    float value = 0;
    EQUAL(cuMemcpyHtoD_v2(pointer, &value, 4), 1);
    REPORTED("which was freed");
    EQUAL(launch(device.function("scale_by_2"), {1, 1}, pointer), 1);
    REPORTED("argument 0");
    EQUAL(cuMemFree_v2(0), 0);
}

TEST(memoryRunsOut) {
    Device device;
    rondo_emu_memory(1 << 20);
    CUdeviceptr first = 0, second = 0;
    EQUAL(cuMemAlloc_v2(&first, 1 << 19), 0);
    EQUAL(cuMemAlloc_v2(&second, (1 << 19) + 1), 2);
    size_t free, total;
    EQUAL(cuMemGetInfo_v2(&free, &total), 0);
    EQUAL(free, size_t{1} << 19);
    EQUAL(cuMemFree_v2(first), 0);
    EQUAL(cuMemAlloc_v2(&second, 1 << 20), 0);
    EQUAL(cuMemFree_v2(second), 0);
    rondo_emu_memory(size_t{1} << 30);
}

TEST(launchRules) {
    Device device;
    Buffer<float> x(2048);
    CUfunction function = device.function("scale_by_2");
    EQUAL(launch(function, {1, 1025}, x.at), 1);
    EQUAL(launch(function, {0, 32}, x.at), 1);
    EQUAL(launch(function, {1, 32, 49153}, x.at), 1);
    EQUAL(cuFuncSetAttribute(function, 8, 100000), 0);
    EQUAL(launch(function, {1, 32, 100000}, x.at), 0);
    EQUAL(cuFuncSetAttribute(function, 8, 228 * 1024), 1);
    EQUAL(launch(device.function("bounded"), {1, 65}, x.at), 1);
    EQUAL(launch(device.function("bounded"), {1, 64}, x.at), 0);
    void* arguments[] = {&x.at};
    EQUAL(cuLaunchKernel(function, 1, 65536, 1, 32, 1, 1, 0, nullptr, arguments, nullptr), 1);
    EQUAL(launch(device.function("ring"), {65, 128, 0, nullptr, true}, x.at, x.at, 1, 0), 720);
    EQUAL(launch(device.function("cluster_sum"), {6, 64}, x.at, x.at), 1);
    int blocks;
    EQUAL(cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, function, 128, 0), 0);
    EQUAL(blocks, 16);
    EQUAL(cuCtxSynchronize(), 0);
}

TEST(wrongArgumentsAreFound) {
    Device device;
    Buffer<float> x(numbers(64)), y(numbers(64));
    CUfunction axpy = device.function("axpy");
    // A float where a pointer is wanted, a pointer too far, and no arguments at all.
    EQUAL(launch(axpy, {1, 64}, x.at, 2.0, y.at, 64), 1);
    REPORTED("argument 1");
    EQUAL(launch(axpy, {1, 64}, 2.0f, x.at + 257, y.at, 64), 1);
    EQUAL(cuLaunchKernel(axpy, 1, 1, 1, 64, 1, 1, 0, nullptr, nullptr, nullptr), 1);
    float a = 2;
    void* tooFew[] = {&a, &x.at, nullptr};
    EQUAL(cuLaunchKernel(axpy, 1, 1, 1, 64, 1, 1, 0, nullptr, tooFew, nullptr), 1);
    REPORTED("fewer arguments than parameters");
    // A buffer has a size, so it can be checked.
    struct {
        float a;
        CUdeviceptr x, y;
        int n;
    } packed = {2, x.at, y.at, 64};
    size_t bytes = 28;
    void* extra[] = {reinterpret_cast<void*>(1), &packed, reinterpret_cast<void*>(2), &bytes, nullptr};
    EQUAL(cuLaunchKernel(axpy, 1, 1, 1, 64, 1, 1, 0, nullptr, nullptr, extra), 0);
    bytes = 24;
    EQUAL(cuLaunchKernel(axpy, 1, 1, 1, 64, 1, 1, 0, nullptr, nullptr, extra), 1);
    bytes = 32;
    EQUAL(cuLaunchKernel(axpy, 1, 1, 1, 64, 1, 1, 0, nullptr, nullptr, extra), 1);
}

TEST(staleHandlesAreRefused) {
    Device device;
    CUstream stream;
    EQUAL(cuStreamCreate(&stream, 1), 0);
    EQUAL(cuStreamDestroy_v2(stream), 0);
    EQUAL(cuStreamDestroy_v2(stream), 400);
    EQUAL(cuStreamSynchronize(stream), 400);
    CUevent event;
    EQUAL(cuEventCreate(&event, 0), 0);
    EQUAL(cuEventDestroy_v2(event), 0);
    EQUAL(cuEventRecord(event, nullptr), 400);
    CUfunction function = nullptr;
    EQUAL(cuModuleGetFunction(&function, device.right, "no_such_kernel"), 500);
    EQUAL(cuModuleGetFunction(&function, device.wrong, "axpy"), 500);
    REPORTED("the module image does not mention it");
    EQUAL(launch(nullptr, {1, 1}), 400);
}

TEST(imagesAreChecked) {
    Device device;
    CUmodule module;
    EQUAL(cuModuleLoadData(&module, nullptr), 1);
    EQUAL(cuModuleLoadData(&module, "garbage that is no image"), 200);
    EQUAL(cuModuleLoadData(&module, ".version 8.0\n.target sm_75\n.visible .entry axpy() { ret;"), 218);
    EQUAL(cuModuleLoadData(&module, ".version 9.9\n.target sm_75\n.visible .entry axpy() { ret; }"), 222);
    EQUAL(cuModuleLoadData(&module, ".version 8.0\n.target sm_100\n.visible .entry axpy() { ret; }"), 209);
    std::vector<char> fatbin(64, 0);
    const unsigned char magic[] = {0x50, 0xed, 0x55, 0xba, 1, 0, 16, 0, 200};
    memcpy(fatbin.data(), magic, sizeof magic);
    EQUAL(cuModuleLoadData(&module, fatbin.data()), 200);
}

// What nvcc made, if `check` found one.
TEST(realImagesAreRead) {
    for (const char* name : {"right.fatbin", "right.cubin", "right-compressed.fatbin"}) {
        std::string bytes = image(name);
        if (bytes.empty()) {
            printf("    (no %s: without nvcc there is none)\n", name);
            continue;
        }
        Device device;
        CUmodule module = nullptr;
        CUfunction function = nullptr;
        EQUAL(cuModuleLoadData(&module, bytes.data()), 0);
        EQUAL(cuModuleGetFunction(&function, module, "axpy"), 0);
        bool compressed = strstr(name, "compressed") != nullptr;
        EQUAL(cuModuleGetFunction(&function, module, "divide"), compressed ? 0 : 500);
        EQUAL(cuModuleUnload(module), 0);
        // Cut off anywhere, with zeros or with something else behind.
        for (size_t kept = 4; kept < bytes.size(); kept += bytes.size() / 50 + 1) {
            for (char filler : {'\0', '\x5a'}) {
                std::string cut = bytes.substr(0, kept) + std::string(bytes.size() - kept, filler);
                int status = cuModuleLoadData(&module, cut.data());
                if (!compressed && status != 200) {
                    failures++;
                    printf("    %s: status %d when cut off at %zu of %zu\n", name, status, kept, bytes.size());
                }
                cuModuleUnload(module);
            }
        }
    }
}

TEST(constantsAreFoundByName) {
    Device device;
    CUdeviceptr table = 0;
    size_t bytes = 0;
    EQUAL(cuModuleGetGlobal_v2(&table, &bytes, device.right, "table"), 0);
    EQUAL(bytes, size_t{16});
    EQUAL(cuModuleGetGlobal_v2(&table, &bytes, device.right, "no_table"), 500);
    float values[4] = {9, 8, 7, 6};
    EQUAL(cuMemcpyHtoD_v2(table, values, 16), 0);
    Buffer<float> x(4);
    EQUAL(launch(device.function("look_up"), {1, 4}, x.at), 0);
    CHECK(x.read() == std::vector<float>(values, values + 4));
    EQUAL(rondo_emu_live("registered"), 0);
}

TEST(largeClustersMustBeAllowed) {
    Device device;
    Buffer<int> ranks(32);
    CUfunction function = device.function("large_cluster");
    EQUAL(launch(function, {32, 32}, ranks.at), 912);
    EQUAL(cuFuncSetAttribute(function, 14, 1), 0);
    EQUAL(launch(function, {32, 32}, ranks.at), 0);
    EQUAL(ranks.read()[21], 1605);
}

TEST(threadsShareTheDriver) {
    Device device;
    std::vector<std::thread> threads;
    std::vector<int> wrong(4);
    for (size_t i = 0; i < wrong.size(); i++) {
        threads.emplace_back([&, i] {
            cuCtxSetCurrent(device.context);
            CUfunction function = nullptr;
            wrong[i] += cuModuleGetFunction(&function, device.right, "scale_by_2") != 0;
            for (int round = 0; round < 100; round++) {
                Buffer<float> x(std::vector<float>(64, static_cast<float>(round)));
                wrong[i] += launch(function, {1, 64}, x.at) != 0;
                wrong[i] += x.read() != std::vector<float>(64, 2.0f * static_cast<float>(round));
            }
            cuCtxSetCurrent(nullptr);
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    CHECK(wrong == std::vector<int>(4));
    EQUAL(rondo_emu_live("allocations"), 0);
}

TEST(failuresCanBeInjected) {
    Device device;
    CUdeviceptr a = 0, b = 0;
    EQUAL(rondo_emu_fail("cuMemAlloc", 2, 2), 0);
    EQUAL(cuMemAlloc_v2(&a, 16), 0);
    EQUAL(cuMemAlloc_v2(&b, 16), 2);
    EQUAL(cuMemAlloc_v2(&b, 16), 0);
    EQUAL(cuMemFree_v2(a) + cuMemFree_v2(b), 0);
    EQUAL(rondo_emu_fail("cuMemAllocc", 1, 2), 1);
    EQUAL(rondo_emu_fail("cuStreamCreate", 0, 999), 0);
    CUstream stream;
    EQUAL(cuStreamCreate(&stream, 1), 999);
    EQUAL(cuStreamCreate(&stream, 1), 999);
    // A sticky one poisons the context.
    EQUAL(rondo_emu_fail("cuLaunchKernel", 1, 719), 0);
    EQUAL(launch(device.function("nothing"), {1, 1}), 719);
    EQUAL(cuMemAlloc_v2(&a, 16), 719);
    rondo_emu_reset();
    EQUAL(cuMemAlloc_v2(&a, 16), 0);
    EQUAL(cuMemFree_v2(a), 0);
}

TEST(liveObjectsAreCounted) {
    {
        Device device;
        EQUAL(rondo_emu_live("allocations"), 0);
        EQUAL(rondo_emu_live("modules"), 2);
        Buffer<float> x(100);
        EQUAL(rondo_emu_live("allocations"), 1);
        EQUAL(rondo_emu_bytes(), size_t{400});
        EQUAL(rondo_emu_live("nonsense"), -1);
        EQUAL(rondo_emu_calls("cuMemAlloc") > 0, true);
    }
    EQUAL(rondo_emu_live("contexts"), 0);
    EQUAL(rondo_emu_live("leakedAtRelease"), 0);
    CUstream stream;
    {
        Device device;
        EQUAL(cuStreamCreate(&stream, 0), 0);
    }
    EQUAL(rondo_emu_live("leakedAtRelease"), 1);
    EQUAL(rondo_emu_live("streams"), 0);
}

TEST(launchesAreRecorded) {
    Device device;
    Buffer<float> x(64);
    EQUAL(launch(device.function("scale_by_2"), {2, 32, 64}, x.at), 0);
    char text[256];
    rondo_emu_launch(0, text, sizeof text);
    CHECK(strcmp(text, "scale_by_2 grid=(2,1,1) block=(32,1,1) shared=64 cooperative=0") == 0);
    EQUAL(rondo_emu_launches(), 1);
    EQUAL(rondo_emu_launch(1, text, sizeof text), size_t{0});
}
