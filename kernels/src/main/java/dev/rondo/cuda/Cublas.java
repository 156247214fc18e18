package dev.rondo.cuda;

import dev.rondo.BackendException;
import dev.rondo.Precision;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;
import jcuda.cudaDataType;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasComputeType;
import jcuda.jcublas.cublasGemmAlgo;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasMath;
import jcuda.jcublas.cublasOperation;
import jcuda.jcublas.cublasStatus;
import jcuda.runtime.cudaStream_t;

/**
 * Matrix products by cuBLAS, for one backend: a handle on its stream, with a workspace of its own and without atomics, so that
 * equal calls give equal bits, in graphs too. Called between enter and exit of the context.
 *
 * <p>cuBLAS is column-major. A row-major matrix is the transposed one to it, so {@code C^T = B^T A^T} is what it is asked for.
 */
final class Cublas {
    /** What NVIDIA recommends for the devices that want most. */
    private static final long WORKSPACE_BYTES = 32 << 20;

    private final CudaContext context;
    private final Precision precision;
    private final int computeType;
    private final cublasHandle handle = new cublasHandle();
    private final DeviceMemory.Buffer workspace;
    private final Pointer one = scalar(1);
    private final Pointer zero = scalar(0);
    private final int version;

    /**
     * Opens it; the library is loaded.
     *
     * @param precision one that {@link #has} cuBLAS
     */
    Cublas(CudaContext context, DeviceMemory memory, Precision precision) {
        this.context = context;
        this.precision = precision;
        this.computeType = computeType(precision);
        this.workspace = memory.allocate(WORKSPACE_BYTES, "the workspace of cuBLAS");
        check(JCublas2.cublasCreate(handle), "cublasCreate");
        context.atClose(() -> JCublas2.cublasDestroy(handle));
        check(JCublas2.cublasSetStream(handle, new cudaStream_t(context.stream())), "cublasSetStream");
        // After the stream, which would take it away again.
        check(
                JCublas2.cublasSetWorkspace(handle, DevicePointer.to(workspace.address()), WORKSPACE_BYTES),
                "cublasSetWorkspace of " + WORKSPACE_BYTES + " bytes");
        if (precision == Precision.FP32) {
            check(JCublas2.cublasSetMathMode(handle, cublasMath.CUBLAS_PEDANTIC_MATH), "cublasSetMathMode");
        }
        int[] number = new int[1];
        check(JCublas2.cublasGetVersion(handle, number), "cublasGetVersion");
        version = number[0];
        requireRightProducts(memory);
    }

    /** One small product of each form: a library that loads need not work. */
    private void requireRightProducts(DeviceMemory memory) {
        int size = 8;
        int elements = size * size;
        long bytes = 4L * elements;
        try (DeviceMemory.Buffer factors = memory.allocate(bytes, "a trial of cuBLAS");
                DeviceMemory.Buffer product = memory.allocate(bytes, "a trial of cuBLAS")) {
            long a = factors.address();
            long c = product.address();
            context.check(
                    JCudaDriver.cuMemsetD32Async(
                            DevicePointer.to(a), Float.floatToIntBits(1), elements, context.stream()),
                    "cuMemsetD32Async for a trial of cuBLAS");
            nt(a, size, a, size, c, size, size, size, size, false);
            nn(a, size, a, size, c, size, size, size, size, true);
            addTransposed(a, size, a, size, c, size, size, size, size);
            context.synchronize("cuStreamSynchronize after a trial of cuBLAS");
            float[] result = new float[elements];
            context.check(
                    JCudaDriver.cuMemcpyDtoH(Pointer.to(result), DevicePointer.to(c), bytes),
                    "cuMemcpyDtoH after a trial of cuBLAS");
            for (float element : result) {
                if (element != 3 * size) {
                    throw new BackendException("cuBLAS " + version() + " computes wrong products: expected " + 3 * size
                            + ", got " + element);
                }
            }
        }
    }

    private static Pointer scalar(float value) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(Float.BYTES).order(ByteOrder.nativeOrder());
        return Pointer.toBuffer(bytes.putFloat(0, value));
    }

    /** Whether cuBLAS has a precision. */
    static boolean has(Precision precision) {
        return precision != Precision.TF32X3;
    }

    private static int computeType(Precision precision) {
        return switch (precision) {
            case FP32 -> cublasComputeType.CUBLAS_COMPUTE_32F_PEDANTIC;
            case TF32 -> cublasComputeType.CUBLAS_COMPUTE_32F_FAST_TF32;
            case BF16 -> cublasComputeType.CUBLAS_COMPUTE_32F_FAST_16BF;
            case TF32X3 -> throw new IllegalArgumentException("precision: cuBLAS has no " + precision);
        };
    }

    /** Its version, such as 12.6.0. */
    String version() {
        return version / 10000 + "." + version % 10000 / 100 + "." + version % 100;
    }

    /** As {@link Products#nt}. */
    void nt(long a, long aRow, long b, long bRow, long c, long cRow, int m, int n, int k, boolean accumulate) {
        product(false, a, aRow, true, b, bRow, c, cRow, m, n, k, accumulate);
    }

    /** As {@link Products#nn}. */
    void nn(long a, long aRow, long b, long bRow, long c, long cRow, int m, int n, int k, boolean accumulate) {
        product(false, a, aRow, false, b, bRow, c, cRow, m, n, k, accumulate);
    }

    /** As {@link Products#addTransposed}. */
    void addTransposed(long a, long aRow, long b, long bRow, long c, long cRow, int m, int n, int k) {
        product(true, a, aRow, false, b, bRow, c, cRow, m, n, k, true);
    }

    private void product(
            boolean transposedA,
            long a,
            long aRow,
            boolean transposedB,
            long b,
            long bRow,
            long c,
            long cRow,
            int m,
            int n,
            int k,
            boolean accumulate) {
        int status = JCublas2.cublasGemmEx_new(
                handle,
                transposedB ? cublasOperation.CUBLAS_OP_T : cublasOperation.CUBLAS_OP_N,
                transposedA ? cublasOperation.CUBLAS_OP_T : cublasOperation.CUBLAS_OP_N,
                n,
                m,
                k,
                one,
                DevicePointer.to(b),
                cudaDataType.CUDA_R_32F,
                Math.toIntExact(bRow),
                DevicePointer.to(a),
                cudaDataType.CUDA_R_32F,
                Math.toIntExact(aRow),
                accumulate ? one : zero,
                DevicePointer.to(c),
                cudaDataType.CUDA_R_32F,
                Math.toIntExact(cRow),
                computeType,
                cublasGemmAlgo.CUBLAS_GEMM_DEFAULT);
        if (status == cublasStatus.CUBLAS_STATUS_SUCCESS && context.isDebug()) {
            context.synchronize("cublasGemmEx");
        }
        if (status != cublasStatus.CUBLAS_STATUS_SUCCESS) {
            check(
                    status,
                    "cublasGemmEx in " + precision + ", C [" + m + "," + n + (accumulate ? "] += " : "] = ")
                            + (transposedA ? "A^T " : "A ") + (transposedB ? "B^T" : "B") + " with A ["
                            + (transposedA ? k + "," + m : m + "," + k) + "], B ["
                            + (transposedB ? n + "," + k : k + "," + n) + "], rows of " + aRow + ", " + bRow + " and "
                            + cRow + " elements");
        }
    }

    private void check(int status, String what) {
        if (status == cublasStatus.CUBLAS_STATUS_SUCCESS) {
            return;
        }
        String text = what + ": " + cublasStatus.stringFor(status) + " (" + status + ")";
        int below = JCudaDriver.cuStreamQuery(context.stream());
        if (Status.isFatal(below)) {
            throw context.failed(below, text);
        }
        throw new BackendException(text);
    }
}
