// Activations, sums and products of single elements: dev.rondo.spi.ElementKernels, flat vectors of count elements each.
// An activation is 0 for tanh, 1 for sigmoid, 2 for relu.
//
// One thread: one element. Launch: one dimension, any grid and block.
// Equals the methods of ReferenceElements.
#include "activations.cuh"
#include "indexing.cuh"

namespace {

__device__ __forceinline__ float activated(int activation, float x) {
    switch (activation) {
    case 0: return tanhf(x);
    case 1: return rondo::sigmoid(x);
    default: return x != x || x > 0 ? x : 0.0f;
    }
}

// From the output.
__device__ __forceinline__ float derivative(int activation, float y) {
    switch (activation) {
    case 0: return rondo::dTanh(y);
    case 1: return rondo::dSigmoid(y);
    default: return y > 0 ? 1.0f : 0.0f;
    }
}

} // namespace

// y = f(x); y may be x.
extern "C" __global__ void rondo_activate(int activation, const float* x, float* y, long long count) {
    for (long long i = rondo::firstElement(); i < count; i += rondo::elementStride()) {
        y[i] = activated(activation, x[i]);
    }
}

// dx = dy f'(x) with y = f(x); dx may be dy.
extern "C" __global__ void rondo_activate_backward(int activation, const float* y, const float* dy, float* dx,
                                                   long long count) {
    for (long long i = rondo::firstElement(); i < count; i += rondo::elementStride()) {
        dx[i] = dy[i] * derivative(activation, y[i]);
    }
}

// y += factor x.
extern "C" __global__ void rondo_add_scaled(float factor, const float* x, float* y, long long count) {
    for (long long i = rondo::firstElement(); i < count; i += rondo::elementStride()) {
        y[i] += factor * x[i];
    }
}

// y = a b, or with accumulate += it; assigned, y may be a or b.
extern "C" __global__ void rondo_multiply(const float* a, const float* b, float* y, long long count, int accumulate) {
    for (long long i = rondo::firstElement(); i < count; i += rondo::elementStride()) {
        float product = a[i] * b[i];
        y[i] = accumulate ? y[i] + product : product;
    }
}
