package dev.rondo.model;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Elementwise;
import dev.rondo.Embedding;
import dev.rondo.ForwardCall;
import dev.rondo.Gaussian;
import dev.rondo.IntTensor;
import dev.rondo.Linear;
import dev.rondo.ParameterLayout;
import dev.rondo.Pooling;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Sampling;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import dev.rondo.internal.Arguments;
import dev.rondo.spi.Dropout;
import dev.rondo.train.SoftmaxCrossEntropy;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A variational autoencoder of sequences with one latent vector for the whole (Bowman, Vilnis, Vinyals, Dai, Jozefowicz, Bengio,
 * "Generating sentences from a continuous space", 2016): an encoder reads the words, two linear maps of its last output give the mean
 * and the logarithm of the variance of z, and a decoder writes the words again, conditioned by z at every step and in its initial
 * state.
 *
 * <pre>
 *   loss = cross-entropy of a word + weight * KL(q(z | words) || N(0, 1)) / number of words
 * </pre>
 *
 * <p>in nats per word, ends included; with weight 1 it is a bound of the negative log-likelihood. A weight that grows from 0, and
 * inputs of the decoder that are hidden at random, keep the decoder from doing without z.
 *
 * <p>Words are 0 to V - 1; {@link #END} stands after the last word of each sequence and, as an input, before the first,
 * {@link #HIDDEN} for an input that is hidden.
 */
public final class SequenceAutoencoder implements AutoCloseable {
    /** The end of a sequence. */
    public static final int END = 0;

    /** What the decoder sees of a word that is hidden from it. */
    public static final int HIDDEN = 1;

    private final Backend scope;
    private final Trainable learned;
    private final int steps;
    private final int batch;
    private final int latentSize;

    private final Table words;
    private final Recurrence encoder;
    private final Pooling pooling;
    private final Affine mean;
    private final Affine logVariance;
    private final Gaussian gaussian;
    private final Conditioning conditioning;
    private final Recurrence decoder;
    private final Affine output;
    private final SoftmaxCrossEntropy crossEntropy;
    private final Sampling sampling;

    private final IntTensor read;
    private final IntTensor inputs;
    private final IntTensor targets;
    private final IntTensor valid;
    private final Tensor readVectors;
    private final Tensor dVectors;
    private final Tensor encoded;
    private final Tensor dEncoded;
    private final Tensor summary;
    private final Tensor dSummary;
    private final Tensor dShare;
    private final Tensor means;
    private final Tensor dMeans;
    private final Tensor logVariances;
    private final Tensor dLogVariances;
    private final Tensor z;
    private final Tensor dz;
    private final Tensor divergence;
    private final Tensor inputVectors;
    private final Tensor y;
    private final Tensor dy;
    private final Tensor logits;
    private final Elementwise elementwise;

    /**
     * An autoencoder with weights of zero; see {@link Trainable#initialize}.
     *
     * @param backend where it runs
     * @param cell of encoder and decoder
     * @param vocabulary number of words V, {@link #END} and {@link #HIDDEN} among them
     * @param embeddingSize size of the vector of a word
     * @param hiddenSize hidden size of encoder and decoder
     * @param latentSize Z
     * @param steps longest sequence with its end T
     * @param batch number of sequences N
     */
    public SequenceAutoencoder(
            Backend backend,
            Cell cell,
            int vocabulary,
            int embeddingSize,
            int hiddenSize,
            int latentSize,
            int steps,
            int batch) {
        this.steps = Arguments.positive("steps", steps);
        this.batch = Arguments.positive("batch", batch);
        this.latentSize = Arguments.positive("latentSize", latentSize);
        RnnSpec spec = RnnSpec.of(cell, embeddingSize, hiddenSize);
        this.scope = Arguments.notNull("backend", backend).scope();
        this.learned = new Trainable(
                scope,
                ParameterLayout.builder()
                        .add("words.", Embedding.layout(vocabulary, embeddingSize))
                        .add("encoder.", spec.layout())
                        .add("mean.", Linear.layout(hiddenSize, latentSize))
                        .add("logvariance.", Linear.layout(hiddenSize, latentSize))
                        .add("", Conditioning.layout(spec, latentSize, true, true))
                        .add("decoder.", spec.layout())
                        .add("output.", Linear.layout(hiddenSize, vocabulary))
                        .build());
        this.words = learned.table("words.");
        this.encoder = learned.recurrence("encoder.", spec, steps, batch);
        this.pooling = new Pooling(scope, Pooling.Kind.LAST);
        this.mean = learned.affine("mean.");
        this.logVariance = learned.affine("logvariance.");
        this.gaussian = new Gaussian(scope);
        this.conditioning = new Conditioning(learned, spec, true, true, latentSize, batch);
        this.decoder = learned.recurrence("decoder.", spec, steps, batch);
        this.output = learned.affine("output.");
        this.crossEntropy = new SoftmaxCrossEntropy(scope);
        this.sampling = new Sampling(scope);
        this.elementwise = new Elementwise(scope);
        this.read = scope.intTensor(steps, batch);
        this.inputs = scope.intTensor(steps, batch);
        this.targets = scope.intTensor(steps, batch);
        this.valid = scope.intTensor(batch);
        this.readVectors = scope.tensor(steps, batch, embeddingSize);
        this.dVectors = scope.tensor(steps, batch, embeddingSize);
        this.encoded = scope.tensor(steps, batch, hiddenSize);
        this.dEncoded = scope.tensor(steps, batch, hiddenSize);
        this.summary = scope.tensor(batch, hiddenSize);
        this.dSummary = scope.tensor(batch, hiddenSize);
        this.dShare = scope.tensor(batch, hiddenSize);
        this.means = scope.tensor(batch, latentSize);
        this.dMeans = scope.tensor(batch, latentSize);
        this.logVariances = scope.tensor(batch, latentSize);
        this.dLogVariances = scope.tensor(batch, latentSize);
        this.z = scope.tensor(batch, latentSize);
        this.dz = scope.tensor(batch, latentSize);
        this.divergence = scope.tensor(1);
        this.inputVectors = scope.tensor(steps, batch, embeddingSize);
        this.y = scope.tensor(steps, batch, hiddenSize);
        this.dy = scope.tensor(steps, batch, hiddenSize);
        this.logits = scope.tensor(steps, batch, vocabulary);
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
     * The size of the latent vector.
     *
     * @return Z
     */
    public int latentSize() {
        return latentSize;
    }

    /** The sequences of a batch as numbers: valid steps of each row, and of all. */
    private record Lengths(int[] each, int sum) {}

    /** Sets what is read, shown and expected. */
    private Lengths open(int[][] sequences, double hidden, long seed) {
        int[] reading = new int[steps * batch];
        int[] shown = new int[steps * batch];
        int[] expected = new int[steps * batch];
        int[] lengths = new int[batch];
        int sum = 0;
        Arrays.fill(expected, SoftmaxCrossEntropy.MASKED);
        Arguments.inRange("sequences.length", sequences.length, 1, batch);
        for (int n = 0; n < sequences.length; n++) {
            int[] sequence = sequences[n];
            lengths[n] = Arguments.inRange("sequences[" + n + "].length", sequence.length, 0, steps - 1) + 1;
            sum += lengths[n];
            for (int t = 0; t < lengths[n]; t++) {
                int at = t * batch + n;
                int word = t < sequence.length ? sequence[t] : END;
                reading[at] = word;
                expected[at] = word;
                boolean hides = Dropout.uniform(seed, at) < hidden;
                shown[at] = t == 0 ? END : hides ? HIDDEN : sequence[t - 1];
            }
        }
        read.set(reading);
        inputs.set(shown);
        targets.set(expected);
        valid.set(lengths);
        return new Lengths(lengths, sum);
    }

    /**
     * Computes the loss of sequences, and adds up its gradients.
     *
     * @param sequences at most N, each of at most T - 1 words without the end
     * @param noise {@code [N,Z]} from the standard normal distribution
     * @param weight of the divergence, 0 to 1
     * @param hidden probability with which an input of the decoder is hidden
     * @param seed decides which inputs
     * @param loss receives it in nats per word, {@code [1]}
     */
    public void train(int[][] sequences, Tensor noise, double weight, double hidden, long seed, Tensor loss) {
        Arguments.inRange("weight", weight, 0, 1);
        Arguments.inRange("hidden", hidden, 0, 1);
        Lengths lengths = open(sequences, hidden, seed);
        words.forward(read, readVectors);
        words.forward(inputs, inputVectors);
        try (TrainingPass reading =
                encoder.call(readVectors).lengths(lengths.each).y(encoded).train()) {
            latent(noise);
            try (TrainingPass writing = writing(lengths.each).train()) {
                output.forward(y, logits);
                crossEntropy.apply(logits, targets, loss, logits);
                output.backward(y, logits, dy);
                decoder.backward(writing)
                        .dy(dy)
                        .dx(dVectors)
                        .dInitial(conditioning.dInitial())
                        .dCondition(conditioning.dCondition())
                        .run();
            }
            words.backward(inputs, dVectors);
            conditioning.backward(z, dz.fill(0));
            gaussian.drawBackward(logVariances, noise, dz, dMeans.fill(0), dLogVariances.fill(0));
            gaussian.divergence(means, logVariances, valid, weight / lengths.sum, divergence, dMeans, dLogVariances);
            elementwise.add(1, divergence, loss);
            mean.backward(summary, dMeans, dSummary);
            logVariance.backward(summary, dLogVariances, dShare);
            elementwise.add(1, dShare, dSummary);
            pooling.backward(encoded, valid, summary, dSummary, dEncoded);
            encoder.backward(reading).dy(dEncoded).dx(dVectors).run();
        }
        words.backward(read, dVectors);
    }

    /** From the outputs of the encoder to what conditions the decoder. */
    private void latent(@Nullable Tensor noise) {
        pooling.forward(encoded, valid, summary);
        mean.forward(summary, means);
        logVariance.forward(summary, logVariances);
        if (noise != null) {
            gaussian.draw(means, logVariances, noise, z);
        } else {
            z.copyFrom(means);
        }
        conditioning.forward(z);
    }

    private ForwardCall writing(int[] lengths) {
        return decoder.call(inputVectors)
                .lengths(lengths)
                .initial(conditioning.initial())
                .condition(conditioning.condition())
                .y(y);
    }

    /**
     * The latent vectors of sequences: the means.
     *
     * @param sequences at most N
     * @return {@code [N,Z]}, until the next call
     */
    public Tensor encode(int[][] sequences) {
        Lengths lengths = open(sequences, 0, 0);
        words.forward(read, readVectors);
        encoder.call(readVectors).lengths(lengths.each).y(encoded).run();
        latent(null);
        return z;
    }

    /**
     * The cross-entropy of sequences that are written again from the means of their latent vectors, each word after the ones before
     * it.
     *
     * @param sequences at most N
     * @param loss receives it in nats per word, {@code [1]}
     */
    public void reconstruct(int[][] sequences, Tensor loss) {
        encode(sequences);
        Lengths lengths = open(sequences, 0, 0);
        words.forward(inputs, inputVectors);
        writing(lengths.each).run();
        output.forward(y, logits);
        crossEntropy.apply(logits, targets, loss, null);
    }

    /**
     * Writes a sequence for each latent vector, the most probable word each time.
     *
     * @param latent {@code [N,Z]}, such as what {@link #encode} returned
     * @return N sequences without their ends
     */
    public int[][] decode(Tensor latent) {
        if (latent != z) {
            z.copyFrom(latent);
        }
        conditioning.forward(z);
        int[][] written = new int[batch][0];
        boolean[] ended = new boolean[batch];
        int[] shown = new int[batch];
        try (Backend part = scope.scope()) {
            RnnState state = part.state(decoder.spec(), batch);
            RnnState initial = conditioning.initial();
            if (initial != null) {
                state.copyFrom(initial);
            }
            IntTensor word = part.intTensor(1, batch);
            Tensor vector = part.tensor(1, batch, words.size());
            Tensor stepY = part.tensor(1, batch, decoder.spec().outputSize());
            Tensor stepLogits = part.tensor(batch, output.outputSize());
            for (int t = 0; t < steps; t++) {
                words.forward(word.set(shown), vector);
                decoder.call(vector)
                        .initial(state)
                        .condition(conditioning.condition())
                        .y(stepY)
                        .last(state)
                        .run();
                output.forward(stepY, stepLogits);
                sampling.argmax(stepLogits, word);
                shown = word.toInts();
                for (int n = 0; n < batch; n++) {
                    ended[n] |= shown[n] == END;
                    if (!ended[n]) {
                        written[n] = Arrays.copyOf(written[n], t + 1);
                        written[n][t] = shown[n];
                    }
                }
            }
        }
        return written;
    }

    @Override
    public void close() {
        learned.close();
        scope.close();
    }
}
