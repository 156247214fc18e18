package dev.rondo.cpu.reference;

import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import dev.rondo.spi.DistributionKernels;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Categorical and Gaussian distributions, row by row. */
final class ReferenceDistributions implements DistributionKernels {
    @Override
    public void topK(Tensor logits, int k, IntTensor indices, @Nullable Tensor logProbabilities) {
        int rows = indices.size() / k;
        int classes = logits.size() / rows;
        double[] all = logits.toDoubles();
        int[] chosen = new int[rows * k];
        double[] logs = new double[rows * k];
        for (int m = 0; m < rows; m++) {
            int row = m * classes;
            int[] order = best(all, row, classes);
            double max = all[row + order[0]];
            double logTotal = logTotal(all, row, classes, max);
            for (int j = 0; j < k; j++) {
                chosen[m * k + j] = order[j];
                logs[m * k + j] = all[row + order[j]] - max - logTotal;
            }
        }
        indices.set(chosen);
        if (logProbabilities != null) {
            logProbabilities.set(logs);
        }
    }

    /** All classes of a row, the one with the largest logit first; of equal ones the lower index. */
    private static int[] best(double[] logits, int row, int classes) {
        return IntStream.range(0, classes)
                .boxed()
                .sorted(Comparator.comparingDouble(v -> -logits[row + v]))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    /** {@code log sum exp(logits - max)}. */
    private static double logTotal(double[] logits, int row, int classes, double max) {
        double total = 0;
        for (int v = 0; v < classes; v++) {
            total += Math.exp(logits[row + v] - max);
        }
        return Math.log(total);
    }

    @Override
    public void sample(Tensor logits, double temperature, int among, Tensor uniform, IntTensor indices) {
        int rows = indices.size();
        int classes = logits.size() / rows;
        double[] all = logits.toDoubles();
        double[] u = uniform.toDoubles();
        int[] drawn = new int[rows];
        for (int m = 0; m < rows; m++) {
            int row = m * classes;
            int[] order = best(all, row, classes);
            int[] candidates = IntStream.of(order).limit(among).sorted().toArray();
            double max = all[row + order[0]];
            double total = 0;
            for (int v : candidates) {
                total += Math.exp((all[row + v] - max) / temperature);
            }
            double sum = 0;
            drawn[m] = order[0];
            for (int v : candidates) {
                sum += Math.exp((all[row + v] - max) / temperature);
                if (sum > u[m] * total) {
                    drawn[m] = v;
                    break;
                }
            }
        }
        indices.set(drawn);
    }

    @Override
    public void gaussianForward(Tensor mean, Tensor logVariance, Tensor noise, Tensor z) {
        double[] m = mean.toDoubles();
        double[] l = logVariance.toDoubles();
        double[] e = noise.toDoubles();
        for (int i = 0; i < m.length; i++) {
            m[i] += Math.exp(l[i] / 2) * e[i];
        }
        z.set(m);
    }

    @Override
    public void gaussianBackward(Tensor logVariance, Tensor noise, Tensor dz, Tensor dMean, Tensor dLogVariance) {
        double[] l = logVariance.toDoubles();
        double[] e = noise.toDoubles();
        double[] d = dz.toDoubles();
        double[] dm = dMean.toDoubles();
        double[] dl = dLogVariance.toDoubles();
        for (int i = 0; i < d.length; i++) {
            dm[i] += d[i];
            dl[i] += d[i] * e[i] * Math.exp(l[i] / 2) / 2;
        }
        dMean.set(dm);
        dLogVariance.set(dl);
    }

    @Override
    public void gaussianDivergence(
            Tensor mean,
            Tensor logVariance,
            @Nullable Tensor priorMean,
            @Nullable Tensor priorLogVariance,
            @Nullable IntTensor mask,
            double factor,
            Tensor divergence,
            @Nullable Tensor dMean,
            @Nullable Tensor dLogVariance,
            @Nullable Tensor dPriorMean,
            @Nullable Tensor dPriorLogVariance) {
        int size = mean.size();
        double[] m = mean.toDoubles();
        double[] l = logVariance.toDoubles();
        double[] pm = orZero(priorMean, size);
        double[] pl = orZero(priorLogVariance, size);
        double[] dm = orZero(dMean, size);
        double[] dl = orZero(dLogVariance, size);
        double[] dpm = orZero(dPriorMean, size);
        double[] dpl = orZero(dPriorLogVariance, size);
        boolean[] counts = counts(mask, size);
        double sum = 0;
        for (int i = 0; i < size; i++) {
            if (counts[i]) {
                double difference = m[i] - pm[i];
                double ratio = Math.exp(l[i] - pl[i]);
                double scaled = difference * Math.exp(-pl[i]);
                sum += (pl[i] - l[i] + ratio + difference * scaled - 1) / 2;
                dm[i] += factor * scaled;
                dl[i] += factor * (ratio - 1) / 2;
                dpm[i] -= factor * scaled;
                dpl[i] += factor * (1 - ratio - difference * scaled) / 2;
            }
        }
        divergence.set(factor * sum);
        set(dMean, dm);
        set(dLogVariance, dl);
        set(dPriorMean, dpm);
        set(dPriorLogVariance, dpl);
    }

    @Override
    public void gaussianLoss(
            Tensor x,
            Tensor mean,
            Tensor logVariance,
            @Nullable IntTensor mask,
            double factor,
            Tensor loss,
            @Nullable Tensor dMean,
            @Nullable Tensor dLogVariance) {
        int size = x.size();
        double[] xs = x.toDoubles();
        double[] m = mean.toDoubles();
        double[] l = logVariance.toDoubles();
        double[] dm = orZero(dMean, size);
        double[] dl = orZero(dLogVariance, size);
        boolean[] counts = counts(mask, size);
        double sum = 0;
        for (int i = 0; i < size; i++) {
            if (counts[i]) {
                double difference = xs[i] - m[i];
                double scaled = difference * Math.exp(-l[i]);
                sum += (Math.log(2 * Math.PI) + l[i] + difference * scaled) / 2;
                dm[i] -= factor * scaled;
                dl[i] += factor * (1 - difference * scaled) / 2;
            }
        }
        loss.set(factor * sum);
        set(dMean, dm);
        set(dLogVariance, dl);
    }

    private static double[] orZero(@Nullable Tensor tensor, int size) {
        return tensor != null ? tensor.toDoubles() : new double[size];
    }

    private static void set(@Nullable Tensor tensor, double[] values) {
        if (tensor != null) {
            tensor.set(values);
        }
    }

    /** For each element whether its row counts. */
    private static boolean[] counts(@Nullable IntTensor mask, int size) {
        boolean[] counts = new boolean[size];
        int[] rows = mask != null ? mask.toInts() : new int[] {1};
        for (int i = 0; i < size; i++) {
            counts[i] = rows[i / (size / rows.length)] != 0;
        }
        return counts;
    }
}
