package dev.rondo.cpu.reference;

import static dev.rondo.cpu.reference.Products.add;
import static dev.rondo.cpu.reference.Products.dSigmoid;
import static dev.rondo.cpu.reference.Products.dTanh;
import static dev.rondo.cpu.reference.Products.multiplyAdd;
import static dev.rondo.cpu.reference.Products.multiplyTransposedAdd;
import static dev.rondo.cpu.reference.Products.outerAdd;
import static dev.rondo.cpu.reference.Products.sigmoid;

/** {@link dev.rondo.Cell#GRU}: the reset gate acts after the product. Gate order r, z, n. Saved: r, z, n, q. */
final class GruCell implements ReferenceCell {
    private final int hidden;

    GruCell(int hidden) {
        this.hidden = hidden;
    }

    @Override
    public int saved() {
        return 4;
    }

    @Override
    public void forward(
            double[] ax, Weights weights, double[] h, double[] c, double[] hNext, double[] cNext, double[] saved) {
        double[] ah = weights.bu.clone();
        multiplyAdd(ah, 0, weights.u, 0, 3 * hidden, hidden, h, 0);
        for (int j = 0; j < hidden; j++) {
            double r = sigmoid(ax[j] + ah[j]);
            double z = sigmoid(ax[hidden + j] + ah[hidden + j]);
            double q = ah[2 * hidden + j];
            double n = Math.tanh(ax[2 * hidden + j] + r * q);
            hNext[j] = (1 - z) * n + z * h[j];
            saved[j] = r;
            saved[hidden + j] = z;
            saved[2 * hidden + j] = n;
            saved[3 * hidden + j] = q;
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
        double[] dah = new double[3 * hidden];
        for (int j = 0; j < hidden; j++) {
            double r = saved[j];
            double z = saved[hidden + j];
            double n = saved[2 * hidden + j];
            double q = saved[3 * hidden + j];
            double dN = dhNext[j] * (1 - z);
            double daN = dN * dTanh(n);
            double dZ = dhNext[j] * (h[j] - n);
            double dR = daN * q;
            double dQ = daN * r;
            dax[j] = dR * dSigmoid(r);
            dax[hidden + j] = dZ * dSigmoid(z);
            dax[2 * hidden + j] = daN;
            dah[j] = dax[j];
            dah[hidden + j] = dax[hidden + j];
            dah[2 * hidden + j] = dQ;
            dh[j] = dhNext[j] * z;
        }
        multiplyTransposedAdd(dh, 0, weights.u, 0, 3 * hidden, hidden, dah, 0);
        outerAdd(gradients.u, 0, 3 * hidden, hidden, dah, 0, h, 0);
        add(gradients.bu, 0, dah, 0, 3 * hidden);
    }
}
