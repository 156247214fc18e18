package dev.rondo.cuda;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.model.CharacterTraining;
import dev.rondo.model.CharacterTrainingSettings;
import dev.rondo.model.CharacterTrainingSettings.Algorithm;
import dev.rondo.model.TextFilter;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Training on CUDA goes the way that it goes on the CPU. */
class SameLossesTest {
    private static final int WINDOWS = 200;
    private static final double TOLERANCE = 1e-4;

    @BeforeEach
    void requireDevice() {
        TestDevice.require();
    }

    /** Words of a small vocabulary in random order: something to learn, and no end to it. */
    private static String text() {
        String[] words = {"the", "state", "of", "a", "network", "carries", "what", "was", "read", "before"};
        Random random = new Random(3);
        StringBuilder text = new StringBuilder();
        while (text.length() < 2000) {
            text.append(words[random.nextInt(words.length)]).append(' ');
        }
        return text.toString();
    }

    @ParameterizedTest
    @CsvSource({
        "LSTM, 1, 0, ADAM, 0.01, 8",
        "LSTM, 2, 0.2, RMSPROP, 0.005, 16",
        "GRU, 1, 0, ADAM, 0.01, 8",
        "GRU, 1, 0, SGD, 0.5, 16",
        "GRU_RESET_BEFORE, 1, 0, ADAM, 0.01, 8",
        "RNN_TANH, 1, 0, ADAM, 0.005, 8",
        "RNN_RELU, 1, 0, MOMENTUM, 0.02, 8"
    })
    void lossesAreThoseOfTheCpu(
            Cell cell, int layers, double dropout, Algorithm algorithm, double rate, int backSteps) {
        CharacterTrainingSettings settings = CharacterTrainingSettings.of(cell, 20)
                .withLayers(layers)
                .withDropout(dropout)
                .withBatch(4)
                .withSteps(8, backSteps)
                .withOptimizer(algorithm, rate)
                .withSeed(11);
        double[] onCpu;
        double[] onCuda;
        try (Backend backend = Backend.named("cpu")) {
            onCpu = losses(backend, settings);
        }
        try (Backend backend = TestDevice.open()) {
            onCuda = losses(backend, settings);
        }
        double largest = 0;
        for (int i = 0; i < WINDOWS; i++) {
            double difference = Math.abs(onCpu[i] - onCuda[i]);
            largest = Math.max(largest, difference);
            assertTrue(
                    difference <= TOLERANCE,
                    "window " + i + ": expected " + onCpu[i] + ", got " + onCuda[i] + ", off by " + difference);
        }
        assertTrue(onCpu[WINDOWS - 1] < 0.8 * onCpu[0], "it learns: " + onCpu[0] + " to " + onCpu[WINDOWS - 1]);
        System.out.printf(
                "%s, %d layers, %s: largest difference of a loss in %d windows %.1e, allowed %.0e%n",
                cell, layers, algorithm, WINDOWS, largest, TOLERANCE);
    }

    /** The loss of each window, before its update. */
    private static double[] losses(Backend backend, CharacterTrainingSettings settings) {
        double[] losses = new double[WINDOWS];
        try (CharacterTraining training =
                new CharacterTraining(backend, settings, TextFilter.ALL, text(), Integer.MAX_VALUE)) {
            double before = 0;
            for (int i = 0; i < WINDOWS; i++) {
                if (training.window() == training.windowsInEpoch()) {
                    training.nextEpoch();
                    before = 0;
                }
                training.trainWindow();
                double sum = training.epochLoss() * training.window();
                losses[i] = sum - before;
                before = sum;
            }
        }
        return losses;
    }
}
