package dev.rondo.cuda;

import org.jspecify.annotations.Nullable;

/**
 * The kernels of the form {@code grid} for one pass of a cell, and what {@code persistent_grid_passes.cuh} makes of the cell.
 *
 * @param gates that multiply U
 * @param cellState whether there is c beside h
 * @param laneColumns the columns of a lane
 * @param row for one row of the batch in a slice
 * @param rows4 for up to four
 * @param rows8 for more
 * @param unaligned where the depth of the product is no multiple of 4; null where it always is
 */
record GridKernels(
        int gates,
        boolean cellState,
        int laneColumns,
        Kernel row,
        Kernel rows4,
        Kernel rows8,
        @Nullable Kernel unaligned) {
    /**
     * The kernel for a product.
     *
     * @param aligned whether its depth is a multiple of 4
     * @param rows of the batch in a slice
     */
    Kernel kernel(boolean aligned, int rows) {
        if (!aligned && unaligned != null) {
            return unaligned;
        }
        return rows == 1 ? row : rows <= 4 ? rows4 : rows8;
    }

    /** The rows of the batch that such a kernel takes at a time. */
    int tile(boolean aligned, int rows) {
        return !aligned ? 4 : rows == 1 ? 1 : rows <= 4 ? 4 : 8;
    }
}
