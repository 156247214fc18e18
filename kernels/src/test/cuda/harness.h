// A small test harness for kernels on the CPU emulator of the CUDA driver: each test runs once per order of threads.
#pragma once

#include "driver_calls.h" // of the emulator's tests

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

using Floats = std::vector<float>;
using Doubles = std::vector<double>;
using Ints = std::vector<int>;

struct Test {
    const char* name;
    void (*body)();
};
std::vector<Test>& tests();

struct AddTest {
    AddTest(const char* name, void (*body)()) { tests().push_back({name, body}); }
};
#define TEST(name)                                                                                                     \
    static void name();                                                                                                \
    static const AddTest add_##name(#name, name);                                                                      \
    static void name()

// Counts a failure and says what failed, with the place and the shapes.
void fail(const char* file, int line, const std::string& what);
#define CHECK(condition, what)                                                                                         \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fail(__FILE__, __LINE__, std::string(#condition) + " is false: " + (what));                                \
        }                                                                                                              \
    } while (0)
// |actual - expected| <= tolerance * (1 + |expected|) everywhere; NaN only where NaN is expected.
void near(const char* file, int line, const std::string& what, const Floats& actual, const Doubles& expected,
          double tolerance);
#define NEAR(actual, expected, tolerance, what)                                                                        \
    near(__FILE__, __LINE__, std::string(#actual) + " " + (what), actual, expected, tolerance)

// Device memory, of exactly that size: a guard page follows.
template <class T> struct Buffer {
    CUdeviceptr at = 0;
    size_t count;

    explicit Buffer(size_t count) : count(count) {
        if (cuMemAlloc_v2(&at, count * sizeof(T))) {
            fail(__FILE__, __LINE__, "no device memory");
        }
    }
    Buffer(const std::vector<T>& values) : Buffer(values.size()) { cuMemcpyHtoD_v2(at, values.data(), count * sizeof(T)); }
    ~Buffer() { cuMemFree_v2(at); }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    std::vector<T> read() const {
        std::vector<T> values(count);
        if (CUresult status = cuMemcpyDtoH_v2(values.data(), at, count * sizeof(T))) {
            fail(__FILE__, __LINE__, "reading a buffer: status " + std::to_string(status));
        }
        return values;
    }
    CUdeviceptr from(long long element) const { return at + static_cast<CUdeviceptr>(element) * sizeof(T); }
};

struct Grid {
    unsigned x = 1, y = 1, z = 1;
    unsigned blockX = 256, blockY = 1;
};
// A grid of one dimension for so many elements; at most a few blocks, so that loops over the grid are tested.
Grid gridFor(long long elements);
CUfunction kernel(const char* name);
void launched(const char* name, CUresult status);

namespace argument {
inline CUdeviceptr of(CUdeviceptr pointer) { return pointer; }
template <class T> CUdeviceptr of(const Buffer<T>& buffer) { return buffer.at; }
inline CUdeviceptr of(std::nullptr_t) { return 0; }
inline int of(int value) { return value; }
inline float of(float value) { return value; }
inline long long of(long long value) { return value; }
} // namespace argument

template <class... Values> void launchValues(const char* name, Grid grid, Values... values) {
    void* pointers[] = {static_cast<void*>(&values)..., nullptr};
    launched(name, cuLaunchKernel(kernel(name), grid.x, grid.y, grid.z, grid.blockX, grid.blockY, 1, 0, nullptr, pointers,
                                  nullptr));
}
// Launches a kernel; the arguments have the types of its parameters: buffers, int, float or long long.
template <class... Arguments> void launch(const char* name, Grid grid, const Arguments&... arguments) {
    launchValues(name, grid, argument::of(arguments)...);
}

// Where cooperative launches go; null is the default stream.
inline CUstream& launchStream() {
    static CUstream stream = nullptr;
    return stream;
}
// The same with all blocks resident, and with dynamic shared memory.
template <class... Values> void launchCooperativeValues(const char* name, Grid grid, unsigned sharedBytes, Values... values) {
    void* pointers[] = {static_cast<void*>(&values)..., nullptr};
    constexpr int MAX_DYNAMIC_SHARED_SIZE_BYTES = 8;
    launched(name, cuFuncSetAttribute(kernel(name), MAX_DYNAMIC_SHARED_SIZE_BYTES, static_cast<int>(sharedBytes)));
    launched(name, cuLaunchCooperativeKernel(kernel(name), grid.x, grid.y, grid.z, grid.blockX, grid.blockY, 1, sharedBytes,
                                             launchStream(), pointers));
}
template <class... Arguments>
void launchCooperative(const char* name, Grid grid, unsigned sharedBytes, const Arguments&... arguments) {
    launchCooperativeValues(name, grid, sharedBytes, argument::of(arguments)...);
}

// The same random numbers in [-scale, scale] for the same seed.
Floats randoms(size_t count, unsigned seed, float scale = 1);
// Lengths 0 to steps, both included as soon as there are two rows.
Ints someLengths(int batch, int steps, unsigned seed);
Doubles toDoubles(const Floats& values);
std::string shape(std::initializer_list<long long> sizes);
inline double sigmoid(double a) { return 1 / (1 + std::exp(-a)); }
