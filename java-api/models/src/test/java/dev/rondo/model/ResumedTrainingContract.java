package dev.rondo.model;

import static dev.rondo.model.TrainingVariant.SHORT_TEXT;
import static dev.rondo.model.TrainingVariant.STEPS;
import static dev.rondo.model.TrainingVariant.weights;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Cell;
import dev.rondo.io.Safetensors;
import dev.rondo.io.SafetensorsFile;
import dev.rondo.io.StoredTensor;
import dev.rondo.model.CharacterTrainingSettings.Algorithm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@link CharacterTraining} that is stopped and resumed: it goes on bit for bit as if it had never stopped. */
public abstract class ResumedTrainingContract extends ModelContract {
    private static final Map<Algorithm, Set<String>> STATES = Map.of(
            Algorithm.SGD, Set.of(),
            Algorithm.MOMENTUM, Set.of("optimizer.velocity"),
            Algorithm.RMSPROP, Set.of("optimizer.mean_square"),
            Algorithm.ADAM, Set.of("optimizer.first_moment", "optimizer.second_moment"));

    @TempDir
    Path folder;

    private CharacterTraining training(TrainingVariant variant, String text) {
        assumeSupported(variant.spec());
        return new CharacterTraining(backend(), variant.settings(7), TextFilter.ALL, text, Integer.MAX_VALUE);
    }

    private CharacterTraining resumed(Path file, String text) throws IOException {
        return CharacterTraining.resume(backend(), file, text, Integer.MAX_VALUE);
    }

    static List<TrainingVariant> resumable() {
        List<TrainingVariant> variants = new ArrayList<>();
        for (Cell cell : List.of(Cell.LSTM, Cell.GRU)) {
            for (Algorithm algorithm : Algorithm.values()) {
                for (int backSteps : List.of(STEPS, 2 * STEPS, 2 * STEPS + 2)) {
                    variants.add(new TrainingVariant(cell, algorithm, 1, 0, backSteps));
                }
            }
            for (int backSteps : List.of(STEPS, 2 * STEPS, 3 * STEPS)) {
                variants.add(new TrainingVariant(cell, Algorithm.ADAM, 2, 0.4, backSteps));
            }
            variants.add(new TrainingVariant(cell, Algorithm.MOMENTUM, 2, 0, 1000));
        }
        return variants;
    }

    /**
     * One run without a stop, and one that is thrown away after every window and goes on from its file. Both go on to
     * the middle of the third epoch; at the end of an epoch there is a file before {@code nextEpoch} and one after it.
     */
    @ParameterizedTest
    @MethodSource("resumable")
    void resumedRunIsTheSameBitsAsOneWithoutAStop(TrainingVariant variant) throws IOException {
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
        TrainingVariant variant = new TrainingVariant(Cell.LSTM, Algorithm.ADAM, 2, 0.4, 2 * STEPS);
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
        try (CharacterTraining training = training(TrainingVariant.simple(), SHORT_TEXT)) {
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
        try (CharacterTraining training = training(TrainingVariant.simple(), SHORT_TEXT)) {
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
