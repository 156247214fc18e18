// The updates of the optimizers, and clipping by value, elementwise on flat vectors: dev.rondo.spi.OptimizerKernels.
// w weights, g gradients, v velocity or second moment, s mean square, m first moment; count elements each.
// keep and add are the decay and 1 minus it, rounded to float32 by the host from float64.
//
// One thread: one element. Launch: one dimension, any grid and block.
// Equals the method of the same name of ReferenceOptimizers.
#include "indexing.cuh"

// g = max(-maxValue, min(maxValue, g)); NaN stays NaN.
extern "C" __global__ void rondo_clip_by_value(float* g, long long count, float maxValue) {
    for (long long i = rondo::firstElement(); i < count; i += rondo::elementStride()) {
        float value = g[i];
        g[i] = value > maxValue ? maxValue : value < -maxValue ? -maxValue : value;
    }
}

// w -= rate g.
extern "C" __global__ void rondo_sgd(float* w, const float* g, long long count, float rate) {
    for (long long i = rondo::firstElement(); i < count; i += rondo::elementStride()) {
        w[i] -= rate * g[i];
    }
}

// v = momentum v + g; w -= rate v.
extern "C" __global__ void rondo_sgd_momentum(float* w, const float* g, float* v, long long count, float rate,
                                              float momentum) {
    for (long long i = rondo::firstElement(); i < count; i += rondo::elementStride()) {
        float velocity = momentum * v[i] + g[i];
        v[i] = velocity;
        w[i] -= rate * velocity;
    }
}

// s = keep s + add g^2; w -= rate g / (sqrt(s) + epsilon).
extern "C" __global__ void rondo_rmsprop(float* w, const float* g, float* s, long long count, float rate, float keep,
                                         float add, float epsilon) {
    for (long long i = rondo::firstElement(); i < count; i += rondo::elementStride()) {
        float gradient = g[i];
        float meanSquare = keep * s[i] + add * gradient * gradient;
        s[i] = meanSquare;
        w[i] -= rate * gradient / (sqrtf(meanSquare) + epsilon);
    }
}

// m = keep1 m + add1 g; v = keep2 v + add2 g^2; w -= rate m / (sqrt(v * scale2) + epsilon), where the host gives
// rate / (1 - b1^step) for rate and 1 / (1 - b2^step) for scale2.
extern "C" __global__ void rondo_adam(float* w, const float* g, float* m, float* v, long long count, float rate,
                                      float keep1, float add1, float keep2, float add2, float scale2, float epsilon) {
    for (long long i = rondo::firstElement(); i < count; i += rondo::elementStride()) {
        float gradient = g[i];
        float first = keep1 * m[i] + add1 * gradient;
        float second = keep2 * v[i] + add2 * gradient * gradient;
        m[i] = first;
        v[i] = second;
        w[i] -= rate * first / (sqrtf(second * scale2) + epsilon);
    }
}
