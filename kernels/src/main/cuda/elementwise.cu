// Filling and copying of flat vectors. One thread: one element. Launch: one dimension, any grid and block.
#include "indexing.cuh"

namespace {

template <class T> __device__ __forceinline__ void fill(T* target, long long count, T value) {
    for (long long i = rondo::firstElement(); i < count; i += rondo::elementStride()) {
        target[i] = value;
    }
}

template <class T> __device__ __forceinline__ void copy(T* target, const T* source, long long count) {
    for (long long i = rondo::firstElement(); i < count; i += rondo::elementStride()) {
        target[i] = source[i];
    }
}

} // namespace

extern "C" __global__ void rondo_fill_floats(float* target, long long count, float value) { fill(target, count, value); }

extern "C" __global__ void rondo_fill_ints(int* target, long long count, int value) { fill(target, count, value); }

extern "C" __global__ void rondo_copy_floats(float* target, const float* source, long long count) {
    copy(target, source, count);
}

extern "C" __global__ void rondo_copy_ints(int* target, const int* source, long long count) {
    copy(target, source, count);
}
