package dev.rondo.cpu.reference;

import static dev.rondo.cpu.reference.Products.add;
import static dev.rondo.cpu.reference.Products.dSigmoid;
import static dev.rondo.cpu.reference.Products.dTanh;
import static dev.rondo.cpu.reference.Products.multiplyAdd;
import static dev.rondo.cpu.reference.Products.multiplyTransposedAdd;
import static dev.rondo.cpu.reference.Products.outerAdd;
import static dev.rondo.cpu.reference.Products.sigmoid;

import java.util.Arrays;

/** {@link dev.rondo.Cell#LSTM}. Gate order i, f, g, o. Saved: i, f, g, o, tanh(c'). */
final class LstmCell implements ReferenceCell {
    private final int hidden;

    LstmCell(int hidden) {
        this.hidden = hidden;
    }

    @Override
    public int saved() {
        return 5;
    }

    @Override
    public void forward(
            double[] ax, Weights weights, double[] h, double[] c, double[] hNext, double[] cNext, double[] saved) {
        double[] a = ax.clone();
        add(a, 0, weights.bu, 0, 4 * hidden);
        multiplyAdd(a, 0, weights.u, 0, 4 * hidden, hidden, h, 0);
        for (int j = 0; j < hidden; j++) {
            double i = sigmoid(a[j]);
            double f = sigmoid(a[hidden + j]);
            double g = Math.tanh(a[2 * hidden + j]);
            double o = sigmoid(a[3 * hidden + j]);
            cNext[j] = f * c[j] + i * g;
            double tanhC = Math.tanh(cNext[j]);
            hNext[j] = o * tanhC;
            saved[j] = i;
            saved[hidden + j] = f;
            saved[2 * hidden + j] = g;
            saved[3 * hidden + j] = o;
            saved[4 * hidden + j] = tanhC;
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
            double i = saved[j];
            double f = saved[hidden + j];
            double g = saved[2 * hidden + j];
            double o = saved[3 * hidden + j];
            double tanhC = saved[4 * hidden + j];
            double dO = dhNext[j] * tanhC;
            double dcAll = dcNext[j] + dhNext[j] * o * dTanh(tanhC);
            double dI = dcAll * g;
            double dF = dcAll * c[j];
            double dG = dcAll * i;
            dc[j] = dcAll * f;
            dax[j] = dI * dSigmoid(i);
            dax[hidden + j] = dF * dSigmoid(f);
            dax[2 * hidden + j] = dG * dTanh(g);
            dax[3 * hidden + j] = dO * dSigmoid(o);
        }
        Arrays.fill(dh, 0);
        multiplyTransposedAdd(dh, 0, weights.u, 0, 4 * hidden, hidden, dax, 0);
        outerAdd(gradients.u, 0, 4 * hidden, hidden, dax, 0, h, 0);
        add(gradients.bu, 0, dax, 0, 4 * hidden);
    }
}
