package dev.rondo.contract;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Input;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import java.util.Arrays;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Gradients that are sums of very many terms of one sign: added up one by one in float32, the last of them would be lost.
 * Backend {@code reference} must be on the class path.
 */
public abstract class ManyRowsContract extends BackendContract {
    /** For subclasses. */
    protected ManyRowsContract() {}

    private static final int STEPS = 64;
    private static final int BATCH = 1024;
    private static final int INPUTS = 3;
    private static final int HIDDEN = 3;

    @ParameterizedTest
    @EnumSource
    void gradientsOfOneHotInput(Cell cell) {
        int[] indices = new int[STEPS * BATCH];
        Arrays.setAll(indices, i -> i % 1000 == 0 ? 2 : i % 64 == 0 ? 1 : 0);
        try (Backend oracle = Backend.named("reference")) {
            compare(
                    cell,
                    oracle,
                    oracle.intTensor(STEPS, BATCH).set(indices),
                    backend().intTensor(STEPS, BATCH).set(indices));
        }
    }

    /** So many rows as the network has room for, at the powers of two where a backend may begin another sum. */
    @ParameterizedTest
    @ValueSource(ints = {16, 31, 32, 33, 64, 128})
    void gradientsOfOneIndexInEveryRow(int batch) {
        int steps = 16;
        RnnSpec spec = RnnSpec.of(Cell.GRU, INPUTS, HIDDEN);
        Assumptions.assumeFalse(backend().name().equals("reference"), "this is the oracle itself");
        assumeSupported(spec);
        try (Backend oracle = Backend.named("reference")) {
            backward()
                    .check(
                            "gradients",
                            gradients(oracle, spec, oracle.intTensor(steps, batch), steps, batch),
                            gradients(backend(), spec, backend().intTensor(steps, batch), steps, batch));
        }
    }

    @ParameterizedTest
    @EnumSource
    void gradientsOfDenseInput(Cell cell) {
        double[] x = new double[STEPS * BATCH * INPUTS];
        Arrays.setAll(x, i -> 0.25 + i % 7 * 0.125);
        try (Backend oracle = Backend.named("reference")) {
            compare(
                    cell,
                    oracle,
                    oracle.tensor(STEPS, BATCH, INPUTS).set(x),
                    backend().tensor(STEPS, BATCH, INPUTS).set(x));
        }
    }

    private void compare(Cell cell, Backend oracle, Input expected, Input actual) {
        Assumptions.assumeFalse(backend().name().equals("reference"), "this is the oracle itself");
        RnnSpec spec = RnnSpec.of(cell, INPUTS, HIDDEN);
        assumeSupported(spec);
        backward()
                .check(
                        "gradients",
                        gradients(oracle, spec, expected, STEPS, BATCH),
                        gradients(backend(), spec, actual, STEPS, BATCH));
    }

    private static double[] gradients(Backend backend, RnnSpec spec, Input x, int steps, int batch) {
        try (Rnn rnn = backend.rnn(spec, steps, batch, Purpose.TRAINING);
                RnnParameters weights = backend.parameters(spec);
                RnnParameters gradients = backend.parameters(spec);
                Tensor dy = backend.tensor(steps, batch, HIDDEN)) {
            double[] values = new double[weights.flat().size()];
            Arrays.setAll(values, i -> (i * 5 % 8 + 1) / 32.0);
            weights.flat().set(values);
            dy.fill(0x1p-16);
            try (TrainingPass pass = rnn.call(weights, x).train()) {
                pass.backward().dy(dy).gradients(gradients).run();
            }
            return gradients.flat().toDoubles();
        }
    }
}
