package dev.rondo.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.train.Adam;
import dev.rondo.train.GradientClipping;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@link SequenceWriter}: its gradients, and that it writes what it was taught. */
public abstract class WriterContract extends GradientsContract {
    private static final RnnSpec SPEC = RnnSpec.of(Cell.LSTM, 3, 5).withLayers(2);
    private static final int[][] SEQUENCES = {{1, 2, 4}, {}, {3, 3}};

    @ParameterizedTest
    @EnumSource
    void gradientsAreRight(SequenceWriter.Context context) {
        assumeSupported(SPEC);
        check(backend -> new Written(backend, SPEC, context, 0));
    }

    @Test
    void gradientsOfOtherCellsAreRight() {
        RnnSpec spec = RnnSpec.of(Cell.GRU, 3, 5);
        assumeSupported(spec);
        check(backend -> new Written(backend, spec, SequenceWriter.Context.BOTH, 0));
    }

    /** The differences are too small to change a choice. */
    @ParameterizedTest
    @EnumSource
    void gradientsOfScheduledSamplingAreRight(SequenceWriter.Context context) {
        assumeSupported(SPEC);
        check(backend -> new Written(backend, SPEC, context, 0.5));
    }

    /** Four sequences at most, of which one is missing. */
    private static final class Written implements Example {
        private final SequenceWriter model;
        private final Tensor z;
        private final boolean hasVector;
        private final double own;

        Written(Backend backend, RnnSpec spec, SequenceWriter.Context context, double own) {
            hasVector = context != SequenceWriter.Context.NONE;
            model = new SequenceWriter(backend, spec, 6, context, hasVector ? 2 : 1, 5, 4);
            z = backend.tensor(4, 2).set(0.5f, -1, 1, 0.3f, -0.2f, 0.8f, 7, 7);
            this.own = own;
        }

        @Override
        public Trainable learned() {
            return model.learned();
        }

        @Override
        public void train(Tensor loss) {
            model.train(hasVector ? z : null, SEQUENCES, own, 9, loss);
        }

        @Override
        public void close() {
            model.close();
            z.close();
        }
    }

    /** With a probability of 1 all inputs are those of free writing: the loss is that of the sequence that is written. */
    @Test
    void allOwnWordsAreThoseOfFreeWriting() {
        assumeSupported(SPEC);
        try (Backend scope = backend().scope();
                SequenceWriter model = new SequenceWriter(scope, SPEC, 6, SequenceWriter.Context.BOTH, 2, 5, 4)) {
            Tensor z = scope.tensor(4, 2).set(0.5f, -1, 1, 0.3f, -0.2f, 0.8f, 2, 2);
            Tensor loss = scope.tensor(1);
            model.learned().initialize(4);
            // so that it does not end at once
            model.learned().weight("output.bias").set(-9f, 0, 0, 0, 0, 0);
            int[][] written = model.write(z);
            for (int n = 0; n < 4; n++) {
                assertEquals(5, written[n].length);
                written[n] = Arrays.copyOf(written[n], 4);
            }
            model.train(z, written, 0, 1, loss);
            double forced = loss.toDoubles()[0];
            model.train(z, written, 1, 1, loss);
            assertEquals(forced, loss.toDoubles()[0], 1e-6 * forced);
            int[][] other = written.clone();
            other[0] = new int[] {5, 5, 5, 5};
            model.train(z, other, 0, 1, loss);
            assertTrue(Math.abs(loss.toDoubles()[0] - forced) > 1e-4);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = SequenceWriter.Context.class,
            names = {"NONE"},
            mode = EnumSource.Mode.EXCLUDE)
    void writesWhatItWasTaught(SequenceWriter.Context context) {
        RnnSpec spec = RnnSpec.of(Cell.GRU, 4, 12);
        assumeSupported(spec);
        int[][] sequences = {{1, 2, 3}, {3, 2, 1}, {1, 1}, {}};
        try (Backend scope = backend().scope();
                SequenceWriter model = new SequenceWriter(scope, spec, 4, context, 2, 4, 4)) {
            Tensor z = scope.tensor(4, 2).set(1, 0, 0, 1, 1, 1, 0, 0);
            learn(scope, model, z, sequences, 0.25);
            assertArrayEquals(sequences, model.write(z));
            assertArrayEquals(sequences, model.draw(z, 1e-3, 4, 5), "drawn with little heat");
            assertArrayEquals(sequences, model.draw(z, 1, 1, 5), "drawn among one");
        }
    }

    /** Without a vector it draws both sequences that it knows, and little else; the most probable one is always the same. */
    @Test
    void drawsFromWhatItWasTaught() {
        RnnSpec spec = RnnSpec.of(Cell.LSTM, 4, 12);
        assumeSupported(spec);
        try (Backend scope = backend().scope();
                SequenceWriter model = new SequenceWriter(scope, spec, 4, SequenceWriter.Context.NONE, 1, 3, 16)) {
            int[][] sequences = new int[16][];
            for (int n = 0; n < 16; n++) {
                sequences[n] = n % 2 == 0 ? new int[] {1, 2} : new int[] {3, 1};
            }
            // Scheduled sampling does not learn a distribution (Huszar 2015): an own word may belong to another
            // sequence.
            learn(scope, model, null, sequences, 0);
            int[][] drawn = model.draw(null, 1, 4, 3);
            int first = 0;
            int second = 0;
            for (int[] sequence : drawn) {
                first += Arrays.equals(sequence, sequences[0]) ? 1 : 0;
                second += Arrays.equals(sequence, sequences[1]) ? 1 : 0;
            }
            int one = first;
            int other = second;
            assertTrue(one >= 3 && other >= 3 && one + other >= 14, () -> one + " and " + other + " of 16");
            assertArrayEquals(drawn, model.draw(null, 1, 4, 3), "the same seed");
            assertFalse(Arrays.deepEquals(drawn, model.draw(null, 1, 4, 4)), "another seed");
            int[][] best = model.write(null);
            for (int[] sequence : best) {
                assertArrayEquals(best[0], sequence);
            }
        }
    }

    private static void learn(Backend scope, SequenceWriter model, Tensor z, int[][] sequences, double own) {
        int updates = 100;
        model.learned().initialize(2);
        Tensor loss = scope.tensor(1);
        GradientClipping clipping = new GradientClipping(scope);
        Tensor weights = model.learned().weights().flat();
        Tensor gradients = model.learned().gradients().flat();
        try (Adam adam = new Adam(scope, weights.size(), 0.03)) {
            for (int i = 0; i < updates; i++) {
                gradients.fill(0);
                model.train(z, sequences, i > updates / 2 ? own : 0, i, loss);
                clipping.byGlobalNorm(gradients, 1);
                adam.update(weights, gradients);
            }
        }
    }

    @Test
    void refusesWhatItCannotWrite() {
        assumeSupported(SPEC);
        try (Backend scope = backend().scope();
                SequenceWriter model = new SequenceWriter(scope, SPEC, 6, SequenceWriter.Context.BOTH, 2, 5, 4)) {
            Tensor z = scope.tensor(4, 2);
            String tooLong = assertThrows(
                            IllegalArgumentException.class, () -> model.forward(z, new int[][] {{}, {1, 1, 1, 1, 1}}))
                    .getMessage();
            assertEquals("sequences[1].length: expected 0 to 4, got 5", tooLong);
            assertThrows(NullPointerException.class, () -> model.forward(null, SEQUENCES));
            assertThrows(IllegalArgumentException.class, () -> model.forward(scope.tensor(4, 3), SEQUENCES));
        }
    }
}
