package dev.rondo.model;

import dev.rondo.Backend;
import dev.rondo.IntTensor;
import dev.rondo.Linear;
import dev.rondo.Parameters;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.internal.Arguments;
import dev.rondo.model.CharacterTrainingSettings.Algorithm;
import dev.rondo.spi.Dropout;
import dev.rondo.train.BpttCheckpoint;
import dev.rondo.train.Checkpoint;
import dev.rondo.train.CheckpointFile;
import dev.rondo.train.Optimizer;
import dev.rondo.train.SoftmaxCrossEntropy;
import dev.rondo.train.TrainingLoop;
import dev.rondo.train.TruncatedBptt;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Trains a {@link CharacterLanguageModel} on one text by truncated BPTT. The text is cut into N streams that are read side
 * by side in windows of k1 steps, from a random offset in each epoch; the state carries over from window to window and starts
 * from zero in each epoch.
 *
 * <p>Everything is determined by the settings, the text and the backend (for a CPU backend with its inner loops), and all of
 * it is in the file that {@link #save}
 * writes: a run that was killed and {@linkplain #resume resumed} from its last file continues bit for bit as if it had never
 * stopped.
 */
public final class CharacterTraining implements AutoCloseable {
    private final CharacterTrainingSettings settings;
    private final String textDigest;
    private final CharacterLanguageModel model;
    private final StreamWindows windows;
    private final TruncatedBptt bptt;
    private final TrainingLoop loop;
    private final SoftmaxCrossEntropy crossEntropy;
    private final Linear linear;
    private final Parameters gradients;
    private final RnnParameters rnnGradients;
    private final int[] hostX;
    private final int[] hostTargets;
    private final IntTensor x;
    private final IntTensor targets;
    private final Tensor logits;
    private final Tensor dy;

    /**
     * A new training run.
     *
     * @param backend where it runs
     * @param settings how
     * @param filter how the text is prepared
     * @param text the text, before preparation
     * @param maxTokens reads so many characters of the prepared text at most; the vocabulary is that of the whole text
     * @throws IllegalArgumentException if the text is too short for the batch and the window, or has only one distinct
     *     character
     */
    public CharacterTraining(
            Backend backend, CharacterTrainingSettings settings, TextFilter filter, String text, int maxTokens) {
        this(newModel(backend, settings, filter, text, maxTokens), settings, text, maxTokens);
        model.initialize(settings.seed());
    }

    private static CharacterLanguageModel newModel(
            Backend backend, CharacterTrainingSettings settings, TextFilter filter, String text, int maxTokens) {
        Arguments.notNull("settings", settings);
        Arguments.notNull("filter", filter);
        String prepared = filter.apply(Arguments.notNull("text", text));
        if (prepared.codePoints().distinct().limit(2).count() < 2) {
            throw new IllegalArgumentException("text: expected at least two different characters"
                    + (filter == TextFilter.LETTERS ? " of a to z and space" : "") + ", got "
                    + (prepared.isEmpty() ? "none" : "only \"" + Character.toString(prepared.codePointAt(0)) + "\""));
        }
        Vocabulary vocabulary = Vocabulary.of(prepared);
        RnnSpec spec = RnnSpec.of(settings.cell(), vocabulary.size(), settings.hiddenSize())
                .withLayers(settings.layers())
                .withDropout(settings.dropout());
        Arguments.positive("maxTokens", maxTokens);
        int tokens = Math.min(maxTokens, prepared.codePointCount(0, prepared.length()));
        StreamWindows.requireLength(tokens, settings.batch(), settings.steps());
        return new CharacterLanguageModel(backend, vocabulary, filter, spec);
    }

    private CharacterTraining(
            CharacterLanguageModel model, CharacterTrainingSettings settings, String text, int maxTokens) {
        Backend backend = model.backend();
        RnnSpec spec = model.spec();
        int batch = settings.batch();
        int steps = settings.steps();
        int classes = model.vocabulary().size();
        this.settings = settings;
        this.model = model;
        Arguments.positive("maxTokens", maxTokens);
        String prepared = model.filter().apply(text);
        int[] all = model.vocabulary().encode(prepared);
        int[] tokens = all.length > maxTokens ? Arrays.copyOf(all, maxTokens) : all;
        this.textDigest = digest(model.vocabulary(), tokens);
        this.windows = new StreamWindows(tokens, batch, steps);
        this.bptt = new TruncatedBptt(backend, spec, batch, steps, reach());
        this.bptt.setDropoutSeed(Dropout.bits(settings.seed(), 0));
        this.crossEntropy = new SoftmaxCrossEntropy(backend);
        this.linear = backend.linear(spec.outputSize(), classes);
        this.gradients = backend.parameters(model.parameters().layout());
        this.rnnGradients = new RnnParameters(spec, CharacterLanguageModel.rnnPart(gradients.flat(), spec));
        this.hostX = new int[steps * batch];
        this.hostTargets = new int[steps * batch];
        this.x = backend.intTensor(steps, batch);
        this.targets = backend.intTensor(steps, batch);
        this.logits = backend.tensor(steps, batch, classes);
        this.dy = backend.tensor(steps, batch, spec.outputSize());
        int size = model.parameters().layout().size();
        Optimizer optimizer = settings.algorithm().create(backend, size, settings.learningRate());
        this.loop = new TrainingLoop(backend, model.parameters(), gradients, optimizer, settings.clip(), new Windows());
    }

    /** k2, or the whole epoch where that is shorter: windows that an epoch does not have need no memory. */
    private int reach() {
        return (int) Math.min(settings.backSteps(), (long) windows.count(0) * settings.steps());
    }

    private static String digest(Vocabulary vocabulary, int[] tokens) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            byte[] bytes = vocabulary.decode(tokens).getBytes(StandardCharsets.UTF_8);
            return HexFormat.of().formatHex(sha.digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /**
     * The model in training.
     *
     * @return owned by this object
     */
    public CharacterLanguageModel model() {
        return model;
    }

    /**
     * How it is trained.
     *
     * @return the settings
     */
    public CharacterTrainingSettings settings() {
        return settings;
    }

    /**
     * The number of whole epochs so far.
     *
     * @return 0 at first
     */
    public int epoch() {
        return loop.epoch();
    }

    /**
     * The number of windows of the present epoch that have been trained on.
     *
     * @return 0 at the start of an epoch
     */
    public int window() {
        return loop.window();
    }

    /**
     * The number of windows of the present epoch.
     *
     * @return at least 1
     */
    public int windowsInEpoch() {
        return loop.windowsInEpoch();
    }

    /**
     * The number of characters of one window.
     *
     * @return {@code N * k1}
     */
    public int tokensInWindow() {
        return hostX.length;
    }

    /** The windows of the text: what the loop asks for. */
    private final class Windows implements TrainingLoop.Task {
        /** Where an epoch starts: 0 to k1 - 1, at random, so that the windows differ from epoch to epoch. */
        private int offset(int epoch) {
            return (int) Math.floorMod(Dropout.bits(settings.seed(), 1L + epoch), (long) settings.steps());
        }

        @Override
        public int windows(int epoch) {
            return windows.count(offset(epoch));
        }

        @Override
        public void begin(int epoch) {
            bptt.reset();
        }

        @Override
        public void window(int epoch, int window, Tensor loss) {
            windows.read(offset(epoch), window, hostX, hostTargets);
            x.set(hostX);
            targets.set(hostTargets);
            Parameters weights = model.parameters();
            Tensor y = bptt.forward(model.rnnParameters(), x, null);
            linear.forward(weights.tensor("linear.weight"), weights.tensor("linear.bias"), y, logits);
            crossEntropy.apply(logits, targets, loss, logits);
            linear.backward(
                    weights.tensor("linear.weight"),
                    y,
                    logits,
                    dy,
                    gradients.tensor("linear.weight"),
                    gradients.tensor("linear.bias"));
            bptt.backward(dy, rnnGradients);
        }
    }

    /**
     * Trains on the next window. After the last one of the epoch {@link #nextEpoch()} is due.
     *
     * @throws IllegalStateException if the epoch is over
     * @throws dev.rondo.BackendException if the backend fails
     */
    public void trainWindow() {
        loop.trainWindow();
    }

    /**
     * The mean loss over the windows of the present epoch so far, each taken before its update.
     *
     * @return nats per character, NaN before the first window; the perplexity is {@code exp} of it
     */
    public double epochLoss() {
        return loop.epochLoss();
    }

    /**
     * What has overflowed, if anything; see {@link TrainingLoop#overflow}.
     *
     * @return such as {@code a weight is NaN}; empty while all is finite
     * @throws dev.rondo.BackendException if the backend fails
     */
    public Optional<String> overflow() {
        return loop.overflow();
    }

    /**
     * Begins the next epoch.
     *
     * @throws IllegalStateException if the present one is not over
     */
    public void nextEpoch() {
        loop.nextEpoch();
    }

    /**
     * Writes the model and the whole state of the training to a file, replacing an old one atomically.
     *
     * @param file where to
     * @throws IOException if it cannot be written; an old file is then as it was
     */
    public void save(Path file) throws IOException {
        Checkpoint checkpoint = ModelFile.of(model)
                .put("training.backend", model.backend().name())
                .put("training.text_sha256", textDigest)
                .put("training.batch", settings.batch())
                .put("training.steps", settings.steps())
                .put("training.back_steps", settings.backSteps())
                .put("training.algorithm", settings.algorithm().key())
                .put("training.learning_rate", settings.learningRate())
                .put("training.clip", settings.clip())
                .put("training.seed", settings.seed());
        loop.put(checkpoint);
        BpttCheckpoint.put(bptt, checkpoint);
        checkpoint.write(file);
    }

    /**
     * The name of the backend that a training file was written on; another one can resume it, but not bit for bit.
     *
     * @param file a file written by {@link #save}
     * @return name of the backend
     * @throws IOException if the file cannot be read, is damaged in any way, or holds a model without its training
     */
    public static String backendOf(Path file) throws IOException {
        try (CheckpointFile content = openTraining(file)) {
            return content.value("training.backend");
        }
    }

    private static CheckpointFile openTraining(Path file) throws IOException {
        CheckpointFile content = ModelFile.open(file);
        if (!content.hasValue("training.backend")) {
            content.close();
            throw content.fault("expected a model with the state of its training, got the model alone");
        }
        return content;
    }

    /**
     * Continues a training run from its file.
     *
     * @param backend where it runs; the one of the file, if it shall continue bit for bit
     * @param file a file written by {@link #save}
     * @param text the text of the run, before preparation
     * @param maxTokens as at the start of the run
     * @return the training, owned by the caller
     * @throws IOException if the file cannot be read, is damaged in any way, or holds a model without its training
     * @throws IllegalArgumentException if the text, up to {@code maxTokens}, is not the one of the run
     */
    public static CharacterTraining resume(Backend backend, Path file, String text, int maxTokens) throws IOException {
        Arguments.notNull("text", text);
        try (CheckpointFile content = openTraining(file)) {
            CharacterLanguageModel model = ModelFile.read(backend, content);
            CharacterTraining training = null;
            try {
                training = new CharacterTraining(model, readSettings(content, model.spec()), text, maxTokens);
                training.restore(content);
                return training;
            } catch (IOException | RuntimeException e) {
                if (training != null) {
                    training.close();
                }
                model.close();
                throw e;
            }
        }
    }

    private static CharacterTrainingSettings readSettings(CheckpointFile file, RnnSpec spec) throws IOException {
        int batch = file.value("training.batch", Integer::valueOf);
        int steps = file.value("training.steps", Integer::valueOf);
        int backSteps = file.value("training.back_steps", Integer::valueOf);
        Algorithm algorithm = file.value("training.algorithm", Algorithm::ofKey);
        double rate = file.value("training.learning_rate", Double::valueOf);
        double clip = file.value("training.clip", Double::valueOf);
        long seed = file.value("training.seed", Long::valueOf);
        return file.value(
                "training.algorithm",
                any -> CharacterTrainingSettings.of(spec.cell(), spec.hiddenSize())
                        .withLayers(spec.layers())
                        .withDropout(spec.dropout())
                        .withBatch(batch)
                        .withSteps(steps, backSteps)
                        .withOptimizer(algorithm, rate)
                        .withClip(clip)
                        .withSeed(seed));
    }

    private void restore(CheckpointFile file) throws IOException {
        String digest = file.value("training.text_sha256");
        if (!digest.equals(textDigest)) {
            throw new IllegalArgumentException("text: expected the one that " + file.path()
                    + " was trained on, and as much of it (SHA-256 of its characters " + digest + "), got another ("
                    + textDigest + ")");
        }
        loop.restore(file);
        BpttCheckpoint.restore(bptt, file);
    }

    /** Gives everything back, the model too. */
    @Override
    public void close() {
        bptt.close();
        loop.close();
        gradients.close();
        x.close();
        targets.close();
        logits.close();
        dy.close();
        model.close();
    }
}
