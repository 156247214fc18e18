package dev.rondo.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.IntTensor;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@link GridRnn}: its equation, its gradients, and that it learns where one mark lies from another. */
public abstract class GridContract extends DeepContract {
    @ParameterizedTest
    @EnumSource(names = {"RNN_TANH", "LSTM"})
    void gradientsAreRight(Cell cell) {
        assumeSupported(RnnSpec.of(cell, 5, 3));
        check(backend -> {
            GridRnn model = new GridRnn(backend, cell, 2, 3, 3, 3, 4, 3);
            Tensor x = random(backend, 8, 3, 4, 3, 2);
            IntTensor labels = backend.intTensor(3).set(2, -1, 0);
            return new Shown(model.learned(), loss -> model.train(x, labels, loss), model);
        });
    }

    /** One unit from each corner, computed by plain loops. */
    @Test
    void eachStateReadsItsTwoNeighbours() {
        assumeSupported(RnnSpec.of(Cell.RNN_TANH, 2, 1));
        int rows = 3;
        int columns = 4;
        try (Backend scope = backend().scope();
                GridRnn model = new GridRnn(scope, Cell.RNN_TANH, 1, 1, 4, rows, columns, 1)) {
            model.learned().initialize(2);
            Tensor image = random(scope, 5, rows, columns, 1, 1);
            double[] x = image.toDoubles();
            model.learned().weight("output.bias").fill(0);
            double[] identity = new double[16];
            for (int corner = 0; corner < 4; corner++) {
                identity[5 * corner] = 1; // the logits are the means of the states
            }
            model.learned().weight("output.weight").set(identity);
            double[] expected = new double[4];
            for (int corner = 0; corner < 4; corner++) {
                String weight = "corner" + corner + ".%s_l0" + (corner % 2 == 0 ? "" : "_reverse");
                double[] w = values(model, weight, "weight_ih");
                double u = values(model, weight, "weight_hh")[0];
                double b = values(model, weight, "bias_ih")[0] + values(model, weight, "bias_hh")[0];
                double[] above = new double[columns];
                for (int i = 0; i < rows; i++) {
                    double beside = 0;
                    for (int j = 0; j < columns; j++) {
                        int row = corner / 2 == 0 ? i : rows - 1 - i;
                        int column = corner % 2 == 0 ? j : columns - 1 - j;
                        beside = Math.tanh(w[0] * x[row * columns + column] + w[1] * above[j] + u * beside + b);
                        above[j] = beside;
                        expected[corner] += beside / (rows * columns);
                    }
                }
            }
            assertArrayEquals(expected, model.forward(image).toDoubles(), 1e-6);
        }
    }

    private static double[] values(GridRnn model, String weight, String role) {
        return model.learned().weight(String.format(Locale.ROOT, weight, role)).toDoubles();
    }

    /** Two marks that share neither row nor column: is the second one above or below the first, left or right of it? */
    @Test
    void learnsWhereTheSecondMarkLies() {
        assumeSupported(RnnSpec.of(Cell.RNN_TANH, 7, 5));
        int side = 3;
        int images = 36;
        try (Backend scope = backend().scope();
                GridRnn model = new GridRnn(scope, Cell.RNN_TANH, 2, 5, 4, side, side, images)) {
            float[] pixels = new float[side * side * images * 2];
            int[] classes = new int[images];
            int n = 0;
            for (int first = 0; first < side * side; first++) {
                for (int second = 0; second < side * side; second++) {
                    int down = second / side - first / side;
                    int right = second % side - first % side;
                    if (down != 0 && right != 0) {
                        pixels[(first * images + n) * 2] = 1;
                        pixels[(second * images + n) * 2 + 1] = 1;
                        classes[n++] = (down > 0 ? 2 : 0) + (right > 0 ? 1 : 0);
                    }
                }
            }
            Tensor x = scope.tensor(side, side, images, 2).set(pixels);
            IntTensor labels = scope.intTensor(images).set(classes);
            model.learned().initialize(1);
            double loss = learn(scope, model.learned(), 0.03, 80, value -> model.train(x, labels, value));
            assertTrue(loss < 0.2, () -> "loss " + loss);
        }
    }
}
