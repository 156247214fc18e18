package dev.rondo.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Cell;
import dev.rondo.model.CharacterTrainingSettings.Algorithm;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CharacterTrainingSettingsTest {
    private static CharacterTrainingSettings settings(
            int hidden, int layers, double dropout, int batch, int steps, int backSteps, double rate, double clip) {
        return CharacterTrainingSettings.of(Cell.LSTM, hidden)
                .withLayers(layers)
                .withDropout(dropout)
                .withBatch(batch)
                .withSteps(steps, backSteps)
                .withOptimizer(Algorithm.ADAM, rate)
                .withClip(clip);
    }

    private static void assertRefused(String argument, Runnable call) {
        String message = assertThrows(IllegalArgumentException.class, call::run).getMessage();
        assertTrue(message.startsWith(argument + ": expected ") && message.contains(", got "), message);
    }

    @Test
    void theLeastOfEverythingIsAccepted() {
        CharacterTrainingSettings least = settings(1, 1, 0, 1, 1, 1, Double.MIN_VALUE, 0);
        assertEquals(1, least.hiddenSize());
        assertEquals(7, settings(1, 1, 0, 1, 5, 7, 1, 0).backSteps());
        assertEquals(10, settings(1, 2, 0.5, 1, 5, 10, 1, 0).backSteps());
    }

    @Test
    void sizesBelowOneAreRefused() {
        assertRefused("hiddenSize", () -> settings(0, 1, 0, 1, 1, 1, 1, 0));
        assertRefused("layers", () -> settings(1, -1, 0, 1, 1, 1, 1, 0));
        assertRefused("batch", () -> settings(1, 1, 0, 0, 1, 1, 1, 0));
        assertRefused("steps", () -> settings(1, 1, 0, 1, 0, 1, 1, 0));
    }

    @Test
    void backStepsAreAtLeastTheStepsAndWithDropoutAMultiple() {
        assertRefused("backSteps", () -> settings(1, 1, 0, 1, 5, 4, 1, 0));
        assertRefused("backSteps", () -> settings(1, 1, 0.1, 1, 5, 7, 1, 0));
    }

    @ParameterizedTest
    @ValueSource(doubles = {-1, -Double.MIN_VALUE, Double.NaN, Double.POSITIVE_INFINITY})
    void numbersOutOfRangeAreRefused(double number) {
        assertRefused("learningRate", () -> settings(1, 1, 0, 1, 1, 1, number, 0));
        assertRefused("learningRate", () -> settings(1, 1, 0, 1, 1, 1, 0, 0));
        assertRefused("clip", () -> settings(1, 1, 0, 1, 1, 1, 1, number));
        assertRefused("dropout", () -> settings(1, 1, number, 1, 1, 1, 1, 0));
        assertRefused("dropout", () -> settings(1, 1, 1, 1, 1, 1, 1, 0));
    }
}
