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
import dev.rondo.train.SoftmaxCrossEntropy;

/**
 * One label for a sequence: a recurrent network reads it, its outputs become one vector (the last, the mean or the maximum over the
 * valid steps), and a linear layer and a softmax name the class (Goodfellow, Bengio, Courville, "Deep Learning", 2016, section
 * 10.2.3: a single output at the end of the sequence).
 */
public final class SequenceClassifier implements AutoCloseable {
    private final Trainable learned;
    private final Recurrence rnn;
    private final Affine output;
    private final Pooling pooling;
    private final SoftmaxCrossEntropy crossEntropy;
    private final IntTensor valid;
    private final Tensor y;
    private final Tensor dy;
    private final Tensor summary;
    private final Tensor dSummary;
    private final Tensor logits;

    /**
     * A classifier with weights of zero; see {@link Trainable#initialize}.
     *
     * @param backend where it runs
     * @param spec the network
     * @param kind how its outputs become one vector
     * @param classes number of labels
     * @param steps T of every batch
     * @param batch N of every batch
     */
    public SequenceClassifier(Backend backend, RnnSpec spec, Pooling.Kind kind, int classes, int steps, int batch) {
        this.learned = new Trainable(
                backend,
                ParameterLayout.builder()
                        .add("rnn.", spec.layout())
                        .add("output.", Linear.layout(spec.outputSize(), classes))
                        .build());
        this.rnn = learned.recurrence("rnn.", spec, steps, batch);
        this.output = learned.affine("output.");
        this.pooling = new Pooling(backend, kind);
        this.crossEntropy = new SoftmaxCrossEntropy(backend);
        this.valid = backend.intTensor(batch);
        this.y = backend.tensor(steps, batch, spec.outputSize());
        this.dy = backend.tensor(steps, batch, spec.outputSize());
        this.summary = backend.tensor(batch, spec.outputSize());
        this.dSummary = backend.tensor(batch, spec.outputSize());
        this.logits = backend.tensor(batch, classes);
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
     * Computes the logits of a batch.
     *
     * @param x {@code [T,N,I]}, or indices {@code [T,N]}
     * @param lengths valid steps of each row, {@code [N]}
     * @return {@code [N,classes]}, until the next call
     */
    public Tensor forward(Input x, int[] lengths) {
        rnn.call(x).lengths(lengths).y(y).run();
        return logits(lengths);
    }

    private Tensor logits(int[] lengths) {
        pooling.forward(y, valid.set(lengths), summary);
        output.forward(summary, logits);
        return logits;
    }

    /**
     * Computes the mean cross-entropy of a batch, and adds up its gradients.
     *
     * @param x {@code [T,N,I]}, or indices {@code [T,N]}
     * @param lengths valid steps of each row, {@code [N]}
     * @param labels the class of each row, {@code [N]}; negative for a row that does not count
     * @param loss receives it, {@code [1]}
     */
    public void train(Input x, int[] lengths, IntTensor labels, Tensor loss) {
        try (TrainingPass pass = rnn.call(x).lengths(lengths).y(y).train()) {
            crossEntropy.apply(logits(lengths), labels, loss, logits);
            output.backward(summary, logits, dSummary);
            pooling.backward(y, valid, summary, dSummary, dy);
            rnn.backward(pass).dy(dy).run();
        }
    }

    @Override
    public void close() {
        learned.close();
        valid.close();
        y.close();
        dy.close();
        summary.close();
        dSummary.close();
        logits.close();
    }
}
