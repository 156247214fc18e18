package dev.rondo.cpu.reference;

import static dev.rondo.cpu.reference.Products.add;
import static dev.rondo.cpu.reference.Products.dSigmoid;
import static dev.rondo.cpu.reference.Products.dTanh;
import static dev.rondo.cpu.reference.Products.multiplyAdd;
import static dev.rondo.cpu.reference.Products.multiplyTransposedAdd;
import static dev.rondo.cpu.reference.Products.outerAdd;
import static dev.rondo.cpu.reference.Products.sigmoid;

/** {@link dev.rondo.Cell#GRU_RESET_BEFORE}: the reset gate acts before the product. Gate order r, z, n. Saved: r, z, n. */
final class GruResetBeforeCell implements ReferenceCell {
    private final int hidden;

    GruResetBeforeCell(int hidden) {
        this.hidden = hidden;
    }

    @Override
    public int saved() {
        return 3;
    }

    @Override
    public void forward(
            double[] ax, Weights weights, double[] h, double[] c, double[] hNext, double[] cNext, double[] saved) {
        double[] a = ax.clone();
        add(a, 0, weights.bu, 0, 3 * hidden);
        multiplyAdd(a, 0, weights.u, 0, 2 * hidden, hidden, h, 0);
        double[] p = new double[hidden];
        for (int j = 0; j < hidden; j++) {
            double r = sigmoid(a[j]);
            p[j] = r * h[j];
            saved[j] = r;
        }
        multiplyAdd(a, 2 * hidden, weights.u, 2 * hidden * hidden, hidden, hidden, p, 0);
        for (int j = 0; j < hidden; j++) {
            double z = sigmoid(a[hidden + j]);
            double n = Math.tanh(a[2 * hidden + j]);
            hNext[j] = (1 - z) * n + z * h[j];
            saved[hidden + j] = z;
            saved[2 * hidden + j] = n;
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
            double z = saved[hidden + j];
            double n = saved[2 * hidden + j];
            double dN = dhNext[j] * (1 - z);
            double dZ = dhNext[j] * (h[j] - n);
            dax[hidden + j] = dZ * dSigmoid(z);
            dax[2 * hidden + j] = dN * dTanh(n);
            dh[j] = dhNext[j] * z;
        }
        double[] p = new double[hidden];
        double[] dp = new double[hidden];
        multiplyTransposedAdd(dp, 0, weights.u, 2 * hidden * hidden, hidden, hidden, dax, 2 * hidden);
        for (int j = 0; j < hidden; j++) {
            double r = saved[j];
            p[j] = r * h[j];
            double dR = dp[j] * h[j];
            dax[j] = dR * dSigmoid(r);
            dh[j] += dp[j] * r;
        }
        multiplyTransposedAdd(dh, 0, weights.u, 0, 2 * hidden, hidden, dax, 0);
        outerAdd(gradients.u, 0, 2 * hidden, hidden, dax, 0, h, 0);
        outerAdd(gradients.u, 2 * hidden * hidden, hidden, hidden, dax, 2 * hidden, p, 0);
        add(gradients.bu, 0, dax, 0, 3 * hidden);
    }
}
