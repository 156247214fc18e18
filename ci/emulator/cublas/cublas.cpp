// A stand-in for libcublas.so.12 and libcublas.so.13: plain matrix products on the emulator's device memory, in the order of
// a stream. Sums are made in float, k ascending. Everything else of cuBLAS returns CUBLAS_STATUS_NOT_SUPPORTED.
#include "../shim/arithmetic.h"

#include "../driver/control.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

// The version it gives itself out for.
#ifndef RONDO_EMU_CUBLAS
#define RONDO_EMU_CUBLAS 120600
#endif

#define CUBLAS_API extern "C" __attribute__((visibility("default"))) int

namespace {

enum Status { kSuccess = 0, kNotInitialized = 1, kInvalidValue = 7, kExecutionFailed = 13, kNotSupported = 15 };
enum Operation { kAsIs = 0, kTransposed = 1 };
enum DataType { kFloat32 = 0, kFloat16 = 2, kBfloat16 = 14 };
enum ComputeType { kCompute32 = 68, kCompute32Pedantic = 69, kFast16 = 74, kFast16Bf = 75, kFastTf32 = 77 };
constexpr int kTf32MathMode = 3;

struct Handle {
    void* stream = nullptr;
    int mathMode = 0;
    int pointerMode = 0;
};

std::mutex lock;
std::map<uint64_t, Handle>& handles() {
    static auto* made = new std::map<uint64_t, Handle>;
    return *made;
}
uint64_t serial;

Handle* find(void* handle) {
    auto found = handles().find(reinterpret_cast<uint64_t>(handle));
    return found == handles().end() ? nullptr : &found->second;
}

size_t bytesOf(int type) { return type == kFloat32 ? 4 : 2; }
bool knownType(int type) { return type == kFloat32 || type == kFloat16 || type == kBfloat16; }

float load(const void* from, int type, size_t i) {
    switch (type) {
    case kFloat16:
        return to_float(static_cast<const half16*>(from)[i]);
    case kBfloat16:
        return to_float(static_cast<const bfloat16*>(from)[i]);
    default:
        return static_cast<const float*>(from)[i];
    }
}

void store(void* to, int type, size_t i, float value) {
    switch (type) {
    case kFloat16:
        static_cast<half16*>(to)[i] = to_half16(value);
        break;
    case kBfloat16:
        static_cast<bfloat16*>(to)[i] = to_bfloat16(value);
        break;
    default:
        static_cast<float*>(to)[i] = value;
    }
}

// One call: column-major C = alpha op(A) op(B) + beta C, `batch` times.
struct Product {
    int opA, opB, m, n, k;
    float alpha, beta;
    const void *a, *b;
    void* c;
    int typeA, typeB, typeC, lda, ldb, ldc, compute;
    long long strideA, strideB, strideC;
    int batch;
};

float rounded(const Product& p, float value) {
    switch (p.compute) {
    case kFastTf32:
        return to_tf32(value);
    case kFast16:
        return to_float(to_half16(value));
    case kFast16Bf:
        return to_float(to_bfloat16(value));
    default:
        return value;
    }
}

void multiply(const Product& p, int batch) {
    size_t m = static_cast<size_t>(p.m), n = static_cast<size_t>(p.n), k = static_cast<size_t>(p.k);
    size_t firstA = static_cast<size_t>(batch * p.strideA), firstB = static_cast<size_t>(batch * p.strideB),
           firstC = static_cast<size_t>(batch * p.strideC);
    size_t lda = static_cast<size_t>(p.lda), ldb = static_cast<size_t>(p.ldb), ldc = static_cast<size_t>(p.ldc);
    std::vector<float> left(m * k), column(m);
    for (size_t l = 0; l < k; l++) {
        for (size_t i = 0; i < m; i++) {
            left[l * m + i] = rounded(p, load(p.a, p.typeA, firstA + (p.opA == kAsIs ? l * lda + i : i * lda + l)));
        }
    }
    for (size_t j = 0; j < n; j++) {
        std::fill(column.begin(), column.end(), 0.0f);
        for (size_t l = 0; l < k; l++) {
            float right = rounded(p, load(p.b, p.typeB, firstB + (p.opB == kAsIs ? j * ldb + l : l * ldb + j)));
            const float* from = left.data() + l * m;
            for (size_t i = 0; i < m; i++) {
                column[i] += from[i] * right;
            }
        }
        for (size_t i = 0; i < m; i++) {
            size_t at = firstC + j * ldc + i;
            // With beta = 0 the old C has no influence, NaN included.
            float old = p.beta == 0 ? 0 : p.beta * load(p.c, p.typeC, at);
            store(p.c, p.typeC, at, p.alpha * column[i] + old);
        }
    }
}

// The bytes of one operand over all batches.
size_t extent(int rows, int columns, int ld, long long stride, int batch, int type) {
    if (rows == 0 || columns == 0 || batch == 0) {
        return 0;
    }
    size_t one = static_cast<size_t>(columns - 1) * static_cast<size_t>(ld) + static_cast<size_t>(rows);
    return (static_cast<size_t>(batch - 1) * static_cast<size_t>(stride) + one) * bytesOf(type);
}

bool onDevice(const void* pointer, size_t bytes) {
    return bytes == 0 || rondo_emu_is_device(reinterpret_cast<unsigned long long>(pointer), bytes);
}

int run(void* data) {
    const Product& p = *static_cast<Product*>(data);
    for (int i = 0; i < p.batch; i++) {
        multiply(p, i);
    }
    return 0;
}

int submit(void* handle, Product p, const void* alpha, const void* beta) {
    std::lock_guard<std::mutex> hold(lock);
    Handle* found = find(handle);
    if (!found) {
        return kNotInitialized;
    }
    if (found->pointerMode != 0 || p.opA > kTransposed || p.opB > kTransposed) {
        return kNotSupported;
    }
    int rowsA = p.opA == kAsIs ? p.m : p.k, rowsB = p.opB == kAsIs ? p.k : p.n;
    int columnsA = p.opA == kAsIs ? p.k : p.m, columnsB = p.opB == kAsIs ? p.n : p.k;
    if (p.m < 0 || p.n < 0 || p.k < 0 || p.batch < 0 || p.lda < std::max(1, rowsA) || p.ldb < std::max(1, rowsB) ||
        p.ldc < std::max(1, p.m) || !alpha || !beta) {
        return kInvalidValue;
    }
    p.alpha = *static_cast<const float*>(alpha);
    p.beta = *static_cast<const float*>(beta);
    if (!onDevice(p.a, extent(rowsA, columnsA, p.lda, p.strideA, p.batch, p.typeA)) ||
        !onDevice(p.b, extent(rowsB, columnsB, p.ldb, p.strideB, p.batch, p.typeB)) ||
        !onDevice(p.c, extent(p.m, p.n, p.ldc, p.strideC, p.batch, p.typeC))) {
        return kInvalidValue; // a real library would fail later, in its kernel
    }
    auto release = [](void* data) { delete static_cast<Product*>(data); };
    return rondo_emu_enqueue(found->stream, run, new Product(p), release) ? kExecutionFailed : kSuccess;
}

int computeOf(void* handle) {
    std::lock_guard<std::mutex> hold(lock);
    Handle* found = find(handle);
    return found && found->mathMode == kTf32MathMode ? kFastTf32 : kCompute32;
}

bool knownCompute(int type) {
    return type == kCompute32 || type == kCompute32Pedantic || type == kFast16 || type == kFast16Bf ||
           type == kFastTf32;
}

} // namespace

CUBLAS_API cublasCreate_v2(void** handle) {
    std::lock_guard<std::mutex> hold(lock);
    uint64_t made = uint64_t{8} << 44 | ++serial << 4;
    handles()[made] = Handle();
    *handle = reinterpret_cast<void*>(made);
    return kSuccess;
}

CUBLAS_API cublasDestroy_v2(void* handle) {
    std::lock_guard<std::mutex> hold(lock);
    return handles().erase(reinterpret_cast<uint64_t>(handle)) ? kSuccess : kNotInitialized;
}

CUBLAS_API cublasGetVersion_v2(void* handle, int* version) {
    std::lock_guard<std::mutex> hold(lock);
    *version = RONDO_EMU_CUBLAS;
    return find(handle) ? kSuccess : kNotInitialized;
}

CUBLAS_API cublasSetStream_v2(void* handle, void* stream) {
    std::lock_guard<std::mutex> hold(lock);
    if (Handle* found = find(handle)) {
        found->stream = stream;
        return kSuccess;
    }
    return kNotInitialized;
}

CUBLAS_API cublasGetStream_v2(void* handle, void** stream) {
    std::lock_guard<std::mutex> hold(lock);
    if (Handle* found = find(handle)) {
        *stream = found->stream;
        return kSuccess;
    }
    return kNotInitialized;
}

CUBLAS_API cublasSetMathMode(void* handle, int mode) {
    std::lock_guard<std::mutex> hold(lock);
    if (Handle* found = find(handle)) {
        found->mathMode = mode;
        return kSuccess;
    }
    return kNotInitialized;
}

CUBLAS_API cublasGetMathMode(void* handle, int* mode) {
    std::lock_guard<std::mutex> hold(lock);
    if (Handle* found = find(handle)) {
        *mode = found->mathMode;
        return kSuccess;
    }
    return kNotInitialized;
}

CUBLAS_API cublasSetPointerMode_v2(void* handle, int mode) {
    std::lock_guard<std::mutex> hold(lock);
    if (Handle* found = find(handle)) {
        found->pointerMode = mode;
        return kSuccess;
    }
    return kNotInitialized;
}

CUBLAS_API cublasGetPointerMode_v2(void* handle, int* mode) {
    std::lock_guard<std::mutex> hold(lock);
    if (Handle* found = find(handle)) {
        *mode = found->pointerMode;
        return kSuccess;
    }
    return kNotInitialized;
}

CUBLAS_API cublasSetWorkspace_v2(void* handle, void*, size_t) {
    std::lock_guard<std::mutex> hold(lock);
    return find(handle) ? kSuccess : kNotInitialized;
}

CUBLAS_API cublasSgemm_v2(void* handle, int opA, int opB, int m, int n, int k, const float* alpha, const float* a,
                          int lda, const float* b, int ldb, const float* beta, float* c, int ldc) {
    return submit(handle,
                  {opA, opB, m, n, k, 0, 0, a, b, c, kFloat32, kFloat32, kFloat32, lda, ldb, ldc, computeOf(handle), 0,
                   0, 0, 1},
                  alpha, beta);
}

CUBLAS_API cublasSgemmStridedBatched(void* handle, int opA, int opB, int m, int n, int k, const float* alpha,
                                     const float* a, int lda, long long strideA, const float* b, int ldb,
                                     long long strideB, const float* beta, float* c, int ldc, long long strideC,
                                     int batch) {
    return submit(handle,
                  {opA, opB, m, n, k, 0, 0, a, b, c, kFloat32, kFloat32, kFloat32, lda, ldb, ldc, computeOf(handle),
                   strideA, strideB, strideC, batch},
                  alpha, beta);
}

CUBLAS_API cublasGemmStridedBatchedEx(void* handle, int opA, int opB, int m, int n, int k, const void* alpha,
                                      const void* a, int typeA, int lda, long long strideA, const void* b, int typeB,
                                      int ldb, long long strideB, const void* beta, void* c, int typeC, int ldc,
                                      long long strideC, int batch, int compute, int) {
    if (!knownType(typeA) || typeA != typeB || !knownType(typeC) || !knownCompute(compute)) {
        return kNotSupported;
    }
    return submit(handle,
                  {opA, opB, m, n, k, 0, 0, a, b, c, typeA, typeB, typeC, lda, ldb, ldc, compute, strideA, strideB,
                   strideC, batch},
                  alpha, beta);
}

CUBLAS_API cublasGemmEx(void* handle, int opA, int opB, int m, int n, int k, const void* alpha, const void* a,
                        int typeA, int lda, const void* b, int typeB, int ldb, const void* beta, void* c, int typeC,
                        int ldc, int compute, int algorithm) {
    return cublasGemmStridedBatchedEx(handle, opA, opB, m, n, k, alpha, a, typeA, lda, 0, b, typeB, ldb, 0, beta, c,
                                      typeC, ldc, 0, 1, compute, algorithm);
}
