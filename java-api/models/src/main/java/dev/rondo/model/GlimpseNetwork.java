package dev.rondo.model;

import dev.rondo.Attention;
import dev.rondo.Backend;
import dev.rondo.Direction;
import dev.rondo.IntTensor;
import dev.rondo.Linear;
import dev.rondo.ParameterLayout;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import dev.rondo.internal.Arguments;
import dev.rondo.train.SoftmaxCrossEntropy;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A class for a set of vectors, of which a recurrent network takes glimpses: at each step its last output asks for what it wants to
 * see, attention answers with a mean of the vectors, which is the input of the step, and after some glimpses a linear layer and a
 * softmax name the class.
 *
 * <pre>
 *   q[t] = W_q y[t-1] + b_q      k = W_k x      context[t] = attention(q[t], k, x)
 *   y[t], state[t] = rnn(context[t], state[t-1])
 * </pre>
 *
 * <p>The glimpses of Mnih, Heess, Graves, Kavukcuoglu, "Recurrent models of visual attention" (2014), in the soft form of Bahdanau,
 * Cho, Bengio, "Neural machine translation by jointly learning to align and translate" (2015), whose gradient needs no sampling.
 */
public final class GlimpseNetwork implements AutoCloseable {
    /** How well a query suits a key. */
    public enum Score {
        /** {@code u . tanh(q + k)} (Bahdanau et al.). */
        ADDITIVE,
        /** {@code q . k / sqrt(A)}. */
        DOT
    }

    /** One glimpse, with the gradients that belong to it. */
    private record Glimpse(Tensor q, Tensor weights, Tensor context, Tensor y, Tensor dy, RnnState state) {}

    private final Backend scope;
    private final Trainable learned;
    private final Recurrence rnn;
    private final Affine query;
    private final Affine key;
    private final Affine output;
    private final @Nullable Tensor u;
    private final @Nullable Tensor du;
    private final Attention attention;
    private final SoftmaxCrossEntropy crossEntropy;

    private final List<Glimpse> glimpses = new ArrayList<>();
    private final IntTensor valid;
    private final Tensor weights;
    private final Tensor noOutput;
    private final Tensor keys;
    private final Tensor dKeys;
    private final Tensor dValues;
    private final Tensor dContext;
    private final Tensor dq;
    private final RnnState dState;
    private final Tensor logits;

    /**
     * A network with weights of zero; see {@link Trainable#initialize}.
     *
     * @param backend where it runs
     * @param spec the network, of direction forward; its input size is the size V of the vectors
     * @param score how well a query suits a key
     * @param attentionSize size A of queries and keys
     * @param classes number of classes
     * @param glimpses number of glimpses T
     * @param vectors largest number of vectors S
     * @param batch number of sets N
     */
    public GlimpseNetwork(
            Backend backend,
            RnnSpec spec,
            Score score,
            int attentionSize,
            int classes,
            int glimpses,
            int vectors,
            int batch) {
        if (Arguments.notNull("spec", spec).direction() != Direction.FORWARD) {
            throw new IllegalArgumentException("spec: expected direction FORWARD, got " + spec.direction());
        }
        Arguments.positive("glimpses", glimpses);
        int size = spec.inputSize();
        ParameterLayout.Builder layout = ParameterLayout.builder()
                .add("rnn.", spec.layout())
                .add("query.", Linear.layout(spec.outputSize(), attentionSize))
                .add("key.weight", attentionSize, size)
                .add("output.", Linear.layout(spec.outputSize(), classes));
        if (Arguments.notNull("score", score) == Score.ADDITIVE) {
            layout.add("score.weight", 1, attentionSize);
        }
        this.scope = Arguments.notNull("backend", backend).scope();
        this.learned = new Trainable(scope, layout.build());
        this.rnn = learned.recurrence("rnn.", spec, 1, batch);
        this.query = learned.affine("query.");
        this.key = learned.affine("key.");
        this.output = learned.affine("output.");
        boolean additive = score == Score.ADDITIVE;
        if (additive) {
            learned.affine("score."); // draws u, and nothing else
        }
        this.u = additive ? learned.weight("score.weight").view(0, attentionSize) : null;
        this.du = additive ? learned.gradient("score.weight").view(0, attentionSize) : null;
        this.attention = new Attention(scope);
        this.crossEntropy = new SoftmaxCrossEntropy(scope);
        this.weights = scope.tensor(glimpses, batch, vectors);
        for (int t = 0; t < glimpses; t++) {
            this.glimpses.add(new Glimpse(
                    scope.tensor(1, batch, attentionSize),
                    weights.view(t * batch * vectors, 1, batch, vectors),
                    scope.tensor(1, batch, size),
                    scope.tensor(1, batch, spec.outputSize()),
                    scope.tensor(1, batch, spec.outputSize()),
                    scope.state(spec, batch)));
        }
        this.valid = scope.intTensor(batch);
        this.noOutput = scope.tensor(1, batch, spec.outputSize());
        this.keys = scope.tensor(vectors, batch, attentionSize);
        this.dKeys = scope.tensor(vectors, batch, attentionSize);
        this.dValues = scope.tensor(vectors, batch, size);
        this.dContext = scope.tensor(1, batch, size);
        this.dq = scope.tensor(1, batch, attentionSize);
        this.dState = scope.state(spec, batch);
        this.logits = scope.tensor(batch, classes);
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
     * Where each glimpse of the last call looked.
     *
     * @return {@code [T,N,S]}: for each glimpse and set the shares of its vectors
     */
    public Tensor weights() {
        return weights;
    }

    /**
     * Computes the logits of a batch.
     *
     * @param x the sets {@code [S,N,V]}
     * @param lengths vectors of each set, {@code [N]}
     * @return {@code [N,classes]}, until the next call
     */
    public Tensor forward(Tensor x, int[] lengths) {
        begin(x, lengths);
        for (int t = 0; t < glimpses.size(); t++) {
            look(t, x);
            Glimpse glimpse = glimpses.get(t);
            rnn.call(glimpse.context)
                    .initial(stateBefore(t))
                    .y(glimpse.y)
                    .last(glimpse.state)
                    .run();
        }
        return logits();
    }

    /**
     * Computes the mean cross-entropy of a batch, and adds up its gradients.
     *
     * @param x the sets {@code [S,N,V]}
     * @param lengths vectors of each set, {@code [N]}
     * @param labels the class of each set, {@code [N]}; negative for one that does not count
     * @param loss receives it, {@code [1]}
     */
    public void train(Tensor x, int[] lengths, IntTensor labels, Tensor loss) {
        List<TrainingPass> passes = new ArrayList<>();
        try {
            begin(x, lengths);
            for (int t = 0; t < glimpses.size(); t++) {
                look(t, x);
                Glimpse glimpse = glimpses.get(t);
                passes.add(rnn.call(glimpse.context)
                        .initial(stateBefore(t))
                        .y(glimpse.y)
                        .last(glimpse.state)
                        .train());
            }
            crossEntropy.apply(logits(), labels, loss, logits);
            backward(x, passes);
        } finally {
            passes.forEach(TrainingPass::close);
        }
    }

    private void begin(Tensor x, int[] lengths) {
        valid.set(lengths);
        key.forward(x, keys);
    }

    /** The output before a glimpse; zero before the first. */
    private Tensor outputBefore(int t) {
        return t == 0 ? noOutput : glimpses.get(t - 1).y;
    }

    /** The state before a glimpse; null for zero before the first. */
    private @Nullable RnnState stateBefore(int t) {
        return t == 0 ? null : glimpses.get(t - 1).state;
    }

    private void look(int t, Tensor x) {
        Glimpse glimpse = glimpses.get(t);
        query.forward(outputBefore(t), glimpse.q);
        attention.forward(glimpse.q, keys, x, valid, u, glimpse.weights, glimpse.context);
    }

    private Tensor logits() {
        output.forward(glimpses.get(glimpses.size() - 1).y, logits);
        return logits;
    }

    private void backward(Tensor x, List<TrainingPass> passes) {
        dKeys.fill(0);
        dState.zero();
        Glimpse last = glimpses.get(glimpses.size() - 1);
        output.backward(last.y, logits, last.dy);
        for (int t = glimpses.size() - 1; t >= 0; t--) {
            Glimpse glimpse = glimpses.get(t);
            rnn.backward(passes.get(t))
                    .dy(glimpse.dy)
                    .dLast(dState)
                    .dx(dContext)
                    .dInitial(dState)
                    .run();
            attention.backward(glimpse.q, keys, x, valid, u, glimpse.weights, dContext, dq, dKeys, dValues, du);
            query.backward(outputBefore(t), dq, t == 0 ? null : glimpses.get(t - 1).dy);
        }
        key.backward(x, dKeys, null);
    }

    @Override
    public void close() {
        scope.close();
    }
}
