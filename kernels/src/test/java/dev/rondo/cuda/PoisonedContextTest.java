package dev.rondo.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.BackendException;
import dev.rondo.Cell;
import dev.rondo.Purpose;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.emulator.Emulator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Errors that CUDA does not recover from. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
@SuppressWarnings("try") // a property that is set as long as a block runs
class PoisonedContextTest {
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
        return new TrainingStep(backend, RnnSpec.of(Cell.GRU, 3, 4), 2, 2, true, null);
    }

    private static String golden() {
        try (Backend backend = TestDevice.open();
                TrainingStep one = step(backend)) {
            return one.run();
        }
    }

    private static void assertRepeats(CudaException first, Executable call) {
        CudaException again = assertThrows(CudaException.class, call);
        assertTrue(again.isFatal());
        assertEquals(first.status(), again.status());
        assertTrue(String.valueOf(again.getMessage()).contains(String.valueOf(first.getMessage())), again::toString);
    }

    @ParameterizedTest
    @ValueSource(ints = {700, 702, 714, 715, 716, 717, 718, 719})
    void theFirstErrorIsRepeatedAndEverythingCloses(int status) {
        String golden = golden();
        Backend backend = TestDevice.open();
        TrainingStep one = step(backend);
        Emulator.fail("cuLaunchKernel", 3, status);
        CudaException first = assertThrows(CudaException.class, one::run);
        assertEquals(status, first.status());
        assertTrue(first.isFatal());
        assertTrue(String.valueOf(first.getMessage()).contains("launch of rondo_"), first::toString);
        Emulator.fail("cuLaunchKernel", 0, 719); // a later one does not replace it
        assertRepeats(first, one::run);
        assertRepeats(first, one::train);
        assertRepeats(first, () -> one.y().toFloats());
        assertRepeats(first, () -> one.y().fill(1));
        assertRepeats(first, () -> one.y().copyFrom(one.y()));
        assertRepeats(first, () -> backend.tensor(1));
        assertRepeats(first, () -> backend.intTensor(1));
        assertRepeats(first, () -> backend.rnn(RnnSpec.of(Cell.GRU, 3, 4), 2, 2, Purpose.TRAINING));
        assertTrue(backend.description().startsWith("float32"));
        probing();
        one.close();
        backend.close();
        backend.close();
        probing();
        TestDevice.assertNothingLive();

        // As a process that was started anew.
        Emulator.reset();
        try (Backend fresh = TestDevice.open();
                TrainingStep again = step(fresh)) {
            assertEquals(golden, again.run());
        }
    }

    /** The emulator refuses to end the capture then, and to free memory: it goes with the context. */
    @Test
    void anErrorWhileAGraphIsCapturedDoesNotKeepItFromClosing() {
        Backend backend = TestDevice.open();
        TrainingStep one = step(backend);
        one.run();
        Emulator.fail("cuLaunchKernel", 3, 719);
        CudaException first = assertThrows(CudaException.class, one::run);
        assertEquals(719, first.status());
        assertRepeats(first, one::run);
        one.close();
        backend.close();
        assertEquals(0, Emulator.allocations());
    }

    /** What doctor asks. */
    private static void probing() {
        assertTrue(CudaProbe.probe().driverVersion() > 0);
        Backend.available();
    }

    @ParameterizedTest
    @CsvSource({
        "cuMemAlloc",
        "cuMemcpyDtoHAsync",
        "cuMemcpyHtoDAsync",
        "cuStreamSynchronize",
        "cuMemsetD32Async",
        "cuModuleLoadData",
        "cuModuleGetFunction",
        "cuCtxPushCurrent",
        "cuEventSynchronize"
    })
    void everyCallCanBeTheOneThatTells(String function) {
        Backend backend = TestDevice.open();
        Emulator.fail(function, 1, 700);
        CudaException first =
                assertThrows(CudaException.class, () -> step(backend).run());
        assertEquals(700, first.status());
        assertTrue(String.valueOf(first.getMessage()).contains(function), first::toString);
        assertTrue(String.valueOf(first.getMessage()).contains(CudaContext.DEBUG_PROPERTY), first::toString);
        assertRepeats(first, () -> backend.tensor(1));
        backend.close();
        TestDevice.assertNothingLive();
    }

    @Test
    void noBackendOpensInAPoisonedProcess() {
        Backend backend = TestDevice.open();
        Emulator.fail("cuStreamSynchronize", 1, 700);
        assertThrows(CudaException.class, () -> backend.tensor(1).toFloats());
        assertThrows(BackendException.class, TestDevice::open);
        backend.close();
        TestDevice.assertNothingLive();
    }

    /** A kernel that writes where it should not: an error that a device reports at a later call. */
    @ParameterizedTest
    @ValueSource(strings = {"eager", "lazy", "others"})
    void anAccessOutsideOfMemoryPoisons(String mode) {
        Backend backend = TestDevice.open();
        Emulator.streams(mode);
        Tensor weights = backend.tensor(4);
        Tensor gradients = backend.tensor(4);
        CudaKernels kernels = TestDevice.kernels(backend);
        CudaException first = assertThrows(CudaException.class, () -> {
            launchTooFar(kernels, weights, gradients);
            weights.toFloats();
        });
        assertEquals(700, first.status());
        assertRepeats(first, gradients::toFloats);
        for (Tensor tensor : List.of(weights, gradients)) {
            tensor.close();
        }
        backend.close();
        TestDevice.assertNothingLive();
    }

    private static void launchTooFar(CudaKernels kernels, Tensor weights, Tensor gradients) {
        kernels.context().enter();
        try {
            kernels.launcher()
                    .of(Kernel.SGD)
                    .pointer(kernels.address(weights))
                    .pointer(kernels.address(gradients))
                    .wide(1 << 16)
                    .real(1)
                    .linear(1 << 16);
        } finally {
            kernels.context().exit();
        }
    }

    @Test
    void debugModeNamesTheLaunch() {
        try (SystemProperty debug = SystemProperty.set(CudaContext.DEBUG_PROPERTY, "true")) {
            Backend backend = TestDevice.open();
            Emulator.streams("lazy");
            Tensor weights = backend.tensor(4);
            Tensor gradients = backend.tensor(4);
            CudaException e = assertThrows(
                    CudaException.class, () -> launchTooFar(TestDevice.kernels(backend), weights, gradients));
            assertEquals(700, e.status());
            assertTrue(String.valueOf(e.getMessage()).startsWith("launch of rondo_sgd(0x"), e::toString);
            backend.close();
            TestDevice.assertNothingLive();
        }
    }
}
