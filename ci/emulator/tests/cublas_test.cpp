// The stand-in for cuBLAS.
#include "harness.h"

extern "C" {
int cublasCreate_v2(void**);
int cublasDestroy_v2(void*);
int cublasSetStream_v2(void*, void*);
int cublasSgemm_v2(void*, int, int, int, int, int, const float*, const float*, int, const float*, int, const float*,
                   float*, int);
int cublasSgemmStridedBatched(void*, int, int, int, int, int, const float*, const float*, int, long long, const float*,
                              int, long long, const float*, float*, int, long long, int);
int cublasGemmEx(void*, int, int, int, int, int, const void*, const void*, int, int, const void*, int, int, const void*,
                 void*, int, int, int, int);
int cublasDgemm_v2();
}

namespace {

float* pointer(const Buffer<float>& buffer) { return reinterpret_cast<float*>(buffer.at); }

// Column-major, element (row, column) of op(X).
float at(const std::vector<float>& x, int ld, bool transposed, int row, int column) {
    return transposed ? x[static_cast<size_t>(row * ld + column)] : x[static_cast<size_t>(column * ld + row)];
}

} // namespace

TEST(gemmInEveryStreamMode) {
    inAllStreamModes([] {
        Device device;
        void* handle;
        CUstream stream;
        EQUAL(cublasCreate_v2(&handle), 0);
        EQUAL(cuStreamCreate(&stream, 1), 0);
        EQUAL(cublasSetStream_v2(handle, stream), 0);
        const int m = 5, n = 4, k = 3, ld = 6;
        std::vector<float> a = numbers(ld * ld), b = numbers(ld * ld, 2), c = numbers(ld * ld, 3);
        for (int ops = 0; ops < 4; ops++) {
            Buffer<float> da(a), db(b), dc(c);
            EQUAL(cuCtxSynchronize(), 0);
            float alpha = 2, beta = 0.5f;
            EQUAL(cublasSgemm_v2(handle, ops & 1, ops >> 1, m, n, k, &alpha, pointer(da), ld, pointer(db), ld, &beta,
                                 pointer(dc), ld),
                  0);
            EQUAL(cuStreamSynchronize(stream), 0);
            std::vector<float> result = dc.read();
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    float sum = 0;
                    for (int l = 0; l < k; l++) {
                        sum += at(a, ld, ops & 1, i, l) * at(b, ld, ops >> 1, l, j);
                    }
                    EQUAL(result[static_cast<size_t>(j * ld + i)], 2 * sum + 0.5f * c[static_cast<size_t>(j * ld + i)]);
                }
            }
            CHECK(result[ld - 1] == c[ld - 1]);
        }
        EQUAL(cuStreamDestroy_v2(stream), 0);
        EQUAL(cublasDestroy_v2(handle), 0);
        EQUAL(cublasDestroy_v2(handle), 1);
    });
}

TEST(gemmIsCapturedAndRefuses) {
    Device device;
    void* handle;
    CUstream stream;
    CUgraph graph;
    CUgraphExec exec;
    EQUAL(cublasCreate_v2(&handle), 0);
    EQUAL(cuStreamCreate(&stream, 1), 0);
    EQUAL(cublasSetStream_v2(handle, stream), 0);
    Buffer<float> a(std::vector<float>{1, 2, 3, 4}), b(std::vector<float>{1, 0, 0, 1}), c(std::vector<float>(4, NAN));
    float one = 1, zero = 0;
    EQUAL(cuStreamBeginCapture_v2(stream, 1), 0);
    EQUAL(cublasSgemmStridedBatched(handle, 0, 0, 1, 1, 2, &one, pointer(a), 1, 2, pointer(b), 2, 2, &zero, pointer(c),
                                    1, 1, 2),
          0);
    EQUAL(cuStreamEndCapture(stream, &graph), 0);
    CHECK(std::isnan(c.read()[0]));
    EQUAL(cuGraphInstantiateWithFlags(&exec, graph, 0), 0);
    EQUAL(cuGraphLaunch(exec, stream), 0);
    EQUAL(c.read()[0], 1.0f);
    EQUAL(c.read()[1], 4.0f);
    // TF32: the low bits of the operands do not count.
    Buffer<float> fine(std::vector<float>{1.0001f});
    EQUAL(cublasGemmEx(handle, 0, 0, 1, 1, 1, &one, pointer(fine), 0, 1, pointer(fine), 0, 1, &zero, pointer(c), 0, 1,
                       77, -1),
          0);
    EQUAL(c.read()[0], 1.0f);
    EQUAL(cublasSgemm_v2(handle, 0, 0, 4, 4, 4, &one, pointer(a), 4, pointer(b), 4, &zero, pointer(c), 4), 7);
    EQUAL(cublasGemmEx(handle, 0, 0, 1, 1, 1, &one, pointer(a), 1, 1, pointer(b), 1, 1, &zero, pointer(c), 1, 1, 68,
                       -1),
          15);
    EQUAL(cublasDgemm_v2(), 15);
    EQUAL(cuGraphExecDestroy(exec), 0);
    EQUAL(cuGraphDestroy(graph), 0);
    EQUAL(cuStreamDestroy_v2(stream), 0);
    EQUAL(cublasDestroy_v2(handle), 0);
}
