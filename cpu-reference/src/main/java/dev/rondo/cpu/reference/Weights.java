package dev.rondo.cpu.reference;

import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.WeightRole;
import org.jspecify.annotations.Nullable;

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
        int rows = parameters.spec().gateRows();
        return new Weights(
                values(parameters.tensor(layer, d, WeightRole.INPUT), 0),
                values(parameters.tensor(layer, d, WeightRole.RECURRENT), 0),
                values(parameters.tensor(layer, d, WeightRole.BIAS_INPUT), rows),
                values(parameters.tensor(layer, d, WeightRole.BIAS_RECURRENT), rows));
    }

    /** So many zeros for weights that there are not. */
    private static double[] values(@Nullable Tensor weight, int zeros) {
        return weight != null ? weight.toDoubles() : new double[zeros];
    }

    static Weights zero(RnnSpec spec, int layer) {
        int rows = spec.gateRows();
        return new Weights(
                new double[rows * spec.inputSize(layer)],
                new double[rows * spec.hiddenStateSize()],
                new double[rows],
                new double[rows]);
    }

    /** Adds these gradients to the caller's, as far as the network has such weights. */
    void addTo(RnnParameters gradients, int layer, int d) {
        add(gradients.tensor(layer, d, WeightRole.INPUT), w);
        add(gradients.tensor(layer, d, WeightRole.RECURRENT), u);
        add(gradients.tensor(layer, d, WeightRole.BIAS_INPUT), bw);
        add(gradients.tensor(layer, d, WeightRole.BIAS_RECURRENT), bu);
    }

    private static void add(@Nullable Tensor target, double[] values) {
        if (target == null) {
            return;
        }
        double[] sum = target.toDoubles();
        Products.add(sum, 0, values, 0, values.length);
        target.set(sum);
    }
}
