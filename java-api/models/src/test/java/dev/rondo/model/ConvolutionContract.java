package dev.rondo.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link TemporalConvolutionNetwork}: its gradients, what its outputs depend on, and that it remembers the first symbol. */
public abstract class ConvolutionContract extends DeepContract {
    @ParameterizedTest
    @CsvSource({"2, 3, 2", "3, 2, 5", "2, 4, 5"
    }) // the last reaches beyond the first step, the second has no residual weights
    void gradientsAreRight(int kernel, int depth, int hidden) {
        check(backend -> {
            TemporalConvolutionNetwork model =
                    new TemporalConvolutionNetwork(backend, 5, hidden, kernel, depth, 3, 7, 3);
            Tensor x = random(backend, 8, 7, 3, 5);
            int[] tags = new int[7 * 3];
            for (int i = 0; i < tags.length; i++) {
                tags[i] = i % 3 == 2 ? -1 : i % 2 + i % 5 / 4;
            }
            IntTensor labels = backend.intTensor(7, 3).set(tags);
            return new Shown(model.learned(), loss -> model.train(x, labels, loss), model);
        });
    }

    /** A convolution of kernel size 3 and dilation 2, by its definition. */
    @Test
    void aConvolutionLooksBackWithGaps() {
        int steps = 6;
        try (Backend scope = backend().scope();
                Trainable learned = new Trainable(scope, CausalConvolution.layout(1, 1, 3))) {
            CausalConvolution convolution = new CausalConvolution(learned, "", 1, 3, 2, steps, 1);
            learned.weights().flat().set(3f, 0.5f, 10f, 100f); // tap 0 with its bias, taps 1 and 2
            Tensor y = scope.tensor(steps, 1, 1);
            convolution.forward(scope.tensor(steps, 1, 1).set(1f, 2f, 3f, 4f, 5f, 6f), y);
            assertArrayEquals(new double[] {3.5, 6.5, 19.5, 32.5, 145.5, 258.5}, y.toDoubles(), 1e-4);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void whatComesAfterHasNoInfluence(int kernel) {
        int steps = 20;
        int tags = 3;
        try (Backend scope = backend().scope();
                TemporalConvolutionNetwork model =
                        new TemporalConvolutionNetwork(scope, 2, 6, kernel, 2, tags, steps, 1)) {
            model.learned().initialize(3);
            assertEquals(kernel == 2 ? 7 : 13, model.receptiveField());
            Tensor x = random(scope, 4, steps, 1, 2);
            float[] values = x.toFloats();
            double[] before = model.forward(x).toDoubles();
            for (int changed = 0; changed < steps; changed++) {
                float[] others = values.clone();
                others[2 * changed] += 1;
                others[2 * changed + 1] -= 2;
                double[] after = model.forward(x.set(others)).toDoubles();
                for (int t = 0; t < steps; t++) {
                    boolean seen = t >= changed && t < changed + model.receptiveField();
                    for (int k = 0; k < tags && !seen; k++) {
                        assertEquals(before[t * tags + k], after[t * tags + k], "step " + t + " of " + changed);
                    }
                }
                int from = changed * tags;
                assertTrue(!Arrays.equals(
                        Arrays.copyOfRange(before, from, from + tags), Arrays.copyOfRange(after, from, from + tags)));
            }
        }
    }

    /** The label of every step is the first symbol: as far as it sees, it learns that, but no farther. */
    @Test
    void remembersTheFirstSymbolAsFarAsItSees() {
        int steps = 7;
        int rows = 24;
        try (Backend scope = backend().scope();
                TemporalConvolutionNetwork far = new TemporalConvolutionNetwork(scope, 3, 8, 2, 2, 2, steps, rows);
                TemporalConvolutionNetwork near = new TemporalConvolutionNetwork(scope, 3, 8, 2, 1, 2, steps, rows)) {
            float[] values = new float[steps * rows * 3];
            int[] first = new int[steps * rows];
            Random random = new Random(1);
            for (int i = 0; i < first.length; i++) {
                int n = i % rows;
                int symbol = i < rows ? n % 2 : 0;
                first[i] = i < (steps - 1) * rows ? -1 : n % 2; // asked at the last step
                values[3 * i + symbol] = i < rows ? 1 : 0;
                values[3 * i + 2] = i < rows ? 0 : random.nextInt(3) - 1;
            }
            for (int n = 0; n + 1 < rows; n += 2) { // rows in pairs that differ in the first symbol alone
                for (int t = 1; t < steps; t++) {
                    values[(t * rows + n + 1) * 3 + 2] = values[(t * rows + n) * 3 + 2];
                }
            }
            Tensor x = scope.tensor(steps, rows, 3).set(values);
            IntTensor labels = scope.intTensor(steps, rows).set(first);
            far.learned().initialize(1);
            near.learned().initialize(1);
            double seen = learn(scope, far.learned(), 0.02, 60, loss -> far.train(x, labels, loss));
            double unseen = learn(scope, near.learned(), 0.02, 20, loss -> near.train(x, labels, loss));
            assertTrue(seen < 0.1, () -> "loss " + seen);
            assertTrue(unseen > 0.69, () -> "loss " + unseen);
        }
    }
}
