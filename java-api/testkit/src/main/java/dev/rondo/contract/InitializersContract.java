package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.rondo.Cell;
import dev.rondo.Direction;
import dev.rondo.ParameterLayout;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.train.Initializers;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link Initializers}: the first weights have the properties that they are named after. */
public abstract class InitializersContract extends BackendContract {
    /** For subclasses. */
    protected InitializersContract() {}

    private static final int MANY = 200_000;

    /** Rounding of one number where the backend holds it. */
    private double epsilon() {
        try (Tensor tensor = backend().tensor(1)) {
            return tensor.storage().isDouble() ? 0x1p-53 : 0x1p-24;
        }
    }

    private double[] drawn(BiConsumer<Tensor, RandomGenerator> initializer, long seed, int... shape) {
        try (Tensor tensor = backend().tensor(shape)) {
            initializer.accept(tensor, new Random(seed));
            return tensor.toDoubles();
        }
    }

    private static double moment(double[] values, int power) {
        return Arrays.stream(values).map(v -> Math.pow(v, power)).average().orElseThrow();
    }

    private static double largest(double[] values) {
        return Arrays.stream(values).map(Math::abs).max().orElseThrow();
    }

    private static void assertNear(double expected, double actual, double tolerance, String what) {
        if (!(Math.abs(expected - actual) <= tolerance)) {
            fail(what + ": expected " + expected + ", got " + actual + ", allowed " + tolerance);
        }
    }

    /** Within five standard errors: the mean of n draws x^power has the variance (E x^2power - (E x^power)^2) / n. */
    private static void assertMoment(double[] values, int power, double expected, double expectedTwice) {
        double error = Math.sqrt((expectedTwice - expected * expected) / values.length);
        assertNear(expected, moment(values, power), 5 * error, "moment " + power);
    }

    @ParameterizedTest
    @ValueSource(doubles = {1, 0.25, 1e-3, 30})
    void uniformHasTheMomentsOfItsRangeAndFillsIt(double bound) {
        double[] values = drawn((w, random) -> Initializers.uniform(w, bound, random), 1, 100, MANY / 100);
        double square = bound * bound;
        assertMoment(values, 1, 0, square / 3);
        assertMoment(values, 2, square / 3, square * square / 5);
        assertMoment(values, 3, 0, Math.pow(bound, 6) / 7);
        double largest = largest(values);
        assertTrue(largest <= bound && largest > 0.9999 * bound, "largest " + largest);
    }

    @ParameterizedTest
    @ValueSource(doubles = {1, 0.01, 30})
    void gaussianHasTheMomentsOfTheNormalDistribution(double deviation) {
        double[] values = drawn((w, random) -> Initializers.gaussian(w, deviation, random), 2, MANY);
        double square = deviation * deviation;
        assertMoment(values, 1, 0, square);
        assertMoment(values, 2, square, 3 * square * square);
        assertMoment(values, 4, 3 * square * square, 105 * Math.pow(square, 4));
        double within =
                Arrays.stream(values).filter(v -> Math.abs(v) < deviation).count() / (double) MANY;
        assertNear(0.682689, within, 5 * Math.sqrt(0.683 * 0.317 / MANY), "share within one deviation");
    }

    @ParameterizedTest
    @CsvSource({"400, 500, 400", "400, 500, 100", "300, 3, 100"})
    void glorotHasItsBound(int rows, int columns, int fanOut) {
        double[] values = drawn((w, random) -> Initializers.glorotUniform(w, fanOut, random), 3, rows, columns);
        double bound = Math.sqrt(6.0 / (columns + fanOut));
        double largest = largest(values);
        assertTrue(largest <= bound * (1 + epsilon()) && largest > 0.99 * bound, largest + " of " + bound);
        assertMoment(values, 2, 2.0 / (columns + fanOut), Math.pow(bound, 4) / 5);
    }

    @Test
    void uniformOfANetworkIsThatOfPyTorch() {
        RnnSpec spec = RnnSpec.of(Cell.GRU, 20, 64).withLayers(2).withDirection(Direction.BIDIRECTIONAL);
        try (RnnParameters parameters = backend().parameters(spec)) {
            Initializers.uniform(parameters, new Random(4));
            double[] values = parameters.flat().toDoubles();
            assertMoment(values, 2, 1 / (3 * 64.0), 1 / (5 * 64.0 * 64));
            assertTrue(largest(values) <= 0.125);
            for (ParameterLayout.Entry entry : spec.layout().entries()) {
                assertTrue(largest(parameters.tensor(entry.name()).toDoubles()) > 0.12, entry.name());
            }
        }
    }

    /** Among so many small blocks are some whose rows were drawn almost parallel. */
    @ParameterizedTest
    @CsvSource({"1, 1", "1, 2", "3, 5", "4, 16", "1, 64", "3, 100", "200000, 2"})
    void everyOrthogonalBlockIsOrthogonal(int blocks, int n) {
        double[] values = drawn(Initializers::orthogonal, 5, blocks * n, n);
        double allowed = epsilon() == 0x1p-53 ? 1e-12 : 4 * epsilon() * Math.sqrt(n);
        for (int block = 0; block < blocks; block++) {
            double[] q = block(values, block, n);
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    double rows = 0;
                    double columns = 0;
                    for (int k = 0; k < n; k++) {
                        rows += q[i * n + k] * q[j * n + k];
                        columns += q[k * n + i] * q[k * n + j];
                    }
                    assertNear(i == j ? 1 : 0, rows, allowed, "Q Q^T [" + i + "," + j + "] of block " + block);
                    assertNear(i == j ? 1 : 0, columns, allowed, "Q^T Q [" + i + "," + j + "] of block " + block);
                }
            }
            assertFalse(block > 0 && Arrays.equals(q, block(values, block - 1, n)) && n > 1, "two blocks are the same");
        }
    }

    /** A matrix of the uniform distribution over the orthogonal ones has elements of mean 0 and variance 1/n. */
    @Test
    void orthogonalMatricesHaveNoPreferredDirection() {
        int n = 8;
        double[] values = drawn(Initializers::orthogonal, 6, 400 * n, n);
        for (int element = 0; element < n * n; element++) {
            double sum = 0;
            double squares = 0;
            for (int block = 0; block < 400; block++) {
                double value = values[block * n * n + element];
                sum += value;
                squares += value * value;
            }
            assertNear(0, sum / 400, 4.5 * Math.sqrt(1.0 / n / 400), "mean of element " + element);
            assertNear(1.0 / n, squares / 400, 0.05, "variance of element " + element);
        }
    }

    private static double[] block(double[] values, int block, int n) {
        return Arrays.copyOfRange(values, block * n * n, (block + 1) * n * n);
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "1, 4, 1", "4, 3, -0.5"})
    void identityStacksIdentities(int blocks, int n, double factor) {
        double[] values = drawn((w, random) -> Initializers.identity(w.fill(7), factor), 0, blocks * n, n);
        double[] expected = new double[blocks * n * n];
        for (int row = 0; row < blocks * n; row++) {
            expected[row * n + row % n] = factor;
        }
        assertArrayEquals(expected, values);
    }

    /** Scales one block to a radius, and returns the factor that was used. */
    private double scaledBy(double[] matrix, double radius) {
        int n = (int) Math.round(Math.sqrt(matrix.length));
        try (Tensor tensor = backend().tensor(n, n)) {
            double[] before = tensor.set(matrix).toDoubles();
            Initializers.scaleToSpectralRadius(tensor, radius);
            double[] after = tensor.toDoubles();
            int first = IntStream.range(0, before.length)
                    .filter(i -> before[i] != 0)
                    .findFirst()
                    .orElseThrow();
            double factor = after[first] / before[first];
            for (int i = 0; i < before.length; i++) {
                double allowed = Math.abs(after[i]) * 8 * epsilon();
                assertNear(before[i] * factor, after[i], allowed, "one factor for the block");
            }
            return factor;
        }
    }

    /** The radius of a matrix before it was scaled to 1. */
    private double radius(double... matrix) {
        return 1 / scaledBy(matrix, 1);
    }

    /** So much is given up by the power that the radius is taken from, and by the backend's rounding. */
    private double relative() {
        return 1e-5 + 8 * epsilon();
    }

    @ParameterizedTest
    @CsvSource({"0.001, 0.3", "0.5, 1.5707963267948966", "1, 0.1", "1, 3", "1.7, 2.2", "400, 1e-3"})
    void radiusOfAScaledRotationIsItsScale(double scale, double angle) {
        double c = scale * Math.cos(angle);
        double s = scale * Math.sin(angle);
        assertNear(scale, radius(c, -s, s, c), scale * relative(), "radius");
        // in the plane of the first and the last axis, beside an eigenvalue that is smaller
        assertNear(scale, radius(c, 0, -s, 0, scale / 2, 0, s, 0, c), scale * relative(), "radius in space");
    }

    @Test
    void radiusOfATriangleIsItsLargestDiagonalElement() {
        assertNear(3, radius(1, 100, -50, 0, -3, 70, 0, 0, 2), 3 * relative(), "radius");
        assertNear(0.1, radius(0.1, 0, 1000, 0.05), 0.1 * relative(), "radius far below the norm");
    }

    /** Jordan blocks have one eigenvector only: their powers grow by a polynomial more than by the eigenvalue's. */
    @Test
    void radiusOfADefectiveMatrixIsItsEigenvalue() {
        assertNear(0.5, radius(0.5, 1, 0, 0.5), 0.5 * relative(), "radius");
        assertNear(2, radius(2, 1, 0, 0, 2, 1, 0, 0, 2), 2 * relative(), "radius");
        assertNear(1, radius(-1, 1000, 0, -1), relative(), "radius");
        assertNear(1, radius(0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0), relative(), "radius of a permutation");
    }

    @Test
    void radiusOfRandomMatricesIsThatOfTheirCharacteristicPolynomial() {
        Random random = new Random(8);
        int complex = 0;
        for (int i = 0; i < 200; i++) {
            double[] a = random.doubles(9, -1, 1).map(v -> (float) v).toArray();
            double[] roots = cubicRoots(
                    -(a[0] + a[4] + a[8]),
                    minor(a, 0, 4) + minor(a, 0, 8) + minor(a, 4, 8),
                    -(a[0] * minor(a, 4, 8) - a[1] * (a[3] * a[8] - a[5] * a[6]) + a[2] * (a[3] * a[7] - a[4] * a[6])));
            double expected = largest(roots);
            complex += roots[1] == roots[2] ? 1 : 0;
            assertNear(expected, radius(a), expected * relative(), "radius of " + Arrays.toString(a));
        }
        assertTrue(complex > 20 && complex < 180, complex + " of 200 have complex eigenvalues");
    }

    /** The principal minor of two diagonal places of a 3x3 matrix. */
    private static double minor(double[] a, int p, int q) {
        int i = p / 4;
        int j = q / 4;
        return a[p] * a[q] - a[i * 3 + j] * a[j * 3 + i];
    }

    /** Absolute values of the roots of {@code x^3 + b x^2 + c x + d}: a real one by bisection, then a quadratic. */
    private static double[] cubicRoots(double b, double c, double d) {
        double low = -1 - Math.abs(b) - Math.abs(c) - Math.abs(d);
        double high = -low;
        for (int i = 0; i < 200; i++) {
            double middle = (low + high) / 2;
            if (((middle + b) * middle + c) * middle + d < 0) {
                low = middle;
            } else {
                high = middle;
            }
        }
        double real = (low + high) / 2;
        double p = b + real;
        double q = c + real * p;
        double discriminant = p * p / 4 - q;
        if (discriminant < 0) {
            return new double[] {Math.abs(real), Math.sqrt(q), Math.sqrt(q)};
        }
        double root = Math.sqrt(discriminant);
        return new double[] {Math.abs(real), Math.abs(-p / 2 + root), Math.abs(-p / 2 - root)};
    }

    /** A matrix {@code S D S^-1} has the eigenvalues of D; here S is a product of elementary matrices. */
    @Test
    void radiusIsThatOfEverySimilarMatrix() {
        Random random = new Random(9);
        int n = 12;
        for (int i = 0; i < 20; i++) {
            double[] a = new double[n * n];
            for (int k = 0; k < n; k += 2) {
                double scale = 0.9 * random.nextDouble();
                double angle = random.nextDouble() * Math.PI;
                a[k * n + k] = a[(k + 1) * n + k + 1] = scale * Math.cos(angle);
                a[(k + 1) * n + k] = scale * Math.sin(angle);
                a[k * n + k + 1] = -a[(k + 1) * n + k];
            }
            a[0] = a[n + 1] = 0.6;
            a[1] = -0.8;
            a[n] = 0.8;
            for (int step = 0; step < 60; step++) {
                similar(a, n, random.nextInt(n), random.nextInt(n), random.nextDouble() - 0.5);
            }
            double amplified = epsilon() * 1000 * largest(a);
            assertNear(1, radius(a), relative() + amplified, "radius");
        }
    }

    /** {@code E A E^-1} where E adds a multiple of row j to row i. */
    private static void similar(double[] a, int n, int i, int j, double multiple) {
        if (i == j) {
            return;
        }
        for (int k = 0; k < n; k++) {
            a[i * n + k] += multiple * a[j * n + k];
        }
        for (int k = 0; k < n; k++) {
            a[k * n + j] -= multiple * a[k * n + i];
        }
    }

    @Test
    void everyBlockIsScaledOnItsOwn() {
        try (Tensor weights = backend().tensor(6, 2)) {
            weights.set(4d, 1, 0, 2, 0, -0.5, 0.5, 0, 0, 1, 9, 0);
            Initializers.scaleToSpectralRadius(weights, 1.25);
            double[] expected = {1.25, 0.3125, 0, 0.625, 0, -1.25, 1.25, 0, 0, 1.25 / 3, 3.75, 0};
            assertArrayEquals(expected, weights.toDoubles(), 1e-5);
        }
    }

    @Test
    void aBlockOfRadiusZeroCannotBeScaled() {
        for (double[] matrix : List.of(new double[4], new double[] {0, 5, 0, 0})) {
            assertRefused(
                    "weights: expected a spectral radius above 0 to scale, got 0.0",
                    w -> Initializers.scaleToSpectralRadius(w.set(matrix), 1),
                    2,
                    2);
        }
        assertRefused(
                "weights: expected a spectral radius above 0 to scale, got NaN",
                w -> Initializers.scaleToSpectralRadius(w.set(1, Double.NaN, 0, 1), 1),
                2,
                2);
    }

    @ParameterizedTest
    @CsvSource({"1, FORWARD", "3, FORWARD", "1, REVERSE", "2, BIDIRECTIONAL"})
    void forgetGateBiasIsTheSumOfBothBiasesAndNothingElse(int layers, Direction direction) {
        int hidden = 5;
        RnnSpec spec = RnnSpec.of(Cell.LSTM, 3, hidden).withLayers(layers).withDirection(direction);
        try (RnnParameters parameters = backend().parameters(spec)) {
            Initializers.uniform(parameters, new Random(10));
            double[] before = parameters.flat().toDoubles();
            Initializers.forgetGateBias(parameters, 1.5);
            double[] after = parameters.flat().toDoubles();
            int changed = 0;
            for (ParameterLayout.Entry entry : spec.layout().entries()) {
                boolean bias = entry.name().startsWith("bias");
                for (int k = 0; k < entry.size(); k++) {
                    int at = entry.offset() + k;
                    if (bias && k >= hidden && k < 2 * hidden) {
                        assertEquals(entry.name().contains("_ih_") ? 1.5 : 0, after[at], entry.name());
                        changed++;
                    } else {
                        assertEquals(before[at], after[at], entry.name() + "[" + k + "]");
                    }
                }
            }
            assertEquals(2 * hidden * spec.stateCount(), changed);
        }
    }

    @Test
    void forgetGateBiasNeedsAnLstmWithBiases() {
        for (RnnSpec spec :
                List.of(RnnSpec.of(Cell.GRU, 2, 2), RnnSpec.of(Cell.LSTM, 2, 2).withBias(false))) {
            try (RnnParameters parameters = backend().parameters(spec)) {
                String message = assertThrows(
                                IllegalArgumentException.class, () -> Initializers.forgetGateBias(parameters, 1))
                        .getMessage();
                assertTrue(message.startsWith("parameters: expected those of an LSTM with biases, got "), message);
                assertEquals(0, largest(parameters.flat().toDoubles()));
            }
        }
    }

    @Test
    void theSeedDecidesTheWeights() {
        List<BiConsumer<Tensor, RandomGenerator>> initializers = List.of(
                (w, random) -> Initializers.uniform(w, 1, random),
                (w, random) -> Initializers.gaussian(w, 1, random),
                (w, random) -> Initializers.glorotUniform(w, 6, random),
                Initializers::orthogonal);
        for (BiConsumer<Tensor, RandomGenerator> initializer : initializers) {
            double[] weights = drawn(initializer, 1, 18, 6);
            assertArrayEquals(weights, drawn(initializer, 1, 18, 6));
            assertFalse(Arrays.equals(weights, drawn(initializer, 2, 18, 6)), "another seed");
            // rounded to float32, they are the same on every backend
            Tensor rounded = Tensor.wrap(new float[18 * 6], 18, 6);
            initializer.accept(rounded, new Random(1));
            for (int i = 0; i < weights.length; i++) {
                assertEquals(rounded.toFloats()[i], (float) weights[i]);
            }
        }
    }

    @Test
    void shapesAreChecked() {
        assertRefused(
                "weights: expected a stack of square blocks [G*H,H], got tensor [3, 2]",
                w -> Initializers.orthogonal(w, new Random(1)),
                3,
                2);
        assertRefused(
                "weights: expected a stack of square blocks [G*H,H], got tensor [2, 3]",
                w -> Initializers.identity(w, 1),
                2,
                3);
        assertRefused(
                "weights: expected shape [G*H,H] = [any, any], got [4]",
                w -> Initializers.scaleToSpectralRadius(w, 1),
                4);
        assertRefused(
                "weights: expected shape [rows,columns] = [any, any], got [4]",
                w -> Initializers.glorotUniform(w, 1, new Random(1)),
                4);
    }

    @Test
    void numbersAreChecked() {
        Random random = new Random(1);
        for (double number : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
            String expected = ": expected a positive finite number, got " + number;
            assertRefused("bound" + expected, w -> Initializers.uniform(w, number, random), 4);
            assertRefused("standardDeviation" + expected, w -> Initializers.gaussian(w, number, random), 4);
            assertRefused("radius" + expected, w -> Initializers.scaleToSpectralRadius(w, number), 2, 2);
        }
        assertRefused("fanOut: expected 1 to 2, got 3", w -> Initializers.glorotUniform(w, 3, random), 2, 4);
        assertRefused("fanOut: expected 1 to 2, got 0", w -> Initializers.glorotUniform(w, 0, random), 2, 4);
    }

    private void assertRefused(String message, Consumer<Tensor> call, int... shape) {
        try (Tensor tensor = backend().tensor(shape)) {
            assertEquals(
                    message,
                    assertThrows(IllegalArgumentException.class, () -> call.accept(tensor))
                            .getMessage());
        }
    }
}
