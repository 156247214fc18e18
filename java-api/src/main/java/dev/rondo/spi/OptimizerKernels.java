package dev.rondo.spi;

import dev.rondo.Tensor;
import org.jspecify.annotations.Nullable;

/** Clipping and the updates of the optimizers, elementwise on flat vectors of the same size. */
public interface OptimizerKernels {
    /**
     * Scales a gradient down to a Euclidean norm of at most {@code maxNorm} (Pascanu, Mikolov, Bengio, arXiv 1211.5063).
     * A gradient whose norm is not above it stays as it is, bit for bit.
     *
     * @param gradients read and assigned
     * @param maxNorm positive
     * @param norm {@code [1]}, assigned: the norm before clipping
     */
    void clipByGlobalNorm(Tensor gradients, double maxNorm, Tensor norm);

    /**
     * Bounds every element to {@code [-maxValue, maxValue]}; NaN stays NaN.
     *
     * @param gradients read and assigned
     * @param maxValue positive
     */
    void clipByValue(Tensor gradients, double maxValue);

    /**
     * Stochastic gradient descent: {@code v = momentum v + g; w -= rate v}, or without a velocity {@code w -= rate g}.
     *
     * @param w weights, read and assigned
     * @param g gradients, read
     * @param v velocity, read and assigned; null for none
     * @param rate learning rate
     * @param momentum factor of the velocity
     */
    void sgd(Tensor w, Tensor g, @Nullable Tensor v, double rate, double momentum);

    /**
     * RMSProp (Tieleman and Hinton, 2012): {@code s = decay s + (1 - decay) g^2; w -= rate g / (sqrt(s) + epsilon)}.
     *
     * @param w weights, read and assigned
     * @param g gradients, read
     * @param s mean square, read and assigned
     * @param rate learning rate
     * @param decay of the mean square
     * @param epsilon added to the root
     */
    void rmsProp(Tensor w, Tensor g, Tensor s, double rate, double decay, double epsilon);

    /**
     * Adam (Kingma and Ba, arXiv 1412.6980, algorithm 1): {@code m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
     * w -= rate m / (1 - b1^step) / (sqrt(v / (1 - b2^step)) + epsilon)}.
     *
     * @param w weights, read and assigned
     * @param g gradients, read
     * @param m first moment, read and assigned
     * @param v second moment, read and assigned
     * @param step number of this update, from 1
     * @param rate learning rate
     * @param b1 decay of the first moment
     * @param b2 decay of the second moment
     * @param epsilon added to the root
     */
    void adam(Tensor w, Tensor g, Tensor m, Tensor v, long step, double rate, double b1, double b2, double epsilon);
}
