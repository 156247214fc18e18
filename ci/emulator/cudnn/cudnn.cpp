// A stand-in for libcudnn.so.9: one layer of a recurrent network in one direction, on the emulator's device memory, in
// the order of a stream. All algorithms compute the same, plainly: sums in double, k ascending. It refuses what cuDNN
// refuses, as far as that is known. Everything else of cuDNN returns CUDNN_STATUS_NOT_SUPPORTED.
#include "layer.h"
#include "objects.h"

#include "../driver/control.h"

#include <vector>

using namespace rondo_emu;

namespace {

constexpr int kTraining = 1, kAdd = 0;
constexpr size_t kVersion = 90500;

void describe(const Object& rnn, Layer* layer) {
    layer->cell = rnn.cell, layer->bias = rnn.bias, layer->type = rnn.type, layer->math = rnn.math;
    layer->gates = rnn.cell == kLstm ? 4 : rnn.cell == kGru ? 3 : 1;
    layer->inputs = static_cast<size_t>(rnn.inputs), layer->hidden = static_cast<size_t>(rnn.hidden);
}

// The layer that descriptors tell together, that of y if there is one.
int layerOf(const void* rnnDesc, const void* xDesc, const void* yDesc, Layer* layer, Object** rnn) {
    *rnn = find(rnnDesc, Object::kRnn);
    Object *x = find(xDesc, Object::kData), *y = find(yDesc, Object::kData);
    if (!*rnn || (*rnn)->type < 0 || !(*rnn)->padded || !x || x->type != (*rnn)->type ||
        x->sizes[2] != (*rnn)->inputs ||
        (yDesc && (!y || y->type != x->type || y->sizes[0] != x->sizes[0] || y->sizes[1] != x->sizes[1] ||
                   y->sizes[2] != (*rnn)->hidden))) {
        return kBadParam;
    }
    describe(**rnn, layer);
    layer->steps = static_cast<size_t>(x->sizes[0]), layer->batch = static_cast<size_t>(x->sizes[1]);
    bool odd = (*rnn)->hidden % 32 || (*rnn)->inputs % 32;
    return (*rnn)->algorithm == kPersistStatic && odd ? kNotSupported : kSuccess;
}

bool stateDescribed(const void* desc, const Layer& layer) {
    Object* state = find(desc, Object::kTensor);
    int batch = static_cast<int>(layer.batch), hidden = static_cast<int>(layer.hidden);
    return state && state->type == layer.type && state->sizes == std::vector<int>{1, batch, hidden} &&
           state->strides == std::vector<int>{batch * hidden, hidden, 1};
}

bool onDevice(const void* pointer, size_t bytes) {
    return rondo_emu_is_device(reinterpret_cast<unsigned long long>(pointer), bytes);
}
bool absentOrOnDevice(const void* pointer, size_t bytes) { return !pointer || onDevice(pointer, bytes); }

int submit(void* handle, const void* rnnDesc, const void* xDesc, const void* yDesc, const void* hDesc,
           const void* cDesc, Call call, bool keeps, size_t weightBytes, size_t reserveBytes) {
    std::lock_guard<std::mutex> hold(lock);
    Object *made = find(handle, Object::kHandle), *rnn;
    Layer& layer = call.layer;
    if (!made || !yDesc) {
        return kBadParam;
    }
    if (int status = layerOf(rnnDesc, xDesc, yDesc, &layer, &rnn)) {
        return status;
    }
    size_t data = bytesOf(layer.type), tokens = layer.steps * layer.batch * data;
    size_t state = layer.batch * layer.hidden * data, y = tokens * layer.hidden, x = tokens * layer.inputs;
    bool hasC = layer.cell == kLstm && call.pass != kBackwardWeights;
    if (!stateDescribed(hDesc, layer) || (hasC && !stateDescribed(cDesc, layer)) ||
        (rnn->algorithm == kPersistDynamic && rnn->builtFor != static_cast<int>(layer.batch))) {
        return kBadParam;
    }
    if (weightBytes != layer.weightBytes() || call.workBytes < layer.workBytes() ||
        (keeps && reserveBytes < layer.reserveBytes())) {
        return kBadParam;
    }
    // A real library would fail later, in its kernels.
    bool reachable = onDevice(call.weights, weightBytes) && onDevice(call.work, call.workBytes) &&
                     (!keeps || onDevice(call.reserve, reserveBytes));
    for (const void* one : {call.hx, call.cx, call.dhy, call.dcy, static_cast<const void*>(call.hy),
                            static_cast<const void*>(call.cy), static_cast<const void*>(call.dhx),
                            static_cast<const void*>(call.dcx)}) {
        reachable = reachable && absentOrOnDevice(one, state);
    }
    reachable = reachable && (call.pass == kBackwardData || onDevice(call.x, x)) &&
                (call.pass == kForward ? onDevice(call.out, y) : onDevice(call.y, y)) &&
                (call.pass != kBackwardData || (onDevice(call.dx, x) && onDevice(call.dy, y)));
    if (!reachable) {
        return kBadParam;
    }
    auto release = [](void* data) { delete static_cast<Call*>(data); };
    return rondo_emu_enqueue(made->stream, run, new Call(call), release) ? kExecutionFailed : kSuccess;
}

} // namespace

extern "C" __attribute__((visibility("default"))) size_t cudnnGetVersion() { return kVersion; }

extern "C" __attribute__((visibility("default"))) const char* cudnnGetErrorString(int status) {
    switch (status) {
    case kSuccess:
        return "CUDNN_STATUS_SUCCESS";
    case kBadParam:
        return "CUDNN_STATUS_BAD_PARAM";
    case kNotSupported:
        return "CUDNN_STATUS_NOT_SUPPORTED";
    case kExecutionFailed:
        return "CUDNN_STATUS_EXECUTION_FAILED";
    default:
        return "CUDNN_UNKNOWN_STATUS";
    }
}

CUDNN_API cudnnGetRNNTempSpaceSizes(void* handle, void* desc, int mode, void* xDesc, size_t* work, size_t* reserve) {
    std::lock_guard<std::mutex> hold(lock);
    Layer layer;
    Object* rnn;
    int status = find(handle, Object::kHandle) ? layerOf(desc, xDesc, nullptr, &layer, &rnn) : kBadParam;
    if (!status) {
        *work = layer.workBytes();
        *reserve = mode == kTraining ? layer.reserveBytes() : 0;
    }
    return status;
}

CUDNN_API cudnnGetRNNWeightSpaceSize(void* handle, void* desc, size_t* bytes) {
    std::lock_guard<std::mutex> hold(lock);
    Object* rnn = find(desc, Object::kRnn);
    if (!find(handle, Object::kHandle) || !rnn || rnn->type < 0) {
        return kBadParam;
    }
    Layer layer;
    describe(*rnn, &layer);
    *bytes = layer.weightBytes();
    return kSuccess;
}

CUDNN_API cudnnGetRNNWeightParams(void* handle, void* desc, int pseudoLayer, size_t bytes, const void* space, int id,
                                  void* matrixDesc, void** matrix, void* biasDesc, void** bias) {
    std::lock_guard<std::mutex> hold(lock);
    Object* rnn = find(desc, Object::kRnn);
    Object *m = find(matrixDesc, Object::kTensor), *b = find(biasDesc, Object::kTensor);
    if (!find(handle, Object::kHandle) || !rnn || rnn->type < 0 || !m || !b || pseudoLayer != 0) {
        return kBadParam;
    }
    Layer layer;
    describe(*rnn, &layer);
    size_t number = static_cast<size_t>(id);
    if (id < 0 || number >= 2 * layer.gates || bytes != layer.weightBytes()) {
        return kBadParam;
    }
    auto* base = static_cast<char*>(const_cast<void*>(space));
    int columns = number < layer.gates ? rnn->inputs : rnn->hidden;
    m->type = b->type = layer.type;
    m->sizes = {1, rnn->hidden, columns}, m->strides = {rnn->hidden * columns, columns, 1};
    *matrix = base + layer.matrix(number) * bytesOf(layer.type);
    // Without a bias there is neither an address nor an extent.
    bool has = layer.bias == kDoubleBias;
    b->sizes = {has ? 1 : 0, has ? rnn->hidden : 0, has ? 1 : 0}, b->strides = b->sizes;
    *bias = has ? base + layer.biasOf(number) * bytesOf(layer.type) : nullptr;
    return kSuccess;
}

CUDNN_API cudnnRNNForward(void* handle, void* desc, int mode, const int*, void* xDesc, const void* x, void* yDesc,
                          void* y, void* hDesc, const void* hx, void* hy, void* cDesc, const void* cx, void* cy,
                          size_t weightBytes, const void* weights, size_t workBytes, void* work, size_t reserveBytes,
                          void* reserve) {
    Call call = {};
    call.pass = kForward;
    call.x = x, call.out = y, call.hx = hx, call.hy = hy, call.cx = cx, call.cy = cy;
    call.weights = const_cast<void*>(weights), call.work = work, call.workBytes = workBytes;
    call.reserve = mode == kTraining ? static_cast<float*>(reserve) : nullptr;
    return submit(handle, desc, xDesc, yDesc, hDesc, cDesc, call, mode == kTraining, weightBytes, reserveBytes);
}

CUDNN_API cudnnRNNBackwardData_v8(void* handle, void* desc, const int*, void* yDesc, const void* y, const void* dy,
                                  void* xDesc, void* dx, void* hDesc, const void* hx, const void* dhy, void* dhx,
                                  void* cDesc, const void* cx, const void* dcy, void* dcx, size_t weightBytes,
                                  const void* weights, size_t workBytes, void* work, size_t reserveBytes,
                                  void* reserve) {
    Call call = {};
    call.pass = kBackwardData;
    call.y = y, call.dy = dy, call.dx = dx, call.hx = hx, call.dhy = dhy, call.dhx = dhx;
    call.cx = cx, call.dcy = dcy, call.dcx = dcx;
    call.weights = const_cast<void*>(weights), call.work = work, call.workBytes = workBytes;
    call.reserve = static_cast<float*>(reserve);
    return submit(handle, desc, xDesc, yDesc, hDesc, cDesc, call, true, weightBytes, reserveBytes);
}

CUDNN_API cudnnRNNBackwardWeights_v8(void* handle, void* desc, int addGradients, const int*, void* xDesc, const void* x,
                                     void* hDesc, const void* hx, void* yDesc, const void* y, size_t weightBytes,
                                     void* gradients, size_t workBytes, void* work, size_t reserveBytes,
                                     void* reserve) {
    if (addGradients != kAdd) {
        return kNotSupported;
    }
    Call call = {};
    call.pass = kBackwardWeights;
    call.x = x, call.hx = hx, call.y = y;
    call.weights = gradients, call.work = work, call.workBytes = workBytes;
    call.reserve = static_cast<float*>(reserve);
    return submit(handle, desc, xDesc, yDesc, hDesc, nullptr, call, true, weightBytes, reserveBytes);
}
