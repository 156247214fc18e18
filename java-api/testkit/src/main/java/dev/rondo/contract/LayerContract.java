package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.rondo.Embedding;
import dev.rondo.IntTensor;
import dev.rondo.Linear;
import dev.rondo.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link Linear} and {@link Embedding}. */
public abstract class LayerContract extends BackendContract {
    /** For subclasses. */
    protected LayerContract() {}

    private static final int ROWS = 6;

    private Tensor tensor(double[] values, int... shape) {
        return backend().tensor(shape).set(values);
    }

    /** {@code y = x weight^T + bias} by the definition. */
    private static double[] linear(double[] weight, double[] bias, double... x) {
        int outputs = bias.length;
        int inputs = weight.length / outputs;
        double[] y = new double[x.length / inputs * outputs];
        for (int i = 0; i < y.length; i++) {
            y[i] = bias[i % outputs];
            for (int k = 0; k < inputs; k++) {
                y[i] += x[i / outputs * inputs + k] * weight[i % outputs * inputs + k];
            }
        }
        return y;
    }

    @ParameterizedTest(name = "I, O and seed {0}")
    @ValueSource(ints = {1, 3, 5, 17})
    void linearOutputsAndGradients(int size) {
        int inputs = size;
        int outputs = size + 1;
        Numbers numbers = new Numbers(size);
        double[] weight = numbers.uniform(outputs * inputs, 0.5);
        double[] bias = numbers.uniform(outputs, 1);
        double[] x = numbers.uniform(ROWS * inputs, 1);
        double[] dy = numbers.uniform(ROWS * outputs, 1);
        Linear layer = backend().linear(inputs, outputs);
        Tensor w = tensor(weight, outputs, inputs);
        Tensor y = backend().tensor(2, 3, outputs).fill(Double.NaN);
        layer.forward(w, tensor(bias, outputs), tensor(x, 2, 3, inputs), y);
        forward().check("y", linear(weight, bias, x), y.toDoubles());

        Tensor dx = backend().tensor(2, 3, inputs).fill(Double.NaN);
        Tensor dWeight = backend().tensor(outputs, inputs).fill(0.5);
        Tensor dBias = backend().tensor(outputs).fill(0.25);
        layer.backward(w, tensor(x, 2, 3, inputs), tensor(dy, ROWS, outputs), dx, dWeight, dBias);
        differences().check("dx", Differences.of(x, () -> RnnCase.dot(linear(weight, bias, x), dy)), dx.toDoubles());
        differences()
                .check(
                        "dWeight",
                        plus(0.5, Differences.of(weight, () -> RnnCase.dot(linear(weight, bias, x), dy))),
                        dWeight.toDoubles());
        differences()
                .check(
                        "dBias",
                        plus(0.25, Differences.of(bias, () -> RnnCase.dot(linear(weight, bias, x), dy))),
                        dBias.toDoubles());
    }

    private static double[] plus(double before, double... added) {
        double[] sum = added.clone();
        for (int i = 0; i < sum.length; i++) {
            sum[i] += before;
        }
        return sum;
    }

    @Test
    void linearWithoutBiasAndWithoutUnwantedGradients() {
        Numbers numbers = new Numbers(3);
        double[] weight = numbers.uniform(8, 1);
        double[] x = numbers.uniform(12, 1);
        double[] dy = numbers.uniform(6, 1);
        Linear layer = backend().linear(4, 2);
        Tensor w = tensor(weight, 2, 4);
        Tensor input = tensor(x, 3, 4);
        Tensor y = backend().tensor(3, 2).fill(Double.NaN);
        layer.forward(w, null, input, y);
        forward().check("y", linear(weight, new double[2], x), y.toDoubles());

        Tensor dx = backend().tensor(3, 4);
        Tensor dWeight = backend().tensor(2, 4);
        Tensor dBias = backend().tensor(2);
        Tensor upstream = tensor(dy, 3, 2);
        layer.backward(w, input, upstream, dx, dWeight, dBias);
        Tensor one = backend().tensor(3, 4).fill(Double.NaN);
        layer.backward(w, input, upstream, one, null, null);
        assertArrayEquals(dx.toDoubles(), one.toDoubles());
        one = backend().tensor(2, 4);
        layer.backward(w, input, upstream, null, one, null);
        assertArrayEquals(dWeight.toDoubles(), one.toDoubles());
        one = backend().tensor(2);
        layer.backward(w, input, upstream, null, null, one);
        assertArrayEquals(dBias.toDoubles(), one.toDoubles());
        layer.backward(w, input, upstream, null, null, null);
        assertArrayEquals(weight, w.toDoubles());
    }

    @Test
    void linearIsTheSameEveryTime() {
        Numbers numbers = new Numbers(4);
        Linear layer = backend().linear(33, 19);
        Tensor w = tensor(numbers.uniform(33 * 19, 1), 19, 33);
        Tensor x = tensor(numbers.uniform(70 * 33, 1), 70, 33);
        Tensor dy = tensor(numbers.uniform(70 * 19, 1), 70, 19);
        Tensor first = backend().tensor(19, 33);
        layer.backward(w, x, dy, null, first, null);
        for (int i = 0; i < 3; i++) {
            Tensor again = backend().tensor(19, 33);
            layer.backward(w, x, dy, null, again, null);
            assertArrayEquals(first.toDoubles(), again.toDoubles());
        }
    }

    @Test
    void embeddingGathersRows() {
        double[] table = new Numbers(5).uniform(12, 1);
        Embedding layer = backend().embedding(4, 3);
        IntTensor indices = backend().intTensor(2, 2).set(3, 0, 3, 1);
        Tensor y = backend().tensor(2, 2, 3).fill(Double.NaN);
        layer.forward(tensor(table, 4, 3), indices, y);
        double[] expected = new double[12];
        int[] rows = {3, 0, 3, 1};
        for (int m = 0; m < 4; m++) {
            System.arraycopy(table, rows[m] * 3, expected, m * 3, 3);
        }
        assertArrayEquals(expected, y.toDoubles());
    }

    /** Powers of two, so that the sums are exact: index 3 comes twice, index 2 never. */
    @Test
    void embeddingAddsTheGradientsOfDuplicates() {
        Embedding layer = backend().embedding(4, 2);
        IntTensor indices = backend().intTensor(4).set(3, 0, 3, 1);
        Tensor dTable = tensor(new double[] {64, 64, 64, 64, 64, 64, 64, 64}, 4, 2);
        layer.backward(indices, tensor(new double[] {1, 2, 4, 8, 16, 32, 0.5, 0.25}, 4, 2), dTable);
        assertArrayEquals(new double[] {68, 72, 64.5, 64.25, 64, 64, 81, 98}, dTable.toDoubles());
    }

    @Test
    void embeddingOfManyDuplicatesIsTheSameEveryTime() {
        Numbers numbers = new Numbers(6);
        Embedding layer = backend().embedding(3, 5);
        int[] rows = numbers.indices(1000, 3);
        double[] dy = numbers.uniform(5000, 1);
        IntTensor indices = backend().intTensor(1000).set(rows);
        double[] expected = new double[15];
        for (int i = 0; i < dy.length; i++) {
            expected[rows[i / 5] * 5 + i % 5] += dy[i];
        }
        Tensor first = backend().tensor(3, 5);
        layer.backward(indices, tensor(dy, 1000, 5), first);
        backward().check("dTable", expected, first.toDoubles());
        Tensor again = backend().tensor(3, 5);
        layer.backward(indices, tensor(dy, 1000, 5), again);
        assertArrayEquals(first.toDoubles(), again.toDoubles());
    }
}
