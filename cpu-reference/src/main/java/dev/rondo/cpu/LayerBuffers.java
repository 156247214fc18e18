package dev.rondo.cpu;

import dev.rondo.RnnSpec;

/**
 * The memory of one layer and direction: packed weights, activations and scratch. Allocated once; a call uses as much of it
 * as it needs. Room for the packed weights is only reserved here.
 *
 * <p>Steps are counted in the order in which they are computed: {@code s} is the s-th step of every row, from its own end in
 * the reverse direction. States have {@code T + 1} slots; slot 0 is the initial state.
 */
final class LayerBuffers {
    final CpuCell cell;
    final InnerLoops loops;
    final int panel;
    final int hidden;
    final int padded;
    final int row;
    final int inputRow;

    /** x in segments of {@code segment} values, each in {@code segmentPadded} places: one for layer 0, else one a direction. */
    final int segments;

    final int segment;
    final int segmentPadded;

    /** The places of a row of x, and of a row of its gradient. */
    final int xRow;

    final int xPadded;

    /** Internal rows {@code [T][N][row]}, of which inference uses {@code [window][N][row]}. */
    final float[] rows;

    /** Hidden states {@code [T+1][N][Hp]}. */
    final float[] h;

    /** Cell states {@code [T+1][N][Hp]}; empty for a cell without one. */
    final float[] c;

    /** Hidden states times reset gates {@code [T][N][Hp]}; empty but for a reset before the product. */
    final float[] p;

    /** Gradient by the state {@code [N][Hp]}, the one after the step before a backward step, the one before it after it. */
    final float[] dh;

    /**
     * Gradient by the final state of rows shorter than the sequence: in their steps past the length products leave something
     * else than {@link #dh} if a weight is infinite.
     */
    final float[] dhLast;

    final float[] dc;
    final float[] dp;

    /** {@code tanh(c')} of each step {@code [T][N][Hp]}; empty for a cell without c. */
    final float[] tanhC;

    /** {@code b + u} as an internal row; for a reset after the product b and u have blocks of their own. */
    final float[] biasRow;

    private final PackedMatrix inputWeights;
    private final PackedMatrix inputWeightsBackward;
    private final PackedMatrix[] recurrentWeights;
    private final PackedMatrix[] recurrentWeightsBackward;

    /** Columns of W as internal rows {@code [I][row]}, for one-hot input; made when it first comes. */
    float[] columns = new float[0];

    /** Valid steps of each row of the batch. */
    int[] lengths = new int[0];

    int batch;

    /** Steps whose internal rows are kept: all of them in training; in inference a few, which stay in the cache. */
    int window;

    LayerBuffers(RnnSpec spec, int layer, InnerLoops loops, AlignedMemory memory, int maxSteps, int maxBatch) {
        this.loops = loops;
        this.cell = CpuCell.of(spec.cell(), loops, spec.hiddenSize());
        this.panel = loops.panel();
        this.hidden = spec.hiddenSize();
        this.padded = cell.padded;
        this.row = cell.row;
        this.inputRow = cell.inputBlocks() * padded;
        this.segments = layer == 0 ? 1 : spec.directions();
        this.segment = layer == 0 ? spec.inputSize() : hidden;
        this.segmentPadded = layer == 0 ? spec.inputSize() : padded;
        this.xRow = Sizes.product("a row of the input", segments, segmentPadded, 1);
        this.xPadded = PackedMatrix.padded(xRow, panel);
        this.rows = Sizes.floats("activations", maxSteps, maxBatch, row);
        this.h = Sizes.floats("hidden states", maxSteps + 1, maxBatch, padded);
        boolean reset = cell.parts.length > 1;
        this.c =
                spec.cell().hasCellState() ? Sizes.floats("cell states", maxSteps + 1, maxBatch, padded) : new float[0];
        this.p = reset ? Sizes.floats("reset states", maxSteps, maxBatch, padded) : new float[0];
        this.dh = Sizes.floats("gradients", 1, maxBatch, padded);
        this.dhLast = Sizes.floats("gradients", 1, maxBatch, padded);
        this.dc = Sizes.floats("gradients", 1, maxBatch, padded);
        this.dp = reset ? Sizes.floats("gradients", 1, maxBatch, padded) : new float[0];
        this.tanhC = Sizes.floats("activations", spec.cell().hasCellState() ? maxSteps : 0, maxBatch, padded);
        this.biasRow = new float[row];
        this.inputWeights = loops.matrix(memory, xRow, inputRow);
        this.inputWeightsBackward = loops.matrix(memory, inputRow, xRow);
        CpuCell.Part[] parts = cell.parts;
        this.recurrentWeights = new PackedMatrix[parts.length];
        this.recurrentWeightsBackward = new PackedMatrix[parts.length];
        for (int i = 0; i < parts.length; i++) {
            recurrentWeights[i] = loops.matrix(memory, hidden, parts[i].blocks() * padded);
            recurrentWeightsBackward[i] = loops.matrix(memory, parts[i].blocks() * padded, padded);
        }
    }

    /** First element of the internal row of row n at step s. */
    int row(int s, int n) {
        return (s % window * batch + n) * row;
    }

    /** First element of the state of row n before step s. */
    int slot(int s, int n) {
        return (s * batch + n) * padded;
    }

    /** Packs the input weights of one gate, {@code [H, segments * segment]} of W. */
    void packInput(float[] weights, int wOffset, int gate, boolean backward) {
        int columnsOfW = segments * segment;
        int block = cell.inputBlock(gate) * padded;
        for (int i = 0; i < segments; i++) {
            int from = wOffset + gate * hidden * columnsOfW + i * segment;
            int x = i * segmentPadded;
            inputWeights.packTransposed(weights, from, columnsOfW, segment, hidden, x, block);
            if (backward) {
                inputWeightsBackward.pack(weights, from, columnsOfW, hidden, segment, block, x);
            }
        }
    }

    /** Lays out the input weights of one gate as columns, for one-hot input. */
    void packColumns(float[] weights, int wOffset, int gate) {
        int block = cell.inputBlock(gate) * padded;
        for (int j = 0; j < hidden; j++) {
            int from = wOffset + (gate * hidden + j) * segment;
            for (int i = 0; i < segment; i++) {
                columns[i * row + block + j] = weights[from + i];
            }
        }
    }

    /** Packs the recurrent weights of one gate, {@code [H,H]} of U. */
    void packRecurrent(float[] weights, int uOffset, int gate, boolean backward) {
        int block = cell.recurrentBlock(gate);
        CpuCell.Part[] parts = cell.parts;
        for (int i = 0; i < parts.length; i++) {
            int within = block - parts[i].start();
            if (within < 0 || within >= parts[i].blocks()) {
                continue;
            }
            int from = uOffset + gate * hidden * hidden;
            recurrentWeights[i].packTransposed(weights, from, hidden, hidden, hidden, 0, within * padded);
            if (backward) {
                recurrentWeightsBackward[i].pack(weights, from, hidden, hidden, hidden, within * padded, 0);
            }
        }
    }

    /** Adds the biases of one gate to the row that every internal row begins with. */
    void addBias(float[] weights, int bwOffset, int buOffset, int gate) {
        int input = cell.inputBlock(gate) * padded;
        int recurrent = cell.recurrentBlock(gate) * padded;
        for (int j = 0; j < hidden; j++) {
            biasRow[input + j] += weights[bwOffset + gate * hidden + j];
            biasRow[recurrent + j] += weights[buOffset + gate * hidden + j];
        }
    }

    /** {@code W x} of count rows of x, from step s and row first on, added to the share's units of the internal rows. */
    void inputProduct(int s, int first, int count, Share share, float[] x, int xOffset) {
        product(x, xOffset, xRow, count, inputWeights, cell.inputBlocks(), share, rows, row(s, first));
    }

    /** {@code W^T da} of count internal rows, added to the rows of dx. */
    void inputProductBackward(int s, int first, int count, float[] dx, int dxOffset) {
        PackedMatrix w = inputWeightsBackward;
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
        product(state, slot(s, share.first), padded, count, recurrentWeights[part], blocks, share, rows, to);
    }

    /** {@code U^T da} of one part for the share, added to the gradient by the state. */
    void recurrentProductBackward(int part, int s, Share share, float[] dState) {
        PackedMatrix u = recurrentWeightsBackward[part];
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
