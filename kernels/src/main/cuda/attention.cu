// Attention of queries to the valid keys of a row: dev.rondo.spi.SequenceKernels.attentionForward and attentionBackward.
//   score(q, k) = q . k / sqrt(A), or with a vector u: u . tanh(q + k)
//   w_s = softmax over s < length of score(q, k_s)          context = sum of w_s v_s
//   dscore_s = w_s (dcontext . v_s - sum over i of w_i (dcontext . v_i))        dv_s += sum over t of w_s dcontext
//   dq, dk, du: dscore_s times the derivatives of the score, summed over s, over t, and over all
//
// q        [T, N, A]      k [S, N, A]      v [S, N, V]      u [A] or null      lengths [N] or null: all rows are full
// weights  [T, N, S]      context [T, N, V]
// What lies past the lengths is not read. A row of length 0 gets zeros.
//
// Blocks of 256 threads, any grid of one dimension. A warp computes a product of two vectors; for sums of vectors the threads
// share out columns, and what is summed where there are few columns. All sums have an order that only the sizes decide.
// Equals attentionForward and attentionBackward of ReferenceSequences.
#include "activations.cuh"
#include "reductions.cuh"

namespace {

constexpr int THREADS = 256;
constexpr int WARPS = THREADS / 32;
// Four blocks in the launch bounds leave each thread 64 registers; without it ptxas spills some to make room for a fifth.
// So many scores of a query are in shared memory until they are weights; those of later keys wait in their places.
constexpr int KEPT = 2048;

__device__ __forceinline__ float sumOfWarp(float value) {
    for (int distance = 16; distance > 0; distance /= 2) {
        value += __shfl_xor_sync(0xffffffffu, value, distance);
    }
    return value;
}

// The product of two vectors, or with u the sum of u tanh(a + b); by all lanes of a warp.
__device__ __forceinline__ float scoreOf(const float* a, const float* b, const float* u, int size) {
    float sum = 0;
    unsigned count = static_cast<unsigned>(size);
    for (unsigned i = threadIdx.x % 32; i < count; i += 32) {
        sum += u == nullptr ? a[i] * b[i] : u[i] * tanhf(a[i] + b[i]);
    }
    return sumOfWarp(sum);
}

struct Pair {
    float first, second;
    __device__ __forceinline__ Pair& operator+=(const Pair& other) {
        first += other.first;
        second += other.second;
        return *this;
    }
};

// result(column, sum over i < count of term(i, column)) for each column, by all threads of the block; shared has an element for
// each. Sums of 64 terms are summed.
template <class T, class Term, class Result>
__device__ __forceinline__ void sumColumns(T* shared, int count, int columns, Term term, Result result) {
    constexpr int PART = 64;
    int depth = 1;
    while (depth < WARPS && 2 * depth <= count && columns <= THREADS / (2 * depth)) {
        depth *= 2;
    }
    int lanes = THREADS / depth;
    int lane = static_cast<int>(threadIdx.x) % lanes, part = static_cast<int>(threadIdx.x) / lanes;
    for (long long column = lane; column - lane < columns; column += lanes) {
        T sum{};
        if (column < columns) {
            for (long long first = part; first < count; first += PART * depth) {
                long long end = first + PART * depth < count ? first + PART * depth : count;
                T some{};
                for (long long i = first; i < end; i += depth) {
                    some += term(i, column);
                }
                sum += some;
            }
        }
        if (depth > 1) {
            shared[threadIdx.x] = sum;
            __syncthreads();
            for (int other = 1; part == 0 && other < depth; other++) {
                sum += shared[other * lanes + lane];
            }
            __syncthreads();
        }
        if (part == 0 && column < columns) {
            result(column, sum);
        }
    }
}

} // namespace

// weights and context. One block works on one query at a time.
extern "C" __global__ void __launch_bounds__(256, 4)
    rondo_attention_forward(const float* q, const float* k, const float* v, const int* lengths, const float* u, int steps,
                            int batch, int keys, int size, int width, float* weights, float* context) {
    SHARED_ARRAY(float, kept, [KEPT]);
    SHARED_ARRAY(float, shared, [THREADS]);
    int thread = static_cast<int>(threadIdx.x);
    float scale = u == nullptr ? 1.0f / sqrtf(static_cast<float>(size)) : 1.0f;
    long long rows = static_cast<long long>(steps) * batch;
    for (long long row = blockIdx.x; row < rows; row += gridDim.x) {
        long long n = row % batch;
        int length = lengths == nullptr ? keys : lengths[n];
        float* out = weights + row * keys;
        float max = -INFINITY;
        for (long long s = thread / 32; s < length; s += WARPS) {
            float score = scale * scoreOf(q + row * size, k + (s * batch + n) * size, u, size);
            max = rondo::Maximum::combine(max, score);
            if (thread % 32 == 0) {
                (s < KEPT ? kept : out)[s] = score;
            }
        }
        max = rondo::reduceBlock<rondo::Maximum>(shared, max);
        float total = 0;
        for (long long s = thread; s < length; s += THREADS) {
            float* at = (s < KEPT ? kept : out) + s;
            *at = expf(*at - max);
            total += *at;
        }
        total = rondo::reduceBlock<rondo::Sum>(shared, total);
        for (long long s = thread; s < keys; s += THREADS) {
            out[s] = s < length ? (s < KEPT ? kept : out)[s] / total : 0.0f;
        }
        __syncthreads();
        sumColumns(
            shared, length, width,
            [&](long long s, long long j) { return out[s] * v[(s * batch + n) * width + j]; },
            [&](long long j, float sum) { context[row * width + j] = sum; });
        __syncthreads();
    }
}

// dScores [T, N, S], at valid keys, and dq; and with u, if wanted (else null), for each query its share of du, duParts [T, N, A].
// One block works on one query at a time.
extern "C" __global__ void __launch_bounds__(256, 4)
    rondo_attention_backward_queries(const float* q, const float* k, const float* v, const int* lengths, const float* u,
                                     const float* weights, const float* dContext, int steps, int batch, int keys,
                                     int size, int width, float* dScores, float* dq, float* duParts) {
    SHARED_ARRAY(Pair, pairs, [THREADS]);
    SHARED_ARRAY(float, shared, [THREADS]);
    int thread = static_cast<int>(threadIdx.x);
    float scale = 1.0f / sqrtf(static_cast<float>(size));
    long long rows = static_cast<long long>(steps) * batch;
    for (long long row = blockIdx.x; row < rows; row += gridDim.x) {
        long long n = row % batch;
        int length = lengths == nullptr ? keys : lengths[n];
        const float* w = weights + row * keys;
        float* dScore = dScores + row * keys;
        for (long long s = thread / 32; s < length; s += WARPS) {
            float dWeight = scoreOf(dContext + row * width, v + (s * batch + n) * width, nullptr, width);
            if (thread % 32 == 0) {
                dScore[s] = dWeight;
            }
        }
        __syncthreads();
        float mean = 0;
        for (long long s = thread; s < length; s += THREADS) {
            mean += w[s] * dScore[s];
        }
        mean = rondo::reduceBlock<rondo::Sum>(shared, mean);
        for (long long s = thread; s < length; s += THREADS) {
            dScore[s] = w[s] * (dScore[s] - mean);
        }
        __syncthreads();
        if (u == nullptr) {
            sumColumns(
                shared, length, size,
                [&](long long s, long long a) { return dScore[s] * k[(s * batch + n) * size + a]; },
                [&](long long a, float sum) { dq[row * size + a] = scale * sum; });
        } else {
            sumColumns(
                pairs, length, size,
                [&](long long s, long long a) {
                    float y = tanhf(q[row * size + a] + k[(s * batch + n) * size + a]);
                    return Pair{dScore[s] * rondo::dTanh(y), dScore[s] * y};
                },
                [&](long long a, const Pair& sum) {
                    dq[row * size + a] = u[a] * sum.first;
                    if (duParts != nullptr) {
                        duParts[row * size + a] = sum.second;
                    }
                });
        }
    }
}

// dk [S, N, A] and dv [S, N, V] are added to, at valid keys; after the kernel before. One block works on one key at a time, over
// all queries.
extern "C" __global__ void __launch_bounds__(256, 4)
    rondo_attention_backward_keys(const float* q, const float* k, const int* lengths, const float* u, const float* weights,
                                  const float* dContext, const float* dScores, int steps, int batch, int keys, int size,
                                  int width, float* dk, float* dv) {
    SHARED_ARRAY(float, shared, [THREADS]);
    float scale = 1.0f / sqrtf(static_cast<float>(size));
    long long rows = static_cast<long long>(keys) * batch;
    for (long long row = blockIdx.x; row < rows; row += gridDim.x) {
        long long s = row / batch, n = row % batch;
        if (lengths != nullptr && s >= lengths[n]) {
            continue;
        }
        sumColumns(
            shared, steps, width,
            [&](long long t, long long j) {
                long long query = t * batch + n;
                return weights[query * keys + s] * dContext[query * width + j];
            },
            [&](long long j, float sum) { dv[row * width + j] += sum; });
        sumColumns(
            shared, steps, size,
            [&](long long t, long long a) {
                long long query = t * batch + n;
                float element = q[query * size + a];
                float derivative = u == nullptr ? element : rondo::dTanh(tanhf(element + k[row * size + a]));
                return dScores[query * keys + s] * derivative;
            },
            [&](long long a, float sum) { dk[row * size + a] += (u == nullptr ? scale : u[a]) * sum; });
    }
}
