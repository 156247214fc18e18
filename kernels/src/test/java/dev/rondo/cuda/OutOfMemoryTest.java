package dev.rondo.cuda;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Direction;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.emulator.Emulator;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The device has no more memory: at every allocation of a training step, and for good. */
@SuppressWarnings("try") // a property that is set as long as a block runs
class OutOfMemoryTest {
    private static final int OUT_OF_MEMORY = 2;
    private static final long MEMORY = 1L << 30;

    /** What is tried: between them they make every allocation that the backend knows. */
    enum Step {
        INDICES {
            @Override
            TrainingStep on(Backend backend) {
                return new TrainingStep(backend, RnnSpec.of(Cell.LSTM, 6, 4), 3, 2, true, null);
            }
        },
        LENGTHS {
            @Override
            TrainingStep on(Backend backend) {
                RnnSpec spec = RnnSpec.of(Cell.GRU_RESET_BEFORE, 3, 4)
                        .withLayers(2)
                        .withDirection(Direction.BIDIRECTIONAL)
                        .withDropout(0.3);
                return new TrainingStep(backend, spec, 3, 2, false, new int[] {3, 1});
            }
        };

        abstract TrainingStep on(Backend backend);
    }

    @BeforeEach
    void requireEmulator() {
        TestDevice.requireEmulator();
        Emulator.reset();
    }

    @AfterEach
    void resetEmulator() {
        Emulator.reset();
        if (TestDevice.isEmulated()) {
            Emulator.memory(MEMORY);
        }
    }

    private static String golden(Step step) {
        try (Backend backend = TestDevice.open();
                TrainingStep one = step.on(backend)) {
            return one.run();
        }
    }

    /** How often a request that keeps failing asks the driver. */
    private static int attempts() {
        try (Backend backend = TestDevice.open()) {
            Emulator.fail("cuMemAlloc", 0, OUT_OF_MEMORY);
            long before = Emulator.calls("cuMemAlloc");
            assertThrows(CudaOutOfMemoryException.class, () -> backend.tensor(1));
            Emulator.reset();
            return (int) (Emulator.calls("cuMemAlloc") - before);
        }
    }

    /** How many requests there are until a step has been made and has run twice. */
    private static long requests(Step step) {
        try (Backend backend = TestDevice.open()) {
            long before = Emulator.calls("cuMemAlloc");
            try (TrainingStep one = step.on(backend)) {
                one.run();
                one.run();
            }
            return Emulator.calls("cuMemAlloc") - before;
        }
    }

    /** What a backend holds for itself after a step. */
    private static long ownBytes(Step step) {
        try (Backend backend = TestDevice.open()) {
            step.on(backend).close();
            try (TrainingStep one = step.on(backend)) {
                one.run();
            }
            return TestDevice.liveBytes(backend);
        }
    }

    @ParameterizedTest
    @EnumSource(Step.class)
    void everyRequestThatFailsIsAnExceptionAndLeavesNothing(Step step) {
        String golden = golden(step);
        int attempts = attempts();
        long requests = requests(step);
        long own = ownBytes(step);
        assertTrue(requests > 20 && attempts > 2, requests + " requests, " + attempts + " attempts");
        for (int k = 1; k <= requests; k++) {
            try (Backend backend = TestDevice.open()) {
                for (int attempt = 0; attempt < attempts; attempt++) {
                    Emulator.fail("cuMemAlloc", k + attempt, OUT_OF_MEMORY);
                }
                runDespiteOneFailure(step, backend, golden, k);
                assertEquals(own, TestDevice.liveBytes(backend), "bytes in use after request " + k);
            }
            TestDevice.assertNothingLive();
            Emulator.reset();
        }
    }

    private static void runDespiteOneFailure(Step step, Backend backend, String golden, int k) {
        String what = "request " + k;
        List<CudaOutOfMemoryException> failures = new ArrayList<>();
        TrainingStep made = null;
        try {
            made = step.on(backend);
        } catch (CudaOutOfMemoryException e) {
            failures.add(e);
            assertEquals(0, TestDevice.liveBytes(backend), "bytes in use after " + what);
            made = step.on(backend);
        }
        try (TrainingStep one = made) {
            String first = null;
            try {
                first = one.run();
            } catch (CudaOutOfMemoryException e) {
                failures.add(e);
            }
            assertEquals(golden, first == null ? one.run() : first, what);
            assertEquals(golden, one.run(), what);
        }
        assertEquals(1, failures.size(), what);
        CudaOutOfMemoryException failure = failures.get(0);
        assertEquals(OUT_OF_MEMORY, failure.status());
        assertFalse(failure.isFatal());
        assertTrue(failure.requestedBytes() > 0, what);
        assertTrue(failure.freeBytes() > 0 && failure.freeBytes() <= MEMORY, what);
        String message = String.valueOf(failure.getMessage());
        assertTrue(message.contains("expected " + failure.requestedBytes() + " bytes for "), message);
        assertTrue(message.contains("got " + failure.freeBytes() + " free"), message);
    }

    @ParameterizedTest
    @EnumSource(Step.class)
    void aRequestThatFailsOnceSucceeds(Step step) {
        String golden = golden(step);
        long requests = requests(step);
        for (int k = 1; k <= requests; k++) {
            try (Backend backend = TestDevice.open()) {
                Emulator.fail("cuMemAlloc", k, OUT_OF_MEMORY);
                try (TrainingStep one = step.on(backend)) {
                    assertEquals(golden, one.run(), "request " + k);
                }
            }
            TestDevice.assertNothingLive();
        }
    }

    @Test
    void inDebugModeToo() {
        Step step = Step.LENGTHS;
        try (SystemProperty debug = SystemProperty.set(CudaContext.DEBUG_PROPERTY, "true")) {
            assertEquals(golden(step), golden(step));
            everyRequestThatFailsIsAnExceptionAndLeavesNothing(step);
        }
    }

    @Test
    void theDeviceFillsUpAndIsUsableAgain() {
        String golden = golden(Step.LENGTHS);
        try (Backend backend = TestDevice.open()) {
            Emulator.memory(Emulator.bytes() + (8 << 20));
            List<Tensor> all = new ArrayList<>();
            CudaOutOfMemoryException e = assertThrows(CudaOutOfMemoryException.class, () -> {
                while (all.size() < 1000) {
                    all.add(backend.tensor(1 << 16));
                }
            });
            assertEquals(4L << 16, e.requestedBytes());
            assertTrue(e.freeBytes() >= 0 && e.freeBytes() < e.requestedBytes(), e::toString);
            assertTrue(all.size() >= 24 && all.size() <= 32, all.size() + " tensors");
            assertThrows(CudaOutOfMemoryException.class, () -> Step.LENGTHS.on(backend));
            all.forEach(Tensor::close);
            try (TrainingStep one = Step.LENGTHS.on(backend)) {
                assertEquals(golden, one.run());
            }
        }
        TestDevice.assertNothingLive();
    }

    @Test
    void tensorsThatNobodyRefersToMakeRoom() {
        try (Backend backend = TestDevice.open()) {
            Emulator.memory(Emulator.bytes() + (8 << 20));
            for (int i = 0; i < 200; i++) {
                Tensor forgotten = assertDoesNotThrow(() -> backend.tensor(1 << 18));
                forgotten.fill(i);
            }
        }
        TestDevice.assertNothingLive();
    }

    @Test
    void closedTensorsOfOtherSizesMakeRoom() {
        try (Backend backend = TestDevice.open()) {
            Emulator.memory(Emulator.bytes() + (8 << 20));
            for (int i = 1; i <= 100; i++) {
                backend.tensor((1 << 19) + (i << 12)).close();
            }
        }
        TestDevice.assertNothingLive();
    }
}
