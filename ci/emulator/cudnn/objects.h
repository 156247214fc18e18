// What the handles and descriptors of cuDNN stand for, and the numbers that they are made of.
#pragma once

#include <cstddef>
#include <mutex>
#include <vector>

#define CUDNN_API extern "C" __attribute__((visibility("default"))) int

namespace rondo_emu {

enum Status { kSuccess = 0, kBadParam = 2000, kNotSupported = 3000, kExecutionFailed = 5000 };
enum Algorithm { kStandard = 0, kPersistStatic = 1, kPersistDynamic = 2, kSmallH = 3 };
constexpr int kPaddedIo = 1, kSequenceMajorUnpacked = 0;

struct Object {
    enum Kind { kHandle, kTensor, kRnn, kData } kind;
    void* stream = nullptr;
    int type = -1;
    std::vector<int> sizes, strides; // of a tensor; T, N and the size of a vector of a sequence
    int algorithm = 0, cell = 0, bias = 0, math = 0, inputs = 0, hidden = 0, builtFor = 0;
    bool padded = false;
};

// Held while an object is made, changed, read or removed.
extern std::mutex lock;

// An object of a kind, or null. The lock is held.
Object* find(const void* pointer, Object::Kind kind);

} // namespace rondo_emu
