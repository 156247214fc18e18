package dev.rondo.cpu.reference;

import dev.rondo.Tensor;
import dev.rondo.spi.OptimizerKernels;
import org.jspecify.annotations.Nullable;

/** Clipping and the updates of the optimizers. */
final class ReferenceOptimizers implements OptimizerKernels {
    @Override
    public void clipByGlobalNorm(Tensor gradients, double maxNorm, Tensor norm) {
        double[] g = gradients.toDoubles();
        double squares = 0;
        for (double element : g) {
            squares += element * element;
        }
        double total = Math.sqrt(squares);
        norm.set(total);
        if (total > maxNorm) {
            for (int i = 0; i < g.length; i++) {
                g[i] *= maxNorm / total;
            }
            gradients.set(g);
        }
    }

    @Override
    public void clipByValue(Tensor gradients, double maxValue) {
        double[] g = gradients.toDoubles();
        for (int i = 0; i < g.length; i++) {
            g[i] = Math.max(-maxValue, Math.min(maxValue, g[i]));
        }
        gradients.set(g);
    }

    @Override
    public void sgd(Tensor weights, Tensor gradients, @Nullable Tensor velocity, double rate, double momentum) {
        double[] w = weights.toDoubles();
        double[] g = gradients.toDoubles();
        double[] v = velocity != null ? velocity.toDoubles() : new double[g.length];
        for (int i = 0; i < w.length; i++) {
            v[i] = momentum * v[i] + g[i];
            w[i] -= rate * v[i];
        }
        weights.set(w);
        if (velocity != null) {
            velocity.set(v);
        }
    }

    @Override
    public void rmsProp(
            Tensor weights, Tensor gradients, Tensor meanSquare, double rate, double decay, double epsilon) {
        double[] w = weights.toDoubles();
        double[] g = gradients.toDoubles();
        double[] s = meanSquare.toDoubles();
        for (int i = 0; i < w.length; i++) {
            s[i] = decay * s[i] + (1 - decay) * g[i] * g[i];
            w[i] -= rate * g[i] / (Math.sqrt(s[i]) + epsilon);
        }
        weights.set(w);
        meanSquare.set(s);
    }

    @Override
    public void adam(
            Tensor weights,
            Tensor gradients,
            Tensor firstMoment,
            Tensor secondMoment,
            long step,
            double rate,
            double b1,
            double b2,
            double epsilon) {
        double[] w = weights.toDoubles();
        double[] g = gradients.toDoubles();
        double[] m = firstMoment.toDoubles();
        double[] v = secondMoment.toDoubles();
        double m1 = 1 - Math.pow(b1, step);
        double v1 = 1 - Math.pow(b2, step);
        for (int i = 0; i < w.length; i++) {
            m[i] = b1 * m[i] + (1 - b1) * g[i];
            v[i] = b2 * v[i] + (1 - b2) * g[i] * g[i];
            w[i] -= rate * (m[i] / m1) / (Math.sqrt(v[i] / v1) + epsilon);
        }
        weights.set(w);
        firstMoment.set(m);
        secondMoment.set(v);
    }
}
