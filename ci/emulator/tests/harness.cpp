#include "harness.h"

#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fstream>
#include <iterator>

int failures;

std::vector<Test>& tests() {
    static auto* made = new std::vector<Test>;
    return *made;
}

namespace {

std::string imageFolder;

} // namespace

std::string image(const std::string& name) {
    std::ifstream file(imageFolder + "/" + name, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string report() {
    std::vector<char> text(rondo_emu_last_report(nullptr, 0) + 1);
    rondo_emu_last_report(text.data(), text.size());
    return text.data();
}

bool reported(const char* part) { return report().find(part) != std::string::npos; }

Device::Device() {
    cuInit(0);
    CUdevice device;
    cuDeviceGet(&device, 0);
    cuDevicePrimaryCtxRetain(&context, device);
    cuCtxPushCurrent_v2(context); // tests nest devices
    EQUAL(cuModuleLoadData(&right, image("right.ptx").c_str()), 0);
    EQUAL(cuModuleLoadData(&wrong, image("wrong.ptx").c_str()), 0);
}

Device::~Device() {
    cuModuleUnload(right);
    cuModuleUnload(wrong);
    cuCtxPopCurrent_v2(nullptr);
    cuDevicePrimaryCtxRelease_v2(0);
}

CUfunction Device::function(const char* name) {
    CUfunction function = nullptr;
    CUresult status = cuModuleGetFunction(&function, right, name);
    if (status) {
        status = cuModuleGetFunction(&function, wrong, name);
    }
    EQUAL(status, 0);
    return function;
}

void inAllOrders(void (*body)()) {
    for (const char* order : {"fwd", "rev", "rand:1", "rand:2", "rand:3"}) {
        int before = failures;
        EQUAL(rondo_emu_order(order), 0);
        body();
        if (failures != before) {
            printf("    in the order %s\n", order);
        }
    }
}

void inAllStreamModes(void (*body)()) {
    for (const char* mode : {"eager", "lazy", "others"}) {
        int before = failures;
        EQUAL(rondo_emu_streams(mode), 0);
        body();
        if (failures != before) {
            printf("    with streams %s\n", mode);
        }
    }
}

std::vector<float> numbers(size_t count, float scale) {
    std::vector<float> values(count);
    unsigned state = 12345;
    for (float& value : values) {
        state = state * 1664525u + 1013904223u;
        value = scale * (static_cast<float>(state >> 16 & 0xff) - 128) / 16;
    }
    return values;
}

// usage: tests KERNELS.so FOLDER-OF-IMAGES [NAME-PART]
int main(int count, char** arguments) {
    if (count < 3 || !dlopen(arguments[1], RTLD_NOW | RTLD_GLOBAL)) {
        fprintf(stderr, "usage: tests KERNELS.so IMAGES [NAME]; %s\n", count < 3 ? "" : dlerror());
        return 2;
    }
    imageFolder = arguments[2];
    setvbuf(stdout, nullptr, _IOLBF, 0);
    int failed = 0, run = 0;
    for (const Test& test : tests()) {
        if (count > 3 && !strstr(test.name, arguments[3])) {
            continue;
        }
        rondo_emu_reset();
        failures = 0;
        run++;
        test.body();
        if (failures) {
            failed++;
            printf("FAILED %s\n", test.name);
        }
    }
    printf("%d tests, %d failed\n", run, failed);
    return failed != 0 || run == 0;
}
