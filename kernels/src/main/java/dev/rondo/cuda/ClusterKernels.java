package dev.rondo.cuda;

import java.util.List;

/**
 * The kernels of the form {@code cluster} for one pass of a cell, and what their template ({@code persistent_forward.cuh},
 * {@code persistent_backward.cuh}) makes of the cell.
 *
 * @param gates that multiply U
 * @param cellState whether there is c beside h
 * @param alone how a block without a cluster shares out its work
 * @param clustered how a block of a cluster does
 * @param clusteredAfter9 the same from compute capability 10.0 on
 * @param kernels for clusters of 1, 2, 4, 8 and 16 blocks
 */
record ClusterKernels(
        int gates, boolean cellState, Tile alone, Tile clustered, Tile clusteredAfter9, List<Kernel> kernels) {
    /**
     * What a thread does.
     *
     * @param parts its quads or units
     * @param values sums of a part
     * @param kept chunks of its weights that stay in registers
     * @param leastLanes that share a part
     */
    record Tile(int parts, int values, int kept, int leastLanes) {}

    /** The forward pass: a thread has sums for all gates of its units, with clusters and without. */
    static ClusterKernels forward(int gates, boolean cellState, int units, int kept, Kernel... kernels) {
        Tile tile = new Tile(units, gates, kept, 4);
        return new ClusterKernels(gates, cellState, tile, tile, tile, List.of(kernels));
    }

    /** The kernel for clusters of 1, 2, 4, 8 or 16 blocks. */
    Kernel kernel(int blocks) {
        return kernels.get(Integer.numberOfTrailingZeros(blocks));
    }

    /** How a block shares out its work. */
    Tile tile(int blocks, int capability) {
        if (blocks == 1) {
            return alone;
        }
        return capability >= 100 ? clusteredAfter9 : clustered;
    }
}
