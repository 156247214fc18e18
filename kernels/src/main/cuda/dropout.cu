// Multiplies the output of a layer, or the gradient by it, by the mask of dropout: dev.rondo.spi.Dropout, bit for bit.
//   draw k of a seed = output k of SplitMix64 started there; its upper 24 bits u make the number u * 2^-24
//   factor = 0 where u * 2^-24 < probability, else 1 / (1 - probability)
//
// y            flat, count elements
// seedAt       the seed, in memory: so launches for another seed are the same, and a graph can replay them
// firstCounter the draw of y[0]; element i takes draw firstCounter + i. For a layer: layer * T * N * D*H
// threshold    ceil(probability * 2^24): u * 2^-24 < probability exactly where u < threshold
// factor       1 / (1 - probability), rounded to float32
//
// One thread: one element. Launch: one dimension, any grid and block.
// Equals ReferenceRnn.dropOut of the oracle.
#include "indexing.cuh"

namespace {

__device__ __forceinline__ unsigned upper24Bits(unsigned long long seed, unsigned long long counter) {
    unsigned long long z = seed + 0x9E3779B97F4A7C15ULL * (counter + 1);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    z = z ^ (z >> 31);
    return static_cast<unsigned>(z >> 40);
}

} // namespace

extern "C" __global__ void rondo_dropout(float* y, long long count, const long long* seedAt, long long firstCounter,
                                         int threshold, float factor) {
    unsigned long long seed = static_cast<unsigned long long>(*seedAt);
    for (long long i = rondo::firstElement(); i < count; i += rondo::elementStride()) {
        unsigned u = upper24Bits(seed, static_cast<unsigned long long>(firstCounter + i));
        y[i] *= u < static_cast<unsigned>(threshold) ? 0.0f : factor;
    }
}
