package dev.rondo.model;

import dev.rondo.Backend;
import dev.rondo.IntTensor;
import dev.rondo.Linear;
import dev.rondo.Parameters;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.internal.Arguments;
import dev.rondo.io.FileFormatException;
import dev.rondo.io.Safetensors;
import dev.rondo.io.SafetensorsFile;
import dev.rondo.spi.Dropout;
import dev.rondo.train.GradientClipping;
import dev.rondo.train.Optimizer;
import dev.rondo.train.SoftmaxCrossEntropy;
import dev.rondo.train.TruncatedBptt;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

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
    /** Losses stay on the backend until so many have gathered. */
    private static final int LOSSES = 64;

    private final CharacterTrainingSettings settings;
    private final String textDigest;
    private final CharacterLanguageModel model;
    private final StreamWindows windows;
    private final TruncatedBptt bptt;
    private final Optimizer optimizer;
    private final GradientClipping clipping;
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
    private final Tensor losses;
    private final Tensor[] lossSlots = new Tensor[LOSSES];

    private int epoch;
    private int window;
    private int pendingLosses;
    private double lossSum;

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
        int size = Math.toIntExact(model.parameters().layout().size());
        this.optimizer = settings.algorithm().create(backend, size, settings.learningRate());
        this.clipping = new GradientClipping(backend);
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
        this.losses = backend.tensor(LOSSES);
        for (int i = 0; i < LOSSES; i++) {
            lossSlots[i] = losses.view(i, 1);
        }
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
        return epoch;
    }

    /**
     * The number of windows of the present epoch that have been trained on.
     *
     * @return 0 at the start of an epoch
     */
    public int window() {
        return window;
    }

    /**
     * The number of windows of the present epoch.
     *
     * @return at least 1
     */
    public int windowsInEpoch() {
        return windows.count(offset());
    }

    /**
     * The number of characters of one window.
     *
     * @return {@code N * k1}
     */
    public int tokensInWindow() {
        return hostX.length;
    }

    /** Where the present epoch starts: 0 to k1 - 1, at random, so that the windows differ from epoch to epoch. */
    private int offset() {
        return (int) Math.floorMod(Dropout.bits(settings.seed(), 1L + epoch), (long) settings.steps());
    }

    /**
     * Trains on the next window. After the last one of the epoch {@link #nextEpoch()} is due.
     *
     * @throws IllegalStateException if the epoch is over
     * @throws dev.rondo.BackendException if the backend fails
     */
    public void trainWindow() {
        if (window == windowsInEpoch()) {
            throw new IllegalStateException("trainWindow: epoch " + epoch + " is over, expected nextEpoch() before it");
        }
        if (window == 0) {
            bptt.reset();
        }
        windows.read(offset(), window, hostX, hostTargets);
        x.set(hostX);
        targets.set(hostTargets);
        Parameters weights = model.parameters();
        Tensor y = bptt.forward(model.rnnParameters(), x, null);
        linear.forward(weights.tensor("linear.weight"), weights.tensor("linear.bias"), y, logits);
        crossEntropy.apply(logits, targets, lossSlots[pendingLosses], logits);
        gradients.flat().fill(0);
        linear.backward(
                weights.tensor("linear.weight"),
                y,
                logits,
                dy,
                gradients.tensor("linear.weight"),
                gradients.tensor("linear.bias"));
        bptt.backward(dy, rnnGradients);
        if (settings.clip() > 0) {
            clipping.byGlobalNorm(gradients.flat(), settings.clip());
        }
        optimizer.update(weights.flat(), gradients.flat());
        window++;
        pendingLosses++;
        if (pendingLosses == LOSSES) {
            gatherLosses();
        }
    }

    private void gatherLosses() {
        if (pendingLosses == 0) {
            return;
        }
        for (double loss : losses.view(0, pendingLosses).toDoubles()) {
            lossSum += loss;
        }
        pendingLosses = 0;
    }

    /**
     * The mean loss over the windows of the present epoch so far, each taken before its update.
     *
     * @return nats per character, NaN before the first window; the perplexity is {@code exp} of it
     */
    public double epochLoss() {
        gatherLosses();
        return lossSum / window;
    }

    /**
     * Begins the next epoch.
     *
     * @throws IllegalStateException if the present one is not over
     */
    public void nextEpoch() {
        if (window < windowsInEpoch()) {
            throw new IllegalStateException("nextEpoch: epoch " + epoch + " has " + windowsInEpoch()
                    + " windows, and only " + window + " have been trained on");
        }
        epoch++;
        window = 0;
        pendingLosses = 0;
        lossSum = 0;
    }

    /**
     * Writes the model and the whole state of the training to a file, replacing an old one atomically.
     *
     * @param file where to
     * @throws IOException if it cannot be written; an old file is then as it was
     */
    public void save(Path file) throws IOException {
        gatherLosses();
        ModelFile content = new ModelFile();
        content.put(model);
        content.put("training.backend", model.backend().name());
        content.put("training.text_sha256", textDigest);
        content.put("training.batch", settings.batch());
        content.put("training.steps", settings.steps());
        content.put("training.back_steps", settings.backSteps());
        content.put("training.algorithm", settings.algorithm());
        content.put("training.learning_rate", settings.learningRate());
        content.put("training.clip", settings.clip());
        content.put("training.seed", settings.seed());
        content.put("training.epoch", epoch);
        content.put("training.window", window);
        content.put("training.loss_sum", lossSum);
        content.put("training.updates", optimizer.updates());
        content.put("training.advances", bptt.advances());
        optimizer.state().forEach((name, vector) -> content.put("optimizer." + name, vector));
        put(content, "state", bptt.state());
        List<TruncatedBptt.Advance> history = bptt.history();
        content.put("training.history", history.size());
        for (int i = 0; i < history.size(); i++) {
            put(content, "history." + i, history.get(i).initial());
            content.put("history." + i + ".x", (IntTensor) history.get(i).x());
        }
        Safetensors.write(file, content.tensors(), content.metadata());
    }

    private static void put(ModelFile content, String name, RnnState state) {
        content.put(name + ".h", state.h());
        Tensor c = state.c();
        if (c != null) {
            content.put(name + ".c", c);
        }
    }

    /**
     * The name of the backend that a training file was written on; another one can resume it, but not bit for bit.
     *
     * @param file a file written by {@link #save}
     * @return name of the backend
     * @throws IOException if the file cannot be read, is damaged in any way, or holds a model without its training
     */
    public static String backendOf(Path file) throws IOException {
        try (SafetensorsFile content = openTraining(file)) {
            return content.requireMetadata("training.backend");
        }
    }

    private static SafetensorsFile openTraining(Path file) throws IOException {
        SafetensorsFile content = ModelFile.open(file);
        if (!content.metadata().containsKey("training.backend")) {
            content.close();
            throw new FileFormatException(file, "expected a model with the state of its training, got the model alone");
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
        try (SafetensorsFile content = openTraining(file)) {
            CharacterLanguageModel model = ModelFile.readModel(backend, content);
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

    private static CharacterTrainingSettings readSettings(SafetensorsFile file, RnnSpec spec) throws IOException {
        int batch = ModelFile.value(file, "training.batch", Integer::valueOf);
        int steps = ModelFile.value(file, "training.steps", Integer::valueOf);
        int backSteps = ModelFile.value(file, "training.back_steps", Integer::valueOf);
        double rate = ModelFile.value(file, "training.learning_rate", Double::valueOf);
        double clip = ModelFile.value(file, "training.clip", Double::valueOf);
        long seed = ModelFile.value(file, "training.seed", Long::valueOf);
        return ModelFile.value(
                file,
                "training.algorithm",
                name -> new CharacterTrainingSettings(
                        spec.cell(),
                        spec.hiddenSize(),
                        spec.layers(),
                        spec.dropout(),
                        batch,
                        steps,
                        backSteps,
                        CharacterTrainingSettings.Algorithm.valueOf(name),
                        rate,
                        clip,
                        seed));
    }

    private void restore(SafetensorsFile file) throws IOException {
        String digest = file.requireMetadata("training.text_sha256");
        if (!digest.equals(textDigest)) {
            throw new IllegalArgumentException("text: expected the one that " + file.path()
                    + " was trained on, and as much of it (SHA-256 of its characters " + digest + "), got another ("
                    + textDigest + ")");
        }
        epoch = (int) ModelFile.count(file, "training.epoch", Integer.MAX_VALUE);
        window = (int) ModelFile.count(file, "training.window", windowsInEpoch());
        lossSum = ModelFile.value(file, "training.loss_sum", Double::valueOf);
        optimizer.setUpdates(ModelFile.count(file, "training.updates", Long.MAX_VALUE));
        for (Map.Entry<String, Tensor> vector : optimizer.state().entrySet()) {
            ModelFile.read(file, "optimizer." + vector.getKey(), vector.getValue());
        }
        Backend backend = model.backend();
        long advances = ModelFile.count(file, "training.advances", Long.MAX_VALUE);
        long count = ModelFile.count(file, "training.history", (reach() - 1) / settings.steps() + 1);
        List<TruncatedBptt.Advance> history = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            RnnState initial = backend.state(model.spec(), settings.batch());
            IntTensor tokens = backend.intTensor(settings.steps(), settings.batch());
            history.add(new TruncatedBptt.Advance(tokens, initial, new boolean[settings.batch()]));
            read(file, "history." + i, initial);
            ModelFile.read(file, "history." + i + ".x", tokens);
            requireKnown(file, "history." + i + ".x", tokens.toInts());
        }
        try (RnnState state = backend.state(model.spec(), settings.batch())) {
            read(file, "state", state);
            bptt.restore(history, state, advances);
        }
        for (TruncatedBptt.Advance advance : history) {
            advance.initial().close();
            ((IntTensor) advance.x()).close();
        }
    }

    private void requireKnown(SafetensorsFile file, String name, int[] tokens) throws IOException {
        int known = model.vocabulary().size();
        for (int token : tokens) {
            if (token < 0 || token >= known) {
                throw new FileFormatException(
                        file.path(), name + ": expected characters numbered 0 to " + (known - 1) + ", got " + token);
            }
        }
    }

    private static void read(SafetensorsFile file, String name, RnnState state) throws IOException {
        ModelFile.read(file, name + ".h", state.h());
        Tensor c = state.c();
        if (c != null) {
            ModelFile.read(file, name + ".c", c);
        }
    }

    /** Gives everything back, the model too. */
    @Override
    public void close() {
        bptt.close();
        optimizer.close();
        clipping.close();
        gradients.close();
        x.close();
        targets.close();
        logits.close();
        dy.close();
        losses.close();
        model.close();
    }
}
