package dev.rondo.model;

import dev.rondo.Backend;
import dev.rondo.Input;
import dev.rondo.IntTensor;
import dev.rondo.Linear;
import dev.rondo.ParameterLayout;
import dev.rondo.Pooling;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import dev.rondo.train.MeanSquaredError;
import org.jspecify.annotations.Nullable;

/**
 * A number, or several, for a sequence: a recurrent network reads it, its outputs become one vector (the last, the mean or the maximum
 * over the valid steps), and a linear layer maps it to the numbers, with the squared error as loss. So the adding problem is learnt
 * (Hochreiter, Schmidhuber, "Long short-term memory", 1997, section 5.4).
 */
public final class SequenceRegressor implements AutoCloseable {
    private final Trainable learned;
    private final Recurrence rnn;
    private final Affine output;
    private final Pooling pooling;
    private final MeanSquaredError squaredError;
    private final IntTensor valid;
    private final Tensor y;
    private final Tensor dy;
    private final Tensor summary;
    private final Tensor dSummary;
    private final Tensor numbers;
    private final Tensor dNumbers;
    private @Nullable GradientNormRegularizer regularizer;

    /**
     * A regressor with weights of zero; see {@link Trainable#initialize}.
     *
     * @param backend where it runs
     * @param spec the network
     * @param kind how its outputs become one vector
     * @param outputs how many numbers it gives for a sequence
     * @param steps T of every batch
     * @param batch N of every batch
     */
    public SequenceRegressor(Backend backend, RnnSpec spec, Pooling.Kind kind, int outputs, int steps, int batch) {
        this.learned = new Trainable(
                backend,
                ParameterLayout.builder()
                        .add("rnn.", spec.layout())
                        .add("output.", Linear.layout(spec.outputSize(), outputs))
                        .build());
        this.rnn = learned.recurrence("rnn.", spec, steps, batch);
        this.output = learned.affine("output.");
        this.pooling = new Pooling(backend, kind);
        this.squaredError = new MeanSquaredError(backend);
        this.valid = backend.intTensor(batch);
        this.y = backend.tensor(steps, batch, spec.outputSize());
        this.dy = backend.tensor(steps, batch, spec.outputSize());
        this.summary = backend.tensor(batch, spec.outputSize());
        this.dSummary = backend.tensor(batch, spec.outputSize());
        this.numbers = backend.tensor(batch, outputs);
        this.dNumbers = backend.tensor(batch, outputs);
    }

    /**
     * The weights and gradients.
     *
     * @return closed with this
     */
    public Trainable learned() {
        return learned;
    }

    /**
     * Adds the term to the training that keeps the gradient from vanishing on its way back through time.
     *
     * @param factor of {@link GradientNormRegularizer Omega}, above 0; its source takes 0.5 to 4
     * @return this
     * @throws IllegalArgumentException if the network is none that the term is for
     */
    public SequenceRegressor regularized(double factor) {
        if (regularizer == null) {
            regularizer = new GradientNormRegularizer(learned.backend(), rnn, y.dimension(0), y.dimension(1));
        }
        regularizer.factor(factor);
        return this;
    }

    /**
     * Computes the numbers of a batch.
     *
     * @param x {@code [T,N,I]}, or indices {@code [T,N]}
     * @param lengths valid steps of each row, {@code [N]}
     * @return {@code [N,outputs]}, until the next call
     */
    public Tensor forward(Input x, int[] lengths) {
        rnn.call(x).lengths(lengths).y(y).run();
        return numbers(lengths);
    }

    private Tensor numbers(int[] lengths) {
        pooling.forward(y, valid.set(lengths), summary);
        output.forward(summary, numbers);
        return numbers;
    }

    /**
     * Computes the mean squared error of a batch, and adds up its gradients.
     *
     * @param x {@code [T,N,I]}, or indices {@code [T,N]} where it is not {@link #regularized}
     * @param lengths valid steps of each row, {@code [N]}
     * @param targets the right numbers, {@code [N,outputs]}
     * @param mask {@code [N]}: 0 for a row that does not count; null if all count
     * @param loss receives it, without the term of {@link #regularized}, {@code [1]}
     */
    public void train(Input x, int[] lengths, Tensor targets, @Nullable IntTensor mask, Tensor loss) {
        if (regularizer != null) {
            regularizer.forward((Tensor) x, lengths, y);
            propagate(lengths, targets, mask, loss);
            regularizer.backward(dy);
            return;
        }
        try (TrainingPass pass = rnn.call(x).lengths(lengths).y(y).train()) {
            propagate(lengths, targets, mask, loss);
            rnn.backward(pass).dy(dy).run();
        }
    }

    /** From the outputs of the network to the loss, and back. */
    private void propagate(int[] lengths, Tensor targets, @Nullable IntTensor mask, Tensor loss) {
        squaredError.apply(numbers(lengths), targets, mask, loss, dNumbers);
        output.backward(summary, dNumbers, dSummary);
        pooling.backward(y, valid, summary, dSummary, dy);
    }

    @Override
    public void close() {
        if (regularizer != null) {
            regularizer.close();
        }
        learned.close();
        valid.close();
        y.close();
        dy.close();
        summary.close();
        dSummary.close();
        numbers.close();
        dNumbers.close();
    }
}
