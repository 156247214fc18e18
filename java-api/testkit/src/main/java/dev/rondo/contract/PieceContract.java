package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.rondo.Activation;
import dev.rondo.Elementwise;
import dev.rondo.Features;
import dev.rondo.IntTensor;
import dev.rondo.LayerNorm;
import dev.rondo.Pooling;
import dev.rondo.Tensor;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link Elementwise}, {@link Features}, {@link Pooling} and {@link LayerNorm}. */
public abstract class PieceContract extends BackendContract {
    /** For subclasses. */
    protected PieceContract() {}

    private Tensor tensor(double[] values, int... shape) {
        return backend().tensor(shape).set(values);
    }

    private static double[] gradient(double[] variable, double[] dy, Supplier<double[]> output) {
        return Differences.of(variable, () -> RnnCase.dot(output.get(), dy));
    }

    private static double[] activated(Activation activation, double... x) {
        double[] y = x.clone();
        for (int i = 0; i < y.length; i++) {
            y[i] = switch (activation) {
                case TANH -> Math.tanh(x[i]);
                case SIGMOID -> 1 / (1 + Math.exp(-x[i]));
                case RELU -> Math.max(0, x[i]);
            };
        }
        return y;
    }

    @ParameterizedTest
    @EnumSource
    void activations(Activation activation) {
        for (int size : new int[] {1, 7, 64, 20_011}) {
            double[] x = new Numbers(size).uniform(size, 4);
            double[] dy = new Numbers(2).uniform(size, 1);
            Elementwise elementwise = new Elementwise(backend());
            Tensor y = backend().tensor(size).fill(Double.NaN);
            Tensor input = tensor(x, size);
            elementwise.activate(activation, input, y);
            forward().check("y", activated(activation, x), y.toDoubles());
            elementwise.activate(activation, input, input);
            assertArrayEquals(y.toDoubles(), input.toDoubles());

            Tensor dx = backend().tensor(size).fill(Double.NaN);
            Tensor upstream = tensor(dy, size);
            elementwise.activateBackward(activation, y, upstream, dx);
            double[] expected = new double[size];
            for (int i = 0; i < size; i++) {
                double h = 1e-6;
                double[] moved = activated(activation, x[i] + h, x[i] - h);
                expected[i] = dy[i] * (moved[0] - moved[1]) / (2 * h);
            }
            differences().check("dx", expected, dx.toDoubles());
            elementwise.activateBackward(activation, y, upstream, upstream);
            assertArrayEquals(dx.toDoubles(), upstream.toDoubles());
        }
    }

    @Test
    void activationsOfLargeNumbers() {
        Tensor x = tensor(new double[] {-1e30, 1e30, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY}, 4);
        Tensor y = backend().tensor(4);
        Elementwise elementwise = new Elementwise(backend());
        elementwise.activate(Activation.TANH, x, y);
        assertArrayEquals(new double[] {-1, 1, -1, 1}, y.toDoubles());
        elementwise.activate(Activation.SIGMOID, x, y);
        assertArrayEquals(new double[] {0, 1, 0, 1}, y.toDoubles());
    }

    @Test
    void sumsAndProducts() {
        int size = 20_001;
        double[] a = new Numbers(1).uniform(size, 1);
        double[] b = new Numbers(2).uniform(size, 1);
        double[] sum = new double[size];
        double[] product = new double[size];
        double[] added = new double[size];
        for (int i = 0; i < size; i++) {
            sum[i] = b[i] - 0.5 * a[i];
            product[i] = a[i] * b[i];
            added[i] = product[i] + product[i];
        }
        Elementwise elementwise = new Elementwise(backend());
        Tensor left = tensor(a, size);
        Tensor right = tensor(b, size);
        Tensor y = tensor(b, size);
        elementwise.add(-0.5, left, y);
        forward().check("sum", sum, y.toDoubles());
        elementwise.multiply(left, right, y);
        forward().check("product", product, y.toDoubles());
        elementwise.multiplyAdd(left, right, y);
        forward().check("sum of products", added, y.toDoubles());
        elementwise.multiply(left, right, right);
        forward().check("product in place", product, right.toDoubles());
        Refusal.illegalArgument(() -> elementwise.add(1, left, left), "y: expected memory apart from x");
        Refusal.illegalArgument(() -> elementwise.add(1, left, backend().tensor(2)), "y: expected the size of x");
        Refusal.illegalArgument(() -> elementwise.add(Double.NaN, left, y), "factor: expected");
        Refusal.nullArgument(() -> elementwise.activate(nullActivation(), left, y), "activation");
    }

    @SuppressWarnings("NullAway")
    private static Activation nullActivation() {
        return null;
    }

    @Test
    void featuresAreJoinedAndSplit() {
        Features features = new Features(backend());
        Tensor a = tensor(new double[] {1, 2, 3, 4}, 2, 2);
        Tensor b = tensor(new double[] {5, 6}, 2, 1);
        Tensor y = backend().tensor(2, 3);
        features.concat(y, a, b);
        assertArrayEquals(new double[] {1, 2, 5, 3, 4, 6}, y.toDoubles());
        Tensor first = backend().tensor(2, 1);
        Tensor rest = backend().tensor(2, 2);
        features.split(y, first, rest);
        assertArrayEquals(new double[] {1, 3}, first.toDoubles());
        assertArrayEquals(new double[] {2, 5, 4, 6}, rest.toDoubles());
        Refusal.illegalArgument(
                () -> features.concat(y, a), "parts: expected columns that add up to the 3 of y, got 2");
        Refusal.illegalArgument(() -> features.concat(y), "parts: expected at least one, got none");
        Refusal.illegalArgument(() -> features.concat(y, a, backend().tensor(3, 1)), "parts[1]: expected 2 rows");
        Refusal.illegalArgument(() -> features.split(y, first, rest.view(0, 2, 1), rest.view(1, 2, 1)), "parts[2]");
        Refusal.illegalArgument(() -> features.split(y, y), "parts[0]: expected memory apart from x");
    }

    @Test
    void vectorsAreRepeatedOverTimeAndAddedUp() {
        Features features = new Features(backend());
        int steps = 5;
        int batch = 3;
        int size = 67;
        double[] x = new Numbers(3).uniform(batch * size, 1);
        Tensor repeated = backend().tensor(steps, batch, size).fill(Double.NaN);
        features.repeat(tensor(x, batch, size), repeated);
        double[] expected = new double[steps * x.length];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = x[i % x.length];
        }
        assertArrayEquals(expected, repeated.toDoubles());

        double[] parts = new Numbers(4).uniform(steps * batch * size, 1);
        double[] sums = new double[batch * size];
        for (int i = 0; i < parts.length; i++) {
            sums[i % sums.length] += parts[i];
        }
        Tensor sum = backend().tensor(batch, size).fill(Double.NaN);
        features.sum(tensor(parts, steps, batch, size), sum);
        forward().check("sum", sums, sum.toDoubles());
        Refusal.illegalArgument(() -> features.repeat(sum, backend().tensor(2, 3, 4)), "y: expected shape [T,N,K]");
    }

    private static double[] pooled(Pooling.Kind kind, int[] lengths, int size, double... x) {
        int batch = lengths.length;
        double[] y = new double[batch * size];
        for (int i = 0; i < y.length; i++) {
            int length = lengths[i / size];
            double sum = 0;
            double max = length == 0 ? 0 : Double.NEGATIVE_INFINITY;
            for (int t = 0; t < length; t++) {
                sum += x[t * y.length + i];
                max = Math.max(max, x[t * y.length + i]);
            }
            y[i] = switch (kind) {
                case MEAN -> length == 0 ? 0 : sum / length;
                case MAX -> max;
                case LAST -> length == 0 ? 0 : x[(length - 1) * y.length + i];
            };
        }
        return y;
    }

    @ParameterizedTest
    @EnumSource
    void pooling(Pooling.Kind kind) {
        int steps = 6;
        int size = 35;
        int[] lengths = {6, 0, 3, 1};
        int batch = lengths.length;
        double[] x = new Numbers(8).uniform(steps * batch * size, 1);
        double[] dy = new Numbers(9).uniform(batch * size, 1);
        double[] hidden = x.clone();
        for (int t = 0; t < steps; t++) {
            for (int i = 0; i < batch * size; i++) {
                hidden[t * batch * size + i] = t < lengths[i / size] ? x[t * batch * size + i] : Double.NaN;
            }
        }
        Pooling pooling = new Pooling(backend(), kind);
        IntTensor valid = backend().intTensor(batch).set(lengths);
        Tensor input = tensor(hidden, steps, batch, size);
        Tensor y = backend().tensor(batch, size).fill(Double.NaN);
        pooling.forward(input, valid, y);
        forward().check("y", pooled(kind, lengths, size, x), y.toDoubles());
        Tensor dx = backend().tensor(steps, batch, size).fill(Double.NaN);
        pooling.backward(input, valid, y, tensor(dy, batch, size), dx);
        differences().check("dx", gradient(x, dy, () -> pooled(kind, lengths, size, x)), dx.toDoubles());
        pooling.forward(tensor(x, steps, batch, size), null, y);
        forward().check("full rows", pooled(kind, new int[] {6, 6, 6, 6}, size, x), y.toDoubles());
        Refusal.illegalArgument(
                () -> pooling.forward(input, backend().intTensor(4).set(6, 7, 0, 0), y),
                "lengths[1]: expected 0 to 6, got 7");
        Refusal.illegalArgument(() -> pooling.forward(input, valid, backend().tensor(4, 2)), "y: expected shape [N,K]");
    }

    /** The gradient of a maximum that two steps have goes to the first. */
    @Test
    void theFirstOfEqualMaximaGetsTheGradient() {
        Pooling pooling = new Pooling(backend(), Pooling.Kind.MAX);
        Tensor x = tensor(new double[] {1, 3, 3}, 3, 1, 1);
        Tensor y = backend().tensor(1, 1);
        pooling.forward(x, null, y);
        Tensor dx = backend().tensor(3, 1, 1);
        pooling.backward(x, null, y, tensor(new double[] {2}, 1, 1), dx);
        assertArrayEquals(new double[] {0, 2, 0}, dx.toDoubles());
    }

    private static double[] normalised(double[] weight, double[] bias, double... x) {
        int size = weight.length;
        double[] y = new double[x.length];
        for (int m = 0; m < x.length / size; m++) {
            double mean = 0;
            double squares = 0;
            for (int k = 0; k < size; k++) {
                mean += x[m * size + k] / size;
            }
            for (int k = 0; k < size; k++) {
                squares += (x[m * size + k] - mean) * (x[m * size + k] - mean) / size;
            }
            for (int k = 0; k < size; k++) {
                y[m * size + k] = (x[m * size + k] - mean) / Math.sqrt(squares + 1e-5) * weight[k] + bias[k];
            }
        }
        return y;
    }

    @ParameterizedTest(name = "K = {0}")
    @ValueSource(ints = {1, 2, 7, 64, 300})
    void layerNormalisation(int size) {
        int rows = 5;
        Numbers numbers = new Numbers(size);
        double[] weight = numbers.uniform(size, 1);
        double[] bias = numbers.uniform(size, 1);
        double[] x = numbers.uniform(rows * size, 2);
        double[] dy = numbers.uniform(rows * size, 1);
        LayerNorm norm = backend().layerNorm(size);
        Tensor w = tensor(weight, size);
        Tensor input = tensor(x, rows, size);
        Tensor y = backend().tensor(rows, size).fill(Double.NaN);
        Tensor statistics = backend().tensor(rows, 2).fill(Double.NaN);
        norm.forward(w, tensor(bias, size), input, y, statistics);
        forward().check("y", normalised(weight, bias, x), y.toDoubles());

        Tensor dx = backend().tensor(rows, size).fill(Double.NaN);
        Tensor dWeight = backend().tensor(size);
        Tensor dBias = backend().tensor(size);
        Tensor upstream = tensor(dy, rows, size);
        norm.backward(w, input, statistics, upstream, dx, dWeight, dBias);
        if (size > 2) { // else the differences are those of rounding: two numbers are -1 and 1, whatever they were
            differences().check("dx", gradient(x, dy, () -> normalised(weight, bias, x)), dx.toDoubles());
        }
        differences().check("dWeight", gradient(weight, dy, () -> normalised(weight, bias, x)), dWeight.toDoubles());
        differences().check("dBias", gradient(bias, dy, () -> normalised(weight, bias, x)), dBias.toDoubles());
        norm.backward(w, input, statistics, upstream, upstream, null, null);
        assertArrayEquals(dx.toDoubles(), upstream.toDoubles());
        double[] twice = dWeight.toDoubles();
        norm.backward(w, input, statistics, tensor(dy, rows, size), null, dWeight, dBias);
        for (int k = 0; k < size; k++) {
            twice[k] *= 2;
        }
        backward().check("dWeight, added", twice, dWeight.toDoubles());
        Refusal.illegalArgument(
                () -> norm.backward(w, input, statistics, y, null, dWeight, null), "dWeight, dBias: expected both");
        Refusal.illegalArgument(
                () -> norm.forward(w, w, backend().tensor(2, size + 1), y, null), "x: expected rows of size " + size);
    }
}
