package dev.rondo.model;

import dev.rondo.Backend;
import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import dev.rondo.train.Adam;
import java.util.Random;
import java.util.function.Consumer;

/** What the contracts of the deep forms share: batches of random numbers, running parities, and some updates by Adam. */
public abstract class DeepContract extends GradientsContract {
    static final int BITS = 4;
    static final int SEQUENCES = 1 << BITS;

    /** A model whose gradients are checked. */
    record Shown(Trainable learned, Consumer<Tensor> training, AutoCloseable model) implements Example {
        @Override
        public void train(Tensor loss) {
            training.accept(loss);
        }

        @Override
        public void close() {
            try {
                model.close();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
    }

    /** Normally distributed numbers. */
    static Tensor random(Backend backend, long seed, int... shape) {
        Tensor tensor = backend.tensor(shape);
        Random random = new Random(seed);
        float[] values = new float[tensor.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return tensor.set(values);
    }

    /** All sequences of four bits, {@code [4,16,1]}, as numbers -1 and 1. */
    static Tensor bits(Backend backend) {
        float[] values = new float[BITS * SEQUENCES];
        for (int i = 0; i < values.length; i++) {
            values[i] = (i % SEQUENCES >> i / SEQUENCES & 1) == 1 ? 1 : -1;
        }
        return backend.tensor(BITS, SEQUENCES, 1).set(values);
    }

    /** Of each step whether the number of ones up to it is odd. */
    static IntTensor parities(Backend backend) {
        int[] values = new int[BITS * SEQUENCES];
        for (int i = 0; i < values.length; i++) {
            int read = i % SEQUENCES & (2 << i / SEQUENCES) - 1;
            values[i] = Integer.bitCount(read) & 1;
        }
        return backend.intTensor(BITS, SEQUENCES).set(values);
    }

    /** The loss before the last of some updates. */
    static double learn(Backend backend, Trainable learned, double rate, int updates, Consumer<Tensor> training) {
        Tensor weights = learned.weights().flat();
        Tensor gradients = learned.gradients().flat();
        Tensor loss = backend.tensor(1);
        try (Adam adam = new Adam(backend, weights.size(), rate)) {
            for (int i = 0; i < updates; i++) {
                gradients.fill(0);
                training.accept(loss);
                adam.update(weights, gradients);
            }
        }
        return loss.toDoubles()[0];
    }
}
