package dev.rondo.train;

import dev.rondo.Backend;
import dev.rondo.Tensor;
import dev.rondo.internal.Arguments;
import dev.rondo.spi.OptimizerKernels;

/**
 * Stochastic gradient descent: {@code w -= rate g}, or with momentum {@code v = momentum v + g; w -= rate v}, as PyTorch has
 * it (without dampening).
 */
public final class Sgd extends Optimizer {
    private static final String VELOCITY = "velocity";

    private final double momentum;

    /**
     * An optimizer.
     *
     * @param backend where the weights live
     * @param size number of weights
     * @param learningRate positive
     * @param momentum 0 to 1; 0 for none
     * @throws IllegalArgumentException if a value is out of range
     * @throws dev.rondo.BackendException if there is not enough memory
     */
    public Sgd(Backend backend, int size, double learningRate, double momentum) {
        super(backend, size, learningRate, stateFor(Arguments.inRange("momentum", momentum, 0, 1)));
        this.momentum = momentum;
    }

    private static String[] stateFor(double momentum) {
        return momentum == 0 ? new String[0] : new String[] {VELOCITY};
    }

    @Override
    void apply(OptimizerKernels kernels, Tensor weights, Tensor gradients, long step) {
        kernels.sgd(weights, gradients, hasState(VELOCITY) ? state(VELOCITY) : null, learningRate(), momentum);
    }

    @Override
    public String name() {
        return "sgd";
    }
}
