#include "harness.h"

#include <cstring>
#include <dirent.h>
#include <dlfcn.h>
#include <fstream>
#include <iterator>
#include <map>

namespace {

int failures, printed;
struct Kernel {
    CUfunction function = nullptr;
    long launches = 0;
};
std::map<std::string, Kernel> kernels;

void loadModules(const std::string& folder) {
    DIR* directory = opendir(folder.c_str());
    while (dirent* entry = directory ? readdir(directory) : nullptr) {
        std::string name = entry->d_name;
        if (name.size() > 4 && name.substr(name.size() - 4) == ".ptx") {
            std::ifstream file(folder + "/" + name);
            std::string image(std::istreambuf_iterator<char>(file), {});
            CUmodule module;
            launched("loading a module", cuModuleLoadData(&module, image.c_str()));
            for (size_t at = 0; (at = image.find(".entry ", at)) != std::string::npos;) {
                at += 7;
                std::string kernelName = image.substr(at, image.find('(', at) - at);
                launched("looking for a kernel", cuModuleGetFunction(&kernels[kernelName].function, module, kernelName.c_str()));
            }
        }
    }
    closedir(directory);
}

} // namespace

std::vector<Test>& tests() {
    static auto* made = new std::vector<Test>;
    return *made;
}

void fail(const char* file, int line, const std::string& what) {
    failures++;
    if (printed++ < 20) {
        printf("    %s:%d: %s\n", file, line, what.c_str());
    }
}

void near(const char* file, int line, const std::string& what, const Floats& actual, const Doubles& expected,
          double tolerance) {
    if (actual.size() != expected.size()) {
        fail(file, line, what + ": " + std::to_string(actual.size()) + " elements, expected " + std::to_string(expected.size()));
        return;
    }
    for (size_t i = 0; i < actual.size(); i++) {
        bool same = std::isnan(expected[i]) ? std::isnan(actual[i])
                    : std::isinf(expected[i])
                        ? actual[i] == expected[i]
                        : std::fabs(actual[i] - expected[i]) <= tolerance * (1 + std::fabs(expected[i]));
        if (!same) {
            fail(file, line,
                 what + "[" + std::to_string(i) + "] is " + std::to_string(actual[i]) + ", expected " +
                     std::to_string(expected[i]));
            return;
        }
    }
}

Grid gridFor(long long elements) {
    long long blocks = (elements + 255) / 256;
    return {static_cast<unsigned>(blocks < 3 ? blocks : 3)};
}

CUfunction kernel(const char* name) {
    auto found = kernels.find(name);
    if (found == kernels.end()) {
        printf("no kernel %s\n", name);
        exit(1);
    }
    found->second.launches++;
    return found->second.function;
}

void launched(const char* name, CUresult status) {
    if (status) {
        std::vector<char> text(rondo_emu_last_report(nullptr, 0) + 1);
        rondo_emu_last_report(text.data(), text.size());
        fail(__FILE__, __LINE__, std::string(name) + ": status " + std::to_string(status) + ": " + text.data());
    }
}

Floats randoms(size_t count, unsigned seed, float scale) {
    Floats values(count);
    uint64_t state = seed * 0x9E3779B97F4A7C15ULL + 1;
    for (float& value : values) {
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        value = scale * (static_cast<float>(state >> 40) * 0x1p-23f - 1);
    }
    return values;
}

Ints someLengths(int batch, int steps, unsigned seed) {
    Ints lengths(batch);
    Floats values = randoms(batch, seed);
    for (int n = 0; n < batch; n++) {
        lengths[n] = n == 0 ? steps : n == 1 ? 0 : static_cast<int>((values[n] + 1) / 2 * static_cast<float>(steps));
    }
    return lengths;
}

Doubles toDoubles(const Floats& values) { return Doubles(values.begin(), values.end()); }

std::string shape(std::initializer_list<long long> sizes) {
    std::string text = "for";
    for (long long size : sizes) {
        text += " " + std::to_string(size);
    }
    return text;
}

// usage: tests KERNELS.so FOLDER-OF-IMAGES [NAME-PART]
// Environment: RONDO_TEST_ORDER, the one order of threads; without it each test runs in four.
int main(int count, char** arguments) {
    if (count < 3 || !dlopen(arguments[1], RTLD_NOW | RTLD_GLOBAL)) {
        fprintf(stderr, "usage: tests KERNELS.so IMAGES [NAME]; %s\n", count < 3 ? "" : dlerror());
        return 2;
    }
    setvbuf(stdout, nullptr, _IOLBF, 0);
    setenv("RONDO_EMU_SMS", "12", 0); // as many as it can, for grids that must be resident as a whole
    CUdevice device;
    CUcontext context;
    cuInit(0);
    cuDeviceGet(&device, 0);
    cuDevicePrimaryCtxRetain(&context, device);
    cuCtxSetCurrent(context);
    loadModules(arguments[2]);
    const char* asked = getenv("RONDO_TEST_ORDER");
    std::vector<const char*> orders = {"fwd", "rev", "rand:1", "rand:2"};
    if (asked) {
        orders = {asked};
    }
    int failed = 0, run = 0;
    for (const Test& test : tests()) {
        if (count > 3 && !strstr(test.name, arguments[3])) {
            continue;
        }
        for (const char* order : orders) {
            failures = printed = 0;
            run++;
            if (rondo_emu_order(order)) {
                fail(__FILE__, __LINE__, "no such order");
            }
            test.body();
            if (failures) {
                failed++;
                printf("FAILED %s in the order %s\n", test.name, order);
            }
        }
    }
    int idle = 0;
    for (const auto& [name, kernel] : kernels) {
        if (kernel.launches == 0 && count == 3) {
            idle++;
            printf("no test launches %s\n", name.c_str());
        }
    }
    printf("%d runs of %zu tests, %d failed; %zu kernels, %d not launched\n", run, tests().size(), failed, kernels.size(), idle);
    return failed != 0 || idle != 0 || run == 0;
}
