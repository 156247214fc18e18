package dev.rondo.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Purpose;
import dev.rondo.RnnSpec;
import dev.rondo.emulator.Emulator;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sizes of more than 2^31 elements or bytes: the arithmetic of it, since no test has the memory. */
class SizesTest {
    private static final int LARGEST = Integer.MAX_VALUE - 8;

    @BeforeEach
    void requireEmulator() {
        TestDevice.requireEmulator();
        Emulator.reset();
    }

    @AfterEach
    void resetEmulator() {
        Emulator.reset();
    }

    /** What is asked for first is too much, and the number of bytes is exact. */
    @ParameterizedTest
    @CsvSource({
        // T, N, I, H: T * N * blocks * H * 4 bytes of gates
        "RNN_TANH, 1000000, 2000, 1, 1, 1",
        "LSTM, 1000000, 500, 1, 1, 4",
        "GRU, 100, 1000, 16, 7000, 4",
        "GRU_RESET_BEFORE, 100, 1000, 16, 7000, 3",
        "LSTM, 1, 130000, 1, 1000, 4"
    })
    void largeNetworksAskForWhatTheyNeed(Cell cell, int steps, int batch, int inputs, int hidden, int blocks) {
        try (Backend backend = TestDevice.open()) {
            RnnSpec spec = RnnSpec.of(cell, inputs, hidden);
            CudaOutOfMemoryException e = assertThrows(
                    CudaOutOfMemoryException.class, () -> backend.rnn(spec, steps, batch, Purpose.TRAINING));
            long bytes = 4L * steps * batch * blocks * hidden;
            assertTrue(e.requestedBytes() >= bytes && e.requestedBytes() < bytes + (1 << 16), e::toString);
            assertTrue(
                    String.valueOf(e.getMessage())
                            .contains("for gates of " + spec + " with maxSteps " + steps + ", maxBatch " + batch),
                    e::toString);
            assertEquals(0, TestDevice.liveBytes(backend));
        }
        TestDevice.assertNothingLive();
    }

    @Test
    void theLargestTensorIsAskedForInBytes() {
        try (Backend backend = TestDevice.open()) {
            CudaOutOfMemoryException e =
                    assertThrows(CudaOutOfMemoryException.class, () -> backend.tensor(LARGEST / 7, 7));
            assertTrue(e.requestedBytes() > 4L * (LARGEST - 8), e::toString);
            assertThrows(CudaOutOfMemoryException.class, () -> backend.intTensor(LARGEST));
        }
        TestDevice.assertNothingLive();
    }

    @ParameterizedTest
    @CsvSource({
        "1000000, 2200, RNN_TANH, 1, 1", // N * T
        "1000000, 1000, LSTM, 1, 1", // gates
        "1000, 1000, RNN_TANH, 3000, 1" // inputs
    })
    void moreThanAnIntCountsIsRefused(int steps, int batch, Cell cell, int inputs, int hidden) {
        try (Backend backend = TestDevice.open()) {
            long allocations = Emulator.calls("cuMemAlloc");
            IllegalArgumentException e = assertThrows(
                    IllegalArgumentException.class,
                    () -> backend.rnn(RnnSpec.of(cell, inputs, hidden), steps, batch, Purpose.TRAINING));
            assertTrue(
                    String.valueOf(e.getMessage()).startsWith("maxSteps " + steps + " with maxBatch " + batch),
                    e::toString);
            assertEquals(allocations, Emulator.calls("cuMemAlloc"));
        }
    }

    /** What the driver would get: the launch is made to fail, and its error names the arguments. */
    private static String launch(Consumer<CudaKernels> call) {
        try (Backend backend = TestDevice.open()) {
            CudaKernels kernels = TestDevice.kernels(backend);
            Emulator.fail("cuLaunchKernel", 1, 801);
            kernels.context().enter();
            try {
                return String.valueOf(assertThrows(CudaException.class, () -> call.accept(kernels))
                        .getMessage());
            } finally {
                kernels.context().exit();
            }
        }
    }

    @Test
    void productsOfManyRowsCountInLong() {
        String deep = launch(kernels -> kernels.products().addTransposed(0, 1, 0, 1, 0, 1, 1, 1, LARGEST, 0));
        int depth = LARGEST / 8 + 1; // in 8 parts
        assertTrue(deep.contains(", 1, 1, 2147483639, 0, " + depth + ", 1), grid 1 x 1 x 8,"), deep);
        String tall = launch(kernels -> kernels.products().nt(0, 1, 0, 1, 0, 1, LARGEST, 1, 1, false));
        assertTrue(tall.contains(", 8388480, 1, 1, 0, 1, 0), grid 1 x 65535 x 1,"), tall);
        String wide = launch(kernels -> kernels.products().nn(0, 1, 0, 1, 0, 1, 1, LARGEST, 1, true));
        assertTrue(wide.contains(", 1, 2147483639, 1, 1, 1, 0), grid 16777216 x 1 x 1,"), wide);
        String elementwise = launch(kernels -> kernels.launcher()
                .of(Kernel.NORM_SCALE)
                .pointer(0)
                .wide(1L << 40)
                .pointer(0)
                .linear(1L << 40));
        assertTrue(elementwise.contains("(0x0, 1099511627776, 0x0), grid 32 x 1 x 1,"), elementwise);
    }

    @Test
    void columnSumsOfManyRowsCountInLong() {
        assertEquals(1, ColumnSums.scratchElements(1, 1));
        assertEquals(64, ColumnSums.scratchElements(LARGEST, 1));
        assertEquals(64L * 100_000_000, ColumnSums.scratchElements(LARGEST, 100_000_000));
        assertEquals(64, ColumnSums.scratchElements(Integer.MAX_VALUE, 1));
    }
}
