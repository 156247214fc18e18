package dev.rondo.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.rondo.ParameterLayout;
import dev.rondo.io.Safetensors;
import dev.rondo.io.SafetensorsFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Training files that were written before {@code Checkpoint} and {@code TrainingLoop} were there, in the fourth window of the second
 * epoch. What is expected of them was printed by the program that wrote them, on {@code reference}.
 */
public abstract class EarlierFilesContract extends ModelContract {
    private static final String TEXT = "the quick brown fox jumps over the lazy dog. ".repeat(6);
    /** Of losses of float32: their rounding is 6e-8 of about 3, over about ten updates. */
    private static final double FLOAT32_TOLERANCE = 1e-5;

    private static final double FLOAT64_TOLERANCE = 1e-12;

    @TempDir
    Path folder;

    /** A file, and what the program said that wrote it. */
    enum Earlier {
        LSTM_ADAM_CPU(
                "the q.jiipdrcwvcvhgzvddnk  pifeafqc bc pmuno",
                3.0589164387980814,
                "the q hhhocqbvu.ufezubbli  ogdc co.  a oksln"),
        GRU_RMSPROP_CPU(
                "thesanmlrgsexvevljzvgeon  qlihbire ee qoupq",
                3.06948292216428,
                "ther lkjqercwucuihzueeom  pjge fpb ae potoo"),
        RNN_MOMENTUM_REFERENCE(
                "the p hfeocr.wu.tfezubclh  oged eo. .b okslm",
                2.9997610747842325,
                "the o hebo r vs ta zu bke  oebb eo  .  peqij"),
        GRU_RESET_BEFORE_SGD_CPU(
                "the q jihobq.xv uhfzvb lj  oheb eo   . oltno",
                3.097233523534511,
                "the o heeo q vu ugfzu. li  oea  bn     ojtnn");

        private final String sample;
        private final double resumedLoss;
        private final String resumedSample;

        Earlier(String sample, double resumedLoss, String resumedSample) {
            this.sample = sample;
            this.resumedLoss = resumedLoss;
            this.resumedSample = resumedSample;
        }
    }

    private Path file(Earlier earlier) throws IOException {
        String name = earlier.name().toLowerCase(Locale.ROOT).replace('_', '-') + ".safetensors";
        Path file = folder.resolve(name);
        try (InputStream stream = EarlierFilesContract.class.getResourceAsStream("earlier/" + name)) {
            Files.copy(Objects.requireNonNull(stream, name), file);
        }
        return file;
    }

    @ParameterizedTest
    @EnumSource(Earlier.class)
    void aModelIsLoadedBitForBit(Earlier earlier) throws IOException {
        Path file = file(earlier);
        try (CharacterLanguageModel model = CharacterLanguageModel.load(backend(), file);
                SafetensorsFile content = Safetensors.open(file)) {
            for (ParameterLayout.Entry entry : model.parameters().layout().entries()) {
                double[] stored = content.tensor(entry.name()).toDoubleArray();
                double[] loaded = model.parameters().tensor(entry.name()).toDoubles();
                for (int k = 0; k < stored.length; k++) {
                    double expected = isDouble() ? stored[k] : (float) stored[k];
                    assertEquals(expected, loaded[k], entry.name());
                }
            }
            if (isDouble()) {
                assertEquals(earlier.sample, model.sample("the ", 40, 0.7, 5));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Earlier.class)
    void aTrainingGoesOn(Earlier earlier) throws IOException {
        try (CharacterTraining training = resume(file(earlier))) {
            assertEquals(1, training.epoch());
            assertEquals(3, training.window());
            while (training.window() < training.windowsInEpoch()) {
                training.trainWindow();
            }
            training.nextEpoch();
            training.trainWindow();
            training.trainWindow();
            double difference = Math.abs(training.epochLoss() - earlier.resumedLoss);
            double tolerance = isDouble() ? FLOAT64_TOLERANCE : FLOAT32_TOLERANCE;
            assertTrue(
                    difference <= tolerance,
                    () -> "loss: expected " + earlier.resumedLoss + ", got " + training.epochLoss());
            if (isDouble()) {
                assertEquals(earlier.resumedSample, training.model().sample("the ", 40, 0.7, 5));
            }
        }
    }

    /** Nothing is lost or added: what is read and written again on the backend of the file is the same file. */
    @ParameterizedTest
    @EnumSource(Earlier.class)
    void aFileIsWrittenAsItWasRead(Earlier earlier) throws IOException {
        Path file = file(earlier);
        assumeTrue(CharacterTraining.backendOf(file).equals(backend().name()), "written on another backend");
        Path again = folder.resolve("again.safetensors");
        try (CharacterTraining training = resume(file)) {
            training.save(again);
        }
        assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(again));
    }

    private CharacterTraining resume(Path file) throws IOException {
        return CharacterTraining.resume(backend(), file, TEXT, Integer.MAX_VALUE);
    }
}
