package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Cell;
import dev.rondo.Purpose;
import dev.rondo.RnnSpec;
import java.util.Arrays;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the equations of {@link Cell} say where they can be solved by hand. */
public abstract class CellContract extends BackendContract {
    /** For subclasses. */
    protected CellContract() {}

    private static final int STEPS = 5;

    @ParameterizedTest(name = "{0}")
    @EnumSource
    void zeroWeightsHaveAClosedForm(Cell cell) {
        RnnCase network = RnnCase.random(RnnSpec.of(cell, 3, 4), STEPS, 2, 31);
        Arrays.fill(network.weights, 0);
        RnnOutcome actual = network.forward(backend(), Purpose.INFERENCE);
        StateValues initial = network.initial;
        double decay = Math.pow(0.5, STEPS);
        StateValues expected = switch (cell) {
            case RNN_TANH, RNN_RELU -> StateValues.filled(network.spec, 2, 0);
            case GRU, GRU_RESET_BEFORE -> new StateValues(times(decay, initial.h()), initial.c());
            case LSTM -> {
                double[] c = times(decay, initial.c());
                yield new StateValues(
                        times(0.5, DoubleStream.of(c).map(Math::tanh).toArray()), c);
            }
            default -> network.naive().last();
        };
        expected.assertNear(forward(), "last", actual.last());
    }

    private static double[] times(double factor, double... values) {
        return DoubleStream.of(values).map(value -> factor * value).toArray();
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void resetBeforeEqualsResetAfterWhereTheRecurrentWeightsAreDiagonal(long seed) {
        RnnCase after = RnnCase.random(RnnSpec.of(Cell.GRU, 3, 4), STEPS, 3, seed);
        int hidden = 4;
        var layout = after.spec.layout();
        int u = layout.entry("weight_hh_l0").offset() + 2 * hidden * hidden;
        int bias = layout.entry("bias_hh_l0").offset() + 2 * hidden;
        for (int j = 0; j < hidden; j++) {
            for (int k = 0; k < hidden; k++) {
                after.weights[u + j * hidden + k] *= j == k ? 1 : 0;
            }
            after.weights[bias + j] = 0;
        }
        RnnCase before = after.withSpec(RnnSpec.of(Cell.GRU_RESET_BEFORE, 3, 4));
        RnnOutcome expected = after.run(backend());
        RnnOutcome actual = before.run(backend());
        forward().check("y", expected.y(), actual.y());
        backward().check("dx", expected.dx(), actual.dx());
        backward().check("dh0", expected.dInitial().h(), actual.dInitial().h());
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void theTwoResetsDifferElsewhere(long seed) {
        RnnCase after = RnnCase.random(RnnSpec.of(Cell.GRU, 3, 4), STEPS, 3, seed);
        RnnCase before = after.withSpec(RnnSpec.of(Cell.GRU_RESET_BEFORE, 3, 4));
        double[] one = after.forward(backend(), Purpose.INFERENCE).y();
        double[] two = before.forward(backend(), Purpose.INFERENCE).y();
        double largest = 0;
        for (int i = 0; i < one.length; i++) {
            largest = Math.max(largest, Math.abs(one[i] - two[i]));
        }
        assertTrue(largest > 1e-3, "largest difference " + largest);
    }

    @ParameterizedTest(name = "{0}")
    @EnumSource
    void hugeInputsSaturate(Cell cell) {
        RnnCase network = RnnCase.random(RnnSpec.of(cell, 3, 4), STEPS, 2, 33);
        Arrays.setAll(network.x, i -> Math.signum(network.x[i]) * 1e20);
        if (cell == Cell.RNN_RELU) {
            Arrays.setAll(network.x, i -> 0.5);
        }
        RnnOutcome actual = network.run(backend());
        forward().check("y", network.naive().y(), actual.y());
        network.naive().last().assertNear(forward(), "last", actual.last());
        assertTrue(DoubleStream.of(actual.gradients()).allMatch(Double::isFinite));
    }

    @ParameterizedTest(name = "{0}")
    @EnumSource
    void aNanReachesItsOwnRowOnly(Cell cell) {
        RnnCase network = RnnCase.random(RnnSpec.of(cell, 3, 4), STEPS, 2, 34);
        RnnOutcome clean = network.forward(backend(), Purpose.INFERENCE);
        int step = 2;
        network.x[step * 2 * 3] = Double.NaN;
        RnnOutcome actual = network.forward(backend(), Purpose.INFERENCE);
        for (int t = 0; t < STEPS; t++) {
            for (int n = 0; n < 2; n++) {
                double[] row = Arrays.copyOfRange(actual.y(), (t * 2 + n) * 4, (t * 2 + n + 1) * 4);
                if (n == 0 && t >= step) {
                    assertTrue(DoubleStream.of(row).allMatch(Double::isNaN), "step " + t + ": " + Arrays.toString(row));
                } else {
                    assertArrayEquals(Arrays.copyOfRange(clean.y(), (t * 2 + n) * 4, (t * 2 + n + 1) * 4), row);
                }
            }
        }
    }

    /**
     * One unit, one step, with numbers in sight: W = 1, 2, 3, 4 by gate, U = 0.5, b = 0.1, u = 0.2, x = 0.3, h = c =
     * 0.4.
     */
    @Test
    void gatesStandInTheOrderInputForgetCandidateOutput() {
        RnnCase network = RnnCase.random(RnnSpec.of(Cell.LSTM, 1, 1), 1, 1, 1);
        network.weights = new double[] {1, 2, 3, 4, 0.5, 0.5, 0.5, 0.5, 0.1, 0.1, 0.1, 0.1, 0.2, 0.2, 0.2, 0.2};
        network.x = new double[] {0.3};
        network.initial = new StateValues(new double[] {0.4}, new double[] {0.4});
        double i = 1 / (1 + Math.exp(-0.8));
        double f = 1 / (1 + Math.exp(-1.1));
        double g = Math.tanh(1.4);
        double o = 1 / (1 + Math.exp(-1.7));
        double c = f * 0.4 + i * g;
        RnnOutcome actual = network.forward(backend(), Purpose.INFERENCE);
        forward().check("c", new double[] {c}, actual.last().c());
        forward().check("h", new double[] {o * Math.tanh(c)}, actual.last().h());
    }

    /** The same numbers for the gates r, z, n. */
    @Test
    void gatesStandInTheOrderResetUpdateCandidate() {
        for (Cell cell : new Cell[] {Cell.GRU, Cell.GRU_RESET_BEFORE}) {
            RnnCase network = RnnCase.random(RnnSpec.of(cell, 1, 1), 1, 1, 1);
            network.weights = new double[] {1, 2, 3, 0.5, 0.5, 0.5, 0.1, 0.1, 0.1, 0.2, 0.2, 0.2};
            network.x = new double[] {0.3};
            network.initial = new StateValues(new double[] {0.4}, new double[0]);
            double r = 1 / (1 + Math.exp(-0.8));
            double z = 1 / (1 + Math.exp(-1.1));
            double recurrent = cell == Cell.GRU ? r * (0.2 + 0.2) : r * 0.2 + 0.2;
            double n = Math.tanh(1.0 + recurrent);
            RnnOutcome actual = network.forward(backend(), Purpose.INFERENCE);
            forward().check(cell + " h", new double[] {(1 - z) * n + z * 0.4}, actual.y());
        }
    }
}
