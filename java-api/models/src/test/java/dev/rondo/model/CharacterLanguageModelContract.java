package dev.rondo.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Cell;
import dev.rondo.ParameterLayout;
import dev.rondo.RnnSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** {@link CharacterLanguageModel}: sampling, and writing and reading of models. */
public abstract class CharacterLanguageModelContract extends ModelContract {
    private static final Vocabulary ABCD = Vocabulary.of("abc\ud83d\ude00");

    @TempDir
    Path folder;

    private CharacterLanguageModel model(Vocabulary vocabulary, RnnSpec spec) {
        assumeSupported(spec);
        return new CharacterLanguageModel(backend(), vocabulary, TextFilter.ALL, spec);
    }

    /** Says each character with a probability of its own, whatever was before. */
    private CharacterLanguageModel indifferent(double... logits) {
        CharacterLanguageModel model = model(ABCD, RnnSpec.of(Cell.LSTM, 4, 3));
        model.parameters().tensor("linear.bias").set(logits);
        return model;
    }

    /** A plain network whose state is the last character, and which says the one after it: a to b, b to c, c to a. */
    private CharacterLanguageModel cyclic() {
        RnnSpec spec = RnnSpec.of(Cell.RNN_TANH, 3, 3).withBias(false);
        CharacterLanguageModel model = model(Vocabulary.of("abc"), spec);
        model.parameters().tensor("rnn.weight_ih_l0").set(5d, 0, 0, 0, 5, 0, 0, 0, 5);
        model.parameters().tensor("linear.weight").set(0d, 0, 9, 9, 0, 0, 0, 9, 0);
        return model;
    }

    @Test
    void samplingFollowsTheNetwork() {
        try (CharacterLanguageModel model = cyclic()) {
            assertEquals("abcabcabca", model.sample("a", 9, 0, 1));
            assertEquals("cbabcab", model.sample("cba", 4, 0, 1));
            assertEquals("bb", model.sample("bb", 0, 0, 1));
            assertEquals("abcabcabca", model.sample("a", 9, 0.01, 1));
        }
    }

    @Test
    void temperatureZeroTakesTheMostProbable() {
        try (CharacterLanguageModel model = indifferent(0.1, 0.3, 0.2, 0.25)) {
            for (long seed = 0; seed < 5; seed++) {
                assertEquals("abbbbbbbb", model.sample("a", 8, 0, seed));
            }
        }
        try (CharacterLanguageModel model = indifferent(0, 0, 0, 1)) {
            assertEquals("a\ud83d\ude00\ud83d\ude00", model.sample("a", 2, 0, 1));
        }
    }

    @ParameterizedTest
    @CsvSource({"1", "0.5", "2"})
    void frequenciesAreThoseOfTheModelAtThatTemperature(double temperature) {
        double[] probabilities = {0.5, 0.3, 0.15, 0.05};
        int length = backend().name().equals("cuda") ? 400 : 4000; // an emulator takes its time
        try (CharacterLanguageModel model =
                indifferent(Arrays.stream(probabilities).map(Math::log).toArray())) {
            int[] counts = new int[4];
            String sampled = model.sample("a", length, temperature, 3).substring(1);
            for (int token : ABCD.encode(sampled)) {
                counts[token]++;
            }
            double total = Arrays.stream(probabilities)
                    .map(p -> Math.pow(p, 1 / temperature))
                    .sum();
            for (int token = 0; token < 4; token++) {
                double p = Math.pow(probabilities[token], 1 / temperature) / total;
                double deviation = Math.abs(counts[token] - length * p) / Math.sqrt(length * p * (1 - p));
                assertTrue(deviation < 4, Arrays.toString(counts) + " at temperature " + temperature);
            }
            assertEquals(length, Arrays.stream(counts).sum());
        }
    }

    @Test
    void theSeedDecidesTheSample() {
        try (CharacterLanguageModel model = indifferent(0, 0, 0, 0)) {
            assertEquals(model.sample("a", 50, 1, 8), model.sample("a", 50, 1, 8));
            assertNotEquals(model.sample("a", 50, 1, 8), model.sample("a", 50, 1, 9));
        }
    }

    @Test
    void logitsThatDifferByMuchDoNotOverflow() {
        try (CharacterLanguageModel model = indifferent(-1e30, 1e30, 0, 0)) {
            assertEquals("abbb", model.sample("a", 3, 1, 1));
            assertEquals("abbb", model.sample("a", 3, 1e-300, 1));
        }
    }

    @Test
    void unknownCharactersOfThePromptAreLeftOut() {
        try (CharacterLanguageModel model = cyclic()) {
            assertEquals("abca", model.sample("x1a\u00e9b?", 2, 0, 1));
        }
    }

    @Test
    void thePromptIsPreparedAsTheTextWas() {
        RnnSpec spec = RnnSpec.of(Cell.GRU, 27, 2);
        Vocabulary letters = Vocabulary.of(" abcdefghijklmnopqrstuvwxyz");
        try (CharacterLanguageModel model = new CharacterLanguageModel(backend(), letters, TextFilter.LETTERS, spec)) {
            assertEquals("the end", model.sample("The--END!", 0, 1, 1));
        }
    }

    @Test
    void argumentsOutOfRangeAreRefused() {
        try (CharacterLanguageModel model = cyclic()) {
            assertEquals(
                    "prompt: expected at least one of the 3 characters that the model knows (\"abc\"), got \"xyz\"",
                    refusal(() -> model.sample("xyz", 1, 1, 1)));
            assertEquals(
                    "prompt: expected at least one of the 3 characters that the model knows (\"abc\"), got \"\"",
                    refusal(() -> model.sample("", 1, 1, 1)));
            assertEquals("length: expected at least 0, got -1", refusal(() -> model.sample("a", -1, 1, 1)));
            for (double temperature : new double[] {-0.1, Double.NaN, Double.POSITIVE_INFINITY}) {
                assertEquals(
                        "temperature: expected 0.0 to 1000000.0, got " + temperature,
                        refusal(() -> model.sample("a", 1, temperature, 1)));
            }
        }
        assertEquals(
                "spec.inputSize: expected the size of the vocabulary, 4, got 5",
                refusal(() -> model(ABCD, RnnSpec.of(Cell.LSTM, 5, 3)).close()));
    }

    /** A message holds the beginning of a long list only. */
    @Test
    void messagesStayShort() {
        StringBuilder many = new StringBuilder();
        for (int c = 0x4e00; c < 0x4e00 + 3000; c++) {
            many.appendCodePoint(c);
        }
        Vocabulary vocabulary = Vocabulary.of(many.toString());
        try (CharacterLanguageModel model = model(vocabulary, RnnSpec.of(Cell.RNN_TANH, 3000, 1))) {
            String message = refusal(() -> model.sample("\ud83d\ude00".repeat(5000), 1, 1, 1));
            assertTrue(message.length() < 500, message);
        }
    }

    private static String refusal(Runnable call) {
        return assertThrows(IllegalArgumentException.class, call::run).getMessage();
    }

    @Test
    void initializeDrawsEveryWeightFromTheRangeOfPyTorch() {
        RnnSpec spec = RnnSpec.of(Cell.LSTM, 4, 25).withLayers(2);
        try (CharacterLanguageModel a = model(ABCD, spec);
                CharacterLanguageModel b = model(ABCD, spec)) {
            a.initialize(5);
            b.initialize(5);
            double[] weights = a.parameters().flat().toDoubles();
            assertArrayEquals(weights, b.parameters().flat().toDoubles());
            b.initialize(6);
            assertFalse(Arrays.equals(weights, b.parameters().flat().toDoubles()));
            assertTrue(Arrays.stream(weights).allMatch(w -> Math.abs(w) <= 0.2 && w != 0));
            for (ParameterLayout.Entry entry : a.parameters().layout().entries()) {
                if (entry.size() >= 100) {
                    double largest = Arrays.stream(
                                    a.parameters().tensor(entry.name()).toDoubles())
                            .map(Math::abs)
                            .max()
                            .orElseThrow();
                    assertTrue(largest > 0.18, entry.name() + " reaches " + largest + " only");
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Cell.class)
    void aModelComesBackFromItsFile(Cell cell) throws IOException {
        Path file = folder.resolve("model.safetensors");
        RnnSpec spec = RnnSpec.of(cell, 4, 5)
                .withLayers(2)
                .withBias(cell != Cell.RNN_RELU)
                .withDropout(cell == Cell.GRU ? 0.25 : 0);
        Vocabulary vocabulary = Vocabulary.of("\u0000\"\n\ud83d\ude00");
        try (CharacterLanguageModel model = model(vocabulary, spec)) {
            model.initialize(2);
            model.save(file);
            try (CharacterLanguageModel loaded = CharacterLanguageModel.load(backend(), file)) {
                assertEquals(spec, loaded.spec());
                assertEquals(vocabulary, loaded.vocabulary());
                assertEquals(TextFilter.ALL, loaded.filter());
                assertArrayEquals(
                        model.parameters().flat().toDoubles(),
                        loaded.parameters().flat().toDoubles());
                assertEquals(model.sample("\n", 40, 1, 1), loaded.sample("\n", 40, 1, 1));
            }
        }
    }

    /** Also numbers that are no ordinary ones. */
    @Test
    void everyWeightComesBackBitForBit() throws IOException {
        Path file = folder.resolve("model.safetensors");
        double[] special = {-0.0, Double.NaN, Double.NEGATIVE_INFINITY, Float.MIN_VALUE, Float.MAX_VALUE, 1 / 3d};
        try (CharacterLanguageModel model = model(ABCD, RnnSpec.of(Cell.RNN_TANH, 4, 2))) {
            double[] weights = model.parameters().flat().toDoubles();
            System.arraycopy(special, 0, weights, 3, special.length);
            model.parameters().flat().set(weights);
            model.save(file);
            try (CharacterLanguageModel loaded = CharacterLanguageModel.load(backend(), file)) {
                assertArrayEquals(
                        model.parameters().flat().toDoubles(),
                        loaded.parameters().flat().toDoubles());
            }
        }
    }

    @Test
    void aTrainingFileIsAModelFile() throws IOException {
        Path file = folder.resolve("training.safetensors");
        CharacterTrainingSettings settings = CharacterTrainingSettings.of(Cell.GRU, 4)
                .withBatch(2)
                .withSteps(4)
                .withOptimizer(CharacterTrainingSettings.Algorithm.ADAM, 0.01)
                .withSeed(3);
        try (CharacterTraining training =
                new CharacterTraining(backend(), settings, TextFilter.LETTERS, prose(60), 1000)) {
            training.trainWindow();
            training.save(file);
            try (CharacterLanguageModel loaded = CharacterLanguageModel.load(backend(), file)) {
                assertEquals(TextFilter.LETTERS, loaded.filter());
                assertEquals(training.model().vocabulary(), loaded.vocabulary());
                assertArrayEquals(
                        training.model().parameters().flat().toDoubles(),
                        loaded.parameters().flat().toDoubles());
            }
            assertEquals(backend().name(), CharacterTraining.backendOf(file));
        }
    }
}
