package dev.rondo.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Deep transitions, {@link DeepTransitionRnn} and {@link RecurrentHighwayNetwork}: their gradients, gates, and running parities. */
public abstract class TransitionContract extends DeepContract {
    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void gradientsOfDeepTransitionsAreRight(int steps) {
        check(backend -> {
            DeepTransitionRnn model = new DeepTransitionRnn(backend, 2, 5, 3, 4, steps, 3);
            Tensor x = random(backend, 8, steps, 3, 2);
            IntTensor labels = labels(backend, steps);
            return new Shown(model.learned(), loss -> model.train(x, labels, loss), model);
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void gradientsOfHighwaysAreRight(int depth) {
        check(backend -> {
            RecurrentHighwayNetwork model = new RecurrentHighwayNetwork(backend, 2, 5, depth, 4, 4, 3);
            Tensor x = random(backend, 8, 4, 3, 2);
            IntTensor labels = labels(backend, 4);
            return new Shown(model.learned(), loss -> model.train(x, labels, loss), model);
        });
    }

    /** {@code [T,3]}, of which the last row has no labels. */
    private static IntTensor labels(Backend backend, int steps) {
        int[] labels = new int[steps * 3];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = i % 3 == 2 ? -1 : i % 4;
        }
        return backend.intTensor(steps, 3).set(labels);
    }

    /** A highway carries its state over when all gates are closed: nothing comes in, the logits are those of the bias. */
    @Test
    void closedGatesCarry() {
        try (Backend scope = backend().scope();
                RecurrentHighwayNetwork model = new RecurrentHighwayNetwork(scope, 1, 3, 2, 2, BITS, SEQUENCES)) {
            model.initialize(1);
            for (int l = 0; l < 2; l++) {
                model.learned().weight("gate" + l + ".bias").fill(-100);
            }
            model.learned().weight("output.bias").set(1f, 2f);
            double[] expected = new double[BITS * SEQUENCES * 2];
            for (int i = 0; i < expected.length; i++) {
                expected[i] = 1 + i % 2;
            }
            assertArrayEquals(expected, model.forward(bits(scope)).toDoubles(), 1e-6);
        }
    }

    @Test
    void aDeepTransitionLearnsRunningParities() {
        try (Backend scope = backend().scope();
                DeepTransitionRnn model = new DeepTransitionRnn(scope, 1, 8, 6, 2, BITS, SEQUENCES)) {
            model.learned().initialize(1);
            Tensor x = bits(scope);
            IntTensor labels = parities(scope);
            double loss = learn(scope, model.learned(), 0.03, 120, value -> model.train(x, labels, value));
            assertTrue(loss < 0.1, () -> "loss " + loss);
        }
    }

    @Test
    void highwaysLearnRunningParities() {
        try (Backend scope = backend().scope();
                RecurrentHighwayNetwork model = new RecurrentHighwayNetwork(scope, 1, 6, 2, 2, BITS, SEQUENCES)) {
            model.initialize(1);
            Tensor x = bits(scope);
            IntTensor labels = parities(scope);
            double loss = learn(scope, model.learned(), 0.05, 120, value -> model.train(x, labels, value));
            assertTrue(loss < 0.1, () -> "loss " + loss);
        }
    }
}
