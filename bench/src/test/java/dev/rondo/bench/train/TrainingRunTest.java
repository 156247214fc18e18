package dev.rondo.bench.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.io.Safetensors;
import dev.rondo.io.SafetensorsFile;
import dev.rondo.model.CharacterTraining;
import dev.rondo.model.CharacterTrainingSettings;
import dev.rondo.model.TextFilter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainingRunTest {
    private static final String TEXT = "the quick brown fox ".repeat(13);

    @TempDir
    Path folder;

    private Backend backend;
    private Path file;

    @BeforeEach
    void openBackend() {
        backend = Backend.named("reference");
        file = folder.resolve("model");
    }

    @AfterEach
    void closeBackend() {
        backend.close();
    }

    private CharacterTraining training() {
        CharacterTrainingSettings settings = CharacterTrainingSettings.of(Cell.GRU, 6)
                .withBatch(4)
                .withSteps(6)
                .withOptimizer(CharacterTrainingSettings.Algorithm.ADAM, 0.01)
                .withSeed(2);
        return new CharacterTraining(backend, settings, TextFilter.ALL, TEXT, Integer.MAX_VALUE);
    }

    /** Remembers what it is told. */
    private static class Told extends TrainingProgress {
        final List<Double> fractions = new ArrayList<>();
        final List<Double> losses = new ArrayList<>();
        final List<String> positions = new ArrayList<>();
        final List<EpochReport> epochs = new ArrayList<>();
        final List<String> warnings = new ArrayList<>();

        @Override
        void update(double fraction, Figures figures) {
            fractions.add(fraction);
            positions.add(figures.position());
            losses.add(figures.recentLoss());
            assertTrue(figures.tokensPerSecond() > 0);
        }

        @Override
        void epoch(EpochReport report) {
            epochs.add(report);
        }

        @Override
        void warn(String text) {
            warnings.add(text);
        }

        @Override
        public void close() {
            // nothing is held
        }
    }

    @Test
    void progressGoesFromNothingToAll() throws Exception {
        Told told = new Told();
        try (CharacterTraining training = training()) {
            List<EpochReport> reports =
                    new TrainingRun(training, Optional.empty(), 30).train(3, Double.POSITIVE_INFINITY, told);
            assertEquals(reports, told.epochs);
            assertEquals(3, reports.size());
            int windows = told.fractions.size();
            assertEquals("epoch 1/3 window 1/10", told.positions.get(0));
            assertTrue(told.fractions.get(0) > 0.02 && told.fractions.get(0) < 0.05, "first " + told.fractions.get(0));
            for (int i = 1; i < windows; i++) {
                assertTrue(told.fractions.get(i) > told.fractions.get(i - 1), told.fractions.toString());
            }
            assertEquals(1, told.fractions.get(windows - 1));
            // told after each window, the recent loss is that of the window
            double ofFirstEpoch = told.losses.subList(0, 10).stream()
                    .mapToDouble(x -> x)
                    .average()
                    .orElseThrow();
            assertEquals(reports.get(0).loss(), ofFirstEpoch, 1e-12);
        }
    }

    /** Half an epoch is done, half of one and a whole one are left. */
    @Test
    void progressOfAResumedRunIsThatOfTheRest() throws Exception {
        Told told = new Told();
        try (CharacterTraining training = training()) {
            for (int window = 0; window < 5; window++) {
                training.trainWindow();
            }
            List<EpochReport> reports =
                    new TrainingRun(training, Optional.empty(), 30).train(2, Double.POSITIVE_INFINITY, told);
            assertEquals("epoch 1/2 window 6/10", told.positions.get(0));
            assertEquals(1 / 15.0, told.fractions.get(0), 0.01);
            assertEquals(1, told.fractions.get(told.fractions.size() - 1), 1e-12);
            assertTrue(told.losses.get(0) < 4, "the windows before are not counted again: " + told.losses);
            assertEquals(5 * 24, reports.get(0).tokens());
            assertTrue(reports.get(0).complete() && reports.get(1).complete());
        }
    }

    /** Whenever the time ends, also between two epochs, what was trained is reported and saved. */
    @Test
    void anyTimeLimitLeavesAGoodRun() throws Exception {
        int complete = 0;
        int parts = 0;
        try (CharacterTraining training = training()) {
            for (int i = 0; i < 300; i++) {
                int epoch = training.epoch();
                int window = training.window();
                List<EpochReport> reports = new TrainingRun(training, Optional.empty(), 30)
                        .train(Integer.MAX_VALUE, 1e-5 * (i % 100), new Told());
                for (EpochReport report : reports) {
                    assertTrue(report.loss() > 0 && report.loss() < 4 && report.tokens() > 0, report.toString());
                    complete += report.complete() ? 1 : 0;
                    parts += report.complete() ? 0 : 1;
                }
                assertTrue(reports.isEmpty() == (training.epoch() == epoch && training.window() == window));
            }
        }
        assertTrue(complete > 10 && parts > 10, complete + " epochs and " + parts + " parts");
    }

    @Test
    void aFileOfTheLastWindowOfAnEpochIsResumedInTheNext() throws Exception {
        try (CharacterTraining training = training()) {
            while (training.window() < training.windowsInEpoch()) {
                training.trainWindow();
            }
            double loss = training.epochLoss();
            List<EpochReport> reports =
                    new TrainingRun(training, Optional.empty(), 30).train(2, Double.POSITIVE_INFINITY, new Told());
            assertEquals(2, reports.size());
            assertEquals(loss, reports.get(0).loss());
            assertEquals(0, reports.get(0).tokens());
            assertEquals(0, reports.get(0).tokensPerSecond());
            assertEquals(2, training.epoch());
        }
    }

    /** Before the first window, so that it is known whether it can be, then as often as asked, and after the last. */
    @ParameterizedTest
    @CsvSource({"0, 0 1 2 3 4 5 6 7 8 9", "1000, 0 0 0 0 0 0 0 0 0 0"})
    void savesAsOftenAsAsked(double interval, String expected) throws Exception {
        try (CharacterTraining training = training()) {
            List<String> saved = new ArrayList<>();
            Told watching = new Told() {
                @Override
                void update(double fraction, Figures figures) {
                    saved.add(savedUpdates());
                }
            };
            new TrainingRun(training, Optional.of(file), interval).train(1, Double.POSITIVE_INFINITY, watching);
            assertEquals(expected, String.join(" ", saved));
            assertEquals("10", savedUpdates());
        }
    }

    private String savedUpdates() {
        try (SafetensorsFile content = Safetensors.open(file)) {
            return content.requireMetadata("training.updates");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** It may be all that is left of a long run; a new one has to earn its place. */
    @Test
    void aFileOfBeforeStaysUntilThereIsSomethingToSave() throws Exception {
        Files.writeString(file, "old");
        List<String> contents = new ArrayList<>();
        try (CharacterTraining training = training()) {
            Told watching = new Told() {
                @Override
                void update(double fraction, Figures figures) {
                    contents.add(Files.exists(file) && file.toFile().length() == 3 ? "old" : "new");
                }
            };
            new TrainingRun(training, Optional.of(file), 1000).train(1, Double.POSITIVE_INFINITY, watching);
        }
        assertEquals(List.of("old"), contents.stream().distinct().toList());
        assertEquals("10", savedUpdates());
    }

    @ParameterizedTest
    @CsvSource({"NaN", "Infinity"})
    void aModelWithAWeightThatIsNoNumberIsNotSaved(double weight) throws Exception {
        try (CharacterTraining training = training()) {
            training.save(file);
            byte[] good = Files.readAllBytes(file);
            double[] weights = training.model().parameters().flat().toDoubles();
            weights[0] = weight;
            training.model().parameters().flat().set(weights);
            TrainingRun run = new TrainingRun(training, Optional.of(file), 0);
            String message = assertThrows(
                            DivergenceException.class, () -> run.train(1, Double.POSITIVE_INFINITY, new Told()))
                    .getMessage();
            assertTrue(message.matches("the training diverged: .* in epoch 1; try a smaller --lr or --clip"), message);
            assertEquals(ByteBuffer.wrap(good), ByteBuffer.wrap(Files.readAllBytes(file)));
        }
    }

    /** A disk may be full for a while only. */
    @Test
    void aSaveThatFailsIsAWarningUntilTheEnd() throws Exception {
        Files.createDirectory(file);
        try (CharacterTraining training = training()) {
            Told told = new Told();
            TrainingRun run = new TrainingRun(training, Optional.of(file), 0);
            IOException error = assertThrows(IOException.class, () -> run.train(1, Double.POSITIVE_INFINITY, told));
            assertTrue(error.getMessage().contains(file.toString()), error.getMessage());
            assertEquals(1, training.epoch());
            assertEquals(10, told.warnings.size());
            String warning = told.warnings.get(0);
            assertTrue(warning.startsWith("not saved, the training goes on: " + file), warning);
            Files.delete(file);
            new TrainingRun(training, Optional.of(file), 0).train(1, Double.POSITIVE_INFINITY, told);
            assertEquals("10", savedUpdates());
        }
    }

    @Test
    void aNewFileThatCannotBeWrittenIsKnownAtOnce() throws Exception {
        Files.createDirectory(folder.resolve(".model.rondo-tmp"));
        try (CharacterTraining training = training()) {
            TrainingRun run = new TrainingRun(training, Optional.of(file), 0);
            assertThrows(IOException.class, () -> run.train(1, Double.POSITIVE_INFINITY, new Told()));
            assertEquals(0, training.window());
        }
    }

    @Test
    void theLineOnATerminalFitsAndFills() {
        assertEquals(
                " 42% [=====       ] ETA 1:23  epoch 2/8  perplexity 9.97  284,888 tokens/s",
                TrainingProgress.line(0.429, 62.4, "epoch 2/8  perplexity 9.97  284,888 tokens/s", 74));
        assertEquals("  0% [          ] ETA ?  ", TrainingProgress.line(0, 0, "", 25));
        assertEquals("100% [==========] ETA 0:00  x", TrainingProgress.line(1, 7, "x", 29));
        assertEquals("100% [" + "=".repeat(40) + "] ETA 0:00  x", TrainingProgress.line(1, 7, "x", 200));
        assertEquals(" 99% [==== ] ETA 0:10  epoch", TrainingProgress.line(0.99, 990, "epoch 1/2", 28));
        for (int columns = 0; columns < 120; columns++) {
            assertTrue(TrainingProgress.line(0.5, 1e6, "epoch 12/100", columns).length() <= columns);
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 0:00", "9.4, 0:09", "59.6, 1:00", "3599.4, 59:59", "3599.6, 1:00:00", "7265, 2:01:05"})
    void timesReadAsOnAClock(double seconds, String expected) {
        assertEquals(expected, TrainingProgress.clock(seconds));
    }
}
