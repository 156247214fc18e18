package dev.rondo.model;

import dev.rondo.Backend;
import dev.rondo.Embedding;
import dev.rondo.ForwardCall;
import dev.rondo.IntTensor;
import dev.rondo.Linear;
import dev.rondo.ParameterLayout;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Sampling;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import dev.rondo.internal.Arguments;
import dev.rondo.internal.TensorArguments;
import dev.rondo.spi.Dropout;
import dev.rondo.train.SoftmaxCrossEntropy;
import java.util.Arrays;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A sequence of words for a vector, one to many: a recurrent network whose output at each step is a distribution over the next word,
 * and whose input is the word before it (Goodfellow, Bengio, Courville, "Deep Learning", 2016, section 10.2.4, "Modeling sequences
 * conditioned on context with RNNs"; as the writer of captions: Vinyals, Toshev, Bengio, Erhan, "Show and tell", 2015).
 *
 * <p>Words are 0 to V - 1. Word {@link #END} stands after the last word of each sequence and, as an input, before the first.
 *
 * <p>It is trained by teacher forcing, in which the inputs are the words of the sequence, or by scheduled sampling (Bengio, Vinyals,
 * Jaitly, Shazeer, "Scheduled sampling for sequence prediction with recurrent neural networks", 2015), in which a part of them are
 * words that the model chose itself. No gradient passes through a choice: so the choices are made first, and the rest is teacher
 * forcing with them.
 */
public final class SequenceWriter implements AutoCloseable {
    /** The word that ends a sequence. */
    public static final int END = 0;

    /** Where the vector enters the network. */
    public enum Context {
        /** As a further input of every step. */
        EVERY_STEP,
        /** As the initial state, through a learnt map. */
        INITIAL_STATE,
        /** As input of every step and as the initial state. */
        BOTH,
        /** As the input of a step before the first word (Vinyals et al.). */
        FIRST_INPUT,
        /** There is no vector: the initial state is learnt. */
        NONE
    }

    private final Backend scope;
    private final Context context;
    private final int vectorSize;
    private final int steps;
    private final int batch;
    /** Steps before the first word. */
    private final int before;

    private final Trainable learned;
    private final Table words;
    private final Recurrence rnn;
    private final Affine output;
    private final Conditioning conditioning;
    private final @Nullable Affine firstInput;
    private final SoftmaxCrossEntropy crossEntropy;
    private final Sampling sampling;

    private final Tensor ones;
    private final IntTensor inputs;
    private final IntTensor targets;
    private final int[] lengths;
    private final Tensor x;
    private final Tensor dx;
    private final Tensor y;
    private final Tensor dy;
    private final Tensor logits;

    private final RnnState state;
    private final Tensor stepY;
    private final Tensor stepLogits;
    private final IntTensor chosen;
    private final Tensor uniform;

    /**
     * A writer with weights of zero; see {@link Trainable#initialize}.
     *
     * @param backend where it runs
     * @param spec the network, of direction forward; its input size is that of the vectors that stand for words
     * @param vocabulary number of words V, with the one that ends a sequence
     * @param context where the vector enters
     * @param vectorSize its size Z; 1 where there is none
     * @param steps longest sequence with its end T
     * @param batch number of sequences N
     */
    public SequenceWriter(
            Backend backend, RnnSpec spec, int vocabulary, Context context, int vectorSize, int steps, int batch) {
        Arguments.notNull("spec", spec);
        this.context = Arguments.notNull("context", context);
        this.vectorSize =
                Arguments.inRange("vectorSize", vectorSize, 1, context == Context.NONE ? 1 : Integer.MAX_VALUE);
        this.steps = Arguments.positive("steps", steps);
        this.batch = Arguments.positive("batch", batch);
        boolean everyStep = context == Context.EVERY_STEP || context == Context.BOTH;
        boolean initialState = context == Context.INITIAL_STATE || context == Context.BOTH || context == Context.NONE;
        this.before = context == Context.FIRST_INPUT ? 1 : 0;
        ParameterLayout.Builder layout = ParameterLayout.builder()
                .add("words.", Embedding.layout(vocabulary, spec.inputSize()))
                .add("rnn.", spec.layout())
                .add("output.", Linear.layout(spec.outputSize(), vocabulary))
                .add("", Conditioning.layout(spec, vectorSize, everyStep, initialState));
        if (context == Context.FIRST_INPUT) {
            layout.add("first.", Linear.layout(vectorSize, spec.inputSize()));
        }
        this.scope = Arguments.notNull("backend", backend).scope();
        this.learned = new Trainable(scope, layout.build());
        this.words = learned.table("words.");
        this.rnn = learned.recurrence("rnn.", spec, before + steps, batch);
        this.output = learned.affine("output.");
        this.conditioning = new Conditioning(learned, spec, everyStep, initialState, vectorSize, batch);
        this.firstInput = context == Context.FIRST_INPUT ? learned.affine("first.") : null;
        this.crossEntropy = new SoftmaxCrossEntropy(scope);
        this.sampling = new Sampling(scope);
        this.ones = scope.tensor(batch, 1).fill(1);
        this.inputs = scope.intTensor(steps, batch);
        this.targets = scope.intTensor(steps, batch);
        this.lengths = new int[batch];
        this.x = scope.tensor(before + steps, batch, spec.inputSize());
        this.dx = scope.tensor(before + steps, batch, spec.inputSize());
        this.y = scope.tensor(before + steps, batch, spec.outputSize());
        this.dy = scope.tensor(before + steps, batch, spec.outputSize());
        this.logits = scope.tensor(steps, batch, vocabulary);
        this.state = scope.state(spec, batch);
        this.stepY = scope.tensor(1, batch, spec.outputSize());
        this.stepLogits = scope.tensor(batch, vocabulary);
        this.chosen = scope.intTensor(batch);
        this.uniform = scope.tensor(steps, batch);
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
     * Computes the logits of the words of sequences, each after the ones before it.
     *
     * @param z {@code [N,Z]}; null where there is no vector
     * @param sequences at most N, each of at most T - 1 words without the end
     * @return {@code [T,N,V]}, until the next call
     */
    public Tensor forward(@Nullable Tensor z, int[][] sequences) {
        Tensor vector = vector(z);
        read(sequences);
        condition(vector);
        words.forward(inputs, fromFirstWord(x));
        call().run();
        output.forward(fromFirstWord(y), logits);
        return logits;
    }

    /**
     * Computes the mean cross-entropy of the words of sequences, ends included, and adds up its gradients.
     *
     * @param z {@code [N,Z]}; null where there is no vector
     * @param sequences at most N, each of at most T - 1 words without the end
     * @param own probability with which an input is the model's most probable word instead of that of the sequence; 0 for teacher
     *     forcing
     * @param seed decides which inputs
     * @param loss receives it, {@code [1]}
     */
    public void train(@Nullable Tensor z, int[][] sequences, double own, long seed, Tensor loss) {
        Arguments.inRange("own", own, 0, 1);
        Tensor vector = vector(z);
        read(sequences);
        condition(vector);
        if (own > 0) {
            chooseInputs(own, seed);
        }
        words.forward(inputs, fromFirstWord(x));
        try (TrainingPass pass = call().train()) {
            output.forward(fromFirstWord(y), logits);
            crossEntropy.apply(logits, targets, loss, logits);
            output.backward(fromFirstWord(y), logits, fromFirstWord(dy));
            rnn.backward(pass)
                    .dy(dy)
                    .dx(dx)
                    .dInitial(conditioning.dInitial())
                    .dCondition(conditioning.dCondition())
                    .run();
        }
        words.backward(inputs, fromFirstWord(dx));
        conditioning.backward(vector, null);
        if (firstInput != null) {
            firstInput.backward(vector, step(dx, 0), null);
        }
    }

    /**
     * Writes a sequence for each vector: the most probable word at each step, which is the next input.
     *
     * @param z {@code [N,Z]}; null where there is no vector
     * @return N sequences of words up to the end, or of T words if none came
     */
    public int[][] write(@Nullable Tensor z) {
        condition(vector(z));
        writeFreely(t -> sampling.argmax(stepLogits, chosen));
        return written();
    }

    /**
     * Draws a sequence for each vector.
     *
     * @param z {@code [N,Z]}; null where there is no vector
     * @param temperature positive: 1 for the model's distribution, less for its more probable words
     * @param among draws among so many most probable words, 1 to V
     * @param seed the same seed gives the same sequences
     * @return N sequences of words up to the end, or of T words if none came
     */
    public int[][] draw(@Nullable Tensor z, double temperature, int among, long seed) {
        condition(vector(z));
        uniform.set(uniform(seed));
        writeFreely(t -> sampling.draw(stepLogits, temperature, among, uniform.view(t * batch, batch), chosen));
        return written();
    }

    private Tensor vector(@Nullable Tensor z) {
        if (context == Context.NONE) {
            if (z != null) {
                throw new IllegalArgumentException("z: expected null, since the writer has no vector, got " + z);
            }
            return ones;
        }
        Tensor vector = Arguments.notNull("z", z);
        TensorArguments.shape("z", vector, "[N,Z]", batch, vectorSize);
        return vector;
    }

    /** Sets inputs, targets and lengths. */
    private void read(int[][] sequences) {
        Arguments.inRange("sequences.length", Arguments.notNull("sequences", sequences).length, 0, batch);
        int[] earlier = new int[steps * batch];
        int[] later = new int[steps * batch];
        Arrays.fill(earlier, END);
        Arrays.fill(later, SoftmaxCrossEntropy.MASKED);
        Arrays.fill(lengths, 0);
        for (int n = 0; n < sequences.length; n++) {
            int[] sequence = sequences[n];
            Arguments.inRange("sequences[" + n + "].length", sequence.length, 0, steps - 1);
            for (int t = 0; t < sequence.length; t++) {
                earlier[(t + 1) * batch + n] = sequence[t];
                later[t * batch + n] = sequence[t];
            }
            later[sequence.length * batch + n] = END;
            lengths[n] = before + sequence.length + 1;
        }
        inputs.set(earlier);
        targets.set(later);
    }

    private void condition(Tensor vector) {
        conditioning.forward(vector);
        if (firstInput != null) {
            firstInput.forward(vector, step(x, 0));
        }
    }

    private ForwardCall call() {
        return rnn.call(x)
                .lengths(lengths)
                .initial(conditioning.initial())
                .condition(conditioning.condition())
                .y(y);
    }

    /** Puts words of the model's own among the inputs. */
    private void chooseInputs(double own, long seed) {
        walk(steps - 1, t -> {
            sampling.argmax(stepLogits, chosen);
            for (int n = 0; n < batch; n++) {
                int at = (t + 1) * batch + n;
                if (Dropout.uniform(seed, at) < own) {
                    inputs.view(at, 1).copyFrom(chosen.view(n, 1));
                }
            }
        });
    }

    /** Each word that is chosen becomes the next input; all of them are left in {@code targets}. */
    private void writeFreely(IntConsumer choose) {
        inputs.view(0, batch).set(new int[batch]);
        walk(steps, t -> {
            choose.accept(t);
            targets.view(t * batch, batch).copyFrom(chosen);
            if (t + 1 < steps) {
                inputs.view((t + 1) * batch, batch).copyFrom(chosen);
            }
        });
    }

    /** Runs the network step by step with its inputs, of which each is read when its step comes. */
    private void walk(int count, IntConsumer afterStep) {
        RnnState initial = conditioning.initial();
        if (initial == null) {
            state.zero();
        } else {
            state.copyFrom(initial);
        }
        if (firstInput != null) {
            advance(0);
        }
        for (int t = 0; t < count; t++) {
            Tensor word = step(x, before + t);
            words.forward(inputs.view(t * batch, batch), word);
            advance(before + t);
            output.forward(stepY, stepLogits);
            afterStep.accept(t);
        }
    }

    private void advance(int t) {
        rnn.call(step(x, t))
                .initial(state)
                .condition(conditioning.condition())
                .y(stepY)
                .last(state)
                .run();
    }

    private float[] uniform(long seed) {
        float[] values = new float[steps * batch];
        for (int i = 0; i < values.length; i++) {
            values[i] = Dropout.uniform(seed, i);
        }
        return values;
    }

    private int[][] written() {
        int[] all = targets.toInts();
        int[][] sequences = new int[batch][];
        for (int n = 0; n < batch; n++) {
            int[] sequence = new int[steps];
            int length = 0;
            while (length < steps && all[length * batch + n] != END) {
                sequence[length] = all[length * batch + n];
                length++;
            }
            sequences[n] = Arrays.copyOf(sequence, length);
        }
        return sequences;
    }

    /** One step {@code [1,N,K]} of a sequence. */
    private static Tensor step(Tensor sequence, int t) {
        int rows = sequence.dimension(1);
        int width = sequence.dimension(2);
        return sequence.view(t * rows * width, 1, rows, width);
    }

    /** The steps {@code [T,N,K]} of the words. */
    private Tensor fromFirstWord(Tensor sequence) {
        int width = sequence.dimension(2);
        return sequence.view(before * batch * width, steps, batch, width);
    }

    @Override
    public void close() {
        scope.close();
    }
}
