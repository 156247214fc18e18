package dev.rondo.model;

import dev.rondo.Backend;
import dev.rondo.Gaussian;
import dev.rondo.ParameterLayout;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import dev.rondo.internal.Arguments;
import dev.rondo.internal.TensorArguments;

/**
 * Sequences of vectors, each predicted from those before it: a recurrent network reads them one step late and gives the mean and the
 * variance of a Gaussian (Graves, "Generating sequences with recurrent neural networks", 2013, section 4.1, with one component). Its
 * likelihood is exact; but what comes in one of two ways it can only put between them, which {@link StateSpaceModel} need not.
 */
public final class GaussianSequenceModel implements AutoCloseable {
    private final Backend scope;
    private final Trainable learned;
    private final int steps;
    private final int batch;
    private final int size;
    private final Recurrence rnn;
    private final GaussianHead head;
    private final Gaussian gaussian;
    private final Tensor xAfterZero;
    private final Tensor xBefore;
    private final Tensor y;

    /**
     * A model with weights of zero; see {@link Trainable#initialize}.
     *
     * @param backend where it runs
     * @param spec the network, forward; its input size is that of a vector of the sequence
     * @param steps T of every batch
     * @param batch N of every batch
     */
    public GaussianSequenceModel(Backend backend, RnnSpec spec, int steps, int batch) {
        this.size = Arguments.notNull("spec", spec).inputSize();
        this.steps = Arguments.positive("steps", steps);
        this.batch = Arguments.positive("batch", batch);
        this.scope = Arguments.notNull("backend", backend).scope();
        this.learned = new Trainable(
                scope,
                ParameterLayout.builder()
                        .add("rnn.", spec.layout())
                        .add("output.", GaussianHead.layout(spec.outputSize(), size))
                        .build());
        this.rnn = learned.recurrence("rnn.", spec, steps, batch);
        this.head = new GaussianHead(scope, learned, "output.", steps, batch);
        this.gaussian = new Gaussian(scope);
        this.xAfterZero = scope.tensor(steps + 1, batch, size);
        this.xBefore = xAfterZero.view(0, steps, batch, size);
        this.y = scope.tensor(steps, batch, spec.outputSize());
    }

    /**
     * The weights and gradients.
     *
     * @return closed with this
     */
    public Trainable learned() {
        return learned;
    }

    private void open(Tensor x) {
        TensorArguments.shape("x", x, "[T,N,K]", steps, batch, size);
        xAfterZero.view(batch * size, steps, batch, size).copyFrom(x);
    }

    /**
     * Computes the negative log-likelihood of sequences, and adds up its gradients.
     *
     * @param x {@code [T,N,K]}
     * @param loss receives it in nats per step, {@code [1]}
     */
    public void train(Tensor x, Tensor loss) {
        open(x);
        try (TrainingPass pass = rnn.call(xBefore).y(y).train()) {
            head.forward(y);
            head.clear();
            gaussian.loss(
                    x, head.mean, head.logVariance, null, 1.0 / (steps * batch), loss, head.dMean, head.dLogVariance);
            rnn.backward(pass).dy(head.backward(y)).run();
        }
    }

    /**
     * Computes the negative log-likelihood of sequences.
     *
     * @param x {@code [T,N,K]}
     * @param loss receives it in nats per step, {@code [1]}
     */
    public void loss(Tensor x, Tensor loss) {
        open(x);
        rnn.call(xBefore).y(y).run();
        head.forward(y);
        gaussian.loss(x, head.mean, head.logVariance, null, 1.0 / (steps * batch), loss, null, null);
    }

    @Override
    public void close() {
        learned.close();
        scope.close();
    }
}
