package dev.rondo.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.BackendException;
import dev.rondo.Cell;
import dev.rondo.RnnSpec;
import dev.rondo.emulator.Emulator;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every call of the driver in the life of a backend fails once, each time with an error that CUDA recovers from. */
class FailingCallsTest {
    private static final int NOT_SUPPORTED = 801;
    private static final int OUT_OF_MEMORY = 2;

    /** Enough for graphs: launched one by one, captured, replayed. */
    private static final int RUNS = 3;

    @BeforeEach
    void requireEmulator() {
        TestDevice.requireEmulator();
        Emulator.reset();
    }

    @AfterEach
    void resetEmulator() {
        Emulator.reset();
    }

    private static TrainingStep step(Backend backend) {
        return new TrainingStep(backend, RnnSpec.of(Cell.LSTM, 3, 4), 2, 2, false, new int[] {2, 1});
    }

    /** Without them launches work too, only not as a graph. */
    private static final Set<String> CAPTURING = Set.of("cuStreamBeginCapture", "cuGraphInstantiateWithFlags");

    /** What fails in a capture is done without it. */
    private static final Set<String> CAPTURED =
            Set.of("cuLaunchKernel", "cuMemsetD8Async", "cuMemsetD32Async", "cuMemcpyDtoDAsync");

    private static String golden() {
        try (Backend backend = TestDevice.open();
                TrainingStep one = step(backend)) {
            String golden = one.run();
            for (int run = 1; run < RUNS; run++) {
                assertEquals(golden, one.run());
            }
            return golden;
        }
    }

    /** Where machine code is not supported PTX is taken, so there it is another one. */
    private static int status(String function) {
        return function.equals("cuModuleLoadData") ? OUT_OF_MEMORY : NOT_SUPPORTED;
    }

    private static void check(CudaException e, String function, String what) {
        assertEquals(status(function), e.status(), what);
        assertFalse(e.isFatal(), what);
        String text = status(function) == OUT_OF_MEMORY ? "OUT_OF_MEMORY (2" : "NOT_SUPPORTED (801";
        assertTrue(
                String.valueOf(e.getMessage()).contains(function)
                        && String.valueOf(e.getMessage()).contains("CUDA_ERROR_" + text),
                what + ": " + e);
    }

    /** While a backend is opened: there is none afterwards. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "cuDeviceGet",
                "cuDevicePrimaryCtxRetain",
                "cuCtxPushCurrent",
                "cuStreamCreate",
                "cuMemHostAlloc",
                "cuEventCreate",
                "cuDeviceGetAttribute"
            })
    void noBackendIsHalfOpen(String function) {
        assertFalse(CudaProbe.probe().driverVersion() == 0);
        long before = Emulator.calls(function);
        CudaProbe.probe();
        long probing = Emulator.calls(function) - before;
        Backend toCount = TestDevice.open();
        long calls = Emulator.calls(function) - before - probing;
        toCount.close();
        int failures = 0;
        for (int k = 1; k <= calls; k++) {
            Emulator.fail(function, k, status(function));
            try (Backend opened = TestDevice.open()) {
                assertEquals("cuda", opened.name());
            } catch (CudaException e) {
                check(e, function, function + " " + k);
                failures++;
            } catch (BackendException e) {
                // While it was probed.
                assertTrue(String.valueOf(e.getMessage()).contains(function), e::toString);
                failures++;
            }
            TestDevice.assertNothingLive();
            Emulator.reset();
        }
        assertEquals(calls, failures, "each of the calls matters");
    }

    /** While a step is made and runs: the same backend, and the same objects, give the right result the next time. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "cuModuleLoadData",
                "cuModuleGetFunction",
                "cuLaunchKernel",
                "cuMemsetD8Async",
                "cuMemsetD32Async",
                "cuMemcpyHtoDAsync",
                "cuMemcpyDtoHAsync",
                "cuMemcpyDtoDAsync",
                "cuEventRecord",
                "cuEventSynchronize",
                "cuStreamSynchronize",
                "cuStreamBeginCapture",
                "cuGraphInstantiateWithFlags",
                "cuGraphLaunch"
            })
    void whatFailedCanBeRepeated(String function) {
        String golden = golden();
        long before = Emulator.calls(function);
        golden();
        long calls = Emulator.calls(function) - before;
        if (function.equals("cuStreamSynchronize")) {
            calls--; // the one when the backend is closed
        }
        assertTrue(calls > 0, "no call of " + function);
        for (int k = 1; k <= calls; k++) {
            Emulator.fail(function, k, status(function));
            try (Backend backend = TestDevice.open()) {
                int failures = failures(backend, function, golden);
                if (CAPTURING.contains(function)) {
                    assertEquals(0, failures, function + " " + k);
                } else if (CAPTURED.contains(function)) {
                    assertTrue(failures <= 1, function + " " + k);
                } else {
                    assertEquals(1, failures, function + " " + k);
                }
            }
            TestDevice.assertNothingLive();
            Emulator.reset();
        }
    }

    /** Makes a step and runs it until it has run often enough; the number of failures on the way. */
    private static int failures(Backend backend, String function, String golden) {
        int failures = 0;
        TrainingStep one = null;
        while (one == null) {
            try {
                one = step(backend);
            } catch (CudaException e) {
                check(e, named(function), function);
                failures++;
            }
        }
        try (TrainingStep made = one) {
            for (int runs = 0; runs < RUNS + 1; ) {
                try {
                    assertEquals(golden, made.run(), function);
                    runs++;
                } catch (CudaException e) {
                    check(e, named(function), function);
                    failures++;
                }
            }
        }
        return failures;
    }

    /** JCuda's name is another than the driver's. */
    private static String named(String function) {
        return switch (function) {
            case "cuGraphInstantiateWithFlags" -> "cuGraphInstantiate";
            case "cuLaunchKernel" -> "launch of rondo_";
            default -> function;
        };
    }

    /** The emulator does not end the capture then, so there is no way on; but an end. */
    @Test
    void aCaptureThatDoesNotEndIsAnError() {
        Backend backend = TestDevice.open();
        TrainingStep one = step(backend);
        one.run();
        Emulator.fail("cuStreamEndCapture", 1, NOT_SUPPORTED);
        check(assertThrows(CudaException.class, one::run), "cuStreamEndCapture", "end of a capture");
        one.close();
        backend.close();
        assertEquals(0, Emulator.allocations());
    }

    @Test
    void aFailedLaunchIsNamedWithItsArguments() {
        try (Backend backend = TestDevice.open();
                TrainingStep one = step(backend)) {
            Emulator.fail("cuLaunchKernel", 1, NOT_SUPPORTED);
            CudaException e = assertThrows(CudaException.class, one::run);
            String message = String.valueOf(e.getMessage());
            // Kernel rows_to_steps: source, row of 3, lengths, not reverse, T 2, N 2, I 3, target.
            assertTrue(
                    message.matches("launch of rondo_rows_to_steps\\(0x[0-9a-f]+, 3, 0x[0-9a-f]+, 0, 2, 2, 3, "
                            + "0x[0-9a-f]+\\), grid 1 x 1 x 1, block 256 x 1: CUDA_ERROR_NOT_SUPPORTED .*"),
                    message);
        }
    }

    @Test
    void aFailedGraphIsNamedWithItsNetwork() {
        try (Backend backend = TestDevice.open();
                TrainingStep one = step(backend)) {
            one.run();
            one.run();
            Emulator.fail("cuGraphLaunch", 2, NOT_SUPPORTED);
            CudaException e = assertThrows(CudaException.class, one::run);
            String message = String.valueOf(e.getMessage());
            assertTrue(message.startsWith("cuGraphLaunch of the backward pass of "), message);
            assertTrue(message.contains("LSTM") && message.contains(", T 2, N 2: CUDA_ERROR_"), message);
        }
    }
}
