package dev.rondo.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.emulator.Emulator;
import dev.rondo.model.CharacterTraining;
import dev.rondo.model.CharacterTrainingSettings;
import dev.rondo.model.CharacterTrainingSettings.Algorithm;
import dev.rondo.model.TextFilter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a training step asks of the driver once everything is there: it stays on the device. */
class SteadyStateTest {
    /** Until the graphs of all windows within reach have been captured. */
    private static final int WARM_UP = 12;

    /** Losses are read every 64 windows. */
    private static final int GATHERED = 64;

    private static final List<String> NEVER = List.of(
            "cuMemAlloc",
            "cuMemFree",
            "cuMemHostAlloc",
            "cuMemcpyDtoH",
            "cuMemcpyDtoHAsync",
            "cuMemcpyHtoD",
            "cuStreamSynchronize",
            "cuCtxSynchronize",
            "cuModuleLoadData",
            "cuModuleGetFunction",
            "cuStreamBeginCapture",
            "cuGraphInstantiateWithFlags",
            "cuGraphExecDestroy",
            "cuEventCreate");

    private static final List<String> EVERY_STEP =
            List.of("cuLaunchKernel", "cuGraphLaunch", "cuMemcpyHtoDAsync", "cuMemcpyDtoDAsync", "cuMemsetD32Async");

    @BeforeEach
    void requireEmulator() {
        TestDevice.requireEmulator();
        Emulator.reset();
    }

    @AfterEach
    void resetEmulator() {
        Emulator.reset();
    }

    private static Map<String, Long> calls(List<String> functions) {
        Map<String, Long> calls = new LinkedHashMap<>();
        functions.forEach(function -> calls.put(function, Emulator.calls(function)));
        return calls;
    }

    private static Map<String, Long> difference(Map<String, Long> before, Map<String, Long> after) {
        Map<String, Long> difference = new LinkedHashMap<>();
        after.forEach((function, count) -> difference.put(function, count - before.getOrDefault(function, 0L)));
        return difference;
    }

    @ParameterizedTest
    @CsvSource({"LSTM, 1, 8, 0", "GRU, 1, 8, 0", "LSTM, 2, 16, 0", "LSTM, 2, 8, 0.3"})
    void aTrainingStepStaysOnTheDevice(Cell cell, int layers, int backSteps, double dropout) {
        CharacterTrainingSettings settings = CharacterTrainingSettings.of(cell, 8)
                .withLayers(layers)
                .withDropout(dropout)
                .withBatch(2)
                .withSteps(8, backSteps)
                .withOptimizer(Algorithm.ADAM, 0.01)
                .withSeed(11);
        String text = "steady as it goes ".repeat(100);
        try (Backend backend = TestDevice.open();
                CharacterTraining training =
                        new CharacterTraining(backend, settings, TextFilter.ALL, text, Integer.MAX_VALUE)) {
            assertTrue(training.windowsInEpoch() > GATHERED);
            for (int i = 0; i < WARM_UP; i++) {
                training.trainWindow();
            }
            Map<String, Long> never = calls(NEVER);
            Map<String, Long> perStep = Map.of();
            long kernelsPerStep = 0;
            for (int i = WARM_UP; i < GATHERED - 1; i++) {
                Map<String, Long> before = calls(EVERY_STEP);
                long kernels = Emulator.launches();
                training.trainWindow();
                Map<String, Long> here = difference(before, calls(EVERY_STEP));
                kernels = Emulator.launches() - kernels;
                if (i > WARM_UP) {
                    assertEquals(perStep, here, "window " + i);
                    assertEquals(kernelsPerStep, kernels, "window " + i);
                }
                perStep = here;
                kernelsPerStep = kernels;
            }
            assertEquals(never, calls(NEVER));
            assertEquals(2, perStep.get("cuMemcpyHtoDAsync"), "input and targets");
            assertTrue(perStep.get("cuGraphLaunch") >= 2, "forward and backward passes are graphs");
            assertTrue(
                    perStep.get("cuLaunchKernel") < kernelsPerStep / 2,
                    "most launches are in graphs: " + perStep + " of " + kernelsPerStep);
            long reads = Emulator.calls("cuMemcpyDtoHAsync");
            training.trainWindow();
            assertEquals(1, Emulator.calls("cuMemcpyDtoHAsync") - reads, "the losses");
            System.out.println(
                    cell + ", " + layers + " layers, T 8: " + kernelsPerStep + " kernels a step, " + perStep);
        }
    }
}
