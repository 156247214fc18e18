package dev.rondo.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.IntTensor;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.train.Adam;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@link GlimpseNetwork}: its gradients, and that it finds the marked one of some vectors. */
public abstract class GlimpseContract extends GradientsContract {
    @ParameterizedTest
    @EnumSource
    void gradientsAreRight(GlimpseNetwork.Score score) {
        RnnSpec spec = RnnSpec.of(Cell.LSTM, 3, 4).withLayers(2);
        assumeSupported(spec);
        check(backend -> new Seen(backend, spec, score));
    }

    private static final class Seen implements Example {
        private final GlimpseNetwork model;
        private final Tensor x;
        private final IntTensor labels;

        Seen(Backend backend, RnnSpec spec, GlimpseNetwork.Score score) {
            model = new GlimpseNetwork(backend, spec, score, 5, 3, 3, 4, 3);
            float[] values = new float[4 * 3 * 3];
            Random random = new Random(8);
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) random.nextGaussian();
            }
            x = backend.tensor(4, 3, 3).set(values);
            labels = backend.intTensor(3).set(2, 0, -1);
        }

        @Override
        public Trainable learned() {
            return model.learned();
        }

        @Override
        public void train(Tensor loss) {
            model.train(x, new int[] {4, 2, 3}, labels, loss);
        }

        @Override
        public void close() {
            model.close();
            x.close();
            labels.close();
        }
    }

    /** The class of a set is the kind of its marked vector. */
    @ParameterizedTest
    @EnumSource
    void findsWhatIsMarked(GlimpseNetwork.Score score) {
        int kinds = 3;
        int vectors = 4;
        int rows = 24;
        RnnSpec spec = RnnSpec.of(Cell.GRU, kinds + 1, 8);
        assumeSupported(spec);
        try (Backend scope = backend().scope();
                GlimpseNetwork model = new GlimpseNetwork(scope, spec, score, 6, kinds, 2, vectors, rows)) {
            float[] values = new float[vectors * rows * (kinds + 1)];
            int[] marked = new int[rows];
            int[] classes = new int[rows];
            int[] lengths = new int[rows];
            Random random = new Random(3);
            for (int n = 0; n < rows; n++) {
                lengths[n] = 2 + random.nextInt(vectors - 1);
                marked[n] = random.nextInt(lengths[n]);
                for (int s = 0; s < vectors; s++) {
                    int kind = random.nextInt(kinds);
                    int at = (s * rows + n) * (kinds + 1);
                    values[at + kind] = 1;
                    if (s == marked[n]) {
                        values[at + kinds] = 1;
                        classes[n] = kind;
                    }
                }
            }
            Tensor x = scope.tensor(vectors, rows, kinds + 1).set(values);
            IntTensor labels = scope.intTensor(rows).set(classes);
            Tensor loss = scope.tensor(1);
            model.learned().initialize(1);
            Tensor weights = model.learned().weights().flat();
            Tensor gradients = model.learned().gradients().flat();
            try (Adam adam = new Adam(scope, weights.size(), 0.05)) {
                for (int i = 0; i < 80; i++) {
                    gradients.fill(0);
                    model.train(x, lengths, labels, loss);
                    adam.update(weights, gradients);
                }
            }
            double last = loss.toDoubles()[0];
            assertTrue(last < 0.05, () -> "loss " + last);
            model.forward(x, lengths);
            float[] looked = model.weights().toFloats();
            int seen = 0;
            for (int n = 0; n < rows; n++) {
                float share = 0;
                for (int t = 0; t < 2; t++) {
                    share = Math.max(share, looked[(t * rows + n) * vectors + marked[n]]);
                }
                seen += share > 0.5 ? 1 : 0;
            }
            int found = seen;
            assertTrue(found >= 20, () -> "looked at the marked vector in " + found + " of 24 sets");
        }
    }

    /** Vectors past the length of a set are not seen. */
    @Test
    void whatIsPastTheLengthIsNotSeen() {
        RnnSpec spec = RnnSpec.of(Cell.GRU, 2, 3);
        assumeSupported(spec);
        try (Backend scope = backend().scope();
                GlimpseNetwork model = new GlimpseNetwork(scope, spec, GlimpseNetwork.Score.DOT, 3, 2, 2, 3, 1)) {
            model.learned().initialize(1);
            Tensor x = scope.tensor(3, 1, 2).set(1, 2, 3, 4, 5, 6);
            float[] logits = model.forward(x, new int[] {2}).toFloats();
            x.set(1, 2, 3, 4, 9, -9);
            assertEquals(
                    Arrays.toString(logits),
                    Arrays.toString(model.forward(x, new int[] {2}).toFloats()));
        }
    }
}
