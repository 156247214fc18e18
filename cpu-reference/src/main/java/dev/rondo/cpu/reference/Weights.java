package dev.rondo.cpu.reference;

import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;

/** The weights of one layer and direction, or their gradients, in double. Without biases, b and u are zero. */
final class Weights {
    /** Input weights {@code [G*H,I]}. */
    final double[] w;

    /** Recurrent weights {@code [G*H,H]}. */
    final double[] u;

    /** Input biases {@code [G*H]}. */
    final double[] bw;

    /** Recurrent biases {@code [G*H]}. */
    final double[] bu;

    private Weights(double[] w, double[] u, double[] bw, double[] bu) {
        this.w = w;
        this.u = u;
        this.bw = bw;
        this.bu = bu;
    }

    static Weights read(RnnParameters parameters, int layer, int d) {
        RnnSpec spec = parameters.spec();
        String suffix = spec.suffix(layer, d);
        return new Weights(
                parameters.tensor("weight_ih" + suffix).toDoubles(),
                parameters.tensor("weight_hh" + suffix).toDoubles(),
                spec.bias() ? parameters.tensor("bias_ih" + suffix).toDoubles() : new double[spec.gateRows()],
                spec.bias() ? parameters.tensor("bias_hh" + suffix).toDoubles() : new double[spec.gateRows()]);
    }

    static Weights zero(RnnSpec spec, int layer) {
        int rows = spec.gateRows();
        return new Weights(
                new double[rows * spec.inputSize(layer)],
                new double[rows * spec.hiddenSize()],
                new double[rows],
                new double[rows]);
    }

    /** Adds these gradients to the caller's. */
    void addTo(RnnParameters gradients, int layer, int d) {
        String suffix = gradients.spec().suffix(layer, d);
        add(gradients.tensor("weight_ih" + suffix), w);
        add(gradients.tensor("weight_hh" + suffix), u);
        if (gradients.spec().bias()) {
            add(gradients.tensor("bias_ih" + suffix), bw);
            add(gradients.tensor("bias_hh" + suffix), bu);
        }
    }

    private static void add(Tensor target, double[] values) {
        double[] sum = target.toDoubles();
        Products.add(sum, 0, values, 0, values.length);
        target.set(sum);
    }
}
