package dev.rondo.train;

import dev.rondo.Backend;
import dev.rondo.Tensor;
import dev.rondo.internal.Arguments;
import dev.rondo.internal.TensorArguments;
import dev.rondo.spi.OptimizerKernels;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Updates weights from gradients. Its state (velocity, moments, number of updates) can be read and set, so that a training
 * run continues from a checkpoint bit for bit.
 */
public abstract class Optimizer implements AutoCloseable {
    private final Backend backend;
    private final int size;
    private final Map<String, Tensor> state = new LinkedHashMap<>();
    private double learningRate;
    private long updates;
    private boolean closed;

    /**
     * For the optimizers of this package.
     *
     * @param backend where the weights live
     * @param size number of weights
     * @param learningRate positive
     * @param state names of its vectors of the size of the weights
     */
    Optimizer(Backend backend, int size, double learningRate, String... state) {
        this.backend = Arguments.notNull("backend", backend);
        this.size = Arguments.positive("size", size);
        setLearningRate(learningRate);
        try {
            for (String name : state) {
                this.state.put(name, backend.tensor(size));
            }
        } catch (RuntimeException | Error e) {
            this.state.values().forEach(Tensor::close);
            throw e;
        }
    }

    /**
     * Updates the weights once.
     *
     * @param weights flat, {@code [size]}, changed in place
     * @param gradients flat, {@code [size]}, read
     * @throws IllegalArgumentException if a size is wrong, or the weights overlap the gradients or are read-only
     * @throws IllegalStateException if something is closed
     */
    public final void update(Tensor weights, Tensor gradients) {
        TensorArguments.shape("weights", weights, "[parameters]", size);
        TensorArguments.shape("gradients", gradients, "[parameters]", size);
        backend.requireAccepted("weights", weights);
        backend.requireAccepted("gradients", gradients);
        weights.requireWritable("weights");
        TensorArguments.apart("weights", weights, "gradients", gradients);
        if (closed) {
            throw new IllegalStateException("optimizer " + name() + " is closed");
        }
        apply(backend.kernels().optimizers(), weights, gradients, updates + 1);
        updates++;
    }

    abstract void apply(OptimizerKernels kernels, Tensor weights, Tensor gradients, long step);

    /**
     * The name of the algorithm.
     *
     * @return {@code sgd}, {@code rmsprop} or {@code adam}
     */
    public abstract String name();

    /**
     * The learning rate.
     *
     * @return positive
     */
    public final double learningRate() {
        return learningRate;
    }

    /**
     * Changes the learning rate from the next update on.
     *
     * @param learningRate positive and finite
     */
    public final void setLearningRate(double learningRate) {
        this.learningRate = Arguments.positive("learningRate", learningRate);
    }

    /**
     * The number of updates so far.
     *
     * @return 0 at first
     */
    public final long updates() {
        return updates;
    }

    /**
     * Sets the number of updates, when a run is continued.
     *
     * @param updates at least 0
     */
    public final void setUpdates(long updates) {
        if (updates < 0) {
            throw new IllegalArgumentException("updates: expected at least 0, got " + updates);
        }
        this.updates = updates;
    }

    /**
     * The vectors that the algorithm carries from update to update.
     *
     * @return name to {@code [size]}, not copies, always in the same order; empty for SGD without momentum
     */
    public final Map<String, Tensor> state() {
        return Collections.unmodifiableMap(state);
    }

    final Tensor state(String name) {
        Tensor vector = state.get(name);
        if (vector == null) {
            throw new IllegalArgumentException("name: expected one of " + state.keySet() + ", got " + name);
        }
        return vector;
    }

    final boolean hasState(String name) {
        return state.containsKey(name);
    }

    /** Gives the state back. */
    @Override
    public final void close() {
        closed = true;
        state.values().forEach(Tensor::close);
    }
}
