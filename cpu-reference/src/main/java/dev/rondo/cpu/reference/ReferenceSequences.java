package dev.rondo.cpu.reference;

import dev.rondo.IntTensor;
import dev.rondo.Pooling;
import dev.rondo.Tensor;
import dev.rondo.spi.SequenceKernels;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Pooling and attention, row by row. */
final class ReferenceSequences implements SequenceKernels {
    @Override
    public void poolForward(Pooling.Kind kind, Tensor x, @Nullable IntTensor lengths, Tensor y) {
        int steps = x.dimension(0);
        int batch = x.dimension(1);
        int size = x.dimension(2);
        int[] valid = valid(lengths, batch, steps);
        double[][][] xs = Sequence.unflatten(x.toDoubles(), steps, batch, size);
        double[] ys = new double[batch * size];
        for (int n = 0; n < batch; n++) {
            for (int k = 0; k < size && valid[n] > 0; k++) {
                ys[n * size + k] = pooled(kind, xs, n, k, valid[n]);
            }
        }
        y.set(ys);
    }

    private static double pooled(Pooling.Kind kind, double[][][] xs, int n, int k, int length) {
        double sum = 0;
        double max = Double.NEGATIVE_INFINITY;
        for (int t = 0; t < length; t++) {
            sum += xs[t][n][k];
            max = Math.max(max, xs[t][n][k]);
        }
        return switch (kind) {
            case MEAN -> sum / length;
            case MAX -> max;
            case LAST -> xs[length - 1][n][k];
        };
    }

    @Override
    public void poolBackward(Pooling.Kind kind, Tensor x, @Nullable IntTensor lengths, Tensor y, Tensor dy, Tensor dx) {
        int steps = x.dimension(0);
        int batch = x.dimension(1);
        int size = x.dimension(2);
        int[] valid = valid(lengths, batch, steps);
        double[][][] xs = Sequence.unflatten(x.toDoubles(), steps, batch, size);
        double[] ys = y.toDoubles();
        double[] dys = dy.toDoubles();
        double[][][] dxs = new double[steps][batch][size];
        for (int n = 0; n < batch; n++) {
            for (int k = 0; k < size && valid[n] > 0; k++) {
                double gradient = dys[n * size + k];
                switch (kind) {
                    case MEAN -> {
                        for (int t = 0; t < valid[n]; t++) {
                            dxs[t][n][k] = gradient / valid[n];
                        }
                    }
                    case MAX -> {
                        int first = 0;
                        while (first < valid[n] - 1 && xs[first][n][k] != ys[n * size + k]) {
                            first++;
                        }
                        dxs[first][n][k] = gradient;
                    }
                    case LAST -> dxs[valid[n] - 1][n][k] = gradient;
                }
            }
        }
        dx.set(Sequence.flatten(dxs));
    }

    @Override
    public void attentionForward(
            Tensor q,
            Tensor k,
            Tensor v,
            @Nullable IntTensor lengths,
            @Nullable Tensor u,
            Tensor weights,
            Tensor context) {
        int steps = q.dimension(0);
        int batch = q.dimension(1);
        int size = q.dimension(2);
        int keys = k.dimension(0);
        int width = v.dimension(2);
        int[] valid = valid(lengths, batch, keys);
        double[][][] qs = Sequence.unflatten(q.toDoubles(), steps, batch, size);
        double[][][] ks = Sequence.unflatten(k.toDoubles(), keys, batch, size);
        double[][][] vs = Sequence.unflatten(v.toDoubles(), keys, batch, width);
        double[] us = u != null ? u.toDoubles() : null;
        double[][][] ws = new double[steps][batch][keys];
        double[][][] contexts = new double[steps][batch][width];
        for (int t = 0; t < steps; t++) {
            for (int n = 0; n < batch; n++) {
                double max = Double.NEGATIVE_INFINITY;
                for (int s = 0; s < valid[n]; s++) {
                    ws[t][n][s] = score(qs[t][n], ks[s][n], us);
                    max = Math.max(max, ws[t][n][s]);
                }
                double total = 0;
                for (int s = 0; s < valid[n]; s++) {
                    ws[t][n][s] = Math.exp(ws[t][n][s] - max);
                    total += ws[t][n][s];
                }
                for (int s = 0; s < valid[n]; s++) {
                    ws[t][n][s] /= total;
                    for (int j = 0; j < width; j++) {
                        contexts[t][n][j] += ws[t][n][s] * vs[s][n][j];
                    }
                }
            }
        }
        weights.set(Sequence.flatten(ws));
        context.set(Sequence.flatten(contexts));
    }

    private static double score(double[] q, double[] k, double @Nullable [] u) {
        double sum = 0;
        for (int a = 0; a < q.length; a++) {
            sum += u == null ? q[a] * k[a] / Math.sqrt(q.length) : u[a] * Math.tanh(q[a] + k[a]);
        }
        return sum;
    }

    @Override
    public void attentionBackward(
            Tensor q,
            Tensor k,
            Tensor v,
            @Nullable IntTensor lengths,
            @Nullable Tensor u,
            Tensor weights,
            Tensor dContext,
            Tensor dq,
            Tensor dk,
            Tensor dv,
            @Nullable Tensor du) {
        int steps = q.dimension(0);
        int batch = q.dimension(1);
        int size = q.dimension(2);
        int keys = k.dimension(0);
        int width = v.dimension(2);
        int[] valid = valid(lengths, batch, keys);
        double[][][] qs = Sequence.unflatten(q.toDoubles(), steps, batch, size);
        double[][][] ks = Sequence.unflatten(k.toDoubles(), keys, batch, size);
        double[][][] vs = Sequence.unflatten(v.toDoubles(), keys, batch, width);
        double[] us = u != null ? u.toDoubles() : null;
        double[][][] ws = Sequence.unflatten(weights.toDoubles(), steps, batch, keys);
        double[][][] dContexts = Sequence.unflatten(dContext.toDoubles(), steps, batch, width);
        double[][][] dqs = new double[steps][batch][size];
        double[][][] dks = Sequence.unflatten(dk.toDoubles(), keys, batch, size);
        double[][][] dvs = Sequence.unflatten(dv.toDoubles(), keys, batch, width);
        double[] dus = new double[size];
        for (int t = 0; t < steps; t++) {
            for (int n = 0; n < batch; n++) {
                double[] dWeights = new double[keys];
                double mean = 0;
                for (int s = 0; s < valid[n]; s++) {
                    for (int j = 0; j < width; j++) {
                        dWeights[s] += dContexts[t][n][j] * vs[s][n][j];
                        dvs[s][n][j] += ws[t][n][s] * dContexts[t][n][j];
                    }
                    mean += ws[t][n][s] * dWeights[s];
                }
                for (int s = 0; s < valid[n]; s++) {
                    double dScore = ws[t][n][s] * (dWeights[s] - mean);
                    scoreBackward(dScore, qs[t][n], ks[s][n], us, dqs[t][n], dks[s][n], dus);
                }
            }
        }
        dq.set(Sequence.flatten(dqs));
        dk.set(Sequence.flatten(dks));
        dv.set(Sequence.flatten(dvs));
        if (du != null) {
            double[] sum = du.toDoubles();
            Products.add(sum, 0, dus, 0, size);
            du.set(sum);
        }
    }

    private static void scoreBackward(
            double dScore, double[] q, double[] k, double @Nullable [] u, double[] dq, double[] dk, double[] du) {
        for (int a = 0; a < q.length; a++) {
            if (u == null) {
                dq[a] += dScore * k[a] / Math.sqrt(q.length);
                dk[a] += dScore * q[a] / Math.sqrt(q.length);
            } else {
                double y = Math.tanh(q[a] + k[a]);
                double dSum = dScore * u[a] * Products.dTanh(y);
                dq[a] += dSum;
                dk[a] += dSum;
                du[a] += dScore * y;
            }
        }
    }

    /** The valid steps of each row. */
    private static int[] valid(@Nullable IntTensor lengths, int batch, int steps) {
        if (lengths == null) {
            int[] all = new int[batch];
            Arrays.fill(all, steps);
            return all;
        }
        int[] valid = lengths.toInts();
        for (int n = 0; n < batch; n++) {
            if (valid[n] < 0 || valid[n] > steps) {
                throw new IllegalArgumentException("lengths[" + n + "]: expected 0 to " + steps + ", got " + valid[n]);
            }
        }
        return valid;
    }
}
