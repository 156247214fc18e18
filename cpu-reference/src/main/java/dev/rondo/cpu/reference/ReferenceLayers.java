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

    private static void requireIndex(int index, int m, int vocabulary) {
        if (index < 0 || index >= vocabulary) {
            throw new IllegalArgumentException(
                    "indices[" + m + "]: expected 0 to " + (vocabulary - 1) + ", got " + index);
        }
    }
}
