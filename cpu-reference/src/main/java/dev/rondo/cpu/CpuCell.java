package dev.rondo.cpu;

import dev.rondo.Cell;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;

/**
 * One step of a block of rows. The values of a row of the batch lie in one internal row of {@link #blocks()} blocks of
 * {@code Hp} places; forward finds {@code W x + b} there and leaves the activations, backward leaves the gradients by the
 * pre-activations.
 */
abstract class CpuCell {
    final InnerLoops loops;
    final int hidden;
    final int padded;
    final int row;

    /** The products with U, in blocks: most cells have one; one with {@code p} in the place of h is a second. */
    final Part[] parts;

    CpuCell(InnerLoops loops, int hidden, int blocks, Part... parts) {
        this.loops = loops;
        this.hidden = hidden;
        this.padded = PackedMatrix.padded(hidden, loops.panel());
        this.row = Sizes.product("an internal row", blocks, padded, 1);
        this.parts = parts;
    }

    /** The internal block that {@code W x + b} of a gate goes to; gates in PyTorch's order. */
    abstract int inputBlock(int gate);

    /** The internal block that {@code U h + u} of a gate goes to. */
    abstract int recurrentBlock(int gate);

    /** The blocks, from 0, that {@code W x + b} goes to. */
    abstract int inputBlocks();

    /**
     * A product with recurrent weights.
     *
     * @param start first block of its result in the internal row
     * @param blocks number of blocks
     * @param fromP whether it multiplies p instead of h
     */
    record Part(int start, int blocks, boolean fromP) {}

    /** The step forward of a share. */
    abstract void forward(LayerBuffers b, int s, Share share);

    /** The step backward of a share; rows whose length is at most s pass their gradient on. */
    abstract void backward(LayerBuffers b, int s, Share share);

    /** Zeroes the share's units in all blocks of the internal row that begins at {@code a}. */
    final void clear(float[] rows, int a, Share share) {
        for (int block = 0; block < row; block += padded) {
            Arrays.fill(rows, a + block + share.from, a + block + share.to, 0);
        }
    }

    /**
     * Zeroes the places beyond the hidden units in all blocks of an internal row of gradients. In products with them weights
     * of zero stand, and zero times an infinity would be NaN.
     */
    final void clearPadding(float[] rows, int a, Share share) {
        if (share.to > hidden) {
            for (int block = 0; block < row; block += padded) {
                Arrays.fill(rows, a + block + hidden, a + block + padded, 0);
            }
        }
    }

    /** The sigmoid of the share's units in some blocks from {@code a} on. */
    final void sigmoid(float[] rows, int a, int blocks, Share share) {
        if (share.byUnits) {
            for (int block = 0; block < blocks; block++) {
                loops.sigmoid(rows, a + block * padded + share.from, share.to - share.from);
            }
        } else {
            loops.sigmoid(rows, a, blocks * padded);
        }
    }

    /** Makes the cell of a hidden size. */
    @FunctionalInterface
    interface Maker {
        CpuCell make(InnerLoops loops, int hidden);
    }

    /** Each cell with its class. */
    static final Map<Cell, Maker> CELLS = Map.of(
            Cell.RNN_TANH, (loops, hidden) -> new RnnCell(loops, hidden, false),
            Cell.RNN_RELU, (loops, hidden) -> new RnnCell(loops, hidden, true),
            Cell.LSTM, LstmCell::new,
            Cell.GRU, GruCell::new,
            Cell.GRU_RESET_BEFORE, GruResetBeforeCell::new);

    /** The cell of a name, which is one of {@link #CELLS}. */
    static CpuCell of(Cell cell, InnerLoops loops, int hidden) {
        return Objects.requireNonNull(CELLS.get(cell)).make(loops, hidden);
    }
}
