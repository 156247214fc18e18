package dev.rondo.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import dev.rondo.train.Initializers;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Gradients and states that vanish over many steps come to 0 and not to denormal numbers, which take far longer. */
class VanishingGradientsTest {
    private static final int STEPS = 600;
    private static final int BATCH = 2;
    private static final int SIZE = 24;

    static Stream<Arguments> cells() {
        return Stream.of("vector", "plain")
                .flatMap(loops -> Stream.of(Cell.values()).map(cell -> Arguments.of(loops, cell)));
    }

    @ParameterizedTest
    @MethodSource("cells")
    void vanishingGradientsAreZero(String loops, Cell cell) {
        try (Backend backend = CpuContracts.open(loops, 1)) {
            Tensor dx = backend.tensor(STEPS, BATCH, SIZE);
            RnnState dInitial = backward(backend, cell, 1, dx, backend.tensor(STEPS, BATCH, SIZE));
            assertNotDenormal(dx);
            assertNotDenormal(dInitial.h());
            float[] first = dx.view(0, BATCH * SIZE).toFloats();
            for (float value : first) {
                assertEquals(0f, value);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cells")
    void vanishingStatesAreZero(String loops, Cell cell) {
        try (Backend backend = CpuContracts.open(loops, 1)) {
            Tensor y = backend.tensor(STEPS, BATCH, SIZE);
            backward(backend, cell, 0, backend.tensor(STEPS, BATCH, SIZE), y);
            assertNotDenormal(y);
        }
    }

    @ParameterizedTest
    @MethodSource("cells")
    void notANumberStays(String loops, Cell cell) {
        try (Backend backend = CpuContracts.open(loops, 1)) {
            RnnState dInitial = backward(
                    backend, cell, Double.NaN, backend.tensor(STEPS, BATCH, SIZE), backend.tensor(STEPS, BATCH, SIZE));
            for (float value : dInitial.h().toFloats()) {
                assertTrue(Float.isNaN(value));
            }
        }
    }

    /** Backward from the last step only, with small weights and, in the first two rows of x, input. */
    private static RnnState backward(Backend backend, Cell cell, double dyLast, Tensor dx, Tensor y) {
        RnnSpec spec = RnnSpec.of(cell, SIZE, SIZE).withBias(false);
        try (Rnn rnn = backend.rnn(spec, STEPS, BATCH, Purpose.TRAINING)) {
            RnnParameters weights = backend.parameters(spec);
            Initializers.uniform(weights.flat(), 0.1, new Random(3));
            Tensor x = backend.tensor(STEPS, BATCH, SIZE);
            x.view(0, 2 * BATCH * SIZE).fill(1);
            Tensor dy = backend.tensor(STEPS, BATCH, SIZE);
            dy.view((STEPS - 1) * BATCH * SIZE, BATCH * SIZE).fill(dyLast);
            RnnState dInitial = backend.state(spec, BATCH);
            try (TrainingPass pass = rnn.call(weights, x).y(y).train()) {
                pass.backward().dy(dy).dx(dx).dInitial(dInitial).run();
            }
            return dInitial;
        }
    }

    private static void assertNotDenormal(Tensor tensor) {
        for (float value : tensor.toFloats()) {
            assertTrue(value == 0 || !(Math.abs(value) < Float.MIN_NORMAL), () -> "denormal: " + value);
        }
    }
}
