package dev.rondo.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Activation;
import dev.rondo.Attention;
import dev.rondo.Backend;
import dev.rondo.Elementwise;
import dev.rondo.Features;
import dev.rondo.Gaussian;
import dev.rondo.IntTensor;
import dev.rondo.LayerNorm;
import dev.rondo.Pooling;
import dev.rondo.Sampling;
import dev.rondo.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The pieces around a network with the same numbers here and in the oracle, in sizes that the contracts leave out. */
class PiecesTest {
    /** What a backend is given and what it computed, in the order of the calls: the same on every backend. */
    private static final class Run {
        private final Backend backend;
        private final Random random = new Random(11);
        private final List<double[]> results = new ArrayList<>();
        private final List<int[]> choices = new ArrayList<>();

        Run(Backend backend) {
            this.backend = backend;
        }

        Tensor random(double scale, int... shape) {
            Tensor tensor = backend.tensor(shape);
            float[] values = new float[tensor.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) (scale * (2 * random.nextFloat() - 1));
            }
            return tensor.set(values);
        }

        /** Numbers of which many are equal. */
        Tensor coarse(int... shape) {
            Tensor tensor = random(3, shape);
            float[] values = tensor.toFloats();
            for (int i = 0; i < values.length; i++) {
                values[i] = Math.round(values[i]);
            }
            return tensor.set(values);
        }

        @Nullable
        IntTensor ints(int @Nullable [] values) {
            return values == null ? null : backend.intTensor(values.length).set(values);
        }

        void add(Tensor... tensors) {
            for (Tensor tensor : tensors) {
                results.add(tensor.toDoubles());
            }
        }

        void add(IntTensor tensor) {
            choices.add(tensor.toInts());
        }
    }

    private static void compare(double tolerance, Consumer<Run> calls) {
        try (Backend cuda = TestDevice.open();
                Backend reference = Backend.named("reference")) {
            Run actual = new Run(cuda);
            Run expected = new Run(reference);
            calls.accept(actual);
            calls.accept(expected);
            assertEquals(expected.choices.size(), actual.choices.size());
            for (int i = 0; i < expected.choices.size(); i++) {
                assertArrayEquals(expected.choices.get(i), actual.choices.get(i), "choice " + i);
            }
            assertEquals(expected.results.size(), actual.results.size());
            for (int i = 0; i < expected.results.size(); i++) {
                assertNear(expected.results.get(i), actual.results.get(i), tolerance, "result " + i);
            }
        }
    }

    static void assertNear(double[] expected, double[] actual, double tolerance, String what) {
        assertEquals(expected.length, actual.length, what);
        for (int k = 0; k < expected.length; k++) {
            double difference = Math.abs(expected[k] - actual[k]);
            if (!(difference <= tolerance * (1 + Math.abs(expected[k])))) {
                throw new AssertionError(what + "[" + k + "]: expected " + expected[k] + ", got " + actual[k]);
            }
        }
    }

    private static int @Nullable [] lengths(boolean full, int rows, int steps) {
        if (full) {
            return null;
        }
        int[] lengths = new int[rows];
        for (int n = 0; n < rows; n++) {
            lengths[n] = n % 3 == 0 ? steps : n % 3 == 1 ? 0 : (n * 7 + 1) % (steps + 1);
        }
        return lengths;
    }

    private static void fillPadding(Tensor sequence, int @Nullable [] lengths, float value) {
        if (lengths != null) {
            for (int t = 0; t < sequence.dimension(0); t++) {
                for (int n = 0; n < lengths.length; n++) {
                    if (t >= lengths[n]) {
                        int width = sequence.dimension(2);
                        sequence.view((t * lengths.length + n) * width, width).fill(value);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Activation.class)
    void elements(Activation activation) {
        compare(1e-6, run -> {
            Elementwise elements = new Elementwise(run.backend);
            for (int size : new int[] {1, 33, 5000}) {
                Tensor x = run.random(2, size);
                Tensor y = run.random(1, size);
                Tensor dy = run.random(1, size);
                Tensor dx = run.random(1, size);
                elements.activate(activation, x, y);
                elements.activateBackward(activation, y, dy, dx);
                run.add(y, dx);
                elements.activateBackward(activation, y, dy, dy);
                elements.activate(activation, x, x);
                run.add(dy, x);
                elements.add(-0.3, x, y);
                elements.multiplyAdd(x, dy, y);
                elements.multiply(x, x, dx);
                elements.multiply(dx, y, y);
                elements.multiply(x, x, x);
                run.add(y, dx, x);
            }
        });
    }

    @Test
    void features() {
        compare(1e-6, run -> {
            Features features = new Features(run.backend);
            Tensor a = run.random(1, 5, 3, 7);
            Tensor b = run.random(1, 15, 1);
            Tensor both = run.random(1, 15, 8);
            features.concat(both, a, b);
            run.add(both);
            Tensor first = run.random(1, 5, 3, 2);
            Tensor second = run.random(1, 15, 6);
            features.split(both, first, second);
            run.add(first, second);
            for (int steps : new int[] {1, 7, 400}) {
                Tensor vector = run.random(1, 3, 5);
                Tensor sequence = run.random(1, steps, 3, 5);
                Tensor sum = run.random(1, 3, 5);
                features.sum(sequence, sum);
                features.repeat(vector, sequence);
                run.add(sum, sequence);
            }
        });
    }

    @ParameterizedTest
    @EnumSource(Pooling.Kind.class)
    void pooling(Pooling.Kind kind) {
        compare(2e-6, run -> {
            Pooling pooling = new Pooling(run.backend, kind);
            for (boolean full : new boolean[] {true, false}) {
                for (int[] size : new int[][] {{1, 1, 1}, {7, 4, 3}, {300, 5, 2}, {2, 3, 301}}) {
                    int[] valid = lengths(full, size[1], size[0]);
                    IntTensor lengths = run.ints(valid);
                    Tensor x = run.coarse(size);
                    fillPadding(x, valid, Float.NaN);
                    Tensor y = run.random(1, size[1], size[2]);
                    Tensor dy = run.random(1, size[1], size[2]);
                    Tensor dx = run.random(1, size);
                    pooling.forward(x, lengths, y);
                    pooling.backward(x, lengths, y, dy, dx);
                    run.add(y, dx);
                }
            }
        });
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1, 1, 1, 1",
        "3, 4, 5, 7, 3",
        "1, 5, 40, 33, 300",
        "9, 3, 1, 65, 1",
        "20, 2, 3, 130, 17",
        "1, 2, 5000, 3, 2",
        "2, 2, 3, 600, 5"
    })
    void attention(int steps, int batch, int keys, int size, int width) {
        compare(1e-5, run -> {
            Attention attention = new Attention(run.backend);
            for (boolean full : new boolean[] {true, false}) {
                for (boolean additive : new boolean[] {true, false}) {
                    int[] valid = lengths(full, batch, keys);
                    IntTensor lengths = run.ints(valid);
                    Tensor q = run.random(1, steps, batch, size);
                    Tensor k = run.random(1, keys, batch, size);
                    Tensor v = run.random(1, keys, batch, width);
                    fillPadding(k, valid, Float.NaN);
                    fillPadding(v, valid, Float.POSITIVE_INFINITY);
                    Tensor u = additive ? run.random(1, size) : null;
                    Tensor weights = run.random(1, steps, batch, keys);
                    Tensor context = run.random(1, steps, batch, width);
                    attention.forward(q, k, v, lengths, u, weights, context);
                    run.add(weights, context);
                    Tensor dContext = run.random(1, steps, batch, width);
                    Tensor dq = run.random(1, steps, batch, size);
                    Tensor dk = run.random(1, keys, batch, size);
                    Tensor dv = run.random(1, keys, batch, width);
                    Tensor du = additive ? run.random(1, size) : null;
                    attention.backward(q, k, v, lengths, u, weights, dContext, dq, dk, dv, du);
                    run.add(dq, dk, dv);
                    if (du != null) {
                        run.add(du);
                        attention.backward(q, k, v, lengths, u, weights, dContext, dq, dk, dv, null);
                        run.add(dq, dk, dv);
                    }
                }
            }
        });
    }

    /** The keys may be the values too. */
    @Test
    void attentionToOneSequence() {
        compare(1e-5, run -> {
            Tensor q = run.random(1, 3, 2, 6);
            Tensor k = run.random(1, 4, 2, 6);
            Tensor weights = run.random(1, 3, 2, 4);
            Tensor context = run.random(1, 3, 2, 6);
            new Attention(run.backend).forward(q, k, k, null, null, weights, context);
            run.add(weights, context);
        });
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 0", "7, 5, 0", "1000, 3, 0", "3, 5000, 0", "5, 129, 300"})
    void layerNorm(int rows, int size, float away) {
        compare(away == 0 ? 2e-5 : 1e-3, run -> {
            LayerNorm norm = run.backend.layerNorm(size);
            Tensor weight = run.random(1, size);
            Tensor bias = run.random(1, size);
            Tensor x = run.random(1, rows, size);
            float[] values = x.toFloats();
            for (int i = 0; i < values.length; i++) {
                values[i] += away;
            }
            x.set(values);
            Tensor y = run.random(1, rows, size);
            Tensor statistics = run.random(1, rows, 2);
            norm.forward(weight, bias, x, y, null);
            run.add(y);
            norm.forward(weight, bias, x, y, statistics);
            run.add(y, statistics);
            Tensor dy = run.random(1, rows, size);
            Tensor dx = run.random(1, rows, size);
            Tensor dWeight = run.random(1, size);
            Tensor dBias = run.random(1, size);
            norm.backward(weight, x, statistics, dy, null, dWeight, dBias);
            run.add(dWeight, dBias);
            norm.backward(weight, x, statistics, dy, dx, null, null);
            run.add(dx);
            norm.backward(weight, x, statistics, dy, dy, dWeight, dBias);
            run.add(dy, dWeight, dBias);
        });
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "5, 3", "4, 200", "2, 5000"})
    void choices(int rows, int classes) {
        compare(3e-6, run -> {
            Sampling sampling = new Sampling(run.backend);
            for (boolean coarse : new boolean[] {true, false}) {
                Tensor logits = coarse ? run.coarse(rows, classes) : run.random(5, rows, classes);
                for (int k : new int[] {1, Math.min(5, classes), Math.min(300, classes)}) {
                    IntTensor best = run.backend.intTensor(rows, k);
                    Tensor logs = run.random(1, rows, k);
                    sampling.best(logits, k, best, null);
                    run.add(best);
                    sampling.best(logits, k, best, logs);
                    run.add(best);
                    run.add(logs);
                    Tensor uniform = run.random(0.49, rows);
                    float[] u = uniform.toFloats();
                    for (int m = 0; m < rows; m++) {
                        u[m] = m == 1 ? 0 : u[m] + 0.5f;
                    }
                    uniform.set(u);
                    IntTensor drawn = run.backend.intTensor(rows);
                    for (double temperature : new double[] {1, 0.4, 1e-60, 1e60}) {
                        for (int among : new int[] {classes, k}) {
                            sampling.draw(logits, temperature, among, uniform, drawn);
                            run.add(drawn);
                        }
                    }
                }
            }
        });
    }

    /** What a kernel has written is read on the host, copied, checked as indices, and overwritten in part. */
    @Test
    void drawnClassesAreReadWhereTheyAreNeeded() {
        compare(0, run -> {
            Sampling sampling = new Sampling(run.backend);
            Tensor logits = run.random(5, 6, 9);
            IntTensor indices = run.backend.intTensor(8).set(0, 0, 0, 0, 0, 0, 0, 0);
            IntTensor middle = indices.view(1, 6);
            IntTensor copy = run.backend.intTensor(8);
            sampling.argmax(logits, middle);
            copy.copyFrom(indices);
            run.add(copy);
            run.add(indices);
            sampling.argmax(logits, middle);
            indices.view(2, 2).set(7, 8);
            run.add(indices);
            sampling.argmax(logits, middle);
            indices.set(1, 2, 3, 4, 5, 6, 7, 8);
            run.add(indices);
            sampling.argmax(logits, middle);
            Tensor table = run.random(1, 9, 2);
            Tensor y = run.random(1, 6, 2);
            run.backend.embedding(9, 2).forward(table, middle, y);
            run.add(y);
            Tensor few = run.random(1, 2, 2);
            Tensor rows = run.random(1, 6, 2);
            String message = assertThrows(
                            IllegalArgumentException.class,
                            () -> run.backend.embedding(2, 2).forward(few, middle, rows))
                    .getMessage();
            assertTrue(message.startsWith("indices[") && message.contains("expected 0 to 1, got "), message);
        });
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "7, 5", "600, 3"})
    void gaussian(int rows, int size) {
        compare(2e-6, run -> {
            Gaussian gaussian = new Gaussian(run.backend);
            int[] counts = new int[rows];
            Arrays.setAll(counts, m -> m % 3 == 1 ? 0 : m - 1 == 0 ? 1 : m + 2);
            for (IntTensor mask : new IntTensor[] {null, run.ints(counts)}) {
                Tensor mean = run.random(1, rows, size);
                Tensor logVariance = run.random(2, rows, size);
                Tensor priorMean = run.random(1, rows, size);
                Tensor priorLogVariance = run.random(2, rows, size);
                Tensor noise = run.random(2, rows, size);
                Tensor z = run.random(1, rows, size);
                Tensor dMean = run.random(1, rows, size);
                Tensor dLogVariance = run.random(1, rows, size);
                Tensor dPriorMean = run.random(1, rows, size);
                Tensor dPriorLogVariance = run.random(1, rows, size);
                Tensor loss = run.random(1, 1);
                gaussian.draw(mean, logVariance, noise, z);
                gaussian.drawBackward(logVariance, noise, z, dMean, dLogVariance);
                run.add(z, dMean, dLogVariance);
                gaussian.divergence(mean, logVariance, mask, 0.3, loss, null, null);
                run.add(loss);
                gaussian.divergence(mean, logVariance, mask, 0.3, loss, dMean, dLogVariance);
                run.add(loss, dMean, dLogVariance);
                gaussian.divergence(
                        mean,
                        logVariance,
                        priorMean,
                        priorLogVariance,
                        mask,
                        0.7,
                        loss,
                        dMean,
                        dLogVariance,
                        dPriorMean,
                        dPriorLogVariance);
                run.add(loss, dMean, dLogVariance, dPriorMean, dPriorLogVariance);
                gaussian.loss(z, mean, logVariance, mask, -0.2, loss, dMean, dLogVariance);
                run.add(loss, dMean, dLogVariance);
                gaussian.loss(z, mean, logVariance, mask, 0.2, loss, null, null);
                run.add(loss);
            }
        });
    }

    @Test
    void lengthsOutOfRangeAreRefused() {
        try (Backend backend = TestDevice.open()) {
            Tensor x = backend.tensor(3, 2, 4);
            Tensor y = backend.tensor(2, 4);
            IntTensor lengths = backend.intTensor(2).set(0, 4);
            Tensor weights = backend.tensor(3, 2, 3);
            for (Runnable call : List.<Runnable>of(
                    () -> new Pooling(backend, Pooling.Kind.MEAN).forward(x, lengths, y),
                    () -> new Attention(backend).forward(x, x, x, lengths, null, weights, backend.tensor(3, 2, 4)))) {
                String message =
                        assertThrows(IllegalArgumentException.class, call::run).getMessage();
                assertEquals("lengths[1]: expected 0 to 3, got 4", message);
            }
        }
    }
}
