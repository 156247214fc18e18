package dev.rondo.model;

import dev.rondo.Backend;
import dev.rondo.Direction;
import dev.rondo.ForwardCall;
import dev.rondo.Input;
import dev.rondo.IntTensor;
import dev.rondo.Linear;
import dev.rondo.ParameterLayout;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import dev.rondo.train.SoftmaxCrossEntropy;
import org.jspecify.annotations.Nullable;

/**
 * One label for each step of a sequence: a recurrent network, forward or in both directions, with a linear layer and a softmax at
 * every step (Goodfellow, Bengio, Courville, "Deep Learning", 2016, sections 10.2 and 10.3).
 *
 * <p>A {@linkplain #stateful stateful} one reads long sequences in windows of T steps: the state is carried from window to window,
 * and the gradient is cut between them, which is truncated back-propagation through time with k1 = k2 = T ({@link
 * dev.rondo.train.TruncatedBptt}).
 */
public final class SequenceTagger implements AutoCloseable {
    private final Trainable learned;
    private final Recurrence rnn;
    private final Affine output;
    private final SoftmaxCrossEntropy crossEntropy;
    private final Tensor y;
    private final Tensor dy;
    private final Tensor logits;
    private @Nullable RnnState carried;

    /**
     * A tagger with weights of zero; see {@link Trainable#initialize}.
     *
     * @param backend where it runs
     * @param spec the network
     * @param tags number of labels
     * @param steps T of every batch
     * @param batch N of every batch
     */
    public SequenceTagger(Backend backend, RnnSpec spec, int tags, int steps, int batch) {
        this.learned = new Trainable(
                backend,
                ParameterLayout.builder()
                        .add("rnn.", spec.layout())
                        .add("output.", Linear.layout(spec.outputSize(), tags))
                        .build());
        this.rnn = learned.recurrence("rnn.", spec, steps, batch);
        this.output = learned.affine("output.");
        this.crossEntropy = new SoftmaxCrossEntropy(backend);
        this.y = backend.tensor(steps, batch, spec.outputSize());
        this.dy = backend.tensor(steps, batch, spec.outputSize());
        this.logits = backend.tensor(steps, batch, tags);
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
     * Lets the state after a batch be that before the next one: their rows are windows of the same sequences. It is zero at first.
     *
     * @return this
     * @throws IllegalArgumentException if the network is not a forward one
     */
    public SequenceTagger stateful() {
        if (rnn.spec().direction() != Direction.FORWARD) {
            throw new IllegalArgumentException("stateful: expected a network of direction FORWARD, got "
                    + rnn.spec().direction() + ", which needs the whole sequence");
        }
        if (carried == null) {
            carried = learned.backend().state(rnn.spec(), y.dimension(1));
        }
        return this;
    }

    /**
     * Begins new sequences, from a state of zero.
     *
     * @param rows which ones, {@code [N]}
     * @throws IllegalStateException if the state is not carried
     */
    public void begin(boolean... rows) {
        if (carried == null) {
            throw new IllegalStateException("begin: expected a stateful tagger");
        }
        carried.zeroRows(rows);
    }

    /**
     * Computes the logits of a batch.
     *
     * @param x {@code [T,N,I]}, or indices {@code [T,N]}
     * @param lengths valid steps of each row, {@code [N]}
     * @return {@code [T,N,tags]}, until the next call
     */
    public Tensor forward(Input x, int[] lengths) {
        call(x, lengths).run();
        output.forward(y, logits);
        return logits;
    }

    private ForwardCall call(Input x, int[] lengths) {
        return rnn.call(x).lengths(lengths).initial(carried).y(y).last(carried);
    }

    /**
     * Computes the mean cross-entropy over the steps that count, and adds up its gradients.
     *
     * @param x {@code [T,N,I]}, or indices {@code [T,N]}
     * @param lengths valid steps of each row, {@code [N]}
     * @param labels the tag of each step, {@code [T,N]}; negative for a step that does not count, such as those past the lengths
     * @param loss receives it, {@code [1]}
     */
    public void train(Input x, int[] lengths, IntTensor labels, Tensor loss) {
        try (TrainingPass pass = call(x, lengths).train()) {
            output.forward(y, logits);
            crossEntropy.apply(logits, labels, loss, logits);
            output.backward(y, logits, dy);
            rnn.backward(pass).dy(dy).run();
        }
    }

    @Override
    public void close() {
        learned.close();
        y.close();
        dy.close();
        logits.close();
        if (carried != null) {
            carried.close();
        }
    }
}
