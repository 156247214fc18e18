package dev.rondo.cuda;

import dev.rondo.Precision;
import jcuda.driver.CUdevice_attribute;
import org.jspecify.annotations.Nullable;

/**
 * Matrix products on the device, row-major, with pitches in elements: {@code C = A B} or {@code C += A B} with A, B or neither
 * transposed. Which kernel computes a product, and in which order it sums, is decided by the precision, the sizes and the device
 * alone. Called between enter and exit of the context.
 */
final class Products {
    private static final int FEW_ROWS = 32;
    private static final int FEW_COLUMNS = 16;
    private static final int MAX_GRID_Y = 65535;
    private static final int MIN_DEPTH_OF_PART = 256;

    /** With fewer rows most of a tile of the tensor cores would be empty. */
    private static final int MIN_TENSOR_ROWS = 16;

    /** With fewer rows of A, or of A^T's and B's depth, a product is left to own kernels, which are made for the steps of a network. */
    private static final int MIN_CUBLAS_ROWS = 128;

    private final Launcher launcher;
    private final @Nullable Cublas cublas;
    private final ProductKernels large;
    private final int multiprocessors;

    /**
     * Products of a backend.
     *
     * @param cublas cuBLAS for large products; null for own kernels
     */
    Products(CudaContext context, Launcher launcher, Precision precision, @Nullable Cublas cublas) {
        this.launcher = launcher;
        this.cublas = cublas;
        this.large = ProductKernels.of(precision);
        this.multiprocessors =
                CudaProbe.attribute(context.device(), CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
    }

    /**
     * {@code C [m,n] = or += A [m,k] B^T}, with {@code B [n,k]}.
     *
     * @param accumulate whether it is added to C
     */
    void nt(long a, long aRow, long b, long bRow, long c, long cRow, int m, int n, int k, boolean accumulate) {
        if (cublas != null && m >= MIN_CUBLAS_ROWS) {
            cublas.nt(a, aRow, b, bRow, c, cRow, m, n, k, accumulate);
            return;
        }
        byRows(large.nt(), Kernel.PRODUCT_FEW_ROWS_NT, a, aRow, b, bRow, c, cRow, m, n, k, accumulate);
    }

    /**
     * {@code C [m,n] = or += A [m,k] B}, with {@code B [k,n]}.
     *
     * @param accumulate whether it is added to C
     */
    void nn(long a, long aRow, long b, long bRow, long c, long cRow, int m, int n, int k, boolean accumulate) {
        if (cublas != null && m >= MIN_CUBLAS_ROWS) {
            cublas.nn(a, aRow, b, bRow, c, cRow, m, n, k, accumulate);
            return;
        }
        byRows(large.nn(), Kernel.PRODUCT_FEW_ROWS_NN, a, aRow, b, bRow, c, cRow, m, n, k, accumulate);
    }

    /**
     * Whether the kernels for large products should be faster than the one for few rows, whose blocks are small: in FP32 where
     * each multiprocessor gets a tile, and on tensor cores, which multiply several times as fast, where a quarter of them does.
     * Both are estimates.
     */
    private boolean isLarge(int m, int n) {
        long tiles = large.rowTiles(m) * large.columnTiles(n);
        return large.tensorCores() ? m >= MIN_TENSOR_ROWS && 4 * tiles >= multiprocessors : tiles >= multiprocessors;
    }

    private void byRows(
            Kernel kernel,
            Kernel fewRows,
            long a,
            long aRow,
            long b,
            long bRow,
            long c,
            long cRow,
            int m,
            int n,
            int k,
            boolean accumulate) {
        if (!isLarge(m, n)) {
            operands(fewRows, a, aRow, b, bRow, c, cRow)
                    .integer(m)
                    .integer(n)
                    .integer(k)
                    .flag(accumulate)
                    .grid(
                            ProductKernels.tiles(n, FEW_COLUMNS),
                            ProductKernels.tiles(m, FEW_ROWS),
                            1,
                            Launcher.THREADS,
                            1);
            return;
        }
        int most = MAX_GRID_Y * large.tileRows();
        for (long first = 0; first < m; first += most) {
            int rows = (int) Math.min(m - first, most);
            operands(kernel, a + 4 * first * aRow, aRow, b, bRow, c + 4 * first * cRow, cRow)
                    .integer(rows)
                    .integer(n)
                    .integer(k)
                    .flag(accumulate)
                    .integer(k)
                    .wide(0)
                    .grid(large.columnTiles(n), large.rowTiles(rows), 1, Launcher.THREADS, 1);
        }
    }

    private Launcher operands(Kernel kernel, long a, long aRow, long b, long bRow, long c, long cRow) {
        return launcher.of(kernel)
                .pointer(a)
                .wide(aRow)
                .pointer(b)
                .wide(bRow)
                .pointer(c)
                .wide(cRow);
    }

    /** The parts that the depth of {@link #addTransposed} is cut into, so that few tiles keep the device busy. */
    private int parts(int m, int n, int k) {
        long tiles = large.rowTiles(m) * large.columnTiles(n);
        long wanted = tiles >= multiprocessors ? 1 : 2L * multiprocessors / tiles;
        return (int) Math.max(1, Math.min(wanted, k / MIN_DEPTH_OF_PART));
    }

    /** The elements of scratch that {@link #addTransposed} needs. */
    long scratchElements(int m, int n, int k) {
        // A later call may have fewer rows.
        int parts = parts(m, n, cublas == null ? k : Math.min(k, MIN_CUBLAS_ROWS - 1));
        return parts == 1 ? 0 : (long) parts * m * n;
    }

    /**
     * {@code C [m,n] += A^T B}, with {@code A [k,m]} and {@code B [k,n]}: weight gradients.
     *
     * @param scratch with {@link #scratchElements}
     */
    void addTransposed(long a, long aRow, long b, long bRow, long c, long cRow, int m, int n, int k, long scratch) {
        if (cublas != null && k >= MIN_CUBLAS_ROWS) {
            cublas.addTransposed(a, aRow, b, bRow, c, cRow, m, n, k);
            return;
        }
        int parts = parts(m, n, k);
        int depth = (int) (((long) k + parts - 1) / parts);
        if (parts == 1) {
            transposed(a, aRow, b, bRow, c, cRow, m, n, k, true, k, 0, 1);
            return;
        }
        int launched = (int) (((long) k + depth - 1) / depth);
        transposed(a, aRow, b, bRow, scratch, n, m, n, k, false, depth, (long) m * n, launched);
        launcher.of(Kernel.PRODUCT_SUM_PARTS)
                .pointer(scratch)
                .integer(launched)
                .integer(m)
                .integer(n)
                .pointer(c)
                .wide(cRow)
                .flag(true)
                .linear((long) m * n);
    }

    private void transposed(
            long a,
            long aRow,
            long b,
            long bRow,
            long c,
            long cRow,
            int m,
            int n,
            int k,
            boolean accumulate,
            int depth,
            long partStride,
            int parts) {
        int most = MAX_GRID_Y * large.tileRows();
        for (long first = 0; first < m; first += most) {
            int rows = (int) Math.min(m - first, most);
            operands(large.tn(), a + 4 * first, aRow, b, bRow, c + 4 * first * cRow, cRow)
                    .integer(rows)
                    .integer(n)
                    .integer(k)
                    .flag(accumulate)
                    .integer(depth)
                    .wide(partStride)
                    .grid(large.columnTiles(n), large.rowTiles(rows), parts, Launcher.THREADS, 1);
        }
    }
}
