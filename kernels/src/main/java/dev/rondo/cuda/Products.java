package dev.rondo.cuda;

import jcuda.driver.CUdevice_attribute;

/**
 * Matrix products on the device, row-major, with pitches in elements: {@code C = A B} or {@code C += A B} with A, B or neither
 * transposed. In an order of the sums that only the sizes decide. Called between enter and exit of the context.
 */
final class Products {
    private static final int TILE = 128;
    private static final int FEW_ROWS = 32;
    private static final int FEW_COLUMNS = 16;
    private static final int MAX_GRID_Y = 65535;
    private static final int MIN_DEPTH_OF_PART = 256;

    private final Launcher launcher;
    private final int multiprocessors;

    Products(CudaContext context, Launcher launcher) {
        this.launcher = launcher;
        this.multiprocessors =
                CudaProbe.attribute(context.device(), CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
    }

    /**
     * {@code C [m,n] = or += A [m,k] B^T}, with {@code B [n,k]}.
     *
     * @param accumulate whether it is added to C
     */
    void nt(long a, long aRow, long b, long bRow, long c, long cRow, int m, int n, int k, boolean accumulate) {
        byRows(Kernel.PRODUCT_NT, Kernel.PRODUCT_FEW_ROWS_NT, a, aRow, b, bRow, c, cRow, m, n, k, accumulate);
    }

    /**
     * {@code C [m,n] = or += A [m,k] B}, with {@code B [k,n]}.
     *
     * @param accumulate whether it is added to C
     */
    void nn(long a, long aRow, long b, long bRow, long c, long cRow, int m, int n, int k, boolean accumulate) {
        byRows(Kernel.PRODUCT_NN, Kernel.PRODUCT_FEW_ROWS_NN, a, aRow, b, bRow, c, cRow, m, n, k, accumulate);
    }

    private void byRows(
            Kernel large,
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
        if (tiles(m, TILE) * tiles(n, TILE) < multiprocessors) {
            operands(fewRows, a, aRow, b, bRow, c, cRow)
                    .integer(m)
                    .integer(n)
                    .integer(k)
                    .flag(accumulate)
                    .grid(tiles(n, FEW_COLUMNS), tiles(m, FEW_ROWS), 1, Launcher.THREADS, 1);
            return;
        }
        for (long first = 0; first < m; first += MAX_GRID_Y * TILE) {
            int rows = (int) Math.min(m - first, MAX_GRID_Y * TILE);
            operands(large, a + 4 * first * aRow, aRow, b, bRow, c + 4 * first * cRow, cRow)
                    .integer(rows)
                    .integer(n)
                    .integer(k)
                    .flag(accumulate)
                    .integer(k)
                    .wide(0)
                    .grid(tiles(n, TILE), tiles(rows, TILE), 1, Launcher.THREADS, 1);
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
        long tiles = tiles(m, TILE) * tiles(n, TILE);
        long wanted = tiles >= multiprocessors ? 1 : 2L * multiprocessors / tiles;
        return (int) Math.max(1, Math.min(wanted, k / MIN_DEPTH_OF_PART));
    }

    /** The elements of scratch that {@link #addTransposed} needs. */
    long scratchElements(int m, int n, int k) {
        int parts = parts(m, n, k);
        return parts == 1 ? 0 : (long) parts * m * n;
    }

    /**
     * {@code C [m,n] += A^T B}, with {@code A [k,m]} and {@code B [k,n]}: weight gradients.
     *
     * @param scratch with {@link #scratchElements}
     */
    void addTransposed(long a, long aRow, long b, long bRow, long c, long cRow, int m, int n, int k, long scratch) {
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
        for (long first = 0; first < m; first += MAX_GRID_Y * TILE) {
            int rows = (int) Math.min(m - first, MAX_GRID_Y * TILE);
            operands(Kernel.PRODUCT_TN, a + 4 * first, aRow, b, bRow, c + 4 * first * cRow, cRow)
                    .integer(rows)
                    .integer(n)
                    .integer(k)
                    .flag(accumulate)
                    .integer(depth)
                    .wide(partStride)
                    .grid(tiles(n, TILE), tiles(rows, TILE), parts, Launcher.THREADS, 1);
        }
    }

    private static long tiles(int size, int tile) {
        return (size + (long) tile - 1) / tile;
    }
}
