package dev.rondo.model;

import dev.rondo.BackwardCall;
import dev.rondo.Cell;
import dev.rondo.ForwardCall;
import dev.rondo.Input;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.TrainingPass;
import dev.rondo.train.Initializers;
import java.util.random.RandomGenerator;

/**
 * A recurrent network with its weights and their gradients: a part of a {@link Trainable}.
 *
 * <pre>{@code
 * try (TrainingPass pass = rnn.call(x).lengths(lengths).y(y).train()) {
 *     rnn.backward(pass).dy(dy).dx(dx).run();
 * }
 * }</pre>
 */
public final class Recurrence implements Trainable.Layer {
    private final RnnParameters weights;
    private final RnnParameters gradients;
    private final Rnn rnn;

    Recurrence(Trainable learned, String prefix, RnnSpec spec, int maxSteps, int maxBatch) {
        this.weights = learned.weights().rnn(prefix, spec);
        this.gradients = learned.gradients().rnn(prefix, spec);
        this.rnn = learned.backend().rnn(spec, maxSteps, maxBatch, Purpose.TRAINING);
    }

    /**
     * The network.
     *
     * @return its description
     */
    public RnnSpec spec() {
        return rnn.spec();
    }

    /**
     * Its weights.
     *
     * @return a view of those of the model
     */
    public RnnParameters weights() {
        return weights;
    }

    /**
     * The gradients by its weights.
     *
     * @return a view of those of the model
     */
    public RnnParameters gradients() {
        return gradients;
    }

    @Override
    public void initialize(RandomGenerator random) {
        Initializers.uniform(weights, random);
        if (spec().cell() == Cell.LSTM && spec().bias()) {
            Initializers.forgetGateBias(weights, 1);
        }
    }

    /**
     * Begins a forward pass.
     *
     * @param x {@code [T,N,I]}, or indices {@code [T,N]}
     * @return a call with the weights of the model
     */
    public ForwardCall call(Input x) {
        return rnn.call(weights, x);
    }

    /**
     * Begins the backward pass; the gradients by the weights are added up.
     *
     * @param pass a forward pass of {@link #call}
     * @return a call with the gradients of the model
     */
    public BackwardCall backward(TrainingPass pass) {
        return pass.backward().gradients(gradients);
    }

    @Override
    public void close() {
        rnn.close();
    }
}
