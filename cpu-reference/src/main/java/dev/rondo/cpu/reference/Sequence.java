package dev.rondo.cpu.reference;

import dev.rondo.Input;
import dev.rondo.IntTensor;
import dev.rondo.Tensor;

/** The input of a layer: vectors {@code [T][N][I]}, or indices {@code [T][N]} that stand for one-hot vectors. */
final class Sequence {
    private final double[][][] vectors;
    private final int[][] indices;

    private Sequence(double[][][] vectors, int[][] indices) {
        this.vectors = vectors;
        this.indices = indices;
    }

    static Sequence of(double[][][] vectors) {
        return new Sequence(vectors, new int[0][0]);
    }

    /** Reads the caller's input; what stands past the lengths is not looked at. */
    static Sequence read(Input x, int[] lengths, int inputSize) {
        int steps = x.dimension(0);
        int batch = x.dimension(1);
        if (x instanceof Tensor dense) {
            return of(unflatten(dense.toDoubles(), steps, batch, inputSize));
        }
        int[] flat = ((IntTensor) x).toInts();
        int[][] indices = new int[steps][batch];
        for (int t = 0; t < steps; t++) {
            for (int n = 0; n < batch; n++) {
                indices[t][n] = flat[t * batch + n];
                if (t < lengths[n] && (indices[t][n] < 0 || indices[t][n] >= inputSize)) {
                    throw new IllegalArgumentException("x[" + t + "," + n + "]: expected an index of 0 to "
                            + (inputSize - 1) + ", got " + indices[t][n]);
                }
            }
        }
        return new Sequence(new double[0][0][0], indices);
    }

    boolean isOneHot() {
        return indices.length > 0;
    }

    int index(int t, int n) {
        return indices[t][n];
    }

    double[] vector(int t, int n) {
        return vectors[t][n];
    }

    static double[][][] unflatten(double[] flat, int d0, int d1, int d2) {
        double[][][] nested = new double[d0][d1][d2];
        for (int a = 0; a < d0; a++) {
            for (int b = 0; b < d1; b++) {
                System.arraycopy(flat, (a * d1 + b) * d2, nested[a][b], 0, d2);
            }
        }
        return nested;
    }

    static double[] flatten(double[][][] nested) {
        int d1 = nested[0].length;
        int d2 = nested[0][0].length;
        double[] flat = new double[nested.length * d1 * d2];
        for (int a = 0; a < nested.length; a++) {
            for (int b = 0; b < d1; b++) {
                System.arraycopy(nested[a][b], 0, flat, (a * d1 + b) * d2, d2);
            }
        }
        return flat;
    }
}
