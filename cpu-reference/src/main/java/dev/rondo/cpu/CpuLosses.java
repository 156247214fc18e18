package dev.rondo.cpu;

import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import dev.rondo.internal.IntArrayStorage;
import dev.rondo.spi.LossKernels;
import org.jspecify.annotations.Nullable;

/**
 * The losses and their gradients. A call borrows an object with its scratch, so any number of threads call at the same time. Rows
 * are shared among threads; their losses are added up in the order of the rows.
 */
final class CpuLosses implements LossKernels {
    private final Spares<Call> calls;

    CpuLosses(Workers workers) {
        this.calls = new Spares<>(() -> new Call(workers));
    }

    @Override
    public void softmaxCrossEntropy(Tensor logits, IntTensor targets, Tensor loss, @Nullable Tensor dLogits) {
        Call call = calls.borrow();
        call.softmaxCrossEntropy(logits, targets, loss, dLogits);
        calls.giveBack(call);
    }

    @Override
    public void meanSquaredError(
            Tensor prediction, Tensor target, @Nullable IntTensor mask, Tensor loss, @Nullable Tensor dPrediction) {
        Call call = calls.borrow();
        call.meanSquaredError(prediction, target, mask, loss, dPrediction);
        calls.giveBack(call);
    }

    private static final class Call implements Workers.Piece {
        /** Elements of a piece of work. */
        private static final int PIECE = 8192;

        private static final float[] NONE = new float[0];
        private static final int[] NO_TARGETS = new int[0];

        /** The mask of a single row that counts. */
        private static final int[] EVERY = {1};

        private final Workers workers;
        private final HostArray a = new HostArray();
        private final HostArray g = new HostArray();
        private final HostArray out = new HostArray();
        private float[] gradient = NONE;
        private double[] rowLoss = new double[0];
        private int rows;
        private int classes;
        private int[] target = NO_TARGETS;
        private int start;
        private int rowsOfPiece;
        private float scale;

        Call(Workers workers) {
            this.workers = workers;
        }

        private void close() {
            a.close();
            g.close();
            out.close();
            target = NO_TARGETS;
        }

        void softmaxCrossEntropy(Tensor logits, IntTensor targets, Tensor loss, @Nullable Tensor dLogits) {
            rows = targets.size();
            classes = logits.size() / rows;
            target = ((IntArrayStorage) targets.storage()).array();
            start = targets.offset();
            try {
                int counted = count();
                a.open(logits);
                if (dLogits != null) {
                    g.open(dLogits);
                } else {
                    gradient = gradient.length >= (long) rows * classes
                            ? gradient
                            : Sizes.floats("gradient", 1, rows, classes);
                    g.array = gradient;
                    g.offset = 0;
                }
                rowLoss = rowLoss.length >= rows ? rowLoss : new double[rows];
                scale = 1f / Math.max(1, counted);
                rowsOfPiece = Math.max(1, PIECE / classes);
                workers.pieces(16L * rows * classes, (rows + rowsOfPiece - 1) / rowsOfPiece, this);
                double sum = 0;
                for (int m = 0; m < rows; m++) {
                    sum += rowLoss[m];
                }
                if (dLogits != null) {
                    g.writeBack(dLogits);
                }
                write(loss, counted > 0 ? sum / counted : 0);
            } finally {
                close();
            }
        }

        private void write(Tensor loss, double value) {
            out.open(loss);
            out.array[out.offset] = (float) value;
            out.writeBack(loss);
        }

        /** Checks the targets, and counts the rows that are not masked. */
        private int count() {
            int counted = 0;
            for (int m = 0; m < rows; m++) {
                if (target[start + m] >= classes) {
                    throw new IllegalArgumentException("targets[" + m + "]: expected a class of 0 to " + (classes - 1)
                            + ", or a negative number to mask the row, got " + target[start + m]);
                }
                counted += target[start + m] >= 0 ? 1 : 0;
            }
            return counted;
        }

        @Override
        public void run(int piece) {
            int end = Math.min(rows, (piece + 1) * rowsOfPiece);
            for (int m = piece * rowsOfPiece; m < end; m++) {
                rowLoss[m] = row(m * classes, target[start + m]);
            }
        }

        private double row(int at, int label) {
            int from = a.offset + at;
            int to = g.offset + at;
            if (label < 0) {
                for (int v = 0; v < classes; v++) {
                    g.array[to + v] = 0;
                }
                return 0;
            }
            float max = Float.NEGATIVE_INFINITY;
            for (int v = 0; v < classes; v++) {
                max = Math.max(max, a.array[from + v]);
            }
            float targetLogit = a.array[from + label];
            double total = 0;
            for (int v = 0; v < classes; v++) {
                float e = Activations.exp(a.array[from + v] - max);
                g.array[to + v] = e;
                total += e;
            }
            float factor = (float) (scale / total);
            for (int v = 0; v < classes; v++) {
                g.array[to + v] *= factor;
            }
            g.array[to + label] -= scale;
            return Math.log(total) - (targetLogit - max);
        }

        void meanSquaredError(
                Tensor prediction, Tensor target, @Nullable IntTensor mask, Tensor loss, @Nullable Tensor dPrediction) {
            workers.requireOpen();
            int all = mask != null ? mask.size() : 1;
            int width = prediction.size() / all;
            int[] counts = mask != null ? ((IntArrayStorage) mask.storage()).array() : EVERY;
            int first = mask != null ? mask.offset() : 0;
            int counted = 0;
            for (int m = 0; m < all; m++) {
                counted += counts[first + m] != 0 ? width : 0;
            }
            try {
                a.open(prediction);
                g.open(target);
                double sum = 0;
                for (int m = 0; m < all; m++) {
                    for (int i = m * width; counts[first + m] != 0 && i < (m + 1) * width; i++) {
                        double error = a.array[a.offset + i] - g.array[g.offset + i];
                        sum += error * error;
                    }
                }
                if (dPrediction != null) {
                    out.open(dPrediction);
                    for (int m = 0; m < all; m++) {
                        boolean valid = counts[first + m] != 0;
                        for (int i = m * width; i < (m + 1) * width; i++) {
                            float error = a.array[a.offset + i] - g.array[g.offset + i];
                            out.array[out.offset + i] = valid ? 2 * error / counted : 0;
                        }
                    }
                    out.writeBack(dPrediction);
                }
                write(loss, counted > 0 ? sum / counted : 0);
            } finally {
                close();
            }
        }
    }
}
