package dev.rondo.model;

import dev.rondo.Backend;
import dev.rondo.IntTensor;
import dev.rondo.Linear;
import dev.rondo.ParameterLayout;
import dev.rondo.Parameters;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.internal.Arguments;
import dev.rondo.train.CheckpointFile;
import dev.rondo.train.Initializers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;

/**
 * A character-level language model: one-hot characters, a recurrent network, a linear layer to the logits of the next
 * character (Sutskever, Martens, Hinton, "Generating text with recurrent neural networks", 2011; the form of the chapter
 * "Recurrent Neural Networks" of "Dive into Deep Learning").
 *
 * <p>All weights are in one flat tensor, named {@code rnn.weight_ih_l0} ..., {@code linear.weight [V,H]},
 * {@code linear.bias [V]}.
 */
public final class CharacterLanguageModel implements AutoCloseable {
    private static final int LISTED_CHARACTERS = 100;

    private final Backend backend;
    private final Vocabulary vocabulary;
    private final TextFilter filter;
    private final RnnSpec spec;
    private final Parameters parameters;
    private final RnnParameters rnnParameters;

    /**
     * A model with weights of zero; see {@link #initialize}.
     *
     * @param backend where it runs
     * @param vocabulary the V characters that it knows
     * @param filter how texts were prepared
     * @param spec the network, forward, with {@code inputSize} V
     * @throws IllegalArgumentException if the input size is not V
     */
    public CharacterLanguageModel(Backend backend, Vocabulary vocabulary, TextFilter filter, RnnSpec spec) {
        this.backend = Arguments.notNull("backend", backend);
        this.vocabulary = Arguments.notNull("vocabulary", vocabulary);
        this.filter = Arguments.notNull("filter", filter);
        this.spec = Arguments.notNull("spec", spec);
        if (spec.inputSize() != vocabulary.size()) {
            throw new IllegalArgumentException("spec.inputSize: expected the size of the vocabulary, "
                    + vocabulary.size() + ", got " + spec.inputSize());
        }
        this.parameters = backend.parameters(layout(spec));
        this.rnnParameters = new RnnParameters(spec, rnnPart(parameters.flat(), spec));
    }

    static ParameterLayout layout(RnnSpec spec) {
        return ParameterLayout.builder()
                .add("rnn.", spec.layout())
                .add("linear.", Linear.layout(spec.outputSize(), spec.inputSize()))
                .build();
    }

    /** The part of a flat tensor that belongs to the recurrent network. */
    static Tensor rnnPart(Tensor flat, RnnSpec spec) {
        return flat.view(0, Math.toIntExact(spec.layout().size()));
    }

    /**
     * Draws all weights uniformly in {@code +-1/sqrt(H)}, as PyTorch does for both layers.
     *
     * @param seed the same seed gives the same weights on every backend
     */
    public void initialize(long seed) {
        Initializers.uniform(parameters.flat(), 1 / Math.sqrt(spec.hiddenSize()), new Random(seed));
    }

    /**
     * Where it runs.
     *
     * @return the backend
     */
    public Backend backend() {
        return backend;
    }

    /**
     * The characters that it knows.
     *
     * @return the vocabulary
     */
    public Vocabulary vocabulary() {
        return vocabulary;
    }

    /**
     * How texts are prepared for it.
     *
     * @return the filter
     */
    public TextFilter filter() {
        return filter;
    }

    /**
     * The recurrent network.
     *
     * @return its description
     */
    public RnnSpec spec() {
        return spec;
    }

    /**
     * All weights.
     *
     * @return not a copy
     */
    public Parameters parameters() {
        return parameters;
    }

    /**
     * The weights of the recurrent network.
     *
     * @return a view of {@link #parameters()}
     */
    public RnnParameters rnnParameters() {
        return rnnParameters;
    }

    /**
     * Continues a text.
     *
     * @param prompt the beginning; characters that the model does not know are left out
     * @param length number of characters to add, at least 0
     * @param temperature divides the logits: 0 takes the most probable character, 1 samples from the model's distribution,
     *     more is bolder
     * @param seed the same seed gives the same text
     * @return the prompt as the model saw it, and the characters added
     * @throws IllegalArgumentException if the model knows none of the characters of the prompt, or an argument is out of
     *     range
     */
    public String sample(String prompt, int length, double temperature, long seed) {
        Arguments.notNull("prompt", prompt);
        Arguments.inRange("length", length, 0, Integer.MAX_VALUE);
        Arguments.inRange("temperature", temperature, 0, 1e6);
        int[] known = vocabulary.encode(filter.apply(prompt));
        if (known.length == 0) {
            throw new IllegalArgumentException("prompt: expected at least one of the " + vocabulary.size()
                    + " characters that the model knows (\"" + beginning(vocabulary.toString()) + "\"), got \""
                    + beginning(prompt) + "\"");
        }
        Random random = new Random(seed);
        StringBuilder text = new StringBuilder(vocabulary.decode(known));
        try (Rnn rnn = backend.rnn(spec, 1, 1, Purpose.INFERENCE);
                RnnState state = backend.state(spec, 1);
                Tensor y = backend.tensor(1, 1, spec.outputSize());
                Tensor logits = backend.tensor(1, 1, vocabulary.size());
                IntTensor x = backend.intTensor(1, 1)) {
            Linear linear = backend.linear(spec.outputSize(), vocabulary.size());
            for (int token : known) {
                rnn.step(rnnParameters, x.set(token), state, y);
            }
            for (int i = 0; i < length; i++) {
                linear.forward(parameters.tensor("linear.weight"), parameters.tensor("linear.bias"), y, logits);
                int token = draw(logits.toDoubles(), temperature, random);
                text.append(vocabulary.decode(token));
                rnn.step(rnnParameters, x.set(token), state, y);
            }
        }
        return text.toString();
    }

    /** As much of a text as an error message can bear. */
    private static String beginning(String text) {
        int end = text.offsetByCodePoints(0, Math.min(LISTED_CHARACTERS, text.codePointCount(0, text.length())));
        return end < text.length() ? text.substring(0, end) + "..." : text;
    }

    private static int draw(double[] logits, double temperature, Random random) {
        int best = 0;
        for (int v = 1; v < logits.length; v++) {
            best = logits[v] > logits[best] ? v : best;
        }
        if (temperature == 0) {
            return best;
        }
        double[] cumulated = new double[logits.length];
        double total = 0;
        for (int v = 0; v < logits.length; v++) {
            total += Math.exp((logits[v] - logits[best]) / temperature);
            cumulated[v] = total;
        }
        double point = random.nextDouble() * total;
        for (int v = 0; v < logits.length; v++) {
            if (point < cumulated[v]) {
                return v;
            }
        }
        return best;
    }

    /**
     * Writes the model to a file (safetensors, with a checksum), replacing an old one atomically.
     *
     * @param file where to
     * @throws IOException if it cannot be written; an old file is then as it was
     */
    public void save(Path file) throws IOException {
        ModelFile.of(this).write(file);
    }

    /**
     * Reads a model that was written by {@link #save} or {@link CharacterTraining#save}.
     *
     * @param backend where it shall run
     * @param file where from
     * @return the model, owned by the caller
     * @throws IOException if the file cannot be read or is damaged in any way
     */
    public static CharacterLanguageModel load(Backend backend, Path file) throws IOException {
        try (CheckpointFile content = ModelFile.open(file)) {
            return ModelFile.read(backend, content);
        }
    }

    /** Gives the weights back. */
    @Override
    public void close() {
        parameters.close();
    }
}
