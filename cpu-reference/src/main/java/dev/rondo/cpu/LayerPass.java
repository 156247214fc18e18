package dev.rondo.cpu;

import dev.rondo.RnnSpec;
import dev.rondo.spi.Dropout;
import java.util.Arrays;

/**
 * The loops over time of one layer and direction, each for one worker's {@link Share}. Where shares are of units, a method
 * that leaves what other workers read next ends with {@link Share#meet}.
 */
final class LayerPass {
    /** So many internal rows are given {@code W x + b} before their steps are run: they are still in the cache then. */
    static final int PROJECTED_ROWS = 64;

    private static final float[] NONE = new float[0];
    private static final int[] NO_INDICES = new int[0];

    final LayerBuffers b;
    private final RnnSpec spec;
    private final int layer;
    private final int d;
    private final boolean reverse;

    /**
     * x in the order of the steps {@code [window][N][xRow]}, 0 past the lengths; used where the caller's order will not do, and
     * made when it is first needed.
     */
    private float[] ordered = NONE;

    /** Where x is: the caller's array, the lower layer's, or {@link #ordered}. */
    float[] x = NONE;

    int xOffset;

    /** Where x is copied from, if it is. */
    private float[] source = NONE;

    private int sourceOffset;

    /** One-hot input, as the caller has it. */
    private int[] indices = NO_INDICES;

    private int indicesOffset;

    boolean oneHot;

    /** What is added to the input product of every step, {@code [N][D*G*H]} as the caller has it; nothing if it is empty. */
    private float[] condition = NONE;

    private int conditionOffset;

    /** Gradient by x in the order of the steps {@code [T][N][xPadded]}, of the backward pass in progress. */
    float[] dx = NONE;

    LayerPass(RnnSpec spec, int layer, int d, LayerBuffers buffers) {
        this.spec = spec;
        this.layer = layer;
        this.d = d;
        this.reverse = spec.direction().isReverse(d);
        this.b = buffers;
    }

    /** Lets go of the caller's arrays and of the weights. */
    void close() {
        x = NONE;
        source = NONE;
        indices = NO_INDICES;
        condition = NONE;
        dx = NONE;
        b.use((LayerWeights) null);
    }

    /** The time of the s-th step of row n; past the length, s itself. */
    private int time(int s, int n) {
        return reverse && s < b.lengths[n] ? b.lengths[n] - 1 - s : s;
    }

    /** Takes dense input as it is where its order and padding allow, else makes room to copy it. */
    void setDense(float[] input, int offset, boolean asItIs) {
        oneHot = false;
        if (asItIs && !reverse) {
            x = input;
            xOffset = offset;
            return;
        }
        if (ordered.length < (long) b.window * b.batch * b.xRow) {
            ordered = Sizes.floats("inputs", b.window, b.batch, b.xRow);
        }
        source = input;
        sourceOffset = offset;
        x = ordered;
        xOffset = 0;
    }

    /** Copies the rows of some steps of dense input in the order of the steps, unless they are taken as they are. */
    private void order(int from, int to, Share share) {
        if (oneHot || x != ordered) {
            return;
        }
        int end = share.endStep(from, to);
        for (int s = share.firstStep(from, to); s < end; s++) {
            for (int n = share.first; n < share.end; n++) {
                int place = (s % b.window * b.batch + n) * b.xRow;
                if (s < b.lengths[n]) {
                    System.arraycopy(
                            source, sourceOffset + (time(s, n) * b.batch + n) * b.xRow, ordered, place, b.xRow);
                } else {
                    Arrays.fill(ordered, place, place + b.xRow, 0);
                }
            }
        }
        share.meet();
    }

    /** Takes what conditions every step. */
    void setCondition(float[] rows, int offset) {
        condition = rows;
        conditionOffset = offset;
    }

    /** Where the part of a gate of this direction begins in row n of a condition. */
    private int conditionAt(int n, int gate) {
        return ((n * spec.directions() + d) * spec.cell().gates() + gate) * b.hidden;
    }

    /** Adds the condition of row n to the share's units of the internal row that begins at {@code a}. */
    private void addCondition(int n, int a, Share share) {
        int units = Math.min(share.to, b.hidden) - share.from;
        for (int gate = 0; gate < spec.cell().gates(); gate++) {
            int from = conditionOffset + conditionAt(n, gate) + share.from;
            add(b.rows, a + b.cell.inputBlock(gate) * b.padded + share.from, condition, from, units);
        }
    }

    /** The gradient by the condition of a share: the sum of those by the input products of the valid steps. */
    void conditionGradient(Share share, float[] target, int offset) {
        int units = Math.min(share.to, b.hidden) - share.from;
        for (int n = share.first; n < share.end; n++) {
            for (int gate = 0; gate < spec.cell().gates(); gate++) {
                int to = offset + conditionAt(n, gate) + share.from;
                Arrays.fill(target, to, to + Math.max(0, units), 0);
                for (int s = 0; s < b.lengths[n]; s++) {
                    add(target, to, b.rows, b.row(s, n) + b.cell.inputBlock(gate) * b.padded + share.from, units);
                }
            }
        }
    }

    /** Takes one-hot input. */
    void setIndices(int[] input, int offset, int steps) {
        oneHot = true;
        indices = input;
        indicesOffset = offset;
        for (int s = 0; s < steps; s++) {
            for (int n = 0; n < b.batch; n++) {
                int index = index(s, n);
                if (s < b.lengths[n] && (index < 0 || index >= spec.inputSize())) {
                    throw new IllegalArgumentException("x[" + time(s, n) + "," + n + "]: expected an index of 0 to "
                            + (spec.inputSize() - 1) + ", got " + index);
                }
            }
        }
    }

    /** The index of the s-th step of row n; -1 past the length. */
    int index(int s, int n) {
        return s < b.lengths[n] ? indices[indicesOffset + time(s, n) * b.batch + n] : -1;
    }

    /**
     * All steps of a share, from the states in slot 0; the final states end up in slot T. Writes the outputs in the order of
     * time, 0 past the lengths.
     *
     * @param y receives the outputs at {@code offset + (t * N + n) * row + column}; not looked at if {@code row} is 0
     */
    void forward(int steps, Share share, float[] y, int offset, int row, int column) {
        int chunk = Math.min(b.window, Math.max(1, PROJECTED_ROWS / (share.end - share.first)));
        int to;
        for (int from = 0; from < steps; from = to) {
            // Not beyond the end of the window, where the rows of the next steps are those at its start.
            to = Math.min(steps, Math.min(from + chunk, from - from % b.window + b.window));
            order(from, to, share);
            project(from, to, share);
            for (int s = from; s < to; s++) {
                b.cell.forward(b, s, share);
                for (int n = share.first; n < share.end; n++) {
                    if (s >= b.lengths[n]) {
                        keepState(s, n, share);
                    }
                }
                if (row > 0) {
                    output(s, share, y, offset, row, column);
                }
                share.meet();
            }
        }
    }

    private void project(int from, int to, Share share) {
        int first = share.first;
        int count = share.end - first;
        LayerWeights weights = b.weights();
        for (int s = from; s < to; s++) {
            for (int n = first; n < share.end; n++) {
                int a = b.row(s, n);
                int index = oneHot ? index(s, n) : -1;
                for (int block = 0; block < b.row; block += b.padded) {
                    int j = block + share.from;
                    System.arraycopy(weights.biasRow, j, b.rows, a + j, share.to - share.from);
                    if (index >= 0 && block < b.inputRow) {
                        b.loops.add(b.rows, a + j, weights.columns, index * b.row + j, share.to - share.from);
                    }
                }
                if (condition.length > 0) {
                    addCondition(n, a, share);
                }
            }
        }
        if (oneHot) {
            return;
        }
        if (count == b.batch) {
            b.inputProduct(from, 0, (to - from) * b.batch, share, x, xOffset + place(from) * b.batch * b.xRow);
            return;
        }
        for (int s = from; s < to; s++) {
            b.inputProduct(s, first, count, share, x, xOffset + (place(s) * b.batch + first) * b.xRow);
        }
    }

    /** The place of a step in x. */
    private int place(int s) {
        return x == ordered ? s % b.window : s;
    }

    private void keepState(int s, int n, Share share) {
        int from = b.slot(s, n) + share.from;
        int to = b.slot(s + 1, n) + share.from;
        System.arraycopy(b.h, from, b.h, to, share.to - share.from);
        if (b.c.length > 0) {
            System.arraycopy(b.c, from, b.c, to, share.to - share.from);
        }
    }

    private void output(int s, Share share, float[] y, int offset, int row, int column) {
        int units = Math.min(share.to, b.hidden) - share.from;
        for (int n = share.first; n < share.end; n++) {
            int to = offset + (time(s, n) * b.batch + n) * row + column + share.from;
            if (s < b.lengths[n]) {
                System.arraycopy(b.h, b.slot(s + 1, n) + share.from, y, to, units);
            } else {
                Arrays.fill(y, to, to + units, 0);
            }
        }
    }

    /**
     * All steps of a share, backwards. The internal rows then hold the gradients by the pre-activations, and {@code dh},
     * {@code dc} those by the initial state.
     *
     * @param dy gradient by the outputs, at {@code offset + (t * N + n) * row + column}; not looked at if {@code row} is 0
     */
    void backward(int steps, Share share, float[] dy, int offset, int row, int column) {
        int units = Math.min(share.to, b.hidden) - share.from;
        for (int n = share.first; n < share.end; n++) {
            if (b.lengths[n] < steps) {
                copyState(b.dh, b.dhLast, n, share);
            }
        }
        for (int s = steps - 1; s >= 0; s--) {
            for (int n = share.first; n < share.end; n++) {
                if (s == b.lengths[n] - 1 && s < steps - 1) {
                    copyState(b.dhLast, b.dh, n, share);
                }
                if (row > 0 && s < b.lengths[n]) {
                    int from = offset + (time(s, n) * b.batch + n) * row + column + share.from;
                    add(b.dh, b.slot(0, n) + share.from, dy, from, units);
                }
            }
            b.cell.backward(b, s, share);
        }
        for (int n = share.first; n < share.end; n++) {
            if (b.lengths[n] == 0) {
                copyState(b.dhLast, b.dh, n, share);
            }
        }
        share.meet();
    }

    /** Copies the share's units of one row of {@code [N][Hp]}. */
    private void copyState(float[] from, float[] to, int n, Share share) {
        int at = b.slot(0, n) + share.from;
        System.arraycopy(from, at, to, at, share.to - share.from);
    }

    private static void add(float[] target, int to, float[] source, int from, int count) {
        for (int j = 0; j < count; j++) {
            target[to + j] += source[from + j];
        }
    }

    /** {@code W^T da} of a share, in the order of the steps. */
    void inputGradient(int steps, Share share) {
        int first = share.first;
        int count = share.end - first;
        int chunk = count == b.batch ? Math.max(1, PROJECTED_ROWS / count) : 1;
        int last = share.endStep(0, steps);
        for (int s = share.firstStep(0, steps); s < last; s += chunk) {
            int rows = Math.min(chunk, last - s) * count;
            int from = (s * b.batch + first) * b.xPadded;
            Arrays.fill(dx, from, from + rows * b.xPadded, 0);
            b.inputProductBackward(s, first, rows, dx, from);
        }
    }

    /**
     * Adds the gradient by x to the caller's or the lower layer's, in the order of time. It is 0 past the lengths: not a product,
     * because zero times an infinite weight would be NaN.
     *
     * @param target receives it at {@code offset + (t * N + n) * row}
     * @param width values of each row
     * @param assign whether to assign instead of to add
     */
    void addInputGradient(int steps, Share share, float[] target, int offset, int row, int width, boolean assign) {
        for (int s = share.firstStep(0, steps); s < share.endStep(0, steps); s++) {
            for (int n = share.first; n < share.end; n++) {
                int from = (s * b.batch + n) * b.xPadded;
                int to = offset + (time(s, n) * b.batch + n) * row;
                boolean valid = s < b.lengths[n];
                if (valid && !assign) {
                    add(target, to, dx, from, width);
                } else if (valid) {
                    System.arraycopy(dx, from, target, to, width);
                } else if (assign) {
                    Arrays.fill(target, to, to + width, 0);
                }
            }
        }
        share.meet();
    }

    /** Multiplies the outputs of this layer, or the gradient by them, by the mask of dropout. */
    void dropOut(long seed, int steps, Share share, float[] y, int row) {
        for (int t = share.firstStep(0, steps); t < share.endStep(0, steps); t++) {
            for (int n = share.first; n < share.end; n++) {
                int at = (t * b.batch + n) * row + d * b.padded;
                for (int j = 0; j < b.hidden; j++) {
                    long counter = Dropout.counter(layer, steps, t, b.batch, n, spec.outputSize(), d * b.hidden + j);
                    y[at + j] *= (float) Dropout.factor(seed, counter, spec.dropout());
                }
            }
        }
        share.meet();
    }
}
