package dev.rondo.train;

import dev.rondo.Backend;
import dev.rondo.Tensor;
import dev.rondo.internal.Arguments;
import dev.rondo.spi.OptimizerKernels;

/**
 * Adam with bias correction (Kingma and Ba, arXiv 1412.6980, algorithm 1).
 *
 * <p>The moments are kept in the precision of the backend. In float32, with the paper's settings, a gradient above about 1e19
 * makes the corrected second moment infinite in the first steps, so that the weight stands still in them; one above about 5e20
 * makes the moment itself infinite, and the weight stands still for good, which {@link TrainingLoop#overflow} tells. {@link
 * GradientClipping} before the update keeps gradients below that.
 */
public final class Adam extends Optimizer {
    private static final String FIRST_MOMENT = "first_moment";
    private static final String SECOND_MOMENT = "second_moment";

    private final double b1;
    private final double b2;
    private final double epsilon;

    /**
     * An optimizer with the paper's settings: decays 0.9 and 0.999, epsilon 1e-8.
     *
     * @param backend where the weights live
     * @param size number of weights
     * @param learningRate positive
     * @throws IllegalArgumentException if a value is out of range
     * @throws dev.rondo.BackendException if there is not enough memory
     */
    public Adam(Backend backend, int size, double learningRate) {
        this(backend, size, learningRate, 0.9, 0.999, 1e-8);
    }

    /**
     * An optimizer.
     *
     * @param backend where the weights live
     * @param size number of weights
     * @param learningRate positive
     * @param b1 decay of the first moment, 0 to less than 1
     * @param b2 decay of the second moment, 0 to less than 1
     * @param epsilon added to the root, positive
     * @throws IllegalArgumentException if a value is out of range
     * @throws dev.rondo.BackendException if there is not enough memory
     */
    public Adam(Backend backend, int size, double learningRate, double b1, double b2, double epsilon) {
        super(backend, size, learningRate, stateFor(b1, b2, epsilon));
        this.b1 = b1;
        this.b2 = b2;
        this.epsilon = epsilon;
    }

    private static String[] stateFor(double b1, double b2, double epsilon) {
        Arguments.inRange("b1", b1, 0, Math.nextDown(1.0));
        Arguments.inRange("b2", b2, 0, Math.nextDown(1.0));
        Arguments.positive("epsilon", epsilon);
        return new String[] {FIRST_MOMENT, SECOND_MOMENT};
    }

    @Override
    void apply(OptimizerKernels kernels, Tensor weights, Tensor gradients, long step) {
        Tensor m = state(FIRST_MOMENT);
        Tensor v = state(SECOND_MOMENT);
        kernels.adam(weights, gradients, m, v, step, learningRate(), b1, b2, epsilon);
    }

    @Override
    public String name() {
        return "adam";
    }
}
