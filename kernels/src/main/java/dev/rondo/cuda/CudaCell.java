package dev.rondo.cuda;

import java.util.List;
import java.util.Optional;

/**
 * What this backend has for a cell: one step, as the launches of its kernels, and the kernels of the faster forms. How the gates of the weights lie in a row of gates is part of it: a row
 * has blocks of H, one for each pre-activation that is kept.
 */
abstract class CudaCell {
    /**
     * Gates of a weight matrix that lie side by side in a row of gates, too.
     *
     * @param gate the first one
     * @param count how many
     * @param block the block of the first one
     */
    record Group(int gate, int count, int block) {}

    private final int blocks;
    private final List<Group> input;
    private final List<Group> recurrent;

    /**
     * A cell.
     *
     * @param blocks of a row of gates
     * @param input the gates of W
     * @param recurrent the gates of U; a second group is multiplied by what the cell saves in {@link LayerPass#p}
     */
    CudaCell(int blocks, List<Group> input, List<Group> recurrent) {
        this.blocks = blocks;
        this.input = input;
        this.recurrent = recurrent;
    }

    /** The number of blocks of a row of gates. */
    final int blocks() {
        return blocks;
    }

    /** The gates of W. */
    final List<Group> input() {
        return input;
    }

    /** The gates of U. */
    final List<Group> recurrent() {
        return recurrent;
    }

    /** The kernels of the form {@code cluster} for a pass; empty: the cell has no such form. */
    Optional<ClusterKernels> cluster(boolean forward) {
        return Optional.empty();
    }

    /** The kernels of the form {@code grid} for a pass; empty: the cell has no such form. */
    Optional<GridKernels> grid(boolean forward) {
        return Optional.empty();
    }

    /** Whether a pass has the form {@code step} only. */
    final boolean hasStepsOnly(boolean forward) {
        return cluster(forward).isEmpty() && grid(forward).isEmpty();
    }

    /** What the rows of gates start with: the biases. */
    void fillBiases(LayerPass pass) {
        pass.fillBias(0, blocks, pass.inputBias(0), pass.recurrentBias(0));
    }

    /** Step s of all rows; the gates hold {@code W x + b}. */
    abstract void forward(LayerPass pass, int s);

    /** Step s of all rows, backwards; the gates hold what forward left. */
    abstract void backward(LayerPass pass, int s);
}
