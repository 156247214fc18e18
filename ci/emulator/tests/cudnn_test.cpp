// The stand-in for cuDNN.
#include "harness.h"

extern "C" {
int cudnnCreate(void**);
int cudnnDestroy(void*);
int cudnnSetStream(void*, void*);
int cudnnCreateTensorDescriptor(void**);
int cudnnDestroyTensorDescriptor(void*);
int cudnnSetTensorNdDescriptor(void*, int, int, const int*, const int*);
int cudnnCreateRNNDescriptor(void**);
int cudnnDestroyRNNDescriptor(void*);
int cudnnSetRNNDescriptor_v8(void*, int, int, int, int, int, int, int, int, int, int, int, int, void*, unsigned);
int cudnnCreateRNNDataDescriptor(void**);
int cudnnDestroyRNNDataDescriptor(void*);
int cudnnSetRNNDataDescriptor(void*, int, int, int, int, int, const int*, void*);
int cudnnBuildRNNDynamic(void*, void*, int);
int cudnnGetRNNTempSpaceSizes(void*, void*, int, void*, size_t*, size_t*);
int cudnnGetRNNWeightSpaceSize(void*, void*, size_t*);
int cudnnGetRNNWeightParams(void*, void*, int, size_t, const void*, int, void*, void**, void*, void**);
int cudnnRNNForward(void*, void*, int, const int*, void*, const void*, void*, void*, void*, const void*, void*, void*,
                    const void*, void*, size_t, const void*, size_t, void*, size_t, void*);
int cudnnRNNBackwardData_v8(void*, void*, const int*, void*, const void*, const void*, void*, void*, void*, const void*,
                            const void*, void*, void*, const void*, const void*, void*, size_t, const void*, size_t,
                            void*, size_t, void*);
int cudnnRNNBackwardWeights_v8(void*, void*, int, const int*, void*, const void*, void*, const void*, void*,
                               const void*, size_t, void*, size_t, void*, size_t, void*);
int cudnnConvolutionForward();
}

namespace {

constexpr int kTanh = 1, kLstm = 2, kGru = 3, kBadParam = 2000, kNotSupported = 3000;
constexpr int T = 3, N = 2, I = 2, H = 3;

using Floats = std::vector<float>;

float* pointer(const Buffer<float>& buffer) { return reinterpret_cast<float*>(buffer.at); }

// A layer in float32 on a stream, and the spaces that it needs.
struct Layer {
    void *handle, *rnn, *xs, *ys, *state, *other;
    CUstream stream;
    size_t work = 0, reserve = 0, weights = 0;

    explicit Layer(int cell, int algorithm = 0, int size = H) {
        int lengths[] = {T, T}, sizes[] = {1, N, size}, strides[] = {N * size, size, 1};
        EQUAL(cuStreamCreate(&stream, 1), 0);
        EQUAL(cudnnCreate(&handle), 0);
        EQUAL(cudnnSetStream(handle, stream), 0);
        EQUAL(cudnnCreateRNNDescriptor(&rnn), 0);
        EQUAL(cudnnSetRNNDescriptor_v8(rnn, algorithm, cell, 2, 0, 0, 0, 0, 3, I, size, size, 1, nullptr, 1), 0);
        EQUAL(cudnnCreateRNNDataDescriptor(&xs), 0);
        EQUAL(cudnnCreateRNNDataDescriptor(&ys), 0);
        EQUAL(cudnnSetRNNDataDescriptor(xs, 0, 0, T, N, I, lengths, nullptr), 0);
        EQUAL(cudnnSetRNNDataDescriptor(ys, 0, 0, T, N, size, lengths, nullptr), 0);
        EQUAL(cudnnCreateTensorDescriptor(&state), 0);
        EQUAL(cudnnCreateTensorDescriptor(&other), 0);
        EQUAL(cudnnSetTensorNdDescriptor(state, 0, 3, sizes, strides), 0);
        EQUAL(cudnnGetRNNWeightSpaceSize(handle, rnn, &weights), 0);
    }
    ~Layer() {
        cudnnDestroyTensorDescriptor(other);
        cudnnDestroyTensorDescriptor(state);
        cudnnDestroyRNNDataDescriptor(ys);
        cudnnDestroyRNNDataDescriptor(xs);
        cudnnDestroyRNNDescriptor(rnn);
        EQUAL(cudnnDestroy(handle), 0);
        EQUAL(cuStreamDestroy_v2(stream), 0);
    }
    Layer(const Layer&) = delete;
    Layer& operator=(const Layer&) = delete;

    int sizes() { return cudnnGetRNNTempSpaceSizes(handle, rnn, 1, xs, &work, &reserve); }
    int forward(const Buffer<float>& x, const Buffer<float>& y, const Buffer<float>& w, const Buffer<float>& workSpace,
                const Buffer<float>& reserveSpace, size_t workBytes) {
        return cudnnRNNForward(handle, rnn, 1, nullptr, xs, pointer(x), ys, pointer(y), state, nullptr, nullptr, state,
                               nullptr, nullptr, weights, pointer(w), workBytes, pointer(workSpace), reserve,
                               pointer(reserveSpace));
    }
};

// The sum of all outputs, and if it is wanted its gradients by x and by the weights, the latter added to ones.
double run(Layer& layer, const Floats& xs, const Floats& ws, Floats* dxs = nullptr, Floats* dws = nullptr) {
    Buffer<float> x(xs), w(ws), y(Floats(T * N * H, NAN)), dy(Floats(T * N * H, 1)), dx(Floats(xs.size(), NAN));
    Buffer<float> dw(Floats(ws.size(), 1)), work(Floats(layer.work / 4)), reserve(Floats(layer.reserve / 4));
    EQUAL(cuCtxSynchronize(), 0);
    EQUAL(layer.forward(x, y, w, work, reserve, layer.work), 0);
    if (dxs) {
        EQUAL(cudnnRNNBackwardData_v8(layer.handle, layer.rnn, nullptr, layer.ys, pointer(y), pointer(dy), layer.xs,
                                      pointer(dx), layer.state, nullptr, nullptr, nullptr, layer.state, nullptr,
                                      nullptr, nullptr, layer.weights, pointer(w), layer.work, pointer(work),
                                      layer.reserve, pointer(reserve)),
              0);
        EQUAL(cudnnRNNBackwardWeights_v8(layer.handle, layer.rnn, 0, nullptr, layer.xs, pointer(x), layer.state,
                                         nullptr, layer.ys, pointer(y), layer.weights, pointer(dw), layer.work,
                                         pointer(work), layer.reserve, pointer(reserve)),
              0);
    }
    EQUAL(cuStreamSynchronize(layer.stream), 0);
    if (dxs) {
        *dxs = dx.read();
        *dws = dw.read();
    }
    double sum = 0;
    for (float value : y.read()) {
        sum += value;
    }
    return sum;
}

} // namespace

TEST(gradientsOfCudnnAreDifferences) {
    inAllStreamModes([] {
        Device device;
        for (int cell : {kTanh, kLstm, kGru}) {
            Layer layer(cell);
            EQUAL(layer.sizes(), 0);
            Floats x = numbers(T * N * I, 0.125f), w = numbers(layer.weights / 4, 0.1f), dx, dw;
            run(layer, x, w, &dx, &dw);
            auto check = [&](Floats& values, const Floats& gradient, float added) {
                for (size_t i = 0; i < values.size(); i++) {
                    float before = values[i], step = 1.0f / 128;
                    values[i] = before + step;
                    double above = run(layer, x, w);
                    values[i] = before - step;
                    double below = run(layer, x, w);
                    values[i] = before;
                    // Differences are off by step^2 / 6 of a third derivative, here of the order of 10.
                    CHECK(std::fabs((above - below) / (2 * step) + added - gradient[i]) <= 5e-4);
                }
            };
            check(x, dx, 0);
            check(w, dw, 1);
        }
    });
}

TEST(cudnnSaysWhereTheWeightsAre) {
    Device device;
    Layer layer(kGru);
    EQUAL(layer.weights, 4u * (3 * H * I + 3 * H * H + 6 * H));
    char space[4];
    void *matrix, *bias;
    EQUAL(cudnnGetRNNWeightParams(layer.handle, layer.rnn, 0, layer.weights, space, 1, layer.other, &matrix,
                                  layer.state, &bias),
          0);
    EQUAL(static_cast<char*>(matrix) - space, 4 * (H * I + H));
    EQUAL(static_cast<char*>(bias) - space, 4 * (2 * H * I + H));
    EQUAL(cudnnGetRNNWeightParams(layer.handle, layer.rnn, 0, layer.weights, space, 6, layer.other, &matrix,
                                  layer.state, &bias),
          kBadParam);
}

TEST(cudnnRefuses) {
    Device device;
    Layer layer(kLstm);
    EQUAL(layer.sizes(), 0);
    Buffer<float> x(Floats(T * N * I)), y(Floats(T * N * H)), w(Floats(layer.weights / 4));
    Buffer<float> work(Floats(layer.work / 4)), reserve(Floats(layer.reserve / 4)), little(Floats(1));
    EQUAL(layer.forward(x, y, w, work, reserve, layer.work), 0);
    EQUAL(layer.forward(x, y, w, work, reserve, layer.work - 4), kBadParam);
    EQUAL(layer.forward(x, y, w, work, little, layer.work), kBadParam);
    EQUAL(layer.forward(x, little, w, work, reserve, layer.work), kBadParam);
    layer.reserve -= 4;
    EQUAL(layer.forward(x, y, w, work, reserve, layer.work), kBadParam);
    EQUAL(cuStreamSynchronize(layer.stream), 0);

    Layer statical(kLstm, 1), dynamic(kLstm, 2);
    EQUAL(statical.sizes(), kNotSupported);
    EQUAL(dynamic.sizes(), 0);
    EQUAL(dynamic.forward(x, y, w, work, reserve, layer.work), kBadParam);
    EQUAL(cudnnBuildRNNDynamic(dynamic.handle, dynamic.rnn, N), 0);
    EQUAL(dynamic.forward(x, y, w, work, reserve, layer.work), 0);
    EQUAL(cuStreamSynchronize(dynamic.stream), 0);
    // Sequences that are not packed, without the flag for them.
    EQUAL(cudnnSetRNNDescriptor_v8(layer.rnn, 0, kLstm, 2, 0, 0, 0, 0, 3, I, H, H, 1, nullptr, 0), 0);
    EQUAL(layer.sizes(), kBadParam);
    EQUAL(cudnnConvolutionForward(), kNotSupported);
    EQUAL(cudnnDestroy(layer.rnn), kBadParam);
}
