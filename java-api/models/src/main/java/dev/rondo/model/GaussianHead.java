package dev.rondo.model;

import dev.rondo.Backend;
import dev.rondo.Elementwise;
import dev.rondo.Linear;
import dev.rondo.ParameterLayout;
import dev.rondo.Tensor;

/** Two linear maps of the outputs of a network: the mean and the logarithm of the variance of a Gaussian at each step. */
final class GaussianHead {
    private final Affine meanMap;
    private final Affine logVarianceMap;
    private final Elementwise elementwise;
    final Tensor mean;
    final Tensor dMean;
    final Tensor logVariance;
    final Tensor dLogVariance;
    private final Tensor dx;
    private final Tensor dShare;

    /** What it allocates is closed with {@code scope}. */
    GaussianHead(Backend scope, Trainable learned, String prefix, int steps, int batch) {
        this.meanMap = learned.affine(prefix + "mean.");
        this.logVarianceMap = learned.affine(prefix + "logvariance.");
        this.elementwise = new Elementwise(scope);
        int size = meanMap.outputSize();
        int inputs = learned.weight(prefix + "mean.weight").dimension(1);
        this.mean = scope.tensor(steps, batch, size);
        this.dMean = scope.tensor(steps, batch, size);
        this.logVariance = scope.tensor(steps, batch, size);
        this.dLogVariance = scope.tensor(steps, batch, size);
        this.dx = scope.tensor(steps, batch, inputs);
        this.dShare = scope.tensor(steps, batch, inputs);
    }

    static ParameterLayout layout(int inputs, int size) {
        return ParameterLayout.builder()
                .add("mean.", Linear.layout(inputs, size))
                .add("logvariance.", Linear.layout(inputs, size))
                .build();
    }

    void forward(Tensor x) {
        meanMap.forward(x, mean);
        logVarianceMap.forward(x, logVariance);
    }

    /** Makes the gradients zero, which are added up. */
    void clear() {
        dMean.fill(0);
        dLogVariance.fill(0);
    }

    /** The gradient by x, until the next call. */
    Tensor backward(Tensor x) {
        meanMap.backward(x, dMean, dx);
        logVarianceMap.backward(x, dLogVariance, dShare);
        elementwise.add(1, dShare, dx);
        return dx;
    }
}
