package dev.rondo.cpu;

import dev.rondo.RnnSpec;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The activations of one layer and direction in one pass, and the products of its steps with the weights. Allocated once; a call
 * uses as much as it needs. For inference it is small, whatever the number of steps: two slots of states, and a window of
 * internal rows.
 *
 * <p>Steps are counted in the order in which they are computed: {@code s} is the s-th step of every row, from its own end in
 * the reverse direction. State s is the one before step s; state 0 is the initial one.
 */
final class LayerBuffers extends LayerShape {
    private static final float[] NONE = new float[0];

    /** Internal rows {@code [window][N][row]}. */
    final float[] rows;

    /** Hidden states {@code [slots][N][Hp]}. */
    final float[] h;

    /** Cell states {@code [slots][N][Hp]}; empty for a cell without one. */
    final float[] c;

    /** Hidden states times reset gates {@code [slots][N][Hp]}; empty but for a reset before the product. */
    final float[] p;

    /** {@code tanh(c')} of each step {@code [slots][N][Hp]}; empty for a cell without c. */
    final float[] tanhC;

    /** Gradients, which all passes of a network share; see {@link LayerGradients}. */
    float[] dh = NONE;

    float[] dhLast = NONE;
    float[] dc = NONE;
    float[] dp = NONE;

    /** Of the forward pass or the backward pass in progress. */
    private @Nullable LayerWeights weights;

    /** Valid steps of each row of the batch. */
    int[] lengths = new int[0];

    int batch;

    /** Steps whose internal rows are kept: all of them in training; in inference a few, which stay in the cache. */
    int window;

    /** The bits of s that choose a slot: all of them in training; in inference the last. */
    private int slots;

    /**
     * Allocates.
     *
     * @param states slots for states
     * @param maxBatch largest N of a call
     * @param windowRows internal rows
     */
    LayerBuffers(RnnSpec spec, LayerShape shape, int states, int maxBatch, int windowRows) {
        super(shape);
        boolean hasC = spec.cell().hasCellState();
        this.rows = Sizes.floats("activations", windowRows, 1, row);
        this.h = Sizes.floats("hidden states", states, maxBatch, padded);
        this.c = hasC ? Sizes.floats("cell states", states, maxBatch, padded) : NONE;
        this.p = cell.parts.length > 1 ? Sizes.floats("reset states", states, maxBatch, padded) : NONE;
        this.tanhC = hasC ? Sizes.floats("activations", states, maxBatch, padded) : NONE;
    }

    /** Sets the sizes of a call. */
    void begin(int[] rowLengths, int rowsOfBatch, boolean training) {
        lengths = rowLengths;
        batch = rowsOfBatch;
        slots = training ? -1 : 1;
    }

    /** Takes packed weights for a pass, or lets go of them. */
    void use(@Nullable LayerWeights packed) {
        weights = packed;
    }

    LayerWeights weights() {
        return Objects.requireNonNull(weights);
    }

    /** Takes room for the gradients of a backward pass. */
    void use(LayerGradients gradients) {
        dh = gradients.dh;
        dhLast = gradients.dhLast;
        dc = gradients.dc;
        dp = gradients.dp;
    }

    /** First element of the internal row of row n at step s. */
    int row(int s, int n) {
        return (s % window * batch + n) * row;
    }

    /** First element of the state of row n before step s. */
    int slot(int s, int n) {
        return ((s & slots) * batch + n) * padded;
    }

    /** {@code W x} of count rows of x, from step s and row first on, added to the share's units of the internal rows. */
    void inputProduct(int s, int first, int count, Share share, float[] x, int xOffset) {
        product(x, xOffset, xRow, count, weights().input(), cell.inputBlocks(), share, rows, row(s, first));
    }

    /** {@code W^T da} of count internal rows, added to the rows of dx. */
    void inputProductBackward(int s, int first, int count, float[] dx, int dxOffset) {
        PackedMatrix w = weights().input();
        int from = row(s, first);
        int panels = w.columns / panel;
        if (count == 1) {
            loops.rowProduct(rows, from, w, 0, panels, 1, panels, dx, dxOffset);
        } else {
            loops.product(rows, from, row, count, w.depth, w, 0, panels, dx, dxOffset, xPadded);
        }
    }

    /** {@code U h} (or {@code U p}) of one part for the share, added to the internal rows. */
    void recurrentProduct(int part, int s, Share share, float[] state) {
        int to = row(s, share.first) + cell.parts[part].start() * padded;
        int count = share.end - share.first;
        int blocks = cell.parts[part].blocks();
        product(state, slot(s, share.first), padded, count, weights().recurrent(part), blocks, share, rows, to);
    }

    /** {@code U^T da} of one part for the share, added to the gradient by the state. */
    void recurrentProductBackward(int part, int s, Share share, float[] dState) {
        PackedMatrix u = weights().recurrent(part);
        int from = row(s, share.first) + cell.parts[part].start() * padded;
        int firstPanel = share.from / panel;
        int panels = share.to / panel - firstPanel;
        int to = slot(0, share.first) + share.from;
        int count = share.end - share.first;
        if (count == 1) {
            loops.rowProduct(rows, from, u, firstPanel, panels, 1, panels, dState, to);
        } else {
            loops.product(rows, from, row, count, u.depth, u, firstPanel, panels, dState, to, padded);
        }
    }

    /** The share's units in each of several blocks of internal rows. */
    private void product(
            float[] a,
            int aOffset,
            int aRow,
            int count,
            PackedMatrix b,
            int blocks,
            Share share,
            float[] c,
            int cOffset) {
        int first = share.from / panel;
        int panels = share.to / panel - first;
        int blockPanels = padded / panel;
        int to = cOffset + share.from;
        if (count == 1) {
            loops.rowProduct(a, aOffset, b, first, panels, blocks, blockPanels, c, to);
        } else if (panels == blockPanels) {
            loops.product(a, aOffset, aRow, count, b.depth, b, 0, blocks * panels, c, to, row);
        } else {
            for (int block = 0; block < blocks; block++) {
                int from = first + block * blockPanels;
                loops.product(a, aOffset, aRow, count, b.depth, b, from, panels, c, to + block * padded, row);
            }
        }
    }
}
