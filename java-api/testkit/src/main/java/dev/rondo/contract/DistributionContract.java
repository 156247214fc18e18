package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rondo.Gaussian;
import dev.rondo.IntTensor;
import dev.rondo.Sampling;
import dev.rondo.Tensor;
import java.util.Comparator;
import java.util.function.DoubleSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link Sampling} and {@link Gaussian}. */
public abstract class DistributionContract extends BackendContract {
    /** For subclasses. */
    protected DistributionContract() {}

    private static final int ROWS = 4;
    private static final int SIZE = 5;

    private Tensor tensor(double[] values, int... shape) {
        return backend().tensor(shape).set(values);
    }

    @ParameterizedTest(name = "M = {0}, V = {1}, k = {2}")
    @CsvSource({"1,1,1", "3,7,1", "3,7,7", "2,5000,10", "5,33,4"})
    void theBestClasses(int rows, int classes, int k) {
        double[] logits = new Numbers(classes).uniform(rows * classes, 3);
        int[] expected = new int[rows * k];
        double[] logs = new double[rows * k];
        for (int m = 0; m < rows; m++) {
            int row = m * classes;
            int[] order = IntStream.range(0, classes)
                    .boxed()
                    .sorted(Comparator.comparingDouble(v -> -logits[row + v]))
                    .mapToInt(Integer::intValue)
                    .toArray();
            double total = IntStream.range(0, classes)
                    .mapToDouble(v -> Math.exp(logits[row + v]))
                    .sum();
            for (int j = 0; j < k; j++) {
                expected[m * k + j] = order[j];
                logs[m * k + j] = logits[row + order[j]] - Math.log(total);
            }
        }
        Sampling sampling = new Sampling(backend());
        IntTensor indices = backend().intTensor(rows, k);
        Tensor logProbabilities = backend().tensor(rows, k).fill(Double.NaN);
        Tensor given = tensor(logits, rows, classes);
        sampling.best(given, k, indices, logProbabilities);
        assertArrayEquals(expected, indices.toInts());
        forward().check("log-probabilities", logs, logProbabilities.toDoubles());
        IntTensor first = backend().intTensor(rows);
        sampling.argmax(given, first);
        assertEquals(expected[0], first.toInts()[0]);
    }

    @Test
    void ofEqualClassesTheLowerIndexComesFirst() {
        Sampling sampling = new Sampling(backend());
        IntTensor indices = backend().intTensor(2, 3);
        Tensor logs = backend().tensor(2, 3);
        sampling.best(tensor(new double[] {2, 2, 2, 2, -1e30, 0, 1000, 1000}, 2, 4), 3, indices, logs);
        assertArrayEquals(new int[] {0, 1, 2, 2, 3, 1}, indices.toInts());
        double log = Math.log(0.5);
        forward().check("equal", new double[] {log, log}, new double[] {logs.toDoubles()[3], logs.toDoubles()[4]});
    }

    /** Evenly spaced numbers draw each class as often as it is probable. */
    @ParameterizedTest(name = "temperature {0}")
    @ValueSource(doubles = {0.5, 1, 2})
    void drawnClassesAreAsFrequentAsTheyAreProbable(double temperature) {
        double[] row = {1, 0.5, -0.25, 0, 0.125};
        int rows = 1000;
        double[] logits = new double[rows * row.length];
        double[] uniform = new double[rows];
        for (int m = 0; m < rows; m++) {
            System.arraycopy(row, 0, logits, m * row.length, row.length);
            uniform[m] = (float) ((m + 0.5) / rows);
        }
        for (int among : new int[] {1, 3, 5}) {
            IntTensor indices = backend().intTensor(rows);
            new Sampling(backend())
                    .draw(tensor(logits, rows, row.length), temperature, among, tensor(uniform, rows), indices);
            int[] counts = new int[row.length];
            for (int index : indices.toInts()) {
                counts[index]++;
            }
            // the best ones are 0, 1, 4, 3, 2
            boolean[] in = {true, among > 1, among > 3, among > 3, among > 2};
            double total = 0;
            for (int v = 0; v < row.length; v++) {
                total += in[v] ? Math.exp(row[v] / temperature) : 0;
            }
            for (int v = 0; v < row.length; v++) {
                double expected = in[v] ? rows * Math.exp(row[v] / temperature) / total : 0;
                double off = Math.abs(counts[v] - expected);
                assertEquals(0, off > 1 ? off : 0, "class " + v + " among " + among + ": " + counts[v]);
            }
        }
    }

    @Test
    void choicesOutOfRangeAreNamed() {
        Sampling sampling = new Sampling(backend());
        Tensor logits = backend().tensor(2, 3);
        Tensor uniform = backend().tensor(2);
        IntTensor indices = backend().intTensor(2);
        Refusal.illegalArgument(() -> sampling.best(logits, 4, indices, null), "k: expected 1 to 3, got 4");
        Refusal.illegalArgument(() -> sampling.best(logits, 2, indices, null), "indices: expected 4 elements");
        Refusal.illegalArgument(
                () -> sampling.draw(logits, 0, 1, uniform, indices), "temperature: expected a positive");
        Refusal.illegalArgument(() -> sampling.draw(logits, 1, 4, uniform, indices), "among: expected 1 to 3, got 4");
        Refusal.illegalArgument(
                () -> sampling.draw(logits, 1, 3, backend().tensor(3), indices), "uniform: expected shape [M]");
    }

    /** The arguments of a loss of Gaussians, and its definition. */
    private static final class Gaussians {
        final double[] x = new Numbers(1).uniform(ROWS * SIZE, 1);
        final double[] mean = new Numbers(2).uniform(ROWS * SIZE, 1);
        final double[] logVariance = new Numbers(3).uniform(ROWS * SIZE, 1);
        final double[] priorMean = new Numbers(4).uniform(ROWS * SIZE, 1);
        final double[] priorLogVariance = new Numbers(5).uniform(ROWS * SIZE, 1);
        final int[] mask = {1, 0, 7, 1};

        double divergence(boolean prior, boolean masked, double factor) {
            double sum = 0;
            for (int i = 0; i < mean.length; i++) {
                if (!masked || mask[i / SIZE] != 0) {
                    double pm = prior ? priorMean[i] : 0;
                    double pl = prior ? priorLogVariance[i] : 0;
                    double d = mean[i] - pm;
                    sum += 0.5 * (pl - logVariance[i] + (Math.exp(logVariance[i]) + d * d) / Math.exp(pl) - 1);
                }
            }
            return factor * sum;
        }

        double loss(boolean masked, double factor) {
            double sum = 0;
            for (int i = 0; i < mean.length; i++) {
                if (!masked || mask[i / SIZE] != 0) {
                    double d = x[i] - mean[i];
                    sum += 0.5 * (Math.log(2 * Math.PI) + logVariance[i] + d * d / Math.exp(logVariance[i]));
                }
            }
            return factor * sum;
        }
    }

    private void checkAdded(String name, double before, double[] variable, Tensor gradient, DoubleSupplier loss) {
        double[] expected = Differences.of(variable, loss);
        for (int i = 0; i < expected.length; i++) {
            expected[i] += before;
        }
        differences().check(name, expected, gradient.toDoubles());
    }

    @ParameterizedTest(name = "prior {0}, mask {1}")
    @CsvSource({"false,false", "false,true", "true,false", "true,true"})
    void divergence(boolean prior, boolean masked) {
        Gaussians g = new Gaussians();
        double factor = 0.25;
        Tensor value = backend().tensor(1).fill(Double.NaN);
        Tensor[] d = new Tensor[4];
        for (int i = 0; i < d.length; i++) {
            d[i] = backend().tensor(ROWS, SIZE).fill(0.5);
        }
        IntTensor mask = masked ? backend().intTensor(ROWS).set(g.mask) : null;
        Gaussian gaussian = new Gaussian(backend());
        Tensor mean = tensor(g.mean, ROWS, SIZE);
        Tensor logVariance = tensor(g.logVariance, ROWS, SIZE);
        if (prior) {
            Tensor pm = tensor(g.priorMean, ROWS, SIZE);
            Tensor pl = tensor(g.priorLogVariance, ROWS, SIZE);
            gaussian.divergence(mean, logVariance, pm, pl, mask, factor, value, d[0], d[1], d[2], d[3]);
            checkAdded("dPriorMean", 0.5, g.priorMean, d[2], () -> g.divergence(true, masked, factor));
            checkAdded("dPriorLogVariance", 0.5, g.priorLogVariance, d[3], () -> g.divergence(true, masked, factor));
        } else {
            gaussian.divergence(mean, logVariance, mask, factor, value, d[0], d[1]);
        }
        forward().check("divergence", g.divergence(prior, masked, factor), value.toDoubles()[0]);
        checkAdded("dMean", 0.5, g.mean, d[0], () -> g.divergence(prior, masked, factor));
        checkAdded("dLogVariance", 0.5, g.logVariance, d[1], () -> g.divergence(prior, masked, factor));
        gaussian.divergence(mean, logVariance, mean, logVariance, mask, 1, value, null, null, null, null);
        forward().check("divergence from itself", 0, value.toDoubles()[0]);
    }

    @ParameterizedTest(name = "mask {0}")
    @ValueSource(booleans = {false, true})
    void negativeLogLikelihood(boolean masked) {
        Gaussians g = new Gaussians();
        double factor = 0.125;
        Tensor value = backend().tensor(1).fill(Double.NaN);
        Tensor dMean = backend().tensor(ROWS, SIZE).fill(0.25);
        Tensor dLogVariance = backend().tensor(ROWS, SIZE).fill(0.25);
        IntTensor mask = masked ? backend().intTensor(ROWS).set(g.mask) : null;
        new Gaussian(backend())
                .loss(
                        tensor(g.x, ROWS, SIZE),
                        tensor(g.mean, ROWS, SIZE),
                        tensor(g.logVariance, ROWS, SIZE),
                        mask,
                        factor,
                        value,
                        dMean,
                        dLogVariance);
        forward().check("loss", g.loss(masked, factor), value.toDoubles()[0]);
        checkAdded("dMean", 0.25, g.mean, dMean, () -> g.loss(masked, factor));
        checkAdded("dLogVariance", 0.25, g.logVariance, dLogVariance, () -> g.loss(masked, factor));
    }

    @Test
    void drawnVectorsAndTheirGradients() {
        Gaussians g = new Gaussians();
        double[] noise = g.x;
        double[] dz = new Numbers(6).uniform(ROWS * SIZE, 1);
        double[] expected = drawn(g, noise);
        Gaussian gaussian = new Gaussian(backend());
        Tensor z = backend().tensor(ROWS, SIZE).fill(Double.NaN);
        Tensor logVariance = tensor(g.logVariance, ROWS, SIZE);
        gaussian.draw(tensor(g.mean, ROWS, SIZE), logVariance, tensor(noise, ROWS, SIZE), z);
        forward().check("z", expected, z.toDoubles());
        Tensor dMean = backend().tensor(ROWS, SIZE).fill(0.5);
        Tensor dLogVariance = backend().tensor(ROWS, SIZE).fill(0.5);
        gaussian.drawBackward(logVariance, tensor(noise, ROWS, SIZE), tensor(dz, ROWS, SIZE), dMean, dLogVariance);
        checkAdded("dMean", 0.5, g.mean, dMean, () -> RnnCase.dot(drawn(g, noise), dz));
        checkAdded("dLogVariance", 0.5, g.logVariance, dLogVariance, () -> RnnCase.dot(drawn(g, noise), dz));
        Refusal.illegalArgument(
                () -> gaussian.draw(z, logVariance, logVariance, z), "z: expected memory apart from mean");
    }

    private static double[] drawn(Gaussians g, double... noise) {
        double[] z = new double[noise.length];
        for (int i = 0; i < z.length; i++) {
            z[i] = g.mean[i] + Math.exp(g.logVariance[i] / 2) * noise[i];
        }
        return z;
    }
}
