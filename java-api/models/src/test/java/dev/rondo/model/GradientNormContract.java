package dev.rondo.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * {@link GradientNormRegularizer}: Omega as its equations say, its gradient by the recurrent weights against differences with what the
 * source holds constant, and no change of the gradients of the loss.
 */
public abstract class GradientNormContract extends ModelContract {
    private static final int STEPS = 5;
    private static final int BATCH = 3;
    private static final int INPUT = 2;
    private static final int HIDDEN = 7;
    private static final int[] LENGTHS = {5, 2, 4};
    private static final double STEP = 1e-6;

    private double tolerance() {
        return isDouble() ? 1e-7 : 1e-4;
    }

    private static RnnSpec plain(Cell cell) {
        return RnnSpec.of(cell, INPUT, HIDDEN);
    }

    /** A network with a batch and the gradient of a loss by its outputs. */
    private static final class Batch implements AutoCloseable {
        final Trainable learned;
        final Recurrence rnn;
        final Tensor x;
        final Tensor y;
        final Tensor dy;

        Batch(Backend backend, Cell cell) {
            learned = new Trainable(backend, plain(cell).layout());
            rnn = learned.recurrence("", plain(cell), STEPS, BATCH);
            learned.initialize(4);
            Random random = new Random(5);
            x = backend.tensor(STEPS, BATCH, INPUT)
                    .set(random.doubles(STEPS * BATCH * INPUT, -1, 1).toArray());
            y = backend.tensor(STEPS, BATCH, HIDDEN);
            double[] values = random.doubles(STEPS * BATCH * HIDDEN, -1, 1).toArray();
            for (int i = 0; i < values.length; i++) {
                int t = i / HIDDEN / BATCH;
                values[i] = t < LENGTHS[i / HIDDEN % BATCH] ? values[i] : 0;
            }
            dy = backend.tensor(STEPS, BATCH, HIDDEN).set(values);
        }

        @Override
        public void close() {
            learned.close();
            x.close();
            y.close();
            dy.close();
        }
    }

    /** Omega of its definition, with other recurrent weights but the gradients and states that were found. */
    private static double omega(GradientNormRegularizer term, double[] u, Cell cell) {
        double sum = 0;
        for (int t = 1; t < STEPS; t++) {
            double[] gs = term.gradientByState(t).toDoubles();
            double[] hs = term.state(t).toDoubles();
            for (int n = 0; n < BATCH; n++) {
                if (t >= LENGTHS[n]) {
                    continue;
                }
                double[] v = new double[HIDDEN];
                double norm = 0;
                for (int i = 0; i < HIDDEN; i++) {
                    double g = gs[n * HIDDEN + i];
                    double h = hs[n * HIDDEN + i];
                    double slope = cell == Cell.RNN_TANH ? 1 - h * h : h > 0 ? 1 : 0;
                    norm += g * g;
                    for (int j = 0; j < HIDDEN; j++) {
                        v[j] += g * slope * u[i * HIDDEN + j];
                    }
                }
                double before = 0;
                for (double one : v) {
                    before += one * one;
                }
                double excess = Math.sqrt(before) / Math.sqrt(norm) - 1;
                sum += excess * excess / BATCH;
            }
        }
        return sum;
    }

    @ParameterizedTest
    @EnumSource(names = {"RNN_TANH", "RNN_RELU"})
    void theTermAndItsGradientAreRight(Cell cell) {
        assumeSupported(plain(cell));
        double factor = 0.5;
        try (Batch batch = new Batch(backend(), cell);
                GradientNormRegularizer term = new GradientNormRegularizer(backend(), batch.rnn, STEPS, BATCH)) {
            double[] ofLoss = gradients(batch, term.factor(0));
            double[] ofBoth = gradients(batch, term.factor(factor));
            double[] u = batch.learned.weight("weight_hh_l0").toDoubles();
            assertEquals(omega(term, u, cell), term.omega(), tolerance());
            assertTrue(term.omega() > 0.1, () -> "Omega " + term.omega());
            int offset = batch.learned.weights().layout().entries().stream()
                    .filter(entry -> entry.name().equals("weight_hh_l0"))
                    .mapToInt(entry -> entry.offset())
                    .findFirst()
                    .orElseThrow();
            for (int i = 0; i < u.length; i++) {
                double[] moved = u.clone();
                moved[i] = u[i] + STEP;
                double above = omega(term, moved, cell);
                moved[i] = u[i] - STEP;
                double expected = factor * (above - omega(term, moved, cell)) / (2 * STEP);
                assertEquals(expected, ofBoth[offset + i] - ofLoss[offset + i], tolerance());
                ofBoth[offset + i] = ofLoss[offset + i];
            }
            assertArrayEquals(ofLoss, ofBoth, 0, "the other weights have no gradient by Omega");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"RNN_TANH", "RNN_RELU"})
    void outputsAndGradientsOfTheLossAreThoseOfOnePass(Cell cell) {
        assumeSupported(plain(cell));
        try (Batch batch = new Batch(backend(), cell);
                GradientNormRegularizer term = new GradientNormRegularizer(backend(), batch.rnn, STEPS, BATCH)) {
            double[] gradients = gradients(batch, term.factor(0));
            double[] outputs = batch.y.toDoubles();
            batch.learned.gradients().flat().fill(0);
            try (TrainingPass pass =
                    batch.rnn.call(batch.x).lengths(LENGTHS).y(batch.y).train()) {
                batch.rnn.backward(pass).dy(batch.dy).run();
            }
            assertArrayEquals(batch.y.toDoubles(), outputs, 1e-6);
            assertArrayEquals(batch.learned.gradients().flat().toDoubles(), gradients, 1e-5);
        }
    }

    private static double[] gradients(Batch batch, GradientNormRegularizer term) {
        batch.learned.gradients().flat().fill(0);
        term.forward(batch.x, LENGTHS, batch.y);
        term.backward(batch.dy);
        return batch.learned.gradients().flat().toDoubles();
    }

    @ParameterizedTest
    @EnumSource(names = {"LSTM", "GRU"})
    void otherNetworksAreRefused(Cell cell) {
        assumeSupported(plain(cell));
        try (Trainable learned = new Trainable(backend(), plain(cell).layout())) {
            Recurrence rnn = learned.recurrence("", plain(cell), STEPS, BATCH);
            IllegalArgumentException error = assertThrows(
                    IllegalArgumentException.class, () -> new GradientNormRegularizer(backend(), rnn, STEPS, BATCH));
            assertEquals(
                    "rnn: expected a forward RNN_TANH or RNN_RELU of one layer, got " + plain(cell),
                    error.getMessage());
        }
    }
}
