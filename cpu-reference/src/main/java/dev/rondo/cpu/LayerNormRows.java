package dev.rondo.cpu;

import dev.rondo.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One call of layer normalisation. A piece of work is some rows; the gradients by the weights are summed up in each piece, and the
 * sums of the pieces in their order.
 */
final class LayerNormRows {
    /** Elements of a piece. */
    private static final int PIECE = 1 << 14;

    private static final float[] NONE = new float[0];

    private final Workers workers;
    private final HostArray weight = new HostArray();
    private final HostArray bias = new HostArray();
    private final HostArray x = new HostArray();
    private final HostArray y = new HostArray();
    private final HostArray dy = new HostArray();
    private final HostArray statistics = new HostArray();
    private final HostArray sum = new HostArray();
    private final Workers.Piece forward = this::forward;
    private final Workers.Piece backward = this::backward;

    /** The gradients by weight and bias of each piece {@code [pieces][2][K]}. */
    private float[] sums = NONE;

    private int size;
    private int rows;
    private int rowsOfPiece;
    private double epsilon;
    private boolean wantStatistics;
    private boolean wantDx;
    private boolean wantWeights;

    LayerNormRows(Workers workers) {
        this.workers = workers;
    }

    private void open(Tensor weights, Tensor input) {
        size = weights.size();
        rows = input.size() / size;
        rowsOfPiece = Math.max(1, PIECE / size);
        weight.open(weights);
        x.open(input);
    }

    private int pieces() {
        return (rows + rowsOfPiece - 1) / rowsOfPiece;
    }

    private int end(int piece) {
        return Math.min(rows, (piece + 1) * rowsOfPiece);
    }

    private void close() {
        weight.close();
        bias.close();
        x.close();
        y.close();
        dy.close();
        statistics.close();
        sum.close();
    }

    void forward(Tensor weights, Tensor biases, Tensor input, double added, Tensor output, @Nullable Tensor kept) {
        try {
            open(weights, input);
            bias.open(biases);
            y.open(output);
            epsilon = added;
            wantStatistics = kept != null;
            if (kept != null) {
                statistics.open(kept);
            }
            workers.pieces(6L * rows * size, pieces(), forward);
            y.writeBack(output);
            if (kept != null) {
                statistics.writeBack(kept);
            }
        } finally {
            close();
        }
    }

    private void forward(int piece) {
        for (int m = piece * rowsOfPiece; m < end(piece); m++) {
            int from = x.offset + m * size;
            int to = y.offset + m * size;
            double total = 0;
            for (int k = 0; k < size; k++) {
                total += x.array[from + k];
            }
            double mean = total / size;
            double squares = 0;
            for (int k = 0; k < size; k++) {
                double difference = x.array[from + k] - mean;
                squares += difference * difference;
            }
            float r = (float) (1 / Math.sqrt(squares / size + epsilon));
            float m0 = (float) mean;
            for (int k = 0; k < size; k++) {
                y.array[to + k] =
                        (x.array[from + k] - m0) * r * weight.array[weight.offset + k] + bias.array[bias.offset + k];
            }
            if (wantStatistics) {
                statistics.array[statistics.offset + 2 * m] = m0;
                statistics.array[statistics.offset + 2 * m + 1] = r;
            }
        }
    }

    void backward(
            Tensor weights,
            Tensor input,
            Tensor kept,
            Tensor dOutput,
            @Nullable Tensor dInput,
            @Nullable Tensor dWeights,
            @Nullable Tensor dBiases) {
        try {
            open(weights, input);
            statistics.open(kept);
            dy.open(dOutput);
            wantDx = dInput != null;
            wantWeights = dWeights != null;
            if (dInput != null) {
                y.open(dInput);
            }
            if (wantWeights) {
                int needed = Sizes.product("layer normalisation", 2L * pieces(), size, 1);
                sums = sums.length >= needed ? sums : new float[needed];
            }
            workers.pieces(10L * rows * size, pieces(), backward);
            if (dInput != null) {
                y.writeBack(dInput);
            }
            addSums(dWeights, 0);
            addSums(dBiases, size);
        } finally {
            close();
        }
    }

    private void addSums(@Nullable Tensor target, int first) {
        if (target == null) {
            return;
        }
        sum.open(target);
        for (int piece = 0; piece < pieces(); piece++) {
            for (int k = 0; k < size; k++) {
                sum.array[sum.offset + k] += sums[2 * piece * size + first + k];
            }
        }
        sum.writeBack(target);
    }

    private void backward(int piece) {
        int dWeight = 2 * piece * size;
        int dBias = dWeight + size;
        if (wantWeights) {
            Arrays.fill(sums, dWeight, dWeight + 2 * size, 0);
        }
        for (int m = piece * rowsOfPiece; m < end(piece); m++) {
            int from = x.offset + m * size;
            int gradient = dy.offset + m * size;
            float mean = statistics.array[statistics.offset + 2 * m];
            float r = statistics.array[statistics.offset + 2 * m + 1];
            double meanG = 0;
            double meanGn = 0;
            for (int k = 0; k < size; k++) {
                float n = (x.array[from + k] - mean) * r;
                float g = dy.array[gradient + k] * weight.array[weight.offset + k];
                meanG += g;
                meanGn += g * n;
            }
            float a = (float) (meanG / size);
            float b = (float) (meanGn / size);
            for (int k = 0; k < size; k++) {
                float n = (x.array[from + k] - mean) * r;
                float d = dy.array[gradient + k];
                if (wantWeights) {
                    sums[dWeight + k] += d * n;
                    sums[dBias + k] += d;
                }
                if (wantDx) {
                    y.array[y.offset + m * size + k] = r * (d * weight.array[weight.offset + k] - a - n * b);
                }
            }
        }
    }
}
