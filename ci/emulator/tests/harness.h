// A small test harness, and a device to test on.
#pragma once

#include "driver_calls.h"

#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

struct Test {
    const char* name;
    void (*body)();
};

std::vector<Test>& tests();
extern int failures; // of the running test

struct AddTest {
    AddTest(const char* name, void (*body)()) { tests().push_back({name, body}); }
};

#define TEST(name)                                                                                                     \
    static void name();                                                                                                \
    static const AddTest add_##name(#name, name);                                                                      \
    static void name()

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            failures++;                                                                                                \
            printf("    %s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                                       \
        }                                                                                                              \
    } while (0)
#define EQUAL(actual, expected) equal(__FILE__, __LINE__, #actual, (actual), (expected))

template <class A, class E>
void equal(const char* file, int line, const char* what, const A& actual, const E& expected) {
    if (!(actual == static_cast<A>(expected))) {
        failures++;
        printf("    %s:%d: %s is %s, expected %s\n", file, line, what, std::to_string(actual).c_str(),
               std::to_string(static_cast<A>(expected)).c_str());
    }
}

// What the emulator said last.
std::string report();
bool reported(const char* part);
#define REPORTED(part)                                                                                                 \
    do {                                                                                                               \
        if (!reported(part)) {                                                                                         \
            failures++;                                                                                                \
            printf("    %s:%d: expected a report with \"%s\", got \"%s\"\n", __FILE__, __LINE__, part,                 \
                   report().c_str());                                                                                  \
        }                                                                                                              \
    } while (0)

// A file of the folder with the images; empty when there is none of that name.
std::string image(const std::string& name);

// The primary context and the modules of the test kernels.
struct Device {
    CUcontext context = nullptr;
    CUmodule right = nullptr, wrong = nullptr;

    Device();
    ~Device();
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;
    CUfunction function(const char* name);
};

struct Shape {
    unsigned grid = 1, block = 1, shared = 0;
    CUstream stream = nullptr;
    bool cooperative = false;
};

// Launches with the arguments in order; each is passed with its own type.
template <class... Arguments> CUresult launch(CUfunction function, Shape shape, Arguments... arguments) {
    void* pointers[] = {static_cast<void*>(&arguments)..., nullptr};
    return shape.cooperative
               ? cuLaunchCooperativeKernel(function, shape.grid, 1, 1, shape.block, 1, 1, shape.shared, shape.stream,
                                           pointers)
               : cuLaunchKernel(function, shape.grid, 1, 1, shape.block, 1, 1, shape.shared, shape.stream, pointers,
                                nullptr);
}

// Device memory with the values of a vector.
template <class T> struct Buffer {
    CUdeviceptr at = 0;
    size_t count;

    explicit Buffer(size_t count) : count(count) { cuMemAlloc_v2(&at, count * sizeof(T)); }
    explicit Buffer(const std::vector<T>& values) : Buffer(values.size()) {
        cuMemcpyHtoD_v2(at, values.data(), count * sizeof(T));
    }
    ~Buffer() { cuMemFree_v2(at); }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    std::vector<T> read() const {
        std::vector<T> values(count);
        if (CUresult status = cuMemcpyDtoH_v2(values.data(), at, count * sizeof(T))) {
            printf("    reading a buffer: status %d\n", status);
            failures++;
        }
        return values;
    }
    operator CUdeviceptr() const { return at; }
};

// Runs the body once in every thread order.
void inAllOrders(void (*body)());
// Runs the body once with eager, lazy and others.
void inAllStreamModes(void (*body)());

// 1, 2, 3 ... scaled; always the same numbers.
std::vector<float> numbers(size_t count, float scale = 1);
