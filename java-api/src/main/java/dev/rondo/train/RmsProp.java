package dev.rondo.train;

import dev.rondo.Backend;
import dev.rondo.Tensor;
import dev.rondo.internal.Arguments;
import dev.rondo.spi.OptimizerKernels;

/**
 * RMSProp: {@code s = decay s + (1 - decay) g^2; w -= rate g / (sqrt(s) + epsilon)} (Tieleman and Hinton, Coursera lecture
 * 6.5, 2012).
 */
public final class RmsProp extends Optimizer {
    private static final String MEAN_SQUARE = "mean_square";

    private final double decay;
    private final double epsilon;

    /**
     * An optimizer.
     *
     * @param backend where the weights live
     * @param size number of weights
     * @param learningRate positive
     * @param decay of the mean square, 0 to 1; usually 0.9 to 0.99
     * @param epsilon added to the root, positive; usually 1e-8
     * @throws IllegalArgumentException if a value is out of range
     * @throws dev.rondo.BackendException if there is not enough memory
     */
    public RmsProp(Backend backend, int size, double learningRate, double decay, double epsilon) {
        super(backend, size, learningRate, stateFor(decay, epsilon));
        this.decay = decay;
        this.epsilon = epsilon;
    }

    private static String stateFor(double decay, double epsilon) {
        Arguments.inRange("decay", decay, 0, 1);
        Arguments.positive("epsilon", epsilon);
        return MEAN_SQUARE;
    }

    @Override
    void apply(OptimizerKernels kernels, Tensor weights, Tensor gradients, long step) {
        kernels.rmsProp(weights, gradients, state(MEAN_SQUARE), learningRate(), decay, epsilon);
    }

    @Override
    public String name() {
        return "rmsprop";
    }
}
