package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.fail;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Linear;
import dev.rondo.Precision;
import dev.rondo.Rnn;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import java.util.Locale;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What {@link Precision} promises, which holds for a backend without such modes as well: products are as exact as the mode says,
 * and the same every time. The sizes are such that a device has reason to use its kernels for large products.
 */
public abstract class PrecisionContract {
    /** For subclasses. */
    protected PrecisionContract() {}

    private static final int ROWS = 530;
    private static final int INPUTS = 40;
    private static final int OUTPUTS = 500;

    /** What one step of a summation in float32 may be off by; tensor cores do not round to nearest. */
    private static final double SUMMATION = 0x1p-23;

    /**
     * A mode rounds four kinds of operands: weights, inputs, states, and gradients of pre-activations. What rounding the first two
     * does to the results of the oracle is the measure for all four.
     */
    private static final double KINDS_PER_MEASURED = 4;

    /**
     * Opens the backend under test.
     *
     * @param precision the mode
     * @return a new one
     */
    protected abstract Backend open(Precision precision);

    /** The relative error of one term of a sum of products. */
    private static double termError(Precision precision) {
        return switch (precision) {
            case FP32 -> 0x1p-24;
            case TF32X3 -> 0x1p-20;
            case TF32 -> 0x1p-10 + 0x1p-22;
            case BF16 -> 0x1p-7 + 0x1p-16;
        };
    }

    /** The nearest number of a mode; of two the one further from 0. */
    private static double rounded(Precision precision, double value) {
        int dropped = precision == Precision.BF16 ? 16 : 13;
        int half = 1 << (dropped - 1);
        return Float.intBitsToFloat((Float.floatToIntBits((float) value) + half) >> dropped << dropped);
    }

    /** A product {@code C [m,n]} with the depth k. */
    private record Product(int m, int n, int k, Factor a, Factor b) {
        interface Factor {
            double at(int outer, int depth);
        }

        /** Fails unless each element is as near as terms and summation allow, beside what was there before. */
        void check(String what, double termError, int productsOfTerm, double[] before, double[] actual) {
            double largestShare = 0;
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    double old = before[(i * n + j) % before.length];
                    double sum = old;
                    double absolute = Math.abs(old);
                    for (int depth = 0; depth < k; depth++) {
                        double term = a.at(i, depth) * b.at(j, depth);
                        sum += term;
                        absolute += Math.abs(term);
                    }
                    double allowed = (termError + (productsOfTerm * k + 1) * SUMMATION) * absolute;
                    double difference = Math.abs(sum - actual[i * n + j]);
                    if (!(difference <= allowed)) {
                        fail(what + "[" + i + "," + j + "]: expected " + sum + ", got " + actual[i * n + j]
                                + ", off by " + difference + ", allowed " + allowed);
                    }
                    largestShare = Math.max(largestShare, difference / allowed);
                }
            }
            System.out.printf(
                    Locale.ROOT, "%s: largest share of the tolerance used %.2g%%%n", what, 100 * largestShare);
        }
    }

    @ParameterizedTest
    @EnumSource
    void productsAreAsExactAsTheModeSays(Precision precision) {
        checkLinear(precision, value -> value, termError(precision));
    }

    @ParameterizedTest
    @EnumSource(names = {"TF32", "BF16"})
    void numbersOfTheModeAreNotRounded(Precision precision) {
        checkLinear(precision, value -> rounded(precision, value), termError(Precision.FP32));
    }

    private void checkLinear(Precision precision, DoubleUnaryOperator rounding, double termError) {
        Numbers numbers = new Numbers(9);
        double[] weight = map(numbers.uniform(OUTPUTS * INPUTS, 1), rounding);
        double[] bias = numbers.uniform(OUTPUTS, 1);
        double[] x = map(numbers.uniform(ROWS * INPUTS, 1), rounding);
        double[] dy = map(numbers.uniform(ROWS * OUTPUTS, 1), rounding);
        double[] dWeightBefore = numbers.uniform(OUTPUTS * INPUTS, 1);
        int products = precision == Precision.TF32X3 ? 3 : 1;
        try (Backend backend = open(precision)) {
            String what = backend.name() + " in " + precision + ": ";
            Linear layer = backend.linear(INPUTS, OUTPUTS);
            Tensor weightTensor = backend.tensor(OUTPUTS, INPUTS).set(weight);
            Tensor xTensor = backend.tensor(ROWS, INPUTS).set(x);
            Tensor y = backend.tensor(ROWS, OUTPUTS).fill(Double.NaN);
            layer.forward(weightTensor, backend.tensor(OUTPUTS).set(bias), xTensor, y);
            new Product(ROWS, OUTPUTS, INPUTS, (i, k) -> x[i * INPUTS + k], (j, k) -> weight[j * INPUTS + k])
                    .check(what + "y", termError, products, bias, y.toDoubles());

            Tensor dx = backend.tensor(ROWS, INPUTS).fill(Double.NaN);
            Tensor dWeight = backend.tensor(OUTPUTS, INPUTS).set(dWeightBefore);
            Tensor dyTensor = backend.tensor(ROWS, OUTPUTS).set(dy);
            layer.backward(weightTensor, xTensor, dyTensor, dx, dWeight, null);
            new Product(ROWS, INPUTS, OUTPUTS, (i, k) -> dy[i * OUTPUTS + k], (j, k) -> weight[k * INPUTS + j])
                    .check(what + "dx", termError, products, new double[1], dx.toDoubles());
            new Product(OUTPUTS, INPUTS, ROWS, (i, k) -> dy[k * OUTPUTS + i], (j, k) -> x[k * INPUTS + j])
                    .check(what + "dWeight", termError, products, dWeightBefore, dWeight.toDoubles());
        }
    }

    private static double[] map(double[] values, DoubleUnaryOperator function) {
        return DoubleStream.of(values).map(function).toArray();
    }

    /** Enough rows for the kernels for large products in each step. */
    private static RnnCase network(Cell cell) {
        RnnCase network = RnnCase.random(RnnSpec.of(cell, 30, 33), 6, 20, 900 + cell.ordinal());
        network.weights = new Numbers(cell.ordinal()).uniform(network.weights.length, 1 / Math.sqrt(33));
        return network;
    }

    static Stream<Arguments> cellsInModes() {
        return Stream.of(Precision.values())
                .flatMap(precision -> Stream.of(Cell.values()).map(cell -> Arguments.of(cell, precision)));
    }

    @ParameterizedTest(name = "{0} in {1}")
    @MethodSource("cellsInModes")
    void networksAreNearTheOracle(Cell cell, Precision precision) {
        RnnCase network = network(cell);
        RnnCase less = network.copy();
        less.weights = map(network.weights, weight -> rounded(precision, weight));
        less.x = map(network.x, value -> rounded(precision, value));
        try (Backend backend = open(precision);
                Backend oracle = Backend.named("reference")) {
            RnnOutcome expected = network.run(oracle);
            RnnOutcome actual = network.run(backend);
            if (precision == Precision.FP32 || precision == Precision.TF32X3) {
                expected.assertNear(Tolerance.forward(false), Tolerance.backward(false), actual);
                return;
            }
            RnnOutcome measure = less.run(oracle);
            String what = cell + " on " + backend.name() + " in " + precision + ": ";
            checkNear(what + "y", expected.y(), measure.y(), actual.y());
            checkNear(
                    what + "last h",
                    expected.last().h(),
                    measure.last().h(),
                    actual.last().h());
            checkNear(
                    what + "last c",
                    expected.last().c(),
                    measure.last().c(),
                    actual.last().c());
            if (cell == Cell.RNN_RELU) {
                return; // its derivative jumps at 0, and rounding moves pre-activations across
            }
            checkNear(what + "dx", expected.dx(), measure.dx(), actual.dx());
            checkNear(
                    what + "dh0",
                    expected.dInitial().h(),
                    measure.dInitial().h(),
                    actual.dInitial().h());
            checkNear(
                    what + "dc0",
                    expected.dInitial().c(),
                    measure.dInitial().c(),
                    actual.dInitial().c());
            checkNear(what + "gradients", expected.gradients(), measure.gradients(), actual.gradients());
        }
    }

    private static void checkNear(String what, double[] expected, double[] measure, double[] actual) {
        double allowed = KINDS_PER_MEASURED * largestDifference(expected, measure);
        double difference = largestDifference(expected, actual);
        if (!(difference <= allowed)) {
            fail(what + ": off by " + difference + ", allowed " + allowed);
        }
    }

    /** NaN if there is one. */
    private static double largestDifference(double[] a, double[] b) {
        double largest = 0;
        for (int i = 0; i < a.length; i++) {
            largest = Math.max(largest, Math.abs(a[i] - b[i]));
        }
        return largest;
    }

    @ParameterizedTest(name = "{0} in {1}")
    @MethodSource("cellsInModes")
    void theSameCallGivesTheSameBits(Cell cell, Precision precision) {
        RnnCase network = network(cell);
        RnnOutcome first;
        try (Backend backend = open(precision);
                Rnn rnn = network.rnn(backend)) {
            first = network.run(backend, rnn);
            first.assertSameBits(network.run(backend, rnn));
        }
        try (Backend backend = open(precision)) {
            first.assertSameBits(network.run(backend));
        }
    }
}
