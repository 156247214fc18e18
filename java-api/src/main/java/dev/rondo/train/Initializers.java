package dev.rondo.train;

import dev.rondo.Cell;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.Weight;
import dev.rondo.WeightRole;
import dev.rondo.internal.Arguments;
import dev.rondo.internal.TensorArguments;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.stream.DoubleStream;

/**
 * First values of weights. They are drawn on the host in double and then copied to the tensor, so a seed gives the same
 * weights on every backend. Use {@link java.util.Random}, whose numbers are the same on every JDK.
 *
 * <p>A weight matrix is {@code [rows, columns]} with {@code rows} outputs and {@code columns} inputs. The recurrent matrix
 * of a cell with gates, {@code [G*H,H]}, is a stack of G square blocks; {@link #orthogonal}, {@link #identity} and
 * {@link #scaleToSpectralRadius} treat each block on its own.
 */
public final class Initializers {
    private Initializers() {}

    /**
     * All weights and biases uniform in {@code +-1/sqrt(H)}, as PyTorch has it.
     *
     * @param parameters of a recurrent network
     * @param random source of numbers
     */
    public static void uniform(RnnParameters parameters, RandomGenerator random) {
        Arguments.notNull("parameters", parameters);
        uniform(parameters.flat(), 1 / Math.sqrt(parameters.spec().hiddenSize()), random);
    }

    /**
     * Uniform in {@code [-bound, bound)}.
     *
     * @param weights any tensor
     * @param bound positive
     * @param random source of numbers
     * @throws IllegalArgumentException if {@code bound} is not positive and finite
     */
    public static void uniform(Tensor weights, double bound, RandomGenerator random) {
        Arguments.notNull("weights", weights);
        Arguments.positive("bound", bound);
        Arguments.notNull("random", random);
        double[] values = new double[weights.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = bound * (2 * random.nextDouble() - 1);
        }
        weights.set(values);
    }

    /**
     * Normal with mean 0.
     *
     * @param weights any tensor
     * @param standardDeviation positive
     * @param random source of numbers
     * @throws IllegalArgumentException if {@code standardDeviation} is not positive and finite
     */
    public static void gaussian(Tensor weights, double standardDeviation, RandomGenerator random) {
        Arguments.notNull("weights", weights);
        Arguments.positive("standardDeviation", standardDeviation);
        Arguments.notNull("random", random);
        double[] values = new double[weights.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = standardDeviation * random.nextGaussian();
        }
        weights.set(values);
    }

    /**
     * Uniform in {@code +-sqrt(6 / (fanIn + fanOut))} (Glorot and Bengio, 2010). For a stack of gate blocks
     * {@code [G*H, columns]} give the rows of one block.
     *
     * @param weights {@code [rows, columns]}
     * @param fanOut rows of one block, 1 to {@code rows}; usually {@code rows}, or H for the weights of a cell
     * @param random source of numbers
     * @throws IllegalArgumentException if {@code fanOut} or the shape is wrong
     */
    public static void glorotUniform(Tensor weights, int fanOut, RandomGenerator random) {
        TensorArguments.shape("weights", weights, "[rows,columns]", -1, -1);
        Arguments.inRange("fanOut", fanOut, 1, weights.dimension(0));
        uniform(weights, Math.sqrt(6.0 / (weights.dimension(1) + fanOut)), random);
    }

    /**
     * Orthogonal square blocks (Saxe, McClelland, Ganguli, arXiv 1312.6120): Gaussian rows, made orthonormal by the modified
     * Gram-Schmidt process, applied twice.
     *
     * @param weights {@code [G*H,H]}
     * @param random source of numbers
     * @throws IllegalArgumentException if the shape is wrong
     */
    public static void orthogonal(Tensor weights, RandomGenerator random) {
        int n = blockSize(weights);
        Arguments.notNull("random", random);
        double[] values = new double[weights.size()];
        for (int block = 0; block < values.length; block += n * n) {
            for (int row = 0; row < n; row++) {
                int a = block + row * n;
                for (int k = 0; k < n; k++) {
                    values[a + k] = random.nextGaussian();
                }
                for (int pass = 0; pass < 2; pass++) {
                    for (int b = block; b < a; b += n) {
                        double projection = dot(values, a, b, n);
                        for (int k = 0; k < n; k++) {
                            values[a + k] -= projection * values[b + k];
                        }
                    }
                }
                double length = Math.sqrt(dot(values, a, a, n));
                for (int k = 0; k < n; k++) {
                    values[a + k] /= length;
                }
            }
        }
        weights.set(values);
    }

    private static double dot(double[] values, int a, int b, int n) {
        double sum = 0;
        for (int k = 0; k < n; k++) {
            sum += values[a + k] * values[b + k];
        }
        return sum;
    }

    /**
     * Each square block the identity times a factor: the recurrent weights of the IRNN (Le, Jaitly, Hinton, arXiv
     * 1504.00941), together with {@link Cell#RNN_RELU} and biases of zero.
     *
     * @param weights {@code [G*H,H]}
     * @param factor usually 1
     * @throws IllegalArgumentException if the shape is wrong
     */
    public static void identity(Tensor weights, double factor) {
        int n = blockSize(weights);
        double[] values = new double[weights.size()];
        for (int block = 0; block < values.length; block += n * n) {
            for (int i = 0; i < n; i++) {
                values[block + i * n + i] = factor;
            }
        }
        weights.set(values);
    }

    /**
     * Scales each square block to a spectral radius, the largest absolute value of its eigenvalues (Jaeger, "The echo state
     * approach", 2001; Pascanu, Mikolov, Bengio, arXiv 1211.5063, for vanishing and exploding gradients). It costs 25 products
     * of two blocks.
     *
     * @param weights {@code [G*H,H]}
     * @param radius positive
     * @throws IllegalArgumentException if a block has the radius 0, so that no factor exists
     */
    public static void scaleToSpectralRadius(Tensor weights, double radius) {
        int n = blockSize(weights);
        Arguments.positive("radius", radius);
        double[] values = weights.toDoubles();
        for (int block = 0; block < values.length; block += n * n) {
            double[] square = Arrays.copyOfRange(values, block, block + n * n);
            double present = spectralRadius(square, n);
            if (!(present > 0)) {
                throw new IllegalArgumentException(
                        "weights: expected a spectral radius above 0 to scale, got " + present);
            }
            for (int i = 0; i < n * n; i++) {
                values[block + i] *= radius / present;
            }
        }
        weights.set(values);
    }

    /**
     * The spectral radius by Gelfand's formula, the limit of {@code norm(A^k)^(1/k)}, with k doubled by squaring. After 24
     * squarings the factor {@code n^(1/k)} by which a norm may be off is 1 to seven digits.
     */
    static double spectralRadius(double[] matrix, int n) {
        double[] power = matrix.clone();
        double logRadius = 0;
        double exponent = 1;
        for (int squaring = 0; squaring <= 24; squaring++) {
            double norm = Math.sqrt(DoubleStream.of(power).map(v -> v * v).sum());
            if (norm == 0) {
                return 0;
            }
            logRadius += Math.log(norm) / exponent;
            exponent *= 2;
            for (int i = 0; i < power.length; i++) {
                power[i] /= norm;
            }
            power = squared(power, n);
        }
        return Math.exp(logRadius);
    }

    private static double[] squared(double[] a, int n) {
        double[] product = new double[n * n];
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < n; k++) {
                double factor = a[i * n + k];
                for (int j = 0; j < n; j++) {
                    product[i * n + j] += factor * a[k * n + j];
                }
            }
        }
        return product;
    }

    /**
     * Sets the bias of the LSTM's forget gate in every layer and direction, so that the cell remembers at first (Gers,
     * Schmidhuber and Cummins 2000; Jozefowicz, Zaremba, Sutskever 2015): {@code bias_ih} gets the value, {@code bias_hh}
     * zero, so that their sum is it.
     *
     * @param parameters of an LSTM with biases
     * @param value usually 1
     * @throws IllegalArgumentException if it is not an LSTM or has no biases
     */
    public static void forgetGateBias(RnnParameters parameters, double value) {
        Arguments.notNull("parameters", parameters);
        RnnSpec spec = parameters.spec();
        if (spec.cell() != Cell.LSTM || !spec.bias()) {
            throw new IllegalArgumentException("parameters: expected those of an LSTM with biases, got " + spec);
        }
        int hidden = spec.hiddenSize();
        for (Weight weight : spec.weights()) {
            boolean isInput = weight.role() == WeightRole.BIAS_INPUT;
            if (isInput || weight.role() == WeightRole.BIAS_RECURRENT) {
                parameters.tensor(weight.name()).view(hidden, hidden).fill(isInput ? value : 0);
            }
        }
    }

    private static int blockSize(Tensor weights) {
        TensorArguments.shape("weights", weights, "[G*H,H]", -1, -1);
        int n = weights.dimension(1);
        if (weights.dimension(0) % n != 0) {
            throw new IllegalArgumentException("weights: expected a stack of square blocks [G*H,H], got " + weights);
        }
        return n;
    }
}
