package dev.rondo.cpu.reference;

import static dev.rondo.cpu.reference.Products.add;
import static dev.rondo.cpu.reference.Products.multiplyAdd;
import static dev.rondo.cpu.reference.Products.multiplyTransposedAdd;
import static dev.rondo.cpu.reference.Products.outerAdd;

import dev.rondo.RnnSpec;

/**
 * The loop over time of one layer and direction. States and saved values have a slot for each step in the order in which
 * they are computed: {@code h[s][n]} is the hidden state of row n before its s-th step, {@code h[0][n]} the initial one.
 */
final class LayerPass {
    private final RnnSpec spec;
    private final int layer;
    private final boolean reverse;
    private final int yOffset;
    private final ReferenceCell cell;
    private final Weights weights;
    private final Sequence x;
    private final int[] lengths;
    private final double[][] condition;
    private final double[][] dCondition;
    private final double[][][] h;
    private final double[][][] c;
    private final double[][][] saved;

    /**
     * A pass before its first step.
     *
     * @param condition {@code [N][G*H]}, read: added to the input product of every step
     */
    LayerPass(
            RnnSpec spec,
            int layer,
            int d,
            Weights weights,
            Sequence x,
            int[] lengths,
            double[][] condition,
            int steps) {
        int batch = lengths.length;
        int hidden = spec.hiddenSize();
        this.spec = spec;
        this.layer = layer;
        this.reverse = spec.direction().isReverse(d);
        this.yOffset = d * spec.hiddenStateSize();
        this.cell = ReferenceCell.of(spec.cell(), hidden);
        this.weights = weights;
        this.x = x;
        this.lengths = lengths;
        this.condition = condition;
        this.dCondition = new double[batch][spec.gateRows()];
        this.h = new double[steps + 1][batch][spec.hiddenStateSize()];
        this.c = new double[steps + 1][batch][spec.cellStateSize()];
        this.saved = new double[steps][batch][cell.saved() * hidden];
    }

    /** The time of the s-th step of row n. */
    private int time(int s, int n) {
        return reverse ? lengths[n] - 1 - s : s;
    }

    /**
     * All steps of all rows.
     *
     * @param h0 initial hidden states {@code [N][H]}, read
     * @param c0 initial cell states {@code [N][H]}, read
     * @param y outputs {@code [T][N][D*H]}, this direction's half assigned at valid steps
     */
    void forward(double[][] h0, double[][] c0, double[][][] y) {
        for (int n = 0; n < lengths.length; n++) {
            h[0][n] = h0[n].clone();
            c[0][n] = c0[n].clone();
            for (int s = 0; s < lengths[n]; s++) {
                int t = time(s, n);
                double[] ax = inputProduct(t, n);
                cell.forward(ax, weights, h[s][n], c[s][n], h[s + 1][n], c[s + 1][n], saved[s][n]);
                System.arraycopy(h[s + 1][n], 0, y[t][n], yOffset, spec.hiddenStateSize());
            }
        }
    }

    /** {@code W x + b} of all gates, and the condition; for a one-hot vector, a column of W. */
    private double[] inputProduct(int t, int n) {
        int rows = spec.gateRows();
        int columns = spec.inputSize(layer);
        double[] ax = weights.bw.clone();
        add(ax, 0, condition[n], 0, rows);
        if (x.isOneHot()) {
            int k = x.index(t, n);
            for (int i = 0; i < rows; i++) {
                ax[i] += weights.w[i * columns + k];
            }
        } else {
            multiplyAdd(ax, 0, weights.w, 0, rows, columns, x.vector(t, n), 0);
        }
        return ax;
    }

    /** The hidden state of row n after its last valid step. */
    double[] lastH(int n) {
        return h[lengths[n]][n];
    }

    /** The cell state of row n after its last valid step. */
    double[] lastC(int n) {
        return c[lengths[n]][n];
    }

    /** After the backward pass: the gradient by the condition {@code [N][G*H]}. */
    double[][] dCondition() {
        return dCondition;
    }

    /**
     * All steps of all rows, backwards.
     *
     * @param dy gradient by the outputs {@code [T][N][D*H]}, this direction's half read at valid steps
     * @param dh in: gradient by the final hidden states {@code [N][H]}; out: by the initial ones
     * @param dc in: gradient by the final cell states {@code [N][H]}; out: by the initial ones
     * @param dx gradient by the input {@code [T][N][I]}, accumulated; unused for one-hot input
     * @param gradients accumulated
     */
    void backward(double[][][] dy, double[][] dh, double[][] dc, double[][][] dx, Weights gradients) {
        int hidden = spec.hiddenStateSize();
        int cellState = spec.cellStateSize();
        for (int n = 0; n < lengths.length; n++) {
            for (int s = lengths[n] - 1; s >= 0; s--) {
                int t = time(s, n);
                double[] dhNext = dh[n];
                add(dhNext, 0, dy[t][n], yOffset, hidden);
                double[] dhBefore = new double[hidden];
                double[] dcBefore = new double[cellState];
                double[] dax = new double[spec.gateRows()];
                cell.backward(
                        saved[s][n], weights, h[s][n], c[s][n], dhNext, dc[n], dax, dhBefore, dcBefore, gradients);
                inputProductBackward(t, n, dax, dx, gradients);
                dh[n] = dhBefore;
                dc[n] = dcBefore;
            }
        }
    }

    private void inputProductBackward(int t, int n, double[] dax, double[][][] dx, Weights gradients) {
        int rows = spec.gateRows();
        int columns = spec.inputSize(layer);
        add(gradients.bw, 0, dax, 0, rows);
        add(dCondition[n], 0, dax, 0, rows);
        if (x.isOneHot()) {
            int k = x.index(t, n);
            for (int i = 0; i < rows; i++) {
                gradients.w[i * columns + k] += dax[i];
            }
        } else {
            multiplyTransposedAdd(dx[t][n], 0, weights.w, 0, rows, columns, dax, 0);
            outerAdd(gradients.w, 0, rows, columns, dax, 0, x.vector(t, n), 0);
        }
    }
}
