package dev.rondo.cpu;

import dev.rondo.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One call's gradients by the weights of a linear layer: {@code dW += dy^T x} and {@code db +=} the sum of the rows of dy. The
 * work is cut into tiles of W; each is computed by one thread, in the order of the rows.
 *
 * <p>A sum of a million terms in one float32 would lose the last three digits, so there are sums of sums: of some rows, of some
 * of those, and of these.
 */
final class LinearGradient implements Workers.Piece {
    /** Rows of x and dy that are multiplied at a time. */
    private static final int DEPTH = 128;

    /** So many of those are added up before they are added to the gradient. */
    private static final int GROUP = 256;

    /** Rows and columns of W of a tile, at most. */
    private static final int SIDE = 256;

    private final InnerLoops loops;
    private final Workers workers;
    private final int panel;
    private final Spares<Scratch> scratch;
    private final HostArray x = new HostArray();
    private final HostArray dy = new HostArray();
    private final HostArray dw = new HostArray();
    private final HostArray db = new HostArray();
    private int rows;
    private int inputs;
    private int outputs;
    private int tilesAcross;
    private int height;

    /** Room of one thread. */
    static final class Scratch {
        private final PackedMatrix left;
        private final PackedMatrix right;
        private final float[] some = new float[SIDE * SIDE];
        private final float[] sum = new float[SIDE * SIDE];
        private final double[] biases = new double[SIDE];

        Scratch(InnerLoops loops) {
            AlignedMemory memory = new AlignedMemory("packed gradients");
            left = loops.matrix(memory, DEPTH, SIDE);
            right = loops.matrix(memory, DEPTH, SIDE);
            memory.allocate();
        }
    }

    LinearGradient(InnerLoops loops, Workers workers, Spares<Scratch> scratch) {
        this.loops = loops;
        this.workers = workers;
        this.panel = loops.panel();
        this.scratch = scratch;
    }

    /**
     * Adds the gradients.
     *
     * @param xTensor {@code [M,I]}
     * @param dyTensor {@code [M,O]}
     * @param dWeight {@code [O,I]}, or null if not wanted
     * @param dBias {@code [O]}, or null if not wanted
     */
    void run(int m, Tensor xTensor, Tensor dyTensor, @Nullable Tensor dWeight, @Nullable Tensor dBias) {
        rows = m;
        inputs = xTensor.size() / m;
        outputs = dyTensor.size() / m;
        try {
            dy.open(dyTensor);
            if (dWeight != null) {
                x.open(xTensor);
                dw.open(dWeight);
                int most = PackedMatrix.padded(outputs, panel);
                int wanted = PackedMatrix.padded((outputs + workers.count() - 1) / workers.count(), panel);
                height = Math.min(Math.min(SIDE, most), wanted);
                tilesAcross = (inputs + SIDE - 1) / SIDE;
                workers.pieces((long) rows * inputs * outputs, tilesAcross * ((outputs + height - 1) / height), this);
                dw.writeBack(dWeight);
            }
            if (dBias != null) {
                db.open(dBias);
                addBiases();
                db.writeBack(dBias);
            }
        } finally {
            x.close();
            dy.close();
            dw.close();
            db.close();
        }
    }

    private void addBiases() {
        Scratch spare = scratch.borrow();
        double[] sums = spare.biases;
        for (int first = 0; first < outputs; first += SIDE) {
            int width = Math.min(SIDE, outputs - first);
            Arrays.fill(sums, 0, width, 0);
            for (int m = 0; m < rows; m++) {
                int from = dy.offset + m * outputs + first;
                for (int o = 0; o < width; o++) {
                    sums[o] += dy.array[from + o];
                }
            }
            for (int o = 0; o < width; o++) {
                db.array[db.offset + first + o] += (float) sums[o];
            }
        }
        scratch.giveBack(spare);
    }

    @Override
    public void run(int tile) {
        int first = tile / tilesAcross * height;
        int column = tile % tilesAcross * SIDE;
        int count = Math.min(height, outputs - first);
        int width = Math.min(SIDE, inputs - column);
        int row = PackedMatrix.padded(width, panel);
        int used = PackedMatrix.padded(count, panel) * row;
        Scratch spare = scratch.borrow();
        for (int group = 0; group < rows; group += DEPTH * GROUP) {
            int end = (int) Math.min(rows, (long) group + DEPTH * GROUP);
            Arrays.fill(spare.sum, 0, used, 0);
            for (int from = group; from < end; from += DEPTH) {
                product(spare, from, Math.min(DEPTH, end - from), first, count, column, width);
                loops.add(spare.sum, 0, spare.some, 0, used);
            }
            for (int o = 0; o < count; o++) {
                int to = dw.offset + (first + o) * inputs + column;
                for (int i = 0; i < width; i++) {
                    dw.array[to + i] += spare.sum[o * row + i];
                }
            }
        }
        scratch.giveBack(spare);
    }

    private void product(Scratch spare, int from, int depth, int first, int count, int column, int width) {
        PackedMatrix left = spare.left;
        PackedMatrix right = spare.right;
        int row = PackedMatrix.padded(width, panel);
        int high = PackedMatrix.padded(count, panel);
        left.pack(dy.array, dy.offset + from * outputs + first, outputs, depth, count, 0, 0);
        right.pack(x.array, x.offset + from * inputs + column, inputs, depth, width, 0, 0);
        if ((depth & 1) == 1) {
            left.clear(depth, high);
            right.clear(depth, row);
        }
        Arrays.fill(spare.some, 0, high * row, 0);
        loops.transposedProduct(left, high, depth, right, 0, row / panel, spare.some, 0, row);
    }
}
