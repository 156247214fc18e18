// The best classes and drawn classes of rows of logits: dev.rondo.spi.DistributionKernels.topK and sample.
//
// Classes are ordered by keys: 64 bits, greater for a greater logit, and of equal ones for the lower index. No two are equal, and
// NaN comes after all numbers, so whatever stands in a row, its classes are within range.
//
// logits [M, V]
//
// One block works on one row at a time. One dimension; blocks of a power of two up to 256 threads (32 are enough for a small V),
// any grid.
// Equals topK and sample of ReferenceDistributions.
#include "reductions.cuh"

namespace {

using Key = unsigned long long;

struct Greatest {
    static __device__ __forceinline__ Key combine(Key a, Key b) { return a > b ? a : b; }
};

struct Least {
    static __device__ __forceinline__ int combine(int a, int b) { return a < b ? a : b; }
};

constexpr int NONE = 0x7fffffff;

__device__ __forceinline__ Key keyOf(const float* a, long long v) {
    unsigned bits = __float_as_uint(a[v] == 0 ? 0.0f : a[v]);
    unsigned order = a[v] != a[v] ? 0 : bits >> 31 ? ~bits : bits | 0x80000000u;
    return static_cast<Key>(order) << 32 | (0xffffffffu - static_cast<unsigned>(v));
}

__device__ __forceinline__ int indexOf(Key key) { return static_cast<int>(0xffffffffu - static_cast<unsigned>(key)); }

// The greatest key below a limit among this thread's classes; 0 if there is none.
__device__ __forceinline__ Key bestBelow(const float* a, int classes, Key limit) {
    Key best = 0;
    for (long long v = threadIdx.x; v < classes; v += blockDim.x) {
        Key key = keyOf(a, v);
        best = key < limit && key > best ? key : best;
    }
    return best;
}

// The key of rank `among` of all classes, bit by bit. shared: one element per thread.
__device__ __forceinline__ Key keyOfRank(const float* a, int classes, int among, int* shared) {
    Key key = 0;
    for (int bit = 63; bit >= 0; bit--) {
        Key candidate = key | static_cast<Key>(1) << bit;
        bool inAll = bit < 32 && (classes - 1) >> bit == 0;
        int count = 0;
        if (!inAll) {
            for (long long v = threadIdx.x; v < classes; v += blockDim.x) {
                count += keyOf(a, v) >= candidate;
            }
            count = rondo::reduceBlock<rondo::Sum>(shared, count);
        }
        key = inAll || count >= among ? candidate : key;
    }
    return key;
}

} // namespace

// indices [M, k]: the best classes, best first, and their logProbabilities [M, k], log softmax; null if not wanted. Each thread
// keeps the best of its own classes that is left; only the one whose class is taken looks for its next.
extern "C" __global__ void __launch_bounds__(256)
    rondo_top_k(const float* logits, int rows, int classes, int k, int* indices, float* logProbabilities) {
    SHARED_ARRAY(Key, keys, [256]);
    SHARED_ARRAY(float, shared, [256]);
    for (long long m = blockIdx.x; m < rows; m += gridDim.x) {
        const float* a = logits + m * classes;
        float max = -INFINITY, logSum = 0;
        if (logProbabilities != nullptr) {
            for (long long v = threadIdx.x; v < classes; v += blockDim.x) {
                max = rondo::Maximum::combine(max, a[v]);
            }
            max = rondo::reduceBlock<rondo::Maximum>(shared, max);
            float sum = 0;
            for (long long v = threadIdx.x; v < classes; v += blockDim.x) {
                sum += expf(a[v] - max);
            }
            logSum = logf(rondo::reduceBlock<rondo::Sum>(shared, sum));
        }
        Key own = bestBelow(a, classes, ~static_cast<Key>(0));
        for (int j = 0; j < k; j++) {
            Key best = rondo::reduceBlock<Greatest>(keys, own);
            if (own == best) {
                int index = indexOf(best);
                indices[m * k + j] = index;
                if (logProbabilities != nullptr) {
                    logProbabilities[m * k + j] = a[index] - max - logSum;
                }
                own = bestBelow(a, classes, best);
            }
        }
    }
}

// indices [M]: the first class at which the sum of the probabilities exceeds uniform[m] of the whole, among so many best ones;
// where there is none, as with NaN, the best one. The probabilities are of softmax(logits / temperature).
// Each thread has a row of neighbouring classes; the sums are in double, in the order of the classes.
extern "C" __global__ void __launch_bounds__(256)
    rondo_sample(const float* logits, int rows, int classes, float temperature, int among, const float* uniform,
                 int* indices) {
    SHARED_ARRAY(Key, keys, [256]);
    SHARED_ARRAY(int, shared, [256]);
    SHARED_ARRAY(double, sums, [257]);
    int threads = static_cast<int>(blockDim.x), thread = static_cast<int>(threadIdx.x);
    long long share = (static_cast<long long>(classes) + threads - 1) / threads;
    long long first = thread * share, end = first + share < classes ? first + share : classes;
    for (long long m = blockIdx.x; m < rows; m += gridDim.x) {
        const float* a = logits + m * classes;
        Key best = rondo::reduceBlock<Greatest>(keys, bestBelow(a, classes, ~static_cast<Key>(0)));
        Key last = among < classes ? keyOfRank(a, classes, among, shared) : 0;
        float max = a[indexOf(best)];
        double own = 0;
        for (long long v = first; v < end; v++) {
            if (keyOf(a, v) >= last) {
                own += expf((a[v] - max) / temperature);
            }
        }
        sums[thread] = own;
        __syncthreads();
        if (thread == 0) {
            double before = 0;
            for (int i = 0; i < threads; i++) {
                double after = before + sums[i];
                sums[i] = before;
                before = after;
            }
            sums[threads] = before;
        }
        __syncthreads();
        double sum = sums[thread], limit = uniform[m] * sums[threads];
        int found = NONE;
        for (long long v = first; v < end && found == NONE; v++) {
            float p = keyOf(a, v) >= last ? expf((a[v] - max) / temperature) : 0.0f;
            sum += p;
            // Rounded sums of two threads may leave a gap: that must not take a class without any probability.
            if (p > 0 && sum > limit) {
                found = static_cast<int>(v);
            }
        }
        found = rondo::reduceBlock<Least>(shared, found);
        if (thread == 0) {
            indices[m] = found == NONE ? indexOf(best) : found;
        }
    }
}
