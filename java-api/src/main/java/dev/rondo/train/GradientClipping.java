package dev.rondo.train;

import dev.rondo.Backend;
import dev.rondo.Tensor;
import dev.rondo.internal.Arguments;
import dev.rondo.internal.TensorArguments;

/** Bounds gradients before an update, against their explosion (Pascanu, Mikolov, Bengio, arXiv 1211.5063). */
public final class GradientClipping implements AutoCloseable {
    private final Backend backend;
    private final Tensor norm;

    /**
     * Clipping on a backend.
     *
     * @param backend where the gradients live
     */
    public GradientClipping(Backend backend) {
        this.backend = Arguments.notNull("backend", backend);
        this.norm = backend.tensor(1);
    }

    /**
     * Scales all gradients by one factor so that their Euclidean norm is at most {@code maxNorm}. Gradients whose norm is
     * not above it stay as they are, bit for bit; a norm of NaN makes them NaN or leaves them.
     *
     * @param gradients all of them, as one flat tensor
     * @param maxNorm the largest norm, positive
     * @return the norm before clipping, {@code [1]}, in the backend's memory; valid until the next call
     * @throws IllegalArgumentException if {@code maxNorm} is not positive and finite, or the gradients are read-only
     * @throws IllegalStateException if the gradients or the backend are closed
     */
    public Tensor byGlobalNorm(Tensor gradients, double maxNorm) {
        check(gradients);
        Arguments.positive("maxNorm", maxNorm);
        TensorArguments.apart("gradients", gradients, "norm", norm);
        backend.kernels().optimizers().clipByGlobalNorm(gradients, maxNorm, norm);
        return norm;
    }

    /**
     * Bounds every element to {@code [-maxValue, maxValue]}; NaN stays NaN.
     *
     * @param gradients any tensor
     * @param maxValue the bound, positive
     * @throws IllegalArgumentException if {@code maxValue} is not positive and finite, or the gradients are read-only
     * @throws IllegalStateException if the gradients or the backend are closed
     */
    public void byValue(Tensor gradients, double maxValue) {
        check(gradients);
        Arguments.positive("maxValue", maxValue);
        backend.kernels().optimizers().clipByValue(gradients, maxValue);
    }

    private void check(Tensor gradients) {
        Arguments.notNull("gradients", gradients).requireOpen("gradients");
        backend.requireAccepted("gradients", gradients);
        gradients.requireWritable("gradients");
    }

    /** Gives the scratch back. */
    @Override
    public void close() {
        norm.close();
    }
}
