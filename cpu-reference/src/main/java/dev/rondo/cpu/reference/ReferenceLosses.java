package dev.rondo.cpu.reference;

import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import dev.rondo.spi.LossKernels;
import org.jspecify.annotations.Nullable;

/** The losses and their gradients. */
final class ReferenceLosses implements LossKernels {
    @Override
    public void softmaxCrossEntropy(Tensor logits, IntTensor targets, Tensor loss, @Nullable Tensor dLogits) {
        int[] target = targets.toInts();
        int classes = logits.size() / target.length;
        double[] a = logits.toDoubles();
        double[] gradient = new double[a.length];
        int counted = 0;
        for (int m = 0; m < target.length; m++) {
            if (target[m] >= classes) {
                throw new IllegalArgumentException("targets[" + m + "]: expected a class of 0 to " + (classes - 1)
                        + ", or a negative number to mask the row, got " + target[m]);
            }
            counted += target[m] >= 0 ? 1 : 0;
        }
        double sum = 0;
        for (int m = 0; m < target.length; m++) {
            if (target[m] < 0) {
                continue;
            }
            int row = m * classes;
            double max = Double.NEGATIVE_INFINITY;
            for (int v = 0; v < classes; v++) {
                max = Math.max(max, a[row + v]);
            }
            double total = 0;
            for (int v = 0; v < classes; v++) {
                total += Math.exp(a[row + v] - max);
            }
            sum += Math.log(total) - (a[row + target[m]] - max);
            for (int v = 0; v < classes; v++) {
                double p = Math.exp(a[row + v] - max) / total;
                gradient[row + v] = (p - (v == target[m] ? 1 : 0)) / counted;
            }
        }
        loss.set(counted > 0 ? sum / counted : 0.0);
        if (dLogits != null) {
            dLogits.set(gradient);
        }
    }

    @Override
    public void meanSquaredError(
            Tensor prediction, Tensor target, @Nullable IntTensor mask, Tensor loss, @Nullable Tensor dPrediction) {
        double[] p = prediction.toDoubles();
        double[] y = target.toDoubles();
        int[] counts = mask != null ? mask.toInts() : new int[] {1};
        int width = p.length / counts.length;
        int counted = 0;
        for (int row : counts) {
            counted += row != 0 ? width : 0;
        }
        double sum = 0;
        double[] gradient = new double[p.length];
        for (int i = 0; i < p.length; i++) {
            if (counts[i / width] != 0) {
                double error = p[i] - y[i];
                sum += error * error;
                gradient[i] = 2 * error / counted;
            }
        }
        loss.set(counted > 0 ? sum / counted : 0);
        if (dPrediction != null) {
            dPrediction.set(gradient);
        }
    }
}
