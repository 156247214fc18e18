package dev.rondo.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.IntTensor;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link SkipStack}: its gradients, that every layer reaches the top, and that it learns running parities. */
public abstract class SkipStackContract extends DeepContract {
    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void gradientsAreRight(int layers) {
        assumeSupported(RnnSpec.of(Cell.LSTM, 7, 4));
        check(backend -> {
            SkipStack model = new SkipStack(backend, Cell.LSTM, 3, 4, layers, 3, 4, 3);
            Tensor x = random(backend, 8, 4, 3, 3);
            IntTensor labels = backend.intTensor(4, 3).set(0, 1, -1, 2, 0, -1, 1, -1, -1, -1, 2, -1);
            return new Shown(model.learned(), loss -> model.train(x, new int[] {3, 4, 0}, labels, loss), model);
        });
    }

    /** The logits are the sum of what each layer gives through its own columns of the output weights. */
    @Test
    void eachLayerReachesTheTop() {
        assumeSupported(RnnSpec.of(Cell.GRU, 5, 3));
        try (Backend scope = backend().scope();
                SkipStack model = new SkipStack(scope, Cell.GRU, 2, 3, 2, 4, 3, 2)) {
            model.learned().initialize(1);
            Tensor x = random(scope, 3, 3, 2, 2);
            int[] lengths = {3, 2};
            double[] whole = model.forward(x, lengths).toDoubles();
            Tensor output = model.learned().weight("output.weight");
            double[] weights = output.toDoubles();
            double[] sum = new double[whole.length];
            for (int layer = 0; layer < 2; layer++) {
                double[] part = weights.clone();
                for (int i = 0; i < part.length; i++) {
                    part[i] = i % 6 / 3 == layer ? part[i] : 0;
                }
                output.set(part);
                double[] logits = model.forward(x, lengths).toDoubles();
                assertTrue(Arrays.stream(logits).anyMatch(value -> Math.abs(value) > 1e-3), "layer " + layer);
                for (int i = 0; i < sum.length; i++) {
                    sum[i] += logits[i];
                }
            }
            assertArrayEquals(whole, sum, 1e-6);
        }
    }

    @Test
    void learnsRunningParities() {
        assumeSupported(RnnSpec.of(Cell.LSTM, 7, 6));
        try (Backend scope = backend().scope();
                SkipStack model = new SkipStack(scope, Cell.LSTM, 1, 6, 2, 2, BITS, SEQUENCES)) {
            model.learned().initialize(1);
            Tensor x = bits(scope);
            IntTensor labels = parities(scope);
            int[] lengths = new int[SEQUENCES];
            Arrays.fill(lengths, BITS);
            double loss = learn(scope, model.learned(), 0.05, 100, value -> model.train(x, lengths, labels, value));
            assertTrue(loss < 0.1, () -> "loss " + loss);
        }
    }
}
