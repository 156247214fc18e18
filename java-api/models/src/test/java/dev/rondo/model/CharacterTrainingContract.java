package dev.rondo.model;

import static dev.rondo.model.TrainingVariant.BATCH;
import static dev.rondo.model.TrainingVariant.SHORT_TEXT;
import static dev.rondo.model.TrainingVariant.STEPS;
import static dev.rondo.model.TrainingVariant.epoch;
import static dev.rondo.model.TrainingVariant.weights;
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
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.model.CharacterTrainingSettings.Algorithm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link CharacterTraining}: it learns, and repeats itself bit for bit. */
public abstract class CharacterTrainingContract extends ModelContract {
    private CharacterTraining training(TrainingVariant variant, String text) {
        assumeSupported(variant.spec());
        return new CharacterTraining(backend(), variant.settings(7), TextFilter.ALL, text, Integer.MAX_VALUE);
    }

    @ParameterizedTest
    @EnumSource(Algorithm.class)
    void lossFallsFarBelowThatOfAGuess(Algorithm algorithm) {
        String text = prose(400);
        TrainingVariant variant = new TrainingVariant(Cell.LSTM, algorithm, 1, 0, STEPS);
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
        try (CharacterTraining training = training(TrainingVariant.simple(), SHORT_TEXT)) {
            assertTrue(Double.isNaN(training.epochLoss()));
            training.trainWindow();
            double guess = Math.log(training.model().vocabulary().size());
            assertEquals(guess, training.epochLoss(), 0.3);
        }
    }

    @ParameterizedTest
    @EnumSource(Cell.class)
    void twoRunsAreTheSameBits(Cell cell) {
        TrainingVariant variant = new TrainingVariant(cell, Algorithm.ADAM, 2, 0.3, 2 * STEPS);
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
        try (CharacterTraining training = training(TrainingVariant.simple(), prose(STEPS * BATCH * 2 + 3))) {
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
        TrainingVariant variant = new TrainingVariant(Cell.RNN_TANH, Algorithm.SGD, 1, 0, STEPS);
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
        try (CharacterTraining a =
                        training(new TrainingVariant(Cell.GRU, Algorithm.SGD, 2, dropout, whole), SHORT_TEXT);
                CharacterTraining b =
                        training(new TrainingVariant(Cell.GRU, Algorithm.SGD, 2, dropout, endless), SHORT_TEXT)) {
            assertEquals(5, a.windowsInEpoch());
            assertEquals(epoch(a), epoch(b));
            assertEquals(epoch(a), epoch(b));
            assertArrayEquals(weights(a), weights(b));
            assertEquals(endless, b.settings().backSteps());
        }
    }

    @Test
    void backStepsReachIntoTheWindowsBefore() {
        try (CharacterTraining a = training(new TrainingVariant(Cell.GRU, Algorithm.SGD, 1, 0, STEPS), SHORT_TEXT);
                CharacterTraining b =
                        training(new TrainingVariant(Cell.GRU, Algorithm.SGD, 1, 0, 2 * STEPS), SHORT_TEXT)) {
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
        CharacterTrainingSettings settings = TrainingVariant.simple().settings(7);
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
        try (CharacterTraining training = training(TrainingVariant.simple(), SHORT_TEXT)) {
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
        CharacterTrainingSettings settings = TrainingVariant.simple().settings(1);
        return assertThrows(
                        IllegalArgumentException.class,
                        () -> new CharacterTraining(backend(), settings, filter, text, Integer.MAX_VALUE))
                .getMessage();
    }
}
