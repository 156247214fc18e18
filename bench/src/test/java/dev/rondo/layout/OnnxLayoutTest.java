package dev.rondo.layout;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Direction;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class OnnxLayoutTest {
    private static final int STEPS = 3;
    private static final int BATCH = 2;
    private static final int INPUT = 5;
    private static final int HIDDEN = 4;

    @ParameterizedTest
    @EnumSource(names = {"RNN_TANH", "RNN_RELU", "LSTM", "GRU", "GRU_RESET_BEFORE"})
    void weightsComeBackAsTheyWere(Cell cell) {
        for (Direction direction : Direction.values()) {
            OnnxLayout layout = layout(cell, direction, false);
            int rows = direction.count() * cell.gates() * HIDDEN;
            double[] w = counting(rows * INPUT);
            double[] r = counting(rows * HIDDEN);
            double[] b = counting(rows * 2);
            try (Backend backend = Backend.named("reference")) {
                RnnParameters weights = backend.parameters(layout.spec());
                layout.setWeights(weights, w, r, b);
                assertArrayEquals(w, layout.inputWeights(weights));
                assertArrayEquals(r, layout.recurrentWeights(weights));
                assertArrayEquals(b, layout.biases(weights));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void activationsComeBackAsTheyWere(boolean batchMajor) {
        for (Direction direction : Direction.values()) {
            OnnxLayout layout = layout(Cell.LSTM, direction, batchMajor);
            double[] x = counting(STEPS * BATCH * INPUT);
            assertArrayEquals(x, layout.inputToOnnx(layout.inputToRondo(x)));
            double[] y = counting(STEPS * BATCH * direction.count() * HIDDEN);
            assertArrayEquals(y, layout.outputToOnnx(layout.outputToRondo(y)));
            double[] h = counting(BATCH * direction.count() * HIDDEN);
            assertArrayEquals(h, layout.stateToOnnx(layout.stateToRondo(h)));
        }
    }

    @Test
    void lstmGatesAreIofcThereAndIfgoHere() {
        RnnSpec spec = RnnSpec.of(Cell.LSTM, 1, 1).withDirection(Direction.BIDIRECTIONAL);
        OnnxLayout layout = new OnnxLayout(spec, 1, 1, false);
        try (Backend backend = Backend.named("reference")) {
            RnnParameters weights = backend.parameters(spec);
            double[] b = {1, 2, 3, 4, 11, 12, 13, 14, 21, 22, 23, 24, 31, 32, 33, 34};
            layout.setWeights(weights, counting(8), counting(8), b);
            assertArrayEquals(
                    new double[] {0, 2, 3, 1}, weights.tensor("weight_ih_l0").toDoubles());
            assertArrayEquals(
                    new double[] {4, 6, 7, 5},
                    weights.tensor("weight_hh_l0_reverse").toDoubles());
            assertArrayEquals(
                    new double[] {1, 3, 4, 2}, weights.tensor("bias_ih_l0").toDoubles());
            assertArrayEquals(
                    new double[] {11, 13, 14, 12}, weights.tensor("bias_hh_l0").toDoubles());
            assertArrayEquals(
                    new double[] {21, 23, 24, 22},
                    weights.tensor("bias_ih_l0_reverse").toDoubles());
            assertArrayEquals(
                    new double[] {31, 33, 34, 32},
                    weights.tensor("bias_hh_l0_reverse").toDoubles());
        }
    }

    @Test
    void gruGatesAreZrhThereAndRznHere() {
        RnnSpec spec = RnnSpec.of(Cell.GRU, 2, 1).withDirection(Direction.REVERSE);
        OnnxLayout layout = new OnnxLayout(spec, 1, 1, false);
        try (Backend backend = Backend.named("reference")) {
            RnnParameters weights = backend.parameters(spec);
            layout.setWeights(weights, counting(6), counting(3), null);
            assertArrayEquals(
                    new double[] {2, 3, 0, 1, 4, 5},
                    weights.tensor("weight_ih_l0_reverse").toDoubles());
            assertArrayEquals(
                    new double[] {1, 0, 2},
                    weights.tensor("weight_hh_l0_reverse").toDoubles());
            assertArrayEquals(
                    new double[3], weights.tensor("bias_ih_l0_reverse").toDoubles());
        }
    }

    @Test
    void outputsOfOnnxHaveTheDirectionBeforeTheBatch() {
        RnnSpec spec = RnnSpec.of(Cell.GRU, 1, 1).withDirection(Direction.BIDIRECTIONAL);
        double[] y = {0, 1, 10, 11, 100, 101, 110, 111}; // y[t,n,d] = 100 t + 10 n + d
        assertArrayEquals(
                new double[] {0, 10, 1, 11, 100, 110, 101, 111}, new OnnxLayout(spec, 2, 2, false).outputToOnnx(y));
        assertArrayEquals(
                new double[] {0, 1, 100, 101, 10, 11, 110, 111}, new OnnxLayout(spec, 2, 2, true).outputToOnnx(y));
    }

    @Test
    void batchMajorInputsAndStatesAreTransposed() {
        RnnSpec spec = RnnSpec.of(Cell.GRU, 1, 1).withDirection(Direction.BIDIRECTIONAL);
        OnnxLayout layout = new OnnxLayout(spec, 3, 2, true);
        assertArrayEquals(new double[] {0, 10, 1, 11, 2, 12}, layout.inputToRondo(new double[] {0, 1, 2, 10, 11, 12}));
        assertArrayEquals(new double[] {0, 10, 1, 11}, layout.stateToRondo(new double[] {0, 1, 10, 11}));
    }

    @Test
    void refusesSeveralLayers() {
        RnnSpec spec = RnnSpec.of(Cell.GRU, 1, 1).withLayers(2);
        assertThrows(IllegalArgumentException.class, () -> new OnnxLayout(spec, 1, 1, false));
    }

    private static OnnxLayout layout(Cell cell, Direction direction, boolean batchMajor) {
        return new OnnxLayout(RnnSpec.of(cell, INPUT, HIDDEN).withDirection(direction), STEPS, BATCH, batchMajor);
    }

    private static double[] counting(int size) {
        double[] values = new double[size];
        for (int k = 0; k < size; k++) {
            values[k] = k;
        }
        return values;
    }
}
