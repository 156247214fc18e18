package dev.rondo.contract;

import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import dev.rondo.train.MeanSquaredError;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Sums over a million rows: terms of one sign, which a running sum in one float32 loses the last three digits of. */
public abstract class SumsContract extends BackendContract {
    /** For subclasses. */
    protected SumsContract() {}

    private static final int ROWS = 1_000_000;
    private static final int SIZE = 3;

    /** All about one, of no more bits than a product of two has room for in float32. */
    private static double[] values(long seed) {
        double[] values = new Numbers(seed).uniform(ROWS * SIZE, 1);
        for (int i = 0; i < values.length; i++) {
            values[i] = Math.rint((1 + 0.25 * values[i]) * 256) / 256;
        }
        return values;
    }

    private static double[] scaled(double[] sums) {
        return Arrays.stream(sums).map(sum -> sum / ROWS).toArray();
    }

    @Test
    void gradientsOfALinearLayer() {
        double[] x = values(1);
        double[] dy = values(2);
        double[] weight = new double[SIZE * SIZE];
        double[] bias = new double[SIZE];
        for (int m = 0; m < ROWS; m++) {
            for (int o = 0; o < SIZE; o++) {
                bias[o] += dy[m * SIZE + o];
                for (int i = 0; i < SIZE; i++) {
                    weight[o * SIZE + i] += dy[m * SIZE + o] * x[m * SIZE + i];
                }
            }
        }
        Tensor dWeight = backend().tensor(SIZE, SIZE);
        Tensor dBias = backend().tensor(SIZE);
        Tensor inputs = backend().tensor(ROWS, SIZE).set(x);
        Tensor gradient = backend().tensor(ROWS, SIZE).set(dy);
        backend().linear(SIZE, SIZE).backward(backend().tensor(SIZE, SIZE), inputs, gradient, null, dWeight, dBias);
        forward().check("dWeight", scaled(weight), scaled(dWeight.toDoubles()));
        forward().check("dBias", scaled(bias), scaled(dBias.toDoubles()));
    }

    @Test
    void gradientsOfAnEmbedding() {
        double[] dy = values(3);
        int[] index = new int[ROWS];
        double[] table = new double[3 * SIZE];
        for (int m = 0; m < ROWS; m++) {
            index[m] = m % 5 == 0 ? 2 : 0;
            for (int e = 0; e < SIZE; e++) {
                table[index[m] * SIZE + e] += dy[m * SIZE + e];
            }
        }
        Tensor dTable = backend().tensor(3, SIZE);
        IntTensor indices = backend().intTensor(ROWS).set(index);
        backend()
                .embedding(3, SIZE)
                .backward(indices, backend().tensor(ROWS, SIZE).set(dy), dTable);
        forward().check("dTable", scaled(table), scaled(dTable.toDoubles()));
    }

    @Test
    void meanSquaredError() {
        double[] x = values(4);
        double expected = Arrays.stream(x).map(v -> v * v).sum() / x.length;
        Tensor loss = backend().tensor(1);
        Tensor prediction = backend().tensor(ROWS, SIZE).set(x);
        Tensor target = backend().tensor(ROWS, SIZE);
        new MeanSquaredError(backend()).apply(prediction, target, loss, null);
        forward().check("loss", expected, loss.toDoubles()[0]);
    }
}
