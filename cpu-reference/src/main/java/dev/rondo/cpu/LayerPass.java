package dev.rondo.cpu;

import dev.rondo.RnnSpec;
import dev.rondo.spi.Dropout;
import java.util.Arrays;

/**
 * The loops over time of one layer and direction, for some rows of the batch. Rows are independent: threads take different
 * ones and meet only at the end.
 */
final class LayerPass {
    /** So many internal rows are given {@code W x + b} before their steps are run: they are still in the cache then. */
    static final int PROJECTED_ROWS = 256;

    final LayerBuffers b;
    private final RnnSpec spec;
    private final int layer;
    private final int d;
    private final boolean reverse;

    /** x in the order of the steps {@code [T][N][xRow]}, 0 past the lengths; used where the caller's order will not do. */
    private float[] ordered = new float[0];

    /** Where x is: the caller's array, the lower layer's, or {@link #ordered}. */
    float[] x = new float[0];

    int xOffset;

    /** One-hot input in the order of the steps {@code [T][N]}, -1 past the lengths. */
    final int[] indices;

    boolean oneHot;

    /** Gradient by x in the order of the steps {@code [T][N][xPadded]}; made when it is first needed. */
    float[] dx = new float[0];

    LayerPass(RnnSpec spec, int layer, int d, InnerLoops loops, int maxSteps, int maxBatch) {
        this.spec = spec;
        this.layer = layer;
        this.d = d;
        this.reverse = spec.direction().isReverse(d);
        this.b = new LayerBuffers(spec, layer, loops, maxSteps, maxBatch);
        this.indices = layer == 0 ? new int[maxSteps * maxBatch] : new int[0];
    }

    /** The time of the s-th step of row n; past the length, s itself. */
    private int time(int s, int n) {
        return reverse && s < b.lengths[n] ? b.lengths[n] - 1 - s : s;
    }

    /** Takes dense input as it is where its order and padding allow, else makes room to copy it. */
    void setDense(float[] source, int offset, int steps, int batch, boolean asItIs) {
        oneHot = false;
        if (asItIs && !reverse) {
            x = source;
            xOffset = offset;
        } else {
            if (ordered.length < steps * batch * b.xRow) {
                ordered = Sizes.floats("inputs", steps, batch, b.xRow);
            }
            x = ordered;
            xOffset = 0;
        }
    }

    /** Copies the rows of dense input in the order of the steps, unless they are taken as they are. */
    void order(float[] source, int offset, int steps, int first, int end) {
        if (x != ordered) {
            return;
        }
        for (int s = 0; s < steps; s++) {
            for (int n = first; n < end; n++) {
                int to = (s * b.batch + n) * b.xRow;
                if (s < b.lengths[n]) {
                    System.arraycopy(source, offset + (time(s, n) * b.batch + n) * b.xRow, ordered, to, b.xRow);
                } else {
                    Arrays.fill(ordered, to, to + b.xRow, 0);
                }
            }
        }
    }

    /** Takes one-hot input, in the order of the steps. */
    void setIndices(int[] source, int offset, int steps) {
        oneHot = true;
        int batch = b.batch;
        for (int s = 0; s < steps; s++) {
            for (int n = 0; n < batch; n++) {
                int t = time(s, n);
                int index = s < b.lengths[n] ? source[offset + t * batch + n] : -1;
                if (s < b.lengths[n] && (index < 0 || index >= spec.inputSize())) {
                    throw new IllegalArgumentException("x[" + t + "," + n + "]: expected an index of 0 to "
                            + (spec.inputSize() - 1) + ", got " + index);
                }
                indices[s * batch + n] = index;
            }
        }
        if (b.columns.length == 0) {
            b.columns = Sizes.floats("one-hot weights", 1, spec.inputSize(), b.row);
        }
    }

    /** All steps of rows first to end - 1, from the states in slot 0; the final states end up in slot T. */
    void forward(int steps, int first, int end) {
        int chunk = Math.min(b.window, Math.max(1, PROJECTED_ROWS / (end - first)));
        for (int from = 0; from < steps; from += chunk) {
            int to = Math.min(steps, from + chunk);
            project(from, to, first, end);
            for (int s = from; s < to; s++) {
                b.cell.forward(b, s, first, end);
                for (int n = first; n < end; n++) {
                    if (s >= b.lengths[n]) {
                        keepState(s, n);
                    }
                }
            }
        }
    }

    private void project(int from, int to, int first, int end) {
        for (int s = from; s < to; s++) {
            for (int n = first; n < end; n++) {
                System.arraycopy(b.biasRow, 0, b.rows, b.row(s, n), b.row);
                if (oneHot && indices[s * b.batch + n] >= 0) {
                    addColumn(b.row(s, n), indices[s * b.batch + n] * b.row);
                }
            }
        }
        if (oneHot) {
            return;
        }
        if (first == 0 && end == b.batch) {
            b.inputProduct(from, 0, (to - from) * b.batch, x, xOffset + from * b.batch * b.xRow);
            return;
        }
        for (int s = from; s < to; s++) {
            b.inputProduct(s, first, end - first, x, xOffset + (s * b.batch + first) * b.xRow);
        }
    }

    private void addColumn(int to, int from) {
        float[] rows = b.rows;
        float[] columns = b.columns;
        for (int j = 0; j < b.inputRow; j++) {
            rows[to + j] += columns[from + j];
        }
    }

    private void keepState(int s, int n) {
        System.arraycopy(b.h, b.slot(s, n), b.h, b.slot(s + 1, n), b.padded);
        if (b.c.length > 0) {
            System.arraycopy(b.c, b.slot(s, n), b.c, b.slot(s + 1, n), b.padded);
        }
    }

    /**
     * Writes the outputs of rows first to end - 1 in the order of time, 0 past the lengths.
     *
     * @param y receives them at {@code offset + (t * N + n) * row + column}
     * @param width values of each, H or Hp
     */
    void output(int steps, int first, int end, float[] y, int offset, int row, int column, int width) {
        for (int s = 0; s < steps; s++) {
            for (int n = first; n < end; n++) {
                int to = offset + (time(s, n) * b.batch + n) * row + column;
                if (s < b.lengths[n]) {
                    System.arraycopy(b.h, b.slot(s + 1, n), y, to, width);
                } else {
                    Arrays.fill(y, to, to + width, 0);
                }
            }
        }
    }

    /**
     * All steps of rows first to end - 1, backwards. The internal rows then hold the gradients by the pre-activations, and
     * {@code dh}, {@code dc} those by the initial state.
     *
     * @param dy gradient by the outputs, at {@code offset + (t * N + n) * row + column}; not looked at if {@code row} is 0
     */
    void backward(int steps, int first, int end, float[] dy, int offset, int row, int column) {
        for (int s = steps - 1; s >= 0; s--) {
            for (int n = first; n < end; n++) {
                if (row > 0 && s < b.lengths[n]) {
                    addGradient(n * b.padded, dy, offset + (time(s, n) * b.batch + n) * row + column);
                }
            }
            b.cell.backward(b, s, first, end);
        }
    }

    private void addGradient(int to, float[] dy, int from) {
        float[] dh = b.dh;
        for (int j = 0; j < b.hidden; j++) {
            dh[to + j] += dy[from + j];
        }
    }

    /** Makes room for the gradient by x. */
    void prepareInputGradient(int steps) {
        if (dx.length < steps * b.batch * b.xPadded) {
            dx = Sizes.floats("gradients by the input", steps, b.batch, b.xPadded);
        }
    }

    /** {@code W^T da} of rows first to end - 1, in the order of the steps. */
    void inputGradient(int steps, int first, int end) {
        for (int s = 0; s < steps; s++) {
            int from = (s * b.batch + first) * b.xPadded;
            Arrays.fill(dx, from, from + (end - first) * b.xPadded, 0);
            b.inputProductBackward(s, first, end - first, dx, from);
        }
    }

    /**
     * Adds the gradient by x to the caller's or the lower layer's, in the order of time.
     *
     * @param target receives it at {@code offset + (t * N + n) * row}
     * @param width values of each row
     * @param assign whether to assign instead of to add
     */
    void addInputGradient(
            int steps, int first, int end, float[] target, int offset, int row, int width, boolean assign) {
        for (int s = 0; s < steps; s++) {
            for (int n = first; n < end; n++) {
                int from = (s * b.batch + n) * b.xPadded;
                int to = offset + (time(s, n) * b.batch + n) * row;
                if (assign) {
                    System.arraycopy(dx, from, target, to, width);
                } else {
                    for (int j = 0; j < width; j++) {
                        target[to + j] += dx[from + j];
                    }
                }
            }
        }
    }

    /** Multiplies the outputs of this layer, or the gradient by them, by the mask of dropout. */
    void dropOut(long seed, int steps, int first, int end, float[] y, int row) {
        for (int t = 0; t < steps; t++) {
            for (int n = first; n < end; n++) {
                int at = (t * b.batch + n) * row + d * b.padded;
                for (int j = 0; j < b.hidden; j++) {
                    long counter = Dropout.counter(layer, steps, t, b.batch, n, spec.outputSize(), d * b.hidden + j);
                    y[at + j] *= (float) Dropout.factor(seed, counter, spec.dropout());
                }
            }
        }
    }
}
