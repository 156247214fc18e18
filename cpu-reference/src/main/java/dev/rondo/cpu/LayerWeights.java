package dev.rondo.cpu;

import dev.rondo.RnnSpec;
import dev.rondo.Weight;
import dev.rondo.WeightRole;
import java.util.Arrays;

/** The packed weights of one layer and direction, for forward passes or for backward ones. */
final class LayerWeights {
    private static final PackedMatrix[] NO_MATRIX = new PackedMatrix[0];
    private static final float[] NONE = new float[0];

    private final LayerShape shape;
    private final boolean backward;
    private final int wOffset;
    private final int uOffset;
    private final int bwOffset;
    private final int buOffset;

    /** W; empty for one-hot input. */
    private final PackedMatrix[] input;

    /** U, for each part of the cell. */
    private final PackedMatrix[] recurrent;

    /** {@code b + u} as an internal row; for a reset after the product b and u have blocks of their own. Empty for backward. */
    final float[] biasRow;

    /** Columns of W as internal rows {@code [I][row]}; empty but for forward passes with one-hot input. */
    final float[] columns;

    LayerWeights(
            RnnSpec spec, int layer, int d, LayerShape shape, boolean oneHot, boolean backward, AlignedMemory memory) {
        this.shape = shape;
        this.backward = backward;
        this.wOffset = offset(spec, layer, d, WeightRole.INPUT);
        this.uOffset = offset(spec, layer, d, WeightRole.RECURRENT);
        this.bwOffset = offset(spec, layer, d, WeightRole.BIAS_INPUT);
        this.buOffset = offset(spec, layer, d, WeightRole.BIAS_RECURRENT);
        InnerLoops loops = shape.loops;
        CpuCell.Part[] parts = shape.cell.parts;
        this.input = oneHot
                ? NO_MATRIX
                : new PackedMatrix[] {
                    backward
                            ? loops.matrix(memory, shape.inputRow, shape.xRow)
                            : loops.matrix(memory, shape.xRow, shape.inputRow)
                };
        this.recurrent = new PackedMatrix[parts.length];
        for (int i = 0; i < parts.length; i++) {
            int blocks = parts[i].blocks() * shape.padded;
            recurrent[i] =
                    backward ? loops.matrix(memory, blocks, shape.padded) : loops.matrix(memory, shape.hidden, blocks);
        }
        this.biasRow = backward ? NONE : new float[shape.row];
        this.columns = oneHot && !backward ? Sizes.floats("one-hot weights", 1, shape.segment, shape.row) : NONE;
    }

    /** Where a weight begins; -1 where the network has none. */
    static int offset(RnnSpec spec, int layer, int d, WeightRole role) {
        Weight weight = spec.weight(layer, d, role);
        return weight != null ? weight.offset() : -1;
    }

    PackedMatrix input() {
        return input[0];
    }

    PackedMatrix recurrent(int part) {
        return recurrent[part];
    }

    /** Makes the biases zero, which {@link #pack} adds to. */
    void clearBiases() {
        Arrays.fill(biasRow, 0);
    }

    /** Packs the weights of one gate, of a network whose weights begin at {@code base}. */
    void pack(float[] weights, int base, int gate) {
        if (input.length > 0) {
            packInput(weights, base + wOffset, gate);
        } else if (columns.length > 0) {
            packColumns(weights, base + wOffset, gate);
        }
        packRecurrent(weights, base + uOffset, gate);
        if (bwOffset >= 0 && !backward) {
            addBias(weights, base + bwOffset, base + buOffset, gate);
        }
    }

    /** {@code [H, segments * segment]} of W. */
    private void packInput(float[] weights, int first, int gate) {
        int columnsOfW = shape.segments * shape.segment;
        int block = shape.cell.inputBlock(gate) * shape.padded;
        for (int i = 0; i < shape.segments; i++) {
            int from = first + gate * shape.hidden * columnsOfW + i * shape.segment;
            int x = i * shape.segmentPadded;
            if (backward) {
                input[0].pack(weights, from, columnsOfW, shape.hidden, shape.segment, block, x);
            } else {
                input[0].packTransposed(weights, from, columnsOfW, shape.segment, shape.hidden, x, block);
            }
        }
    }

    private void packColumns(float[] weights, int first, int gate) {
        int block = shape.cell.inputBlock(gate) * shape.padded;
        for (int j = 0; j < shape.hidden; j++) {
            int from = first + (gate * shape.hidden + j) * shape.segment;
            for (int i = 0; i < shape.segment; i++) {
                columns[i * shape.row + block + j] = weights[from + i];
            }
        }
    }

    /** {@code [H,H]} of U. */
    private void packRecurrent(float[] weights, int first, int gate) {
        int hidden = shape.hidden;
        int block = shape.cell.recurrentBlock(gate);
        CpuCell.Part[] parts = shape.cell.parts;
        for (int i = 0; i < parts.length; i++) {
            int within = block - parts[i].start();
            if (within < 0 || within >= parts[i].blocks()) {
                continue;
            }
            int from = first + gate * hidden * hidden;
            if (backward) {
                recurrent[i].pack(weights, from, hidden, hidden, hidden, within * shape.padded, 0);
            } else {
                recurrent[i].packTransposed(weights, from, hidden, hidden, hidden, 0, within * shape.padded);
            }
        }
    }

    private void addBias(float[] weights, int bw, int bu, int gate) {
        int inputBlock = shape.cell.inputBlock(gate) * shape.padded;
        int recurrentBlock = shape.cell.recurrentBlock(gate) * shape.padded;
        for (int j = 0; j < shape.hidden; j++) {
            biasRow[inputBlock + j] += weights[bw + gate * shape.hidden + j];
            biasRow[recurrentBlock + j] += weights[bu + gate * shape.hidden + j];
        }
    }
}
