// A stand-in for libcudnn.so.9: one layer of a recurrent network in one direction, on the emulator's device memory, in
// the order of a stream. All algorithms compute the same, plainly: sums in double, k ascending. It refuses what cuDNN
// refuses, as far as that is known. Everything else of cuDNN returns CUDNN_STATUS_NOT_SUPPORTED.
#include "../shim/arithmetic.h"

#include "../driver/control.h"

#include <cstdint>
#include <cstring>
#include <map>
#include <mutex>
#include <vector>

#define CUDNN_API extern "C" __attribute__((visibility("default"))) int

namespace {

enum Status { kSuccess = 0, kBadParam = 2000, kNotSupported = 3000, kExecutionFailed = 5000 };
enum DataType { kFloat32 = 0, kBfloat16 = 9 };
constexpr int kFmaMath = 3;
enum Algorithm { kStandard = 0, kPersistStatic = 1, kPersistDynamic = 2, kSmallH = 3 };
enum Cell { kRelu = 0, kTanh = 1, kLstm = 2, kGru = 3 };
enum Bias { kNoBias = 0, kDoubleBias = 2 };
constexpr int kTraining = 1, kPaddedIo = 1, kSequenceMajorUnpacked = 0, kAdd = 0;
constexpr size_t kVersion = 90500;

struct Object {
    enum Kind { kHandle, kTensor, kRnn, kData } kind;
    void* stream = nullptr;
    int type = -1;
    std::vector<int> sizes, strides; // of a tensor; T, N and the size of a vector of a sequence
    int algorithm = 0, cell = 0, bias = 0, math = 0, inputs = 0, hidden = 0, builtFor = 0;
    bool padded = false;
};

std::mutex lock;
std::map<uint64_t, Object>& objects() {
    static auto* made = new std::map<uint64_t, Object>;
    return *made;
}
uint64_t serial;

Object* find(const void* pointer, Object::Kind kind) {
    auto found = objects().find(reinterpret_cast<uint64_t>(pointer));
    return found == objects().end() || found->second.kind != kind ? nullptr : &found->second;
}

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

size_t bytesOf(int type) { return type == kFloat32 ? 4 : 2; }

float load(const void* from, int type, size_t i) {
    return type == kFloat32 ? static_cast<const float*>(from)[i] : to_float(static_cast<const bfloat16*>(from)[i]);
}

void store(void* to, int type, size_t i, double value) {
    if (type == kFloat32) {
        static_cast<float*>(to)[i] = static_cast<float>(value);
    } else {
        static_cast<bfloat16*>(to)[i] = to_bfloat16(static_cast<float>(value));
    }
}

double sigmoid(double x) { return 1 / (1 + exp(-x)); }

// The sizes of a layer, and where its parts lie. The weight space has the matrices by their numbers, each with its bias
// behind it.
struct Layer {
    int cell = 0, bias = 0, type = 0, math = 0;
    size_t gates = 0, steps = 0, batch = 0, inputs = 0, hidden = 0;

    size_t rows() const { return gates * hidden; }
    size_t matrix(size_t id) const {
        size_t wide = id < gates ? id : gates, square = id - wide, biases = bias == kDoubleBias ? id : 0;
        return hidden * (wide * inputs + square * hidden + biases);
    }
    size_t biasOf(size_t id) const { return matrix(id) + hidden * (id < gates ? inputs : hidden); }
    size_t weights() const { return matrix(2 * gates); }
    size_t weightBytes() const { return weights() * bytesOf(type); }
    // Gates, c of an LSTM or U h + b of the new gate of a GRU, and the gradients by what comes of x and of h.
    size_t reserveBytes() const { return steps * batch * (3 * rows() + hidden) * sizeof(float); }
    size_t workBytes() const { return batch * rows() * sizeof(float); }

    // A factor of a product, as the mathematics of the layer rounds it.
    float factor(float value) const {
        return type == kBfloat16 ? to_float(to_bfloat16(value)) : math == kFmaMath ? value : to_tf32(value);
    }
};

enum Pass { kForward, kBackwardData, kBackwardWeights };

// One call.
struct Call {
    Pass pass;
    Layer layer;
    const void *x, *hx, *cx, *y, *dy, *dhy, *dcy;
    void *out, *dx, *hy, *cy, *dhx, *dcx, *weights, *work;
    float* reserve;
    size_t workBytes;
};

// One row of a batch. The letters are those of dev.rondo.Cell.
class Row {
  public:
    Row(const Call& call, size_t row) : c(call), l(call.layer), n(row) {
        size_t all = l.steps * l.batch;
        gates = c.reserve;
        kept = gates ? gates + all * l.rows() : nullptr;
        dInput = kept ? kept + all * l.hidden : nullptr;
        dState = dInput ? dInput + all * l.rows() : nullptr;
    }

    void forward() {
        std::vector<double> h = state(c.hx), cell = state(c.cx), a(l.rows()), b(l.rows());
        for (size_t t = 0; t < l.steps; t++) {
            for (size_t id = 0; id < l.gates; id++) {
                for (size_t j = 0; j < l.hidden; j++) {
                    a[id * l.hidden + j] = weighted(id, j, l.inputs, [&](size_t k) { return x(t, k); });
                    b[id * l.hidden + j] = weighted(l.gates + id, j, l.hidden, [&](size_t k) { return h[k]; });
                }
            }
            for (size_t j = 0; j < l.hidden; j++) {
                size_t f = l.hidden + j, g = 2 * l.hidden + j, o = 3 * l.hidden + j;
                double s = a[j] + b[j], first, second = 0, third = 0, fourth = 0, keep = 0;
                switch (l.cell) {
                case kLstm:
                    first = sigmoid(s), second = sigmoid(a[f] + b[f]), third = tanh(a[g] + b[g]);
                    fourth = sigmoid(a[o] + b[o]);
                    keep = cell[j] = second * cell[j] + first * third;
                    h[j] = fourth * tanh(cell[j]);
                    break;
                case kGru:
                    first = sigmoid(s), second = sigmoid(a[f] + b[f]), keep = b[g];
                    third = tanh(a[g] + first * keep);
                    h[j] = second * h[j] + (1 - second) * third;
                    break;
                default:
                    first = h[j] = l.cell == kTanh ? tanh(s) : s > 0 ? s : 0;
                }
                const double values[] = {first, second, third, fourth};
                for (size_t id = 0; gates && id < l.gates; id++) {
                    gates[at(t, l.rows()) + id * l.hidden + j] = static_cast<float>(values[id]);
                }
                if (kept) {
                    kept[at(t, l.hidden) + j] = static_cast<float>(keep);
                }
                store(c.out, l.type, at(t, l.hidden) + j, h[j]);
                h[j] = load(c.out, l.type, at(t, l.hidden) + j);
            }
        }
        give(c.hy, h);
        give(c.cy, cell);
    }

    void backwardData() {
        std::vector<double> dh = state(c.dhy), dc = state(c.dcy), h0 = state(c.hx), c0 = state(c.cx);
        for (size_t t = l.steps; t-- > 0;) {
            float *di = dInput + at(t, l.rows()), *ds = dState + at(t, l.rows());
            const float *gate = gates + at(t, l.rows()), *keep = kept + at(t, l.hidden);
            for (size_t j = 0; j < l.hidden; j++) {
                size_t f = l.hidden + j, g = 2 * l.hidden + j, o = 3 * l.hidden + j;
                double d = dh[j] + load(c.dy, l.type, at(t, l.hidden) + j), previous = h(t, j, h0);
                dh[j] = 0;
                if (l.cell == kLstm) {
                    double tanhC = tanh(keep[j]), before = t ? kept[at(t - 1, l.hidden) + j] : c0[j];
                    double dCell = dc[j] + d * gate[o] * (1 - tanhC * tanhC);
                    set(di, ds, j, dCell * gate[g] * gate[j] * (1 - gate[j]));
                    set(di, ds, f, dCell * before * gate[f] * (1 - gate[f]));
                    set(di, ds, g, dCell * gate[j] * (1 - gate[g] * gate[g]));
                    set(di, ds, o, d * tanhC * gate[o] * (1 - gate[o]));
                    dc[j] = dCell * gate[f];
                } else if (l.cell == kGru) {
                    double dNew = d * (1 - gate[f]) * (1 - gate[g] * gate[g]);
                    set(di, ds, j, dNew * keep[j] * gate[j] * (1 - gate[j]));
                    set(di, ds, f, d * (previous - gate[g]) * gate[f] * (1 - gate[f]));
                    set(di, ds, g, dNew);
                    ds[g] = static_cast<float>(dNew * gate[j]);
                    dh[j] = d * gate[f];
                } else {
                    double slope = l.cell == kTanh ? 1 - gate[j] * gate[j] : gate[j] > 0 ? 1 : 0;
                    set(di, ds, j, d * slope);
                }
            }
            for (size_t k = 0; k < l.inputs; k++) {
                store(c.dx, l.type, at(t, l.inputs) + k, transposed(0, l.inputs, k, di));
            }
            for (size_t k = 0; k < l.hidden; k++) {
                dh[k] += transposed(l.gates, l.hidden, k, ds);
            }
        }
        give(c.dhx, dh);
        give(c.dcx, dc);
    }

    // Adds what this row contributes.
    void backwardWeights(std::vector<double>& sums) {
        std::vector<double> h0 = state(c.hx);
        for (size_t t = 0; t < l.steps; t++) {
            for (size_t id = 0; id < 2 * l.gates; id++) {
                bool input = id < l.gates;
                const float* d = (input ? dInput : dState) + at(t, l.rows()) + (input ? id : id - l.gates) * l.hidden;
                size_t columns = input ? l.inputs : l.hidden;
                for (size_t j = 0; j < l.hidden; j++) {
                    double* to = &sums[l.matrix(id) + j * columns];
                    for (size_t k = 0; k < columns; k++) {
                        to[k] += l.factor(d[j]) * l.factor(static_cast<float>(input ? x(t, k) : h(t, k, h0)));
                    }
                    if (l.bias == kDoubleBias) {
                        sums[l.biasOf(id) + j] += d[j];
                    }
                }
            }
        }
    }

  private:
    size_t at(size_t t, size_t size) const { return (t * l.batch + n) * size; }
    double x(size_t t, size_t k) const { return load(c.x, l.type, at(t, l.inputs) + k); }
    // The state before a step.
    double h(size_t t, size_t j, const std::vector<double>& initial) const {
        return t ? load(c.y, l.type, at(t - 1, l.hidden) + j) : initial[j];
    }

    std::vector<double> state(const void* from) const {
        std::vector<double> values(l.hidden);
        for (size_t j = 0; from && j < l.hidden; j++) {
            values[j] = load(from, l.type, n * l.hidden + j);
        }
        return values;
    }
    void give(void* to, const std::vector<double>& values) const {
        for (size_t j = 0; to && j < l.hidden; j++) {
            store(to, l.type, n * l.hidden + j, values[j]);
        }
    }

    static void set(float* di, float* ds, size_t at, double value) {
        di[at] = ds[at] = static_cast<float>(value);
    }

    // Row j of a matrix times a vector, and the bias.
    template <class Vector> double weighted(size_t id, size_t j, size_t columns, Vector vector) const {
        double sum = l.bias == kDoubleBias ? load(c.weights, l.type, l.biasOf(id) + j) : 0;
        for (size_t k = 0; k < columns; k++) {
            sum += l.factor(load(c.weights, l.type, l.matrix(id) + j * columns + k)) *
                   static_cast<double>(l.factor(static_cast<float>(vector(k))));
        }
        return sum;
    }
    // Column k of all matrices from one on, times a gradient of the pre-activations.
    double transposed(size_t first, size_t columns, size_t k, const float* gradient) const {
        double sum = 0;
        for (size_t id = 0; id < l.gates; id++) {
            for (size_t j = 0; j < l.hidden; j++) {
                sum += l.factor(load(c.weights, l.type, l.matrix(first + id) + j * columns + k)) *
                       static_cast<double>(l.factor(gradient[id * l.hidden + j]));
            }
        }
        return sum;
    }

    const Call& c;
    const Layer& l;
    size_t n;
    float *gates, *kept, *dInput, *dState;
};

int run(void* data) {
    const Call& call = *static_cast<Call*>(data);
    const Layer& layer = call.layer;
    memset(call.work, 0xff, call.workBytes);
    std::vector<double> sums(call.pass == kBackwardWeights ? layer.weights() : 0);
    for (size_t n = 0; n < layer.batch; n++) {
        Row row(call, n);
        switch (call.pass) {
        case kForward:
            row.forward();
            break;
        case kBackwardData:
            row.backwardData();
            break;
        default:
            row.backwardWeights(sums);
        }
    }
    for (size_t i = 0; i < sums.size(); i++) {
        store(call.weights, layer.type, i, load(call.weights, layer.type, i) + sums[i]);
    }
    return 0;
}

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
