package dev.rondo.cpu.reference;

/** The three products of a weight matrix that recurrent networks need; matrices are row-major. */
final class Products {
    private Products() {}

    /** {@code a += W x}: W {@code [rows,columns]} at {@code wOffset}, x {@code [columns]}, a {@code [rows]}. */
    static void multiplyAdd(
            double[] a, int aOffset, double[] w, int wOffset, int rows, int columns, double[] x, int xOffset) {
        for (int i = 0; i < rows; i++) {
            double sum = 0;
            for (int k = 0; k < columns; k++) {
                sum += w[wOffset + i * columns + k] * x[xOffset + k];
            }
            a[aOffset + i] += sum;
        }
    }

    /** {@code dx += W^T da}: W {@code [rows,columns]} at {@code wOffset}, da {@code [rows]}, dx {@code [columns]}. */
    static void multiplyTransposedAdd(
            double[] dx, int dxOffset, double[] w, int wOffset, int rows, int columns, double[] da, int daOffset) {
        for (int i = 0; i < rows; i++) {
            for (int k = 0; k < columns; k++) {
                dx[dxOffset + k] += w[wOffset + i * columns + k] * da[daOffset + i];
            }
        }
    }

    /** {@code dW += da x^T}: dW {@code [rows,columns]} at {@code wOffset}, da {@code [rows]}, x {@code [columns]}. */
    static void outerAdd(
            double[] dw, int wOffset, int rows, int columns, double[] da, int daOffset, double[] x, int xOffset) {
        for (int i = 0; i < rows; i++) {
            for (int k = 0; k < columns; k++) {
                dw[wOffset + i * columns + k] += da[daOffset + i] * x[xOffset + k];
            }
        }
    }

    /** {@code a += b}, n elements. */
    static void add(double[] a, int aOffset, double[] b, int bOffset, int n) {
        for (int i = 0; i < n; i++) {
            a[aOffset + i] += b[bOffset + i];
        }
    }

    /** The logistic sigmoid. */
    static double sigmoid(double a) {
        return 1 / (1 + Math.exp(-a));
    }

    /** The derivative of the sigmoid from its output. */
    static double dSigmoid(double s) {
        return s * (1 - s);
    }

    /** The derivative of tanh from its output. */
    static double dTanh(double y) {
        return 1 - y * y;
    }
}
