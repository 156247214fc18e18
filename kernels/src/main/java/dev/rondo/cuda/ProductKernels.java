package dev.rondo.cuda;

import dev.rondo.Precision;

/**
 * The kernels of a precision for large products, in the three forms of {@link Products}.
 *
 * @param nt {@code A B^T}
 * @param nn {@code A B}
 * @param tn {@code A^T B}
 * @param tileRows rows of the tile that one block computes
 * @param tileColumns columns of it
 * @param tensorCores whether they run on tensor cores, which needs {@link #MIN_TENSOR_CAPABILITY}
 */
record ProductKernels(Kernel nt, Kernel nn, Kernel tn, int tileRows, int tileColumns, boolean tensorCores) {
    /** The first compute capability, times ten, with TF32 and BF16: 8.0, Ampere. */
    static final int MIN_TENSOR_CAPABILITY = 80;

    static ProductKernels of(Precision precision) {
        return switch (precision) {
            case FP32 -> new ProductKernels(Kernel.PRODUCT_NT, Kernel.PRODUCT_NN, Kernel.PRODUCT_TN, 128, 128, false);
            case TF32X3 ->
                new ProductKernels(
                        Kernel.PRODUCT_3XTF32_NT, Kernel.PRODUCT_3XTF32_NN, Kernel.PRODUCT_3XTF32_TN, 128, 64, true);
            case TF32 ->
                new ProductKernels(
                        Kernel.PRODUCT_TF32_NT, Kernel.PRODUCT_TF32_NN, Kernel.PRODUCT_TF32_TN, 128, 64, true);
            case BF16 ->
                new ProductKernels(
                        Kernel.PRODUCT_BF16_NT, Kernel.PRODUCT_BF16_NN, Kernel.PRODUCT_BF16_TN, 128, 64, true);
        };
    }

    /** The tiles that m rows make. */
    long rowTiles(int m) {
        return tiles(m, tileRows);
    }

    /** The tiles that n columns make. */
    long columnTiles(int n) {
        return tiles(n, tileColumns);
    }

    /** The tiles of a size that a matrix's rows or columns make. */
    static long tiles(int size, int tile) {
        return (size + (long) tile - 1) / tile;
    }
}
