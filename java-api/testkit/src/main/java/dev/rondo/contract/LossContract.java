package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import dev.rondo.train.MeanSquaredError;
import dev.rondo.train.SoftmaxCrossEntropy;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The losses. */
public abstract class LossContract extends BackendContract {
    /** For subclasses. */
    protected LossContract() {}

    private record Loss(double value, double[] gradient) {}

    private Loss crossEntropy(int classes, double[] logits, int... targets) {
        Tensor loss = backend().tensor(1).fill(Double.NaN);
        Tensor gradient = backend().tensor(targets.length, classes).fill(Double.NaN);
        Tensor input = backend().tensor(targets.length, classes).set(logits);
        IntTensor indices = backend().intTensor(targets.length).set(targets);
        new SoftmaxCrossEntropy(backend()).apply(input, indices, loss, gradient);
        assertArrayEquals(logits, input.toDoubles(), "logits are only read");
        return new Loss(loss.toDoubles()[0], gradient.toDoubles());
    }

    /** By the definition, without a thought of overflow. */
    private static double naiveCrossEntropy(int classes, double[] logits, int... targets) {
        double sum = 0;
        int counted = 0;
        for (int m = 0; m < targets.length; m++) {
            if (targets[m] >= 0) {
                double total = 0;
                for (int v = 0; v < classes; v++) {
                    total += Math.exp(logits[m * classes + v]);
                }
                sum -= Math.log(Math.exp(logits[m * classes + targets[m]]) / total);
                counted++;
            }
        }
        return sum / counted;
    }

    /** exp(0), exp(ln 3) and exp(ln 6) are 1, 3 and 6 of 10. */
    @Test
    void crossEntropyByHand() {
        double[] logits = {(float) 0, (float) Math.log(3), (float) Math.log(6)};
        Loss loss = crossEntropy(3, logits, 1);
        double rounding = 1e-6;
        assertTrue(Math.abs(loss.value - Math.log(10 / 3.0)) <= rounding, "loss " + loss.value);
        double[] expected = {0.1, 0.3 - 1, 0.6};
        for (int v = 0; v < 3; v++) {
            assertTrue(Math.abs(loss.gradient[v] - expected[v]) <= rounding, "class " + v + ": " + loss.gradient[v]);
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4})
    void crossEntropyAgainstTheDefinitionAndDifferences(long seed) {
        int classes = 2 + (int) seed * 3;
        Numbers numbers = new Numbers(seed);
        double[] logits = numbers.uniform(7 * classes, 4);
        int[] targets = numbers.indices(7, classes);
        targets[2] = SoftmaxCrossEntropy.MASKED;
        targets[5] = -100;
        Loss loss = crossEntropy(classes, logits, targets);
        forward().check("loss", naiveCrossEntropy(classes, logits, targets), loss.value);
        double[] gradient = Differences.of(logits, () -> naiveCrossEntropy(classes, logits, targets));
        differences().check("dLogits", gradient, loss.gradient);
    }

    @Test
    void maskedRowsCountNeitherInTheLossNorInTheGradient() {
        double[] row = new Numbers(9).uniform(4, 2);
        double[] both = {row[0], row[1], row[2], row[3], 0x1p100, Double.NaN, -1, 0};
        Loss alone = crossEntropy(4, row, 2);
        Loss masked = crossEntropy(4, both, 2, SoftmaxCrossEntropy.MASKED);
        forward().check("loss", alone.value, masked.value);
        forward().check("dLogits", Arrays.copyOf(alone.gradient, 8), masked.gradient);
    }

    @Test
    void allRowsMaskedGiveZero() {
        Loss loss = crossEntropy(3, new Numbers(1).uniform(6, 1), -1, -1);
        assertArrayEquals(new double[] {0}, new double[] {loss.value});
        assertArrayEquals(new double[6], loss.gradient);
    }

    @Test
    void hugeLogitsDoNotOverflow() {
        Loss right = crossEntropy(3, new double[] {1e4, -1e4, 0}, 0);
        forward().check("loss", 0, right.value);
        forward().check("dLogits", new double[] {0, 0, 0}, right.gradient);
        Loss wrong = crossEntropy(3, new double[] {1e4, -1e4, 0}, 1);
        forward().check("loss", 2e4, wrong.value);
        forward().check("dLogits", new double[] {1, -1, 0}, wrong.gradient);
    }

    @ParameterizedTest(name = "{0} classes")
    @ValueSource(ints = {1, 2, 27, 1000})
    void thePerplexityOfTheUniformDistributionIsTheNumberOfClasses(int classes) {
        double[] logits = new double[2 * classes];
        Arrays.fill(logits, 3.25);
        Loss loss = crossEntropy(classes, logits, 0, classes - 1);
        forward().check("loss", Math.log(classes), loss.value);
        assertTrue(Math.abs(Math.exp(loss.value) / classes - 1) < 1e-4, "perplexity " + Math.exp(loss.value));
    }

    @Test
    void theGradientMayTakeThePlaceOfTheLogitsOrBeLeftOut() {
        double[] logits = new Numbers(2).uniform(15, 3);
        int[] targets = {4, 0, 2};
        Loss expected = crossEntropy(5, logits, targets);
        Tensor input = backend().tensor(3, 5).set(logits);
        IntTensor indices = backend().intTensor(3).set(targets);
        Tensor loss = backend().tensor(1);
        SoftmaxCrossEntropy function = new SoftmaxCrossEntropy(backend());
        function.apply(input, indices, loss, null);
        assertArrayEquals(logits, input.toDoubles());
        assertArrayEquals(new double[] {expected.value}, loss.toDoubles());
        function.apply(input, indices, loss, input);
        assertArrayEquals(expected.gradient, input.toDoubles());
        assertArrayEquals(new double[] {expected.value}, loss.toDoubles());
    }

    /** (1 + 4 + 9 + 0) / 4 and 2 * error / 4. */
    @Test
    void meanSquaredErrorByHand() {
        Tensor prediction = backend().tensor(2, 2).set(2.0, 0, 3, 5);
        Tensor target = backend().tensor(4).set(1.0, 2, 0, 5);
        Tensor loss = backend().tensor(1);
        Tensor gradient = backend().tensor(2, 2).fill(Double.NaN);
        MeanSquaredError function = new MeanSquaredError(backend());
        function.apply(prediction, target, loss, gradient);
        assertArrayEquals(new double[] {3.5}, loss.toDoubles());
        assertArrayEquals(new double[] {0.5, -1, 1.5, 0}, gradient.toDoubles());
        function.apply(prediction, target, loss, null);
        assertArrayEquals(new double[] {3.5}, loss.toDoubles());
        function.apply(prediction, target, loss, prediction);
        assertArrayEquals(new double[] {0.5, -1, 1.5, 0}, prediction.toDoubles());
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void meanSquaredErrorAgainstDifferences(long seed) {
        Numbers numbers = new Numbers(seed);
        double[] prediction = numbers.uniform(35, 2);
        double[] target = numbers.uniform(35, 2);
        Tensor loss = backend().tensor(1);
        Tensor gradient = backend().tensor(35);
        new MeanSquaredError(backend())
                .apply(
                        backend().tensor(35).set(prediction),
                        backend().tensor(35).set(target),
                        loss,
                        gradient);
        forward().check("loss", squares(prediction, target), loss.toDoubles()[0]);
        double[] expected = Differences.of(prediction, () -> squares(prediction, target));
        differences().check("dPrediction", expected, gradient.toDoubles());
    }

    @Test
    void rowsOfMeanSquaredErrorThatAreMaskedHaveNoInfluence() {
        double nan = Double.NaN;
        Tensor prediction = backend().tensor(2, 2, 2).set(1, 2, nan, nan, 3, 4, nan, 7);
        Tensor target = backend().tensor(2, 2, 2).set(0, 0, 1, 1, 1, nan, 1, 1);
        IntTensor mask = backend().intTensor(2, 2).set(1, 0, 0, 0);
        Tensor loss = backend().tensor(1);
        Tensor gradient = backend().tensor(8);
        MeanSquaredError function = new MeanSquaredError(backend());
        function.apply(prediction, target, mask, loss, gradient);
        forward().check("loss", 2.5, loss.toDoubles()[0]);
        assertArrayEquals(new double[] {1, 2, 0, 0, 0, 0, 0, 0}, gradient.toDoubles());
        mask.set(0, 0, 0, 0);
        function.apply(prediction, target, mask, loss, prediction);
        assertEquals(0, loss.toDoubles()[0]);
        assertArrayEquals(new double[8], prediction.toDoubles());
        Refusal.illegalArgument(
                () -> function.apply(prediction, target, backend().intTensor(3), loss, null), "mask: expected", "[3]");
    }

    private static double squares(double[] prediction, double... target) {
        double sum = 0;
        for (int i = 0; i < target.length; i++) {
            sum += Math.pow(prediction[i] - target[i], 2);
        }
        return sum / target.length;
    }
}
