package dev.rondo.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Cell;
import dev.rondo.IntTensor;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.io.Safetensors;
import dev.rondo.io.SafetensorsFile;
import dev.rondo.io.StoredTensor;
import dev.rondo.model.CharacterTrainingSettings.Algorithm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link CharacterTraining}: it learns, and repeats itself bit for bit, also where it is stopped and resumed. */
public abstract class CharacterTrainingContract extends ModelContract {
    private static final int BATCH = 3;
    private static final int STEPS = 5;

    /** Five windows an epoch. */
    private static final String SHORT_TEXT = prose(82);

    private static final Map<Algorithm, Set<String>> STATES = Map.of(
            Algorithm.SGD, Set.of(),
            Algorithm.MOMENTUM, Set.of("optimizer.velocity"),
            Algorithm.RMSPROP, Set.of("optimizer.mean_square"),
            Algorithm.ADAM, Set.of("optimizer.first_moment", "optimizer.second_moment"));

    /** A way to train. */
    record Variant(Cell cell, Algorithm algorithm, int layers, double dropout, int backSteps) {
        static Variant simple() {
            return new Variant(Cell.LSTM, Algorithm.ADAM, 1, 0, STEPS);
        }

        CharacterTrainingSettings settings(long seed) {
            double rate = switch (algorithm) {
                case SGD -> 1;
                case MOMENTUM -> 0.1;
                case RMSPROP, ADAM -> 0.01;
            };
            return CharacterTrainingSettings.of(cell, 8)
                    .withLayers(layers)
                    .withDropout(dropout)
                    .withBatch(BATCH)
                    .withSteps(STEPS, backSteps)
                    .withOptimizer(algorithm, rate)
                    .withSeed(seed);
        }
    }

    @TempDir
    Path folder;

    private CharacterTraining training(Variant variant, String text) {
        assumeSupported(
                RnnSpec.of(variant.cell, 1, 1).withLayers(variant.layers).withDropout(variant.dropout));
        return new CharacterTraining(backend(), variant.settings(7), TextFilter.ALL, text, Integer.MAX_VALUE);
    }

    private CharacterTraining resumed(Path file, String text) throws IOException {
        return CharacterTraining.resume(backend(), file, text, Integer.MAX_VALUE);
    }

    private static double[] weights(CharacterTraining training) {
        return training.model().parameters().flat().toDoubles();
    }

    /** Trains to the end of the epoch and begins the next one. */
    private static double epoch(CharacterTraining training) {
        while (training.window() < training.windowsInEpoch()) {
            training.trainWindow();
        }
        double loss = training.epochLoss();
        training.nextEpoch();
        return loss;
    }

    @ParameterizedTest
    @EnumSource(Algorithm.class)
    void lossFallsFarBelowThatOfAGuess(Algorithm algorithm) {
        String text = prose(400);
        Variant variant = new Variant(Cell.LSTM, algorithm, 1, 0, STEPS);
        try (CharacterTraining training = training(variant, text)) {
            int characters = training.model().vocabulary().size();
            double first = epoch(training);
            List<Double> losses = new ArrayList<>(List.of(first));
            for (int epoch = 1; epoch < 12; epoch++) {
                losses.add(epoch(training));
            }
            double last = losses.get(losses.size() - 1);
            assertTrue(first < Math.log(characters) + 0.3, losses.toString());
            assertTrue(losses.get(5) < first && last < losses.get(5), losses.toString());
            assertTrue(last < 0.8 * Math.log(characters), losses.toString());
        }
    }

    @Test
    void firstLossIsThatOfAGuess() {
        try (CharacterTraining training = training(Variant.simple(), SHORT_TEXT)) {
            assertTrue(Double.isNaN(training.epochLoss()));
            training.trainWindow();
            double guess = Math.log(training.model().vocabulary().size());
            assertEquals(guess, training.epochLoss(), 0.3);
        }
    }

    @ParameterizedTest
    @EnumSource(Cell.class)
    void twoRunsAreTheSameBits(Cell cell) {
        Variant variant = new Variant(cell, Algorithm.ADAM, 2, 0.3, 2 * STEPS);
        try (CharacterTraining a = training(variant, SHORT_TEXT);
                CharacterTraining b = training(variant, SHORT_TEXT)) {
            assertArrayEquals(weights(a), weights(b));
            for (int epoch = 0; epoch < 2; epoch++) {
                assertEquals(epoch(a), epoch(b));
                assertArrayEquals(weights(a), weights(b));
            }
        }
    }

    @Test
    void theSeedDecidesTheFirstWeightsAndTheDropout() {
        try (CharacterTraining a = ofSingleSteps(0.5, 0.1, 1);
                CharacterTraining b = ofSingleSteps(0.5, 0.1, 2)) {
            assertFalse(Arrays.equals(weights(a), weights(b)), "first weights");
            b.model().parameters().flat().set(weights(a));
            assertNotEquals(epoch(a), epoch(b), "dropout");
        }
        try (CharacterTraining a = ofSingleSteps(0, 0.1, 1);
                CharacterTraining b = ofSingleSteps(0, 0.1, 2)) {
            b.model().parameters().flat().set(weights(a));
            assertEquals(epoch(a), epoch(b), "nothing else");
        }
    }

    /** Windows of one step leave no choice of where an epoch begins. */
    private CharacterTraining ofSingleSteps(double dropout, double rate, long seed) {
        CharacterTrainingSettings settings = CharacterTrainingSettings.of(Cell.GRU, 8)
                .withLayers(2)
                .withDropout(dropout)
                .withBatch(BATCH)
                .withSteps(1)
                .withOptimizer(Algorithm.SGD, rate)
                .withSeed(seed);
        return new CharacterTraining(backend(), settings, TextFilter.ALL, SHORT_TEXT, Integer.MAX_VALUE);
    }

    /**
     * With a rate too small to change a weight, the loss of every epoch is that of one pass over each stream, from a
     * state of zero, computed here step by step.
     */
    @Test
    void lossOfAnEpochIsThatOfOnePassOverTheStreams() {
        CharacterTrainingSettings settings = CharacterTrainingSettings.of(Cell.LSTM, 8)
                .withBatch(BATCH)
                .withSteps(STEPS)
                .withOptimizer(Algorithm.SGD, Double.MIN_VALUE)
                .withSeed(7);
        try (CharacterTraining training =
                new CharacterTraining(backend(), settings, TextFilter.ALL, SHORT_TEXT, Integer.MAX_VALUE)) {
            boolean isDouble = training.model().parameters().flat().storage().isDouble();
            Set<Integer> offsets = new HashSet<>();
            for (int epoch = 0; epoch < 6; epoch++) {
                double loss = epoch(training);
                for (int offset = 0; offset < STEPS; offset++) {
                    if (Math.abs(loss - lossOfOnePass(training.model(), offset)) <= (isDouble ? 1e-13 : 1e-5)) {
                        offsets.add(offset);
                        break;
                    }
                    assertTrue(offset < STEPS - 1, "loss " + loss + " of epoch " + epoch + " at no offset");
                }
            }
            assertTrue(offsets.size() > 1, "offsets " + offsets);
        }
    }

    private double lossOfOnePass(CharacterLanguageModel model, int offset) {
        int[] tokens = model.vocabulary().encode(SHORT_TEXT);
        int piece = (tokens.length - 1 - offset) / BATCH;
        int steps = piece / STEPS * STEPS;
        int hidden = model.spec().hiddenSize();
        double[] weight = model.parameters().tensor("linear.weight").toDoubles();
        double[] bias = model.parameters().tensor("linear.bias").toDoubles();
        double sum = 0;
        try (Rnn rnn = backend().rnn(model.spec(), 1, 1, Purpose.INFERENCE);
                Tensor y = backend().tensor(1, 1, hidden);
                IntTensor x = backend().intTensor(1, 1)) {
            for (int n = 0; n < BATCH; n++) {
                try (RnnState state = backend().state(model.spec(), 1)) {
                    for (int t = offset + n * piece; t < offset + n * piece + steps; t++) {
                        rnn.step(model.rnnParameters(), x.set(tokens[t]), state, y);
                        sum -= logProbability(weight, bias, y.toDoubles(), tokens[t + 1]);
                    }
                }
            }
        }
        return sum / (BATCH * steps);
    }

    private static double logProbability(double[] weight, double[] bias, double[] h, int target) {
        double total = 0;
        double ofTarget = Double.NaN;
        for (int v = 0; v < bias.length; v++) {
            double logit = bias[v];
            for (int k = 0; k < h.length; k++) {
                logit += weight[v * h.length + k] * h[k];
            }
            total += Math.exp(logit);
            ofTarget = v == target ? logit : ofTarget;
        }
        return ofTarget - Math.log(total);
    }

    /** Epochs begin at different offsets, so that not always the same characters meet in a window. */
    @Test
    void epochsBeginAtDifferentOffsets() {
        try (CharacterTraining training = training(Variant.simple(), prose(STEPS * BATCH * 2 + 3))) {
            List<Integer> counts = new ArrayList<>();
            for (int epoch = 0; epoch < 12; epoch++) {
                counts.add(training.windowsInEpoch());
                epoch(training);
            }
            // with 33 characters there are two windows at offsets 0 to 2, and one at 3 and 4
            assertEquals(Set.of(1, 2), Set.copyOf(counts), counts.toString());
        }
    }

    /** More windows than losses that wait on the backend. */
    @Test
    void lossDoesNotDependOnHowOftenItIsReadAndIsTheMean() {
        String text = prose(BATCH * STEPS * 140);
        Variant variant = new Variant(Cell.RNN_TANH, Algorithm.SGD, 1, 0, STEPS);
        try (CharacterTraining often = training(variant, text);
                CharacterTraining once = training(variant, text)) {
            double sum = 0;
            for (int window = 1; window <= often.windowsInEpoch(); window++) {
                double before = sum;
                often.trainWindow();
                sum = often.epochLoss() * window;
                assertTrue(sum - before > 0 && sum - before < 10, "loss of window " + window + ": " + (sum - before));
            }
            assertTrue(often.windowsInEpoch() > 128);
            while (once.window() < once.windowsInEpoch()) {
                once.trainWindow();
            }
            assertEquals(often.epochLoss(), once.epochLoss());
            assertEquals(sum / often.windowsInEpoch(), once.epochLoss(), 1e-12);
        }
    }

    static List<Variant> resumable() {
        List<Variant> variants = new ArrayList<>();
        for (Cell cell : List.of(Cell.LSTM, Cell.GRU)) {
            for (Algorithm algorithm : Algorithm.values()) {
                for (int backSteps : List.of(STEPS, 2 * STEPS, 2 * STEPS + 2)) {
                    variants.add(new Variant(cell, algorithm, 1, 0, backSteps));
                }
            }
            for (int backSteps : List.of(STEPS, 2 * STEPS, 3 * STEPS)) {
                variants.add(new Variant(cell, Algorithm.ADAM, 2, 0.4, backSteps));
            }
            variants.add(new Variant(cell, Algorithm.MOMENTUM, 2, 0, 1000));
        }
        return variants;
    }

    /**
     * One run without a stop, and one that is thrown away after every window and goes on from its file. Both go on to
     * the middle of the third epoch; at the end of an epoch there is a file before {@code nextEpoch} and one after it.
     */
    @ParameterizedTest
    @MethodSource("resumable")
    void resumedRunIsTheSameBitsAsOneWithoutAStop(Variant variant) throws IOException {
        Path file = folder.resolve("training.safetensors");
        Path other = folder.resolve("other.safetensors");
        List<Double> losses = new ArrayList<>();
        CharacterTraining stopped = training(variant, SHORT_TEXT);
        try (CharacterTraining whole = training(variant, SHORT_TEXT)) {
            while (whole.epoch() < 2 || whole.window() < 3) {
                whole.trainWindow();
                stopped.trainWindow();
                stopped = stopAndGoOn(stopped, file, SHORT_TEXT);
                assertEquals(whole.window(), stopped.window());
                assertArrayEquals(weights(whole), weights(stopped));
                if (whole.window() == whole.windowsInEpoch()) {
                    losses.add(whole.epochLoss());
                    assertEquals(whole.epochLoss(), stopped.epochLoss());
                    whole.nextEpoch();
                    stopped.nextEpoch();
                    stopped = stopAndGoOn(stopped, file, SHORT_TEXT);
                }
            }
            assertEquals(whole.epoch(), stopped.epoch());
            assertEquals(whole.epochLoss(), stopped.epochLoss());
            assertEquals(whole.settings(), stopped.settings());
            whole.save(other);
            assertArrayEquals(Files.readAllBytes(other), Files.readAllBytes(file));
            assertEquals(STATES.get(variant.algorithm()), tensors(file, "optimizer."));
            assertEquals(2, losses.size());
        } finally {
            stopped.close();
        }
    }

    private CharacterTraining stopAndGoOn(CharacterTraining training, Path file, String text) throws IOException {
        training.save(file);
        training.close();
        return resumed(file, text);
    }

    private static Set<String> tensors(Path file, String prefix) throws IOException {
        try (SafetensorsFile content = Safetensors.open(file)) {
            return content.tensors().stream()
                    .map(StoredTensor::name)
                    .filter(name -> name.startsWith(prefix))
                    .collect(Collectors.toSet());
        }
    }

    /** Saving looks on: it changes nothing. */
    @Test
    void savingDoesNotDisturbTheRun() throws IOException {
        Variant variant = new Variant(Cell.LSTM, Algorithm.ADAM, 2, 0.4, 2 * STEPS);
        try (CharacterTraining quiet = training(variant, SHORT_TEXT);
                CharacterTraining saving = training(variant, SHORT_TEXT)) {
            saving.save(folder.resolve("saved"));
            for (int window = 0; window < 4; window++) {
                quiet.trainWindow();
                saving.trainWindow();
                saving.save(folder.resolve("saved"));
            }
            assertArrayEquals(weights(quiet), weights(saving));
            assertEquals(quiet.epochLoss(), saving.epochLoss());
        }
    }

    @Test
    void theGradientIsClippedToItsNormAsAWhole() {
        double[] free = firstStep(0);
        double[] clipped = firstStep(1e-3);
        assertArrayEquals(free, firstStep(1e6));
        assertTrue(norm(free) > 0.01, "norm " + norm(free));
        assertEquals(1e-3, norm(clipped), 2e-6);
        for (int i = 0; i < free.length; i++) {
            assertEquals(free[i] * 1e-3 / norm(free), clipped[i], 2e-7);
        }
    }

    /** The change of the weights by one window of SGD with rate 1: the gradient, less what clipping takes. */
    private double[] firstStep(double clip) {
        CharacterTrainingSettings settings = CharacterTrainingSettings.of(Cell.GRU, 8)
                .withBatch(BATCH)
                .withSteps(STEPS)
                .withOptimizer(Algorithm.SGD, 1)
                .withClip(clip)
                .withSeed(7);
        try (CharacterTraining training =
                new CharacterTraining(backend(), settings, TextFilter.ALL, SHORT_TEXT, Integer.MAX_VALUE)) {
            double[] step = weights(training);
            training.trainWindow();
            double[] after = weights(training);
            for (int i = 0; i < step.length; i++) {
                step[i] -= after[i];
            }
            return step;
        }
    }

    private static double norm(double[] vector) {
        return Math.sqrt(Arrays.stream(vector).map(v -> v * v).sum());
    }

    /** Steps back that an epoch does not have are neither taken nor paid for. */
    @ParameterizedTest
    @ValueSource(doubles = {0, 0.4})
    void backStepsBeyondTheEpochAreAllOfIt(double dropout) {
        int whole = 5 * STEPS;
        int endless = Integer.MAX_VALUE / STEPS * STEPS;
        try (CharacterTraining a = training(new Variant(Cell.GRU, Algorithm.SGD, 2, dropout, whole), SHORT_TEXT);
                CharacterTraining b = training(new Variant(Cell.GRU, Algorithm.SGD, 2, dropout, endless), SHORT_TEXT)) {
            assertEquals(5, a.windowsInEpoch());
            assertEquals(epoch(a), epoch(b));
            assertEquals(epoch(a), epoch(b));
            assertArrayEquals(weights(a), weights(b));
            assertEquals(endless, b.settings().backSteps());
        }
    }

    @Test
    void backStepsReachIntoTheWindowsBefore() {
        try (CharacterTraining a = training(new Variant(Cell.GRU, Algorithm.SGD, 1, 0, STEPS), SHORT_TEXT);
                CharacterTraining b = training(new Variant(Cell.GRU, Algorithm.SGD, 1, 0, 2 * STEPS), SHORT_TEXT)) {
            a.trainWindow();
            b.trainWindow();
            assertArrayEquals(weights(a), weights(b));
            a.trainWindow();
            b.trainWindow();
            assertFalse(Arrays.equals(weights(a), weights(b)), "the second window's gradient ends at its first step");
        }
    }

    @Test
    void aLimitOfTokensCutsTheTextAndKeepsItsVocabulary() {
        String start = prose(82);
        CharacterTrainingSettings settings = Variant.simple().settings(7);
        try (CharacterTraining cut = new CharacterTraining(backend(), settings, TextFilter.ALL, start + "XYZ", 82);
                CharacterTraining same =
                        new CharacterTraining(backend(), settings, TextFilter.ALL, start + "ZYX", 82)) {
            assertTrue(cut.model().vocabulary().toString().contains("XYZ"));
            assertEquals(5, cut.windowsInEpoch());
            assertEquals(epoch(cut), epoch(same));
        }
    }

    @Test
    void windowsAndEpochsComeInTurns() {
        try (CharacterTraining training = training(Variant.simple(), SHORT_TEXT)) {
            assertEquals(BATCH * STEPS, training.tokensInWindow());
            assertEquals(
                    "nextEpoch: epoch 0 has 5 windows, and only 0 have been trained on", refusal(training::nextEpoch));
            for (int window = 0; window < 5; window++) {
                assertEquals(window, training.window());
                training.trainWindow();
            }
            assertEquals(
                    "trainWindow: epoch 0 is over, expected nextEpoch() before it", refusal(training::trainWindow));
            training.nextEpoch();
            assertEquals(1, training.epoch());
            assertEquals(0, training.window());
            assertTrue(Double.isNaN(training.epochLoss()));
        }
    }

    private static String refusal(Runnable call) {
        return assertThrows(IllegalStateException.class, call::run).getMessage();
    }

    @Test
    void aTextThatCannotBeLearntSaysWhy() {
        assertEquals("text: expected at least two different characters, got none", textRefusal("", TextFilter.ALL));
        assertEquals(
                "text: expected at least two different characters, got only \"a\"", textRefusal("aaa", TextFilter.ALL));
        assertEquals(
                "text: expected at least two different characters, got only \"\ud83d\ude00\"",
                textRefusal("\ud83d\ude00\ud83d\ude00", TextFilter.ALL));
        assertEquals(
                "text: expected at least two different characters of a to z and space, got none",
                textRefusal("12 34", TextFilter.LETTERS));
        assertEquals(
                "text: expected at least 20 characters for a batch of 3 and windows of 5 steps, got 19",
                textRefusal(prose(19), TextFilter.ALL));
    }

    private String textRefusal(String text, TextFilter filter) {
        CharacterTrainingSettings settings = Variant.simple().settings(1);
        return assertThrows(
                        IllegalArgumentException.class,
                        () -> new CharacterTraining(backend(), settings, filter, text, Integer.MAX_VALUE))
                .getMessage();
    }

    static Stream<String> otherTexts() {
        return Stream.of(
                SHORT_TEXT.substring(1),
                SHORT_TEXT + "a",
                SHORT_TEXT.substring(0, 40) + (SHORT_TEXT.charAt(40) == 'a' ? 't' : 'a') + SHORT_TEXT.substring(41),
                SHORT_TEXT.substring(0, 10),
                "12345",
                "");
    }

    @ParameterizedTest
    @MethodSource("otherTexts")
    void anotherTextIsRefused(String text) throws IOException {
        Path file = folder.resolve("training.safetensors");
        try (CharacterTraining training = training(Variant.simple(), SHORT_TEXT)) {
            training.trainWindow();
            training.save(file);
        }
        String message = assertThrows(IllegalArgumentException.class, () -> resumed(file, text))
                .getMessage();
        assertTrue(message.startsWith("text: expected "), message);
        resumed(file, SHORT_TEXT).close();
    }

    @Test
    void theSameTextReadToAnotherLengthIsRefused() throws IOException {
        Path file = folder.resolve("training.safetensors");
        try (CharacterTraining training = training(Variant.simple(), SHORT_TEXT)) {
            training.save(file);
        }
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> CharacterTraining.resume(backend(), file, SHORT_TEXT, SHORT_TEXT.length() - 1))
                .getMessage();
        assertTrue(
                message.startsWith("text: expected the one that " + file + " was trained on, and as much of it"),
                message);
    }
}
