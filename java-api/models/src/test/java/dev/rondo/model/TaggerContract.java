package dev.rondo.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Direction;
import dev.rondo.IntTensor;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.train.Adam;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@link SequenceTagger}: its gradients, what a second direction is for, and windows of long sequences. */
public abstract class TaggerContract extends GradientsContract {
    @ParameterizedTest
    @EnumSource
    void gradientsAreRight(Direction direction) {
        RnnSpec spec = RnnSpec.of(Cell.LSTM, 5, 3).withDirection(direction);
        assumeSupported(spec);
        check(backend -> new Tagged(backend, spec));
    }

    private static final class Tagged implements Example {
        private final SequenceTagger model;
        private final Tensor x;
        private final IntTensor labels;

        Tagged(Backend backend, RnnSpec spec) {
            model = new SequenceTagger(backend, spec, 3, 4, 3);
            float[] values = new float[4 * 3 * 5];
            Random random = new Random(8);
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) random.nextGaussian();
            }
            x = backend.tensor(4, 3, 5).set(values);
            labels = backend.intTensor(4, 3).set(0, 1, -1, 2, 0, -1, 1, -1, -1, -1, 2, -1);
        }

        @Override
        public Trainable learned() {
            return model.learned();
        }

        @Override
        public void train(Tensor loss) {
            model.train(x, new int[] {3, 4, 0}, labels, loss);
        }

        @Override
        public void close() {
            model.close();
            x.close();
            labels.close();
        }
    }

    /** The tag of a step is the next bit, of the last step 0: only who reads from behind can know it. */
    @Test
    void aSecondDirectionKnowsWhatComes() {
        RnnSpec forward = RnnSpec.of(Cell.GRU, 2, 6);
        RnnSpec both = forward.withDirection(Direction.BIDIRECTIONAL);
        assumeSupported(both);
        double oneWay = lossAfterLearning(forward);
        double bothWays = lossAfterLearning(both);
        assertTrue(bothWays < 0.1, () -> "loss " + bothWays);
        assertTrue(oneWay > 0.4, () -> "loss " + oneWay);
    }

    private double lossAfterLearning(RnnSpec spec) {
        int steps = 4;
        int rows = 16; // all sequences of four bits
        try (Backend scope = backend().scope();
                SequenceTagger model = new SequenceTagger(scope, spec, 2, steps, rows)) {
            int[] bits = new int[steps * rows];
            int[] next = new int[steps * rows];
            for (int n = 0; n < rows; n++) {
                for (int t = 0; t < steps; t++) {
                    bits[t * rows + n] = n >> t & 1;
                    next[t * rows + n] = n >> (t + 1) & 1;
                }
            }
            int[] lengths = new int[rows];
            Arrays.fill(lengths, steps);
            IntTensor x = scope.intTensor(steps, rows).set(bits);
            IntTensor labels = scope.intTensor(steps, rows).set(next);
            Tensor loss = scope.tensor(1);
            model.learned().initialize(1);
            Tensor weights = model.learned().weights().flat();
            Tensor gradients = model.learned().gradients().flat();
            try (Adam adam = new Adam(scope, weights.size(), 0.05)) {
                for (int i = 0; i < 60; i++) {
                    gradients.fill(0);
                    model.train(x, lengths, labels, loss);
                    adam.update(weights, gradients);
                }
            }
            return loss.toDoubles()[0];
        }
    }

    /** Windows one after the other, of which the rows end at different steps, give what one long sequence gives. */
    @Test
    void windowsGiveWhatTheWholeGives() {
        RnnSpec spec = RnnSpec.of(Cell.LSTM, 4, 5).withLayers(2);
        assumeSupported(spec);
        int window = 3;
        int rows = 3;
        int tags = 2;
        int[] lengths = {9, 4, 7};
        try (Backend scope = backend().scope();
                SequenceTagger whole = new SequenceTagger(scope, spec, tags, 3 * window, rows);
                SequenceTagger part = new SequenceTagger(scope, spec, tags, window, rows).stateful()) {
            whole.learned().initialize(3);
            part.learned().weights().flat().copyFrom(whole.learned().weights().flat());
            int[] words = new Random(2).ints(3 * window * rows, 0, 4).toArray();
            IntTensor x = scope.intTensor(3 * window, rows).set(words);
            double[] expected = whole.forward(x, lengths).toDoubles();
            IntTensor labels = scope.intTensor(window, rows).set(new int[window * rows]);
            Tensor loss = scope.tensor(1);
            for (int round = 0; round < 2; round++) {
                for (int w = 0; w < 3; w++) {
                    int[] left = new int[rows];
                    for (int n = 0; n < rows; n++) {
                        left[n] = Math.min(window, Math.max(0, lengths[n] - w * window));
                    }
                    IntTensor input = x.view(w * window * rows, window, rows);
                    if (round == 1 && w == 1) {
                        part.train(input, left, labels, loss); // carries the state too
                        continue;
                    }
                    double[] actual = part.forward(input, left).toDoubles();
                    for (int i = 0; i < actual.length; i++) {
                        assertEquals(expected[w * window * rows * tags + i], actual[i], 1e-5, "window " + w);
                    }
                }
                part.begin(true, true, true);
            }
        }
    }

    /** A window whose state came from another one has the gradient of that window alone, from a given state. */
    @Test
    void noGradientPassesIntoTheWindowBefore() {
        RnnSpec spec = RnnSpec.of(Cell.GRU, 3, 4);
        assumeSupported(spec);
        try (Backend scope = backend().scope();
                SequenceTagger model = new SequenceTagger(scope, spec, 2, 2, 1).stateful()) {
            model.learned().initialize(1);
            IntTensor first = scope.intTensor(2, 1).set(0, 1);
            IntTensor second = scope.intTensor(2, 1).set(1, 1);
            IntTensor labels = scope.intTensor(2, 1).set(0, 1);
            Tensor loss = scope.tensor(1);
            model.forward(first, new int[] {2});
            Tensor gradients = model.learned().gradients().flat();
            gradients.fill(0);
            model.train(second, new int[] {2}, labels, loss);
            // symbol 0 is read in the first window only, symbol 2 never
            double[] input = model.learned().gradient("rnn.weight_ih_l0").toDoubles();
            for (int row = 0; row < input.length; row += 3) {
                assertEquals(0, input[row]);
                assertTrue(input[row + 1] != 0);
            }
        }
    }

    @Test
    void statesAreRefusedWhereTheyHaveNoSense() {
        RnnSpec both = RnnSpec.of(Cell.GRU, 3, 4).withDirection(Direction.BIDIRECTIONAL);
        assumeSupported(both);
        try (SequenceTagger model = new SequenceTagger(backend(), both, 2, 2, 1)) {
            assertThrows(IllegalArgumentException.class, model::stateful);
            assertThrows(IllegalStateException.class, () -> model.begin(true));
        }
    }
}
