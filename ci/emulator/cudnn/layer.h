// One layer of a recurrent network in one direction, and the computation of it.
#pragma once

#include <cstddef>

namespace rondo_emu {

// As cuDNN numbers them.
enum DataType { kFloat32 = 0, kBfloat16 = 9 };
enum Cell { kRelu = 0, kTanh = 1, kLstm = 2, kGru = 3 };
enum Bias { kNoBias = 0, kDoubleBias = 2 };
constexpr int kFmaMath = 3;

inline size_t bytesOf(int type) { return type == kFloat32 ? 4 : 2; }

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
    float factor(float value) const;
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

// Computes a call, which data points to, and returns 0: a function for a stream.
int run(void* data);

} // namespace rondo_emu
