// The computation: plainly, whatever the algorithm, with sums in double, k ascending.
#include "layer.h"

#include "../shim/arithmetic.h"

#include <cstring>
#include <vector>

namespace rondo_emu {

float Layer::factor(float value) const {
    return type == kBfloat16 ? to_float(to_bfloat16(value)) : math == kFmaMath ? value : to_tf32(value);
}

namespace {

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

} // namespace

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

} // namespace rondo_emu
