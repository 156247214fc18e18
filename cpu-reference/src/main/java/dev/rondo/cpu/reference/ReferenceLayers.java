package dev.rondo.cpu.reference;

import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import dev.rondo.spi.LayerKernels;
import org.jspecify.annotations.Nullable;

/** Linear layer and embedding, row by row. */
final class ReferenceLayers implements LayerKernels {
    @Override
    public void linearForward(Tensor weight, @Nullable Tensor bias, Tensor x, Tensor y) {
        int outputs = weight.dimension(0);
        int inputs = weight.dimension(1);
        int rows = x.size() / inputs;
        double[] w = weight.toDoubles();
        double[] b = bias != null ? bias.toDoubles() : new double[outputs];
        double[] xs = x.toDoubles();
        double[] ys = new double[rows * outputs];
        for (int m = 0; m < rows; m++) {
            Products.add(ys, m * outputs, b, 0, outputs);
            Products.multiplyAdd(ys, m * outputs, w, 0, outputs, inputs, xs, m * inputs);
        }
        y.set(ys);
    }

    @Override
    public void linearBackward(
            Tensor weight, Tensor x, Tensor dy, @Nullable Tensor dx, @Nullable Tensor dWeight, @Nullable Tensor dBias) {
        int outputs = weight.dimension(0);
        int inputs = weight.dimension(1);
        int rows = x.size() / inputs;
        double[] w = weight.toDoubles();
        double[] xs = x.toDoubles();
        double[] dys = dy.toDoubles();
        double[] dxs = new double[rows * inputs];
        double[] dws = dWeight != null ? dWeight.toDoubles() : new double[outputs * inputs];
        double[] dbs = dBias != null ? dBias.toDoubles() : new double[outputs];
        for (int m = 0; m < rows; m++) {
            Products.multiplyTransposedAdd(dxs, m * inputs, w, 0, outputs, inputs, dys, m * outputs);
            Products.outerAdd(dws, 0, outputs, inputs, dys, m * outputs, xs, m * inputs);
            Products.add(dbs, 0, dys, m * outputs, outputs);
        }
        if (dx != null) {
            dx.set(dxs);
        }
        if (dWeight != null) {
            dWeight.set(dws);
        }
        if (dBias != null) {
            dBias.set(dbs);
        }
    }

    @Override
    public void embeddingForward(Tensor table, IntTensor indices, Tensor y) {
        int vocabulary = table.dimension(0);
        int size = table.dimension(1);
        double[] rows = table.toDoubles();
        int[] index = indices.toInts();
        double[] ys = new double[index.length * size];
        for (int m = 0; m < index.length; m++) {
            requireIndex(index[m], m, vocabulary);
            System.arraycopy(rows, index[m] * size, ys, m * size, size);
        }
        y.set(ys);
    }

    @Override
    public void embeddingBackward(IntTensor indices, Tensor dy, Tensor dTable) {
        int vocabulary = dTable.dimension(0);
        int size = dTable.dimension(1);
        double[] rows = dTable.toDoubles();
        double[] dys = dy.toDoubles();
        int[] index = indices.toInts();
        for (int m = 0; m < index.length; m++) {
            requireIndex(index[m], m, vocabulary);
            Products.add(rows, index[m] * size, dys, m * size, size);
        }
        dTable.set(rows);
    }

    @Override
    public void layerNormForward(
            Tensor weight, Tensor bias, Tensor x, double epsilon, Tensor y, @Nullable Tensor statistics) {
        int size = weight.size();
        int rows = x.size() / size;
        double[] w = weight.toDoubles();
        double[] b = bias.toDoubles();
        double[] xs = x.toDoubles();
        double[] ys = new double[xs.length];
        double[] kept = new double[rows * 2];
        for (int m = 0; m < rows; m++) {
            double mean = 0;
            for (int k = 0; k < size; k++) {
                mean += xs[m * size + k] / size;
            }
            double variance = 0;
            for (int k = 0; k < size; k++) {
                double difference = xs[m * size + k] - mean;
                variance += difference * difference / size;
            }
            double r = 1 / Math.sqrt(variance + epsilon);
            for (int k = 0; k < size; k++) {
                ys[m * size + k] = (xs[m * size + k] - mean) * r * w[k] + b[k];
            }
            kept[m * 2] = mean;
            kept[m * 2 + 1] = r;
        }
        y.set(ys);
        if (statistics != null) {
            statistics.set(kept);
        }
    }

    /** With n = (x - mean) r and g = dy weight: {@code dx = r (g - mean of g - n mean of (g n))}. */
    @Override
    public void layerNormBackward(
            Tensor weight,
            Tensor x,
            Tensor statistics,
            Tensor dy,
            @Nullable Tensor dx,
            @Nullable Tensor dWeight,
            @Nullable Tensor dBias) {
        int size = weight.size();
        int rows = x.size() / size;
        double[] w = weight.toDoubles();
        double[] xs = x.toDoubles();
        double[] kept = statistics.toDoubles();
        double[] dys = dy.toDoubles();
        double[] dxs = new double[xs.length];
        double[] dws = dWeight != null ? dWeight.toDoubles() : new double[size];
        double[] dbs = dBias != null ? dBias.toDoubles() : new double[size];
        for (int m = 0; m < rows; m++) {
            double mean = kept[m * 2];
            double r = kept[m * 2 + 1];
            double meanG = 0;
            double meanGn = 0;
            for (int k = 0; k < size; k++) {
                int i = m * size + k;
                double n = (xs[i] - mean) * r;
                double g = dys[i] * w[k];
                meanG += g / size;
                meanGn += g * n / size;
                dws[k] += dys[i] * n;
                dbs[k] += dys[i];
            }
            for (int k = 0; k < size; k++) {
                int i = m * size + k;
                double n = (xs[i] - mean) * r;
                dxs[i] = r * (dys[i] * w[k] - meanG - n * meanGn);
            }
        }
        if (dx != null) {
            dx.set(dxs);
        }
        if (dWeight != null && dBias != null) {
            dWeight.set(dws);
            dBias.set(dbs);
        }
    }

    private static void requireIndex(int index, int m, int vocabulary) {
        if (index < 0 || index >= vocabulary) {
            throw new IllegalArgumentException(
                    "indices[" + m + "]: expected 0 to " + (vocabulary - 1) + ", got " + index);
        }
    }
}
