package dev.rondo.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Cell;
import dev.rondo.model.CharacterTrainingSettings.Algorithm;
import dev.rondo.model.EncoderDecoderSpec.Source;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@link TranslationTraining} and {@link Translator}: what is learnt, files, and runs that are stopped and resumed. */
public abstract class TranslationContract extends ModelContract {
    private static final SentencePairs PAIRS = SentencePairs.parse(
            "red car.\tvoiture rouge.\nred house.\tmaison rouge.\nblue car.\tvoiture bleue.\nblue house.\tmaison bleue.\n"
                    + "big red car.\tgrande voiture rouge.\n",
            Integer.MAX_VALUE);

    @TempDir
    Path folder;

    private TranslationTraining training(Source source) {
        EncoderDecoderSpec model = EncoderDecoderSpec.of(Cell.GRU, 1, 1, 6, 12)
                .withSource(source)
                .withLayers(2)
                .withDropout(0.05);
        assumeSupported(model.encoder());
        TranslationSettings settings = new TranslationSettings(model, 1, 3, 6, Algorithm.ADAM, 0.02, 1, 4);
        return new TranslationTraining(backend(), settings, PAIRS);
    }

    private static void trainWindows(TranslationTraining training, int windows) {
        for (int i = 0; i < windows; i++) {
            training.loop().trainWindow();
            if (training.loop().window() == training.loop().windowsInEpoch()) {
                training.loop().nextEpoch();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void pairsAreLearntAndSurviveTheirFile(Source source) throws IOException {
        // Learning takes an emulator a minute; what the layers compute there is compared with the oracle elsewhere.
        boolean learns = !backend().name().equals("cuda");
        Path file = folder.resolve("translator.safetensors");
        List<Translator.Translation> greedy;
        try (TranslationTraining training = training(source)) {
            trainWindows(training, learns ? 260 : 4);
            training.save(file);
            greedy = training.translator().translate(PAIRS.sources(), 1, SequenceSearch.LENGTH_PENALTY);
        }
        try (Translator translator = Translator.load(backend(), file)) {
            assertEquals(greedy, translator.translate(PAIRS.sources(), 1, SequenceSearch.LENGTH_PENALTY));
            if (learns) {
                List<Translator.Translation> beam =
                        translator.translate(PAIRS.sources(), 3, SequenceSearch.LENGTH_PENALTY);
                assertEquals(
                        PAIRS.targets(),
                        greedy.stream().map(Translator.Translation::words).toList());
                assertEquals(
                        PAIRS.targets(),
                        beam.stream().map(Translator.Translation::words).toList());
            }
            if (source != Source.SUMMARY) {
                double[][] weights = translator.attention(
                        PAIRS.sources().get(0), PAIRS.targets().get(0));
                assertEquals(4, weights.length); // three words and the end
                for (double[] row : weights) {
                    assertEquals(1, row[0] + row[1] + row[2] + row[3], 1e-5);
                }
            }
        }
    }

    @Test
    void aRunGoesOnBitForBit() throws IOException {
        Path file = folder.resolve("stopped.safetensors");
        try (TranslationTraining whole = training(Source.ADDITIVE_ATTENTION)) {
            trainWindows(whole, 3);
            whole.save(file);
            trainWindows(whole, 4);
            try (TranslationTraining resumed = TranslationTraining.resume(backend(), file, PAIRS)) {
                trainWindows(resumed, 4);
                assertArrayEquals(
                        whole.translator().learned().weights().flat().toDoubles(),
                        resumed.translator().learned().weights().flat().toDoubles());
            }
        }
        SentencePairs others = SentencePairs.parse("a\tb\n", 1);
        IllegalArgumentException error =
                assertThrows(IllegalArgumentException.class, () -> TranslationTraining.resume(backend(), file, others));
        assertTrue(error.getMessage().startsWith("pairs: expected those that"), error.getMessage());
    }
}
