package dev.rondo.cpu;

import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import dev.rondo.internal.IntArrayStorage;
import dev.rondo.spi.LossKernels;
import org.jspecify.annotations.Nullable;

/** The losses and their gradients; one call at a time, since the scratch is shared. Rows are shared among threads; their losses are added up in the order of the rows. */
final class CpuLosses implements LossKernels {
    private final Workers workers;
    private final HostArray a = new HostArray();
    private final HostArray g = new HostArray();
    private final HostArray out = new HostArray();
    private float[] gradient = new float[0];
    private double[] rowLoss = new double[0];
    private final Workers.Task rowsTask = this::rows;
    private int lossRows;
    private int lossClasses;
    private int[] lossTargets = new int[0];
    private int lossStart;
    private float lossScale;

    CpuLosses(Workers workers) {
        this.workers = workers;
    }

    @Override
    public synchronized void softmaxCrossEntropy(
            Tensor logits, IntTensor targets, Tensor loss, @Nullable Tensor dLogits) {
        int rows = targets.size();
        int classes = logits.size() / rows;
        int[] target = ((IntArrayStorage) targets.storage()).array();
        int start = targets.offset();
        int counted = 0;
        for (int m = 0; m < rows; m++) {
            if (target[start + m] >= classes) {
                throw new IllegalArgumentException("targets[" + m + "]: expected a class of 0 to " + (classes - 1)
                        + ", or a negative number to mask the row, got " + target[start + m]);
            }
            counted += target[start + m] >= 0 ? 1 : 0;
        }
        a.open(logits);
        if (dLogits != null) {
            g.open(dLogits);
        } else {
            gradient = gradient.length >= (long) rows * classes ? gradient : Sizes.floats("gradient", 1, rows, classes);
            g.array = gradient;
            g.offset = 0;
        }
        rowLoss = rowLoss.length >= rows ? rowLoss : new double[rows];
        lossRows = rows;
        lossClasses = classes;
        lossTargets = target;
        lossStart = start;
        lossScale = 1f / Math.max(1, counted);
        workers.run(16L * rows * classes, rowsTask);
        double sum = 0;
        for (int m = 0; m < rows; m++) {
            sum += rowLoss[m];
        }
        if (dLogits != null) {
            g.writeBack(dLogits);
        }
        out.open(loss);
        out.array[out.offset] = counted > 0 ? (float) (sum / counted) : 0;
        out.writeBack(loss);
    }

    private void rows(int worker) {
        int end = (int) ((long) lossRows * (worker + 1) / workers.active());
        for (int m = (int) ((long) lossRows * worker / workers.active()); m < end; m++) {
            rowLoss[m] = row(m * lossClasses, lossClasses, lossTargets[lossStart + m], lossScale);
        }
    }

    private double row(int at, int classes, int target, float scale) {
        int from = a.offset + at;
        int to = g.offset + at;
        if (target < 0) {
            for (int v = 0; v < classes; v++) {
                g.array[to + v] = 0;
            }
            return 0;
        }
        float max = Float.NEGATIVE_INFINITY;
        for (int v = 0; v < classes; v++) {
            max = Math.max(max, a.array[from + v]);
        }
        float targetLogit = a.array[from + target];
        float total = 0;
        for (int v = 0; v < classes; v++) {
            float e = Activations.exp(a.array[from + v] - max);
            g.array[to + v] = e;
            total += e;
        }
        float factor = scale / total;
        for (int v = 0; v < classes; v++) {
            g.array[to + v] *= factor;
        }
        g.array[to + target] -= scale;
        return Math.log(total) - (targetLogit - max);
    }

    @Override
    public synchronized void meanSquaredError(
            Tensor prediction, Tensor target, Tensor loss, @Nullable Tensor dPrediction) {
        int size = prediction.size();
        a.open(prediction);
        g.open(target);
        double sum = 0;
        for (int i = 0; i < size; i++) {
            double error = a.array[a.offset + i] - g.array[g.offset + i];
            sum += error * error;
        }
        if (dPrediction != null) {
            out.open(dPrediction);
            for (int i = 0; i < size; i++) {
                out.array[out.offset + i] = 2 * (a.array[a.offset + i] - g.array[g.offset + i]) / size;
            }
            out.writeBack(dPrediction);
        }
        out.open(loss);
        out.array[out.offset] = (float) (sum / size);
        out.writeBack(loss);
    }
}
