package dev.rondo.model;

import dev.rondo.Backend;
import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import dev.rondo.internal.Arguments;
import dev.rondo.model.CharacterTrainingSettings.Algorithm;
import dev.rondo.spi.Dropout;
import dev.rondo.train.Checkpoint;
import dev.rondo.train.CheckpointFile;
import dev.rondo.train.TrainingLoop;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Trains a {@link Translator} on pairs of sentences: each epoch goes once through all pairs in a new order, N of them a window.
 * Everything is determined by the settings, the pairs and the backend; a run that was killed and {@linkplain #resume resumed} from
 * its file continues bit for bit.
 */
public final class TranslationTraining implements AutoCloseable {
    private final TranslationSettings settings;
    private final Translator translator;
    private final EncoderDecoder model;
    private final TrainingLoop loop;
    private final List<int[]> sources;
    private final List<int[]> targets;
    private final String digest;
    private final IntTensor sourceWords;
    private final IntTensor inputs;
    private final IntTensor labels;
    private List<Integer> order = List.of();
    private int orderedEpoch = -1;

    /**
     * A new training run.
     *
     * @param backend where it runs
     * @param settings how
     * @param pairs what is learnt, at least one
     */
    public TranslationTraining(Backend backend, TranslationSettings settings, SentencePairs pairs) {
        this(
                new Translator(
                        backend,
                        WordVocabulary.of(pairs.sources(), settings.minCount()),
                        WordVocabulary.of(pairs.targets(), settings.minCount()),
                        settings.model(),
                        settings.steps()),
                settings,
                pairs);
        translator.learned().initialize(settings.seed());
    }

    private TranslationTraining(Translator translator, TranslationSettings settings, SentencePairs pairs) {
        settings.check();
        Arguments.positive("pairs.size", pairs.size());
        Backend backend = translator.learned().backend();
        int steps = settings.steps();
        int batch = settings.batch();
        this.settings = settings;
        this.translator = translator;
        this.model = new EncoderDecoder(translator.learned(), translator.spec(), steps, steps, batch);
        this.sources = pairs.sources().stream().map(translator::source).toList();
        this.targets = pairs.targets().stream().map(translator::target).toList();
        this.digest = digest(pairs);
        this.sourceWords = backend.intTensor(steps, batch);
        this.inputs = backend.intTensor(steps, batch);
        this.labels = backend.intTensor(steps, batch);
        Trainable learned = translator.learned();
        this.loop = new TrainingLoop(
                backend,
                learned.weights(),
                learned.gradients(),
                settings.algorithm().create(backend, learned.weights().layout().size(), settings.learningRate()),
                settings.clip(),
                new Windows());
    }

    private static String digest(SentencePairs pairs) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            for (int i = 0; i < pairs.size(); i++) {
                String line = String.join(" ", pairs.sources().get(i)) + "\t"
                        + String.join(" ", pairs.targets().get(i)) + "\n";
                sha.update(line.getBytes(StandardCharsets.UTF_8));
            }
            return HexFormat.of().formatHex(sha.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /**
     * The model in training.
     *
     * @return owned by this object
     */
    public Translator translator() {
        return translator;
    }

    /**
     * How it is trained.
     *
     * @return the settings
     */
    public TranslationSettings settings() {
        return settings;
    }

    /**
     * The loop.
     *
     * @return owned by this object
     */
    public TrainingLoop loop() {
        return loop;
    }

    /**
     * The number of words of an epoch, those of the targets and their ends.
     *
     * @return at least 1
     */
    public long tokensOfEpoch() {
        return targets.stream().mapToLong(target -> target.length).sum();
    }

    /** The pairs in windows: what the loop asks for. */
    private final class Windows implements TrainingLoop.Task {
        @Override
        public int windows(int epoch) {
            return (sources.size() + settings.batch() - 1) / settings.batch();
        }

        @Override
        public void begin(int epoch) {}

        @Override
        public void window(int epoch, int window, Tensor loss) {
            shuffle(epoch);
            int steps = settings.steps();
            int batch = settings.batch();
            int from = window * batch;
            int[] source = new int[steps * batch];
            int[] shown = new int[steps * batch];
            int[] target = new int[steps * batch];
            int[] sourceLengths = new int[batch];
            int[] targetLengths = new int[batch];
            Arrays.fill(target, -1);
            for (int n = 0; n < batch && from + n < order.size(); n++) {
                int[] read = sources.get(order.get(from + n));
                int[] written = targets.get(order.get(from + n));
                sourceLengths[n] = read.length;
                targetLengths[n] = written.length;
                for (int t = 0; t < read.length; t++) {
                    source[t * batch + n] = read[t];
                }
                for (int t = 0; t < written.length; t++) {
                    target[t * batch + n] = written[t];
                    shown[t * batch + n] = t == 0 ? WordVocabulary.BOS : written[t - 1];
                }
            }
            model.setDropoutSeed(Dropout.bits(settings.seed(), ((long) epoch << 32) + window));
            model.train(
                    sourceWords.set(source), sourceLengths, inputs.set(shown), targetLengths, labels.set(target), loss);
        }

        private void shuffle(int epoch) {
            if (epoch == orderedEpoch) {
                return;
            }
            List<Integer> all = new ArrayList<>();
            for (int i = 0; i < sources.size(); i++) {
                all.add(i);
            }
            Collections.shuffle(all, new Random(Dropout.bits(settings.seed(), ~(long) epoch)));
            order = all;
            orderedEpoch = epoch;
        }
    }

    /**
     * Writes the model and the whole state of the training to a file, replacing an old one atomically.
     *
     * @param file where to
     * @throws IOException if it cannot be written; an old file is then as it was
     */
    public void save(Path file) throws IOException {
        Checkpoint checkpoint = translator
                .checkpoint()
                .put("training.pairs_sha256", digest)
                .put("training.min_count", settings.minCount())
                .put("training.batch", settings.batch())
                .put("training.algorithm", settings.algorithm().key())
                .put("training.learning_rate", settings.learningRate())
                .put("training.clip", settings.clip())
                .put("training.seed", settings.seed());
        loop.put(checkpoint);
        checkpoint.write(file);
    }

    /**
     * Continues a training run from its file.
     *
     * @param backend where it runs; the one of the file, if it shall continue bit for bit
     * @param file a file written by {@link #save}
     * @param pairs those of the run
     * @return the training, owned by the caller
     * @throws IOException if the file cannot be read, is damaged in any way, or holds a model without its training
     * @throws IllegalArgumentException if the pairs are not those of the run
     */
    public static TranslationTraining resume(Backend backend, Path file, SentencePairs pairs) throws IOException {
        try (CheckpointFile content = CheckpointFile.open(file, Translator.FORMAT)) {
            String expected = content.value("training.pairs_sha256");
            if (!expected.equals(digest(pairs))) {
                throw new IllegalArgumentException("pairs: expected those that " + file
                        + " was trained on (SHA-256 of their words " + expected + "), got others (" + digest(pairs)
                        + ")");
            }
            int minCount = content.value("training.min_count", Integer::valueOf);
            int batch = content.value("training.batch", Integer::valueOf);
            Algorithm algorithm = content.value("training.algorithm", Algorithm::ofKey);
            double clip = content.value("training.clip", Double::valueOf);
            long seed = content.value("training.seed", Long::valueOf);
            Translator translator = Translator.read(backend, content);
            TranslationTraining training = null;
            try {
                TranslationSettings settings = content.value(
                        "training.learning_rate",
                        rate -> new TranslationSettings(
                                translator.spec(),
                                minCount,
                                batch,
                                translator.steps(),
                                algorithm,
                                Double.parseDouble(rate),
                                clip,
                                seed));
                training = new TranslationTraining(translator, settings, pairs);
                training.loop.restore(content);
                return training;
            } catch (IOException | RuntimeException e) {
                closeAfterFailure(training, translator);
                throw e;
            }
        }
    }

    private static void closeAfterFailure(@Nullable TranslationTraining training, Translator translator) {
        if (training != null) {
            training.close();
        } else {
            translator.close();
        }
    }

    /** Gives everything back, the model too. */
    @Override
    public void close() {
        loop.close();
        model.close();
        translator.close();
        sourceWords.close();
        inputs.close();
        labels.close();
    }
}
