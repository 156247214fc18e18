package dev.rondo.cpu.reference;

import static dev.rondo.cpu.reference.Products.add;
import static dev.rondo.cpu.reference.Products.dTanh;
import static dev.rondo.cpu.reference.Products.multiplyAdd;
import static dev.rondo.cpu.reference.Products.multiplyTransposedAdd;
import static dev.rondo.cpu.reference.Products.outerAdd;

import java.util.Arrays;

/** {@link dev.rondo.Cell#RNN_TANH} and {@link dev.rondo.Cell#RNN_RELU}. Saved: h'. */
final class RnnCell implements ReferenceCell {
    private final int hidden;
    private final boolean relu;

    RnnCell(int hidden, boolean relu) {
        this.hidden = hidden;
        this.relu = relu;
    }

    @Override
    public int saved() {
        return 1;
    }

    @Override
    public void forward(
            double[] ax, Weights weights, double[] h, double[] c, double[] hNext, double[] cNext, double[] saved) {
        double[] a = ax.clone();
        add(a, 0, weights.bu, 0, hidden);
        multiplyAdd(a, 0, weights.u, 0, hidden, hidden, h, 0);
        for (int j = 0; j < hidden; j++) {
            hNext[j] = relu ? Math.max(0, a[j]) : Math.tanh(a[j]);
            saved[j] = hNext[j];
        }
    }

    @Override
    public void backward(
            double[] saved,
            Weights weights,
            double[] h,
            double[] c,
            double[] dhNext,
            double[] dcNext,
            double[] dax,
            double[] dh,
            double[] dc,
            Weights gradients) {
        for (int j = 0; j < hidden; j++) {
            double y = saved[j];
            dax[j] = dhNext[j] * (relu ? (y > 0 ? 1 : 0) : dTanh(y));
        }
        Arrays.fill(dh, 0);
        multiplyTransposedAdd(dh, 0, weights.u, 0, hidden, hidden, dax, 0);
        outerAdd(gradients.u, 0, hidden, hidden, dax, 0, h, 0);
        add(gradients.bu, 0, dax, 0, hidden);
    }
}
