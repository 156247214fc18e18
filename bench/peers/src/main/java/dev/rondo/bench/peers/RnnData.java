package dev.rondo.bench.peers;

import java.util.Random;

/**
 * Weights, input and the gradient by the output, the same for every engine: drawn from a fixed seed. Rows of the weights
 * are in PyTorch's order of gates: i, f, g, o for LSTM, r, z, n for GRU.
 */
final class RnnData {
    private static final long SEED = 20;

    /** Input weights {@code [G*H,I]}. */
    final float[] weightIh;
    /** Recurrent weights {@code [G*H,H]}. */
    final float[] weightHh;
    /** Input bias {@code [G*H]}. */
    final float[] biasIh;
    /** Recurrent bias {@code [G*H]}. */
    final float[] biasHh;
    /** Input {@code [T,N,I]}. */
    final float[] x;
    /** Gradient of the loss by the output {@code [T,N,H]}. */
    final float[] dy;

    RnnData(RnnCase rnn) {
        int batch = rnn.shape().batch();
        int steps = rnn.shape().steps();
        int inputs = rnn.shape().inputs();
        int hidden = rnn.shape().hidden();
        Random random = new Random(SEED);
        double bound = 1 / Math.sqrt(hidden);
        weightIh = uniform(random, bound, rnn.gateRows(), inputs);
        weightHh = uniform(random, bound, rnn.gateRows(), hidden);
        biasIh = uniform(random, bound, rnn.gateRows(), 1);
        biasHh = uniform(random, bound, rnn.gateRows(), 1);
        x = gaussian(random, steps, batch, inputs);
        dy = gaussian(random, steps, batch, hidden);
    }

    private static float[] uniform(Random random, double bound, int rows, int columns) {
        float[] values = new float[Math.multiplyExact(rows, columns)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (bound * (2 * random.nextDouble() - 1));
        }
        return values;
    }

    private static float[] gaussian(Random random, int steps, int batch, int size) {
        float[] values = new float[Math.multiplyExact(Math.multiplyExact(steps, batch), size)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /**
     * Blocks of an array in another order, such as the gates of a weight matrix.
     *
     * @param source blocks of one size
     * @param order for each block of the result, which one of the source it is
     * @return a new array
     */
    static float[] blocks(float[] source, int... order) {
        int size = source.length / order.length;
        float[] result = new float[source.length];
        for (int k = 0; k < order.length; k++) {
            System.arraycopy(source, order[k] * size, result, k * size, size);
        }
        return result;
    }

    /** The sum of two arrays of one length. */
    static float[] sum(float[] a, float[] b) {
        float[] result = a.clone();
        for (int i = 0; i < result.length; i++) {
            result[i] += b[i];
        }
        return result;
    }
}
