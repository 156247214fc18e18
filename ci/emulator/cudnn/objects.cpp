// Handles and descriptors: made, set, read and removed. What cuDNN refuses is refused, as far as that is known.
#include "objects.h"

#include "layer.h"

#include <cstdint>
#include <map>

namespace rondo_emu {

std::mutex lock;

namespace {

std::map<uint64_t, Object>& objects() {
    static auto* made = new std::map<uint64_t, Object>;
    return *made;
}
uint64_t serial;

int create(void** pointer, Object::Kind kind) {
    std::lock_guard<std::mutex> hold(lock);
    uint64_t made = uint64_t{9} << 44 | ++serial << 4;
    Object object;
    object.kind = kind;
    objects()[made] = object;
    *pointer = reinterpret_cast<void*>(made);
    return kSuccess;
}

int destroy(void* pointer, Object::Kind kind) {
    std::lock_guard<std::mutex> hold(lock);
    return find(pointer, kind) && objects().erase(reinterpret_cast<uint64_t>(pointer)) ? kSuccess : kBadParam;
}

} // namespace

Object* find(const void* pointer, Object::Kind kind) {
    auto found = objects().find(reinterpret_cast<uint64_t>(pointer));
    return found == objects().end() || found->second.kind != kind ? nullptr : &found->second;
}

} // namespace rondo_emu

using namespace rondo_emu;

CUDNN_API cudnnCreate(void** handle) { return create(handle, Object::kHandle); }
CUDNN_API cudnnDestroy(void* handle) { return destroy(handle, Object::kHandle); }
CUDNN_API cudnnCreateTensorDescriptor(void** desc) { return create(desc, Object::kTensor); }
CUDNN_API cudnnDestroyTensorDescriptor(void* desc) { return destroy(desc, Object::kTensor); }
CUDNN_API cudnnCreateRNNDescriptor(void** desc) { return create(desc, Object::kRnn); }
CUDNN_API cudnnDestroyRNNDescriptor(void* desc) { return destroy(desc, Object::kRnn); }
CUDNN_API cudnnCreateRNNDataDescriptor(void** desc) { return create(desc, Object::kData); }
CUDNN_API cudnnDestroyRNNDataDescriptor(void* desc) { return destroy(desc, Object::kData); }

CUDNN_API cudnnSetStream(void* handle, void* stream) {
    std::lock_guard<std::mutex> hold(lock);
    Object* found = find(handle, Object::kHandle);
    if (!found) {
        return kBadParam;
    }
    found->stream = stream;
    return kSuccess;
}

CUDNN_API cudnnSetTensorNdDescriptor(void* desc, int type, int rank, const int* sizes, const int* strides) {
    std::lock_guard<std::mutex> hold(lock);
    Object* found = find(desc, Object::kTensor);
    if (!found || rank < 3 || rank > 8) {
        return kBadParam;
    }
    found->type = type;
    found->sizes.assign(sizes, sizes + rank);
    found->strides.assign(strides, strides + rank);
    return kSuccess;
}

CUDNN_API cudnnGetTensorNdDescriptor(void* desc, int rankWanted, int* type, int* rank, int* sizes, int* strides) {
    std::lock_guard<std::mutex> hold(lock);
    Object* found = find(desc, Object::kTensor);
    if (!found || found->type < 0 || rankWanted < 0) {
        return kBadParam;
    }
    *type = found->type;
    *rank = static_cast<int>(found->sizes.size());
    for (size_t i = 0; i < found->sizes.size() && i < static_cast<size_t>(rankWanted); i++) {
        sizes[i] = found->sizes[i];
        strides[i] = found->strides[i];
    }
    return kSuccess;
}

CUDNN_API cudnnSetRNNDescriptor_v8(void* desc, int algorithm, int cell, int bias, int direction, int inputMode,
                                   int type, int precision, int math, int inputs, int hidden, int projection,
                                   int layers, void*, unsigned flags) {
    std::lock_guard<std::mutex> hold(lock);
    Object* found = find(desc, Object::kRnn);
    if (!found || algorithm < kStandard || algorithm > kSmallH || cell < kRelu || cell > kGru || inputs < 1 ||
        hidden < 1 || projection != hidden || layers < 1) {
        return kBadParam;
    }
    if ((type != kFloat32 && type != kBfloat16) || precision != kFloat32 || (bias != kNoBias && bias != kDoubleBias) ||
        direction || inputMode || layers != 1) {
        return kNotSupported;
    }
    found->algorithm = algorithm, found->cell = cell, found->bias = bias, found->type = type, found->math = math;
    found->inputs = inputs, found->hidden = hidden, found->padded = flags & kPaddedIo, found->builtFor = 0;
    return kSuccess;
}

CUDNN_API cudnnSetRNNDataDescriptor(void* desc, int type, int layout, int steps, int batch, int size,
                                    const int* lengths, void*) {
    std::lock_guard<std::mutex> hold(lock);
    Object* found = find(desc, Object::kData);
    if (!found || steps < 1 || batch < 1 || size < 1 || !lengths) {
        return kBadParam;
    }
    bool full = true;
    for (int n = 0; n < batch; n++) {
        full = full && lengths[n] == steps;
    }
    if (!full || layout != kSequenceMajorUnpacked) {
        return kNotSupported;
    }
    found->type = type;
    found->sizes = {steps, batch, size};
    return kSuccess;
}

CUDNN_API cudnnBuildRNNDynamic(void* handle, void* desc, int batch) {
    std::lock_guard<std::mutex> hold(lock);
    Object* found = find(desc, Object::kRnn);
    if (!find(handle, Object::kHandle) || !found || found->algorithm != kPersistDynamic || batch < 1) {
        return kBadParam;
    }
    found->builtFor = batch;
    return kSuccess;
}
