package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Tensor;
import dev.rondo.train.Adam;
import dev.rondo.train.GradientClipping;
import dev.rondo.train.Optimizer;
import dev.rondo.train.RmsProp;
import dev.rondo.train.Sgd;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The optimizers, several steps by hand, and gradient clipping. */
public abstract class OptimizerContract extends BackendContract {
    /** For subclasses. */
    protected OptimizerContract() {}

    private Tensor vector(double... values) {
        return backend().tensor(values.length).set(values);
    }

    private static double[] of(double... values) {
        return values;
    }

    @Test
    void sgdByHand() {
        Tensor w = vector(1, -2);
        try (Optimizer sgd = new Sgd(backend(), 2, 0.5, 0)) {
            sgd.update(w, vector(0.5, -1));
            assertArrayEquals(of(0.75, -1.5), w.toDoubles());
            sgd.setLearningRate(0.25);
            sgd.update(w, vector(1, 4));
            assertArrayEquals(of(0.5, -2.5), w.toDoubles());
            assertEquals(Map.of(), sgd.state());
            assertEquals(2, sgd.updates());
            assertEquals("sgd", sgd.name());
        }
    }

    /** v = 1, 1.5, 1.75 and w = 1 - 0.5 v each time, all exact in binary. */
    @Test
    void momentumByHand() {
        Tensor w = vector(1);
        try (Optimizer sgd = new Sgd(backend(), 1, 0.5, 0.5)) {
            sgd.update(w, vector(1));
            assertArrayEquals(of(0.5), w.toDoubles());
            sgd.update(w, vector(1));
            assertArrayEquals(of(-0.25), w.toDoubles());
            sgd.update(w, vector(1));
            assertArrayEquals(of(-1.125), w.toDoubles());
            assertArrayEquals(of(1.75), sgd.state().get("velocity").toDoubles());
        }
    }

    /** s = 0.25 * 4^2 = 4, then 0.75 * 4 + 0.25 * 2^2 = 4. */
    @Test
    void rmsPropByHand() {
        double epsilon = 0x1p-20;
        Tensor w = vector(1);
        try (Optimizer rmsProp = new RmsProp(backend(), 1, 0.5, 0.75, epsilon)) {
            rmsProp.update(w, vector(4));
            double first = 1 - 0.5 * 4 / (2 + epsilon);
            forward().check("w", of(first), w.toDoubles());
            rmsProp.update(w, vector(-2));
            forward().check("w", of(first + 0.5 * 2 / (2 + epsilon)), w.toDoubles());
            assertArrayEquals(of(4), rmsProp.state().get("mean_square").toDoubles());
            assertEquals("rmsprop", rmsProp.name());
        }
    }

    /** The first step of Adam is the learning rate in the gradient's direction, whatever the gradient's size. */
    @Test
    void theFirstStepOfAdamHasTheSizeOfTheLearningRate() {
        Tensor w = vector(1, 1, 1);
        try (Optimizer adam = new Adam(backend(), 3, 0.125)) {
            adam.update(w, vector(1024, -3, 0));
            double[] actual = w.toDoubles();
            assertTrue(Math.abs(actual[0] - 0.875) < 1e-6, "" + actual[0]);
            assertTrue(Math.abs(actual[1] - 1.125) < 1e-6, "" + actual[1]);
            assertEquals(1, actual[2]);
            assertEquals("adam", adam.name());
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void adamAgainstTheAlgorithmOfThePaper(long seed) {
        int size = 5;
        Numbers numbers = new Numbers(seed);
        double[] expected = numbers.uniform(size, 1);
        Tensor w = vector(expected);
        double[] m = new double[size];
        double[] v = new double[size];
        try (Optimizer adam = new Adam(backend(), size, 0.01, 0.8, 0.95, 1e-6)) {
            for (int t = 1; t <= 6; t++) {
                double[] g = numbers.uniform(size, 3);
                adam.update(w, vector(g));
                for (int i = 0; i < size; i++) {
                    m[i] = 0.8 * m[i] + 0.2 * g[i];
                    v[i] = 0.95 * v[i] + 0.05 * g[i] * g[i];
                    double mHat = m[i] / (1 - Math.pow(0.8, t));
                    double vHat = v[i] / (1 - Math.pow(0.95, t));
                    expected[i] -= 0.01 * mHat / (Math.sqrt(vHat) + 1e-6);
                }
                forward().check("w after " + t, expected, w.toDoubles());
            }
            forward().check("m", m, adam.state().get("first_moment").toDoubles());
            forward().check("v", v, adam.state().get("second_moment").toDoubles());
        }
    }

    /** Each optimizer once, for what holds for all. */
    private List<Supplier<Optimizer>> optimizers() {
        return List.of(
                () -> new Sgd(backend(), 4, 0.1, 0),
                () -> new Sgd(backend(), 4, 0.1, 0.9),
                () -> new RmsProp(backend(), 4, 0.1, 0.9, 1e-8),
                () -> new Adam(backend(), 4, 0.1));
    }

    @Test
    void aRunContinuesFromItsStateBitForBit() {
        for (Supplier<Optimizer> make : optimizers()) {
            Numbers numbers = new Numbers(8);
            Tensor w = vector(numbers.uniform(4, 1));
            try (Optimizer first = make.get();
                    Optimizer second = make.get()) {
                first.update(w, vector(numbers.uniform(4, 1)));
                first.update(w, vector(numbers.uniform(4, 1)));
                Tensor copy = vector(w.toDoubles());
                second.state()
                        .forEach((name, vector) -> vector.copyFrom(first.state().get(name)));
                second.setUpdates(first.updates());
                double[] g = numbers.uniform(4, 1);
                first.update(w, vector(g));
                second.update(copy, vector(g));
                assertArrayEquals(w.toDoubles(), copy.toDoubles(), first.name());
                assertEquals(3, second.updates());
            }
        }
    }

    @Test
    void gradientsAreOnlyReadAndZeroGradientsAreHarmless() {
        for (Supplier<Optimizer> make : optimizers()) {
            try (Optimizer optimizer = make.get()) {
                Tensor w = vector(1, 2, 3, 4);
                optimizer.update(w, vector(0, 0, 0, 0));
                assertArrayEquals(of(1, 2, 3, 4), w.toDoubles(), optimizer.name());
                Tensor g = vector(0.5, -0.5, 0.25, 1);
                optimizer.update(w, g);
                assertArrayEquals(of(0.5, -0.5, 0.25, 1), g.toDoubles(), optimizer.name());
            }
        }
    }

    @Test
    void aRefusedUpdateDoesNotCount() {
        for (Supplier<Optimizer> make : optimizers()) {
            try (Optimizer optimizer = make.get()) {
                Tensor w = vector(1, 2, 3, 4);
                Refusal.illegalArgument(() -> optimizer.update(w, vector(1, 2, 3)), "gradients", "[4]", "[3]");
                Refusal.illegalArgument(() -> optimizer.update(vector(1), w), "weights", "[4]", "[1]");
                Refusal.nullArgument(() -> optimizer.update(null, w), "weights");
                Refusal.nullArgument(() -> optimizer.update(w, null), "gradients");
                Refusal.illegalArgument(() -> optimizer.setLearningRate(0), "learningRate", "got 0");
                Refusal.illegalArgument(() -> optimizer.setLearningRate(Double.NaN), "learningRate", "NaN");
                Refusal.illegalArgument(() -> optimizer.setUpdates(-1), "updates", "-1");
                assertArrayEquals(of(1, 2, 3, 4), w.toDoubles());
                assertEquals(0, optimizer.updates());
                assertEquals(0.1, optimizer.learningRate());
                for (Tensor vector : optimizer.state().values()) {
                    assertArrayEquals(new double[4], vector.toDoubles());
                }
            }
        }
    }

    @Test
    void settingsOutOfRangeAreRefused() {
        Refusal.nullArgument(() -> new Adam(null, 1, 0.1), "backend");
        Refusal.illegalArgument(() -> new Adam(backend(), 0, 0.1), "size", "got 0");
        Refusal.illegalArgument(() -> new Adam(backend(), 1, -0.1), "learningRate", "-0.1");
        Refusal.illegalArgument(() -> new Adam(backend(), 1, 0.1, 1, 0.9, 1e-8), "b1", "got 1.0");
        Refusal.illegalArgument(() -> new Adam(backend(), 1, 0.1, 0.9, -0.1, 1e-8), "b2", "-0.1");
        Refusal.illegalArgument(() -> new Adam(backend(), 1, 0.1, 0.9, 0.9, 0), "epsilon", "got 0");
        Refusal.illegalArgument(() -> new RmsProp(backend(), 1, 0.1, 1.5, 1e-8), "decay", "1.5");
        Refusal.illegalArgument(() -> new RmsProp(backend(), 1, 0.1, 0.9, Double.NaN), "epsilon", "NaN");
        Refusal.illegalArgument(() -> new Sgd(backend(), 1, 0.1, Double.NaN), "momentum", "NaN");
        Refusal.illegalArgument(() -> new Sgd(backend(), 1, Double.POSITIVE_INFINITY, 0), "learningRate", "Infinity");
    }

    @Test
    void aClosedOptimizerRefuses() {
        Optimizer adam = new Adam(backend(), 1, 0.1);
        assertEquals(Set.of("first_moment", "second_moment"), adam.state().keySet());
        adam.close();
        adam.close();
        Tensor w = vector(1);
        Refusal.illegalState(() -> adam.update(w, vector(1)), "closed");
        assertArrayEquals(of(1), w.toDoubles());
    }

    @Test
    void aNormAtTheLimitStaysBitForBit() {
        try (GradientClipping clipping = new GradientClipping(backend())) {
            Tensor g = vector(3, -4);
            assertArrayEquals(of(5), clipping.byGlobalNorm(g, 5).toDoubles());
            assertArrayEquals(of(3, -4), g.toDoubles());
            assertArrayEquals(of(5), clipping.byGlobalNorm(g, 100).toDoubles());
            assertArrayEquals(of(3, -4), g.toDoubles());
        }
    }

    @ParameterizedTest(name = "{0} elements")
    @ValueSource(ints = {1, 2, 100, 5000})
    void aLargerNormIsScaledToTheLimit(int size) {
        double[] values = new Numbers(size).uniform(size, 1);
        double norm = Math.sqrt(RnnCase.dot(values, values));
        double limit = norm / 4;
        try (GradientClipping clipping = new GradientClipping(backend())) {
            Tensor g = vector(values);
            forward().check("norm", norm, clipping.byGlobalNorm(g, limit).toDoubles()[0]);
            forward().check("gradients", Arrays.stream(values).map(x -> x / 4).toArray(), g.toDoubles());
            double[] clipped = g.toDoubles();
            forward().check("norm after", limit, Math.sqrt(RnnCase.dot(clipped, clipped)));
        }
    }

    /** Their squares do not fit into float32. */
    @Test
    void hugeAndTinyGradientsAreScaledToo() {
        try (GradientClipping clipping = new GradientClipping(backend())) {
            Tensor huge = vector(3 * 0x1p90, 4 * 0x1p90);
            forward().check("norm", 5, clipping.byGlobalNorm(huge, 1).toDoubles()[0] / 0x1p90);
            forward().check("huge", of(0.6, 0.8), huge.toDoubles());
            Tensor tiny = vector(3 * 0x1p-90, 4 * 0x1p-90);
            clipping.byGlobalNorm(tiny, 0x1p-90);
            double[] clipped =
                    Arrays.stream(tiny.toDoubles()).map(x -> x * 0x1p90).toArray();
            forward().check("tiny", of(0.6, 0.8), clipped);
        }
    }

    @Test
    void everyElementIsBoundedByValue() {
        try (GradientClipping clipping = new GradientClipping(backend())) {
            Tensor g = vector(0.5, -0.5, 0.75, -7, Double.POSITIVE_INFINITY, Double.NaN, 0.25);
            clipping.byValue(g, 0.5);
            assertArrayEquals(of(0.5, -0.5, 0.5, -0.5, 0.5, Double.NaN, 0.25), g.toDoubles());
        }
    }

    @Test
    void aNanInTheGradientsIsNotHidden() {
        try (GradientClipping clipping = new GradientClipping(backend())) {
            Tensor g = vector(1, Double.NaN, 2);
            double norm = clipping.byGlobalNorm(g, 0.5).toDoubles()[0];
            assertTrue(Double.isNaN(norm), "norm " + norm);
            assertTrue(Double.isNaN(g.toDoubles()[1]));
        }
    }

    @Test
    void wrongArgumentsOfClippingAreRefused() {
        Refusal.nullArgument(() -> new GradientClipping(null), "backend");
        try (GradientClipping clipping = new GradientClipping(backend())) {
            Tensor g = vector(3, -4);
            for (double limit : of(0, -1, Double.NaN, Double.POSITIVE_INFINITY)) {
                Refusal.illegalArgument(() -> clipping.byGlobalNorm(g, limit), "maxNorm", "positive", "" + limit);
                Refusal.illegalArgument(() -> clipping.byValue(g, limit), "maxValue", "positive", "" + limit);
            }
            Refusal.nullArgument(() -> clipping.byGlobalNorm(null, 1), "gradients");
            Refusal.nullArgument(() -> clipping.byValue(null, 1), "gradients");
            assertArrayEquals(of(3, -4), g.toDoubles());
            g.close();
            Refusal.illegalState(() -> clipping.byGlobalNorm(g, 1), "gradients", "closed");
            Refusal.illegalState(() -> clipping.byValue(g, 1), "gradients", "closed");
        }
    }
}
