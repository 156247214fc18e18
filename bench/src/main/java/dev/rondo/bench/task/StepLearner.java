package dev.rondo.bench.task;

import dev.rondo.Backend;
import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import dev.rondo.model.Trainable;
import java.util.Arrays;
import java.util.Random;
import java.util.function.UnaryOperator;

/** A network, of any form, that learns to name a label at every step of sequences of symbols. */
final class StepLearner implements Contest.Model {
    private static final int TEST_BATCHES = 8;

    private final Network network;
    private final Sequences sequences;
    private final long seed;
    private final Tensor x;
    private final IntTensor labels;

    /**
     * The model under the names that all forms have.
     *
     * @param learned its weights, drawn
     * @param forward {@code [T,N,symbols]} to logits {@code [T,N,labels]}
     * @param training computes the loss and the gradients
     * @param closing closes the model
     */
    record Network(Trainable learned, UnaryOperator<Tensor> forward, Training training, Runnable closing) {}

    /** Computes the loss and the gradients of a batch. */
    @FunctionalInterface
    interface Training {
        void train(Tensor x, IntTensor labels, Tensor loss);
    }

    /** Draws a batch: the symbols of all steps, and their labels, where -1 stands for one that does not count. */
    @FunctionalInterface
    interface Drawing {
        void draw(int[] symbols, int[] labels, Random random);
    }

    /**
     * What is learnt.
     *
     * @param count number of symbols
     * @param steps T
     * @param batch N
     * @param drawing fills {@code [T,N]} symbols and labels
     */
    record Sequences(int count, int steps, int batch, Drawing drawing) {
        private float[] draw(int[] labels, Random random) {
            int[] symbols = new int[labels.length];
            drawing.draw(symbols, labels, random);
            float[] x = new float[labels.length * count];
            for (int i = 0; i < symbols.length; i++) {
                x[i * count + symbols[i]] = 1;
            }
            return x;
        }
    }

    StepLearner(Backend backend, Network network, Sequences sequences, long seed) {
        this.network = network;
        this.sequences = sequences;
        this.seed = seed;
        this.x = backend.tensor(sequences.steps, sequences.batch, sequences.count);
        this.labels = backend.intTensor(sequences.steps, sequences.batch);
    }

    @Override
    public Trainable learned() {
        return network.learned;
    }

    @Override
    public void train(int update, Tensor loss) {
        int[] drawn = new int[labels.size()];
        x.set(sequences.draw(drawn, new Random(31 * seed + 1_000_003L * update)));
        network.training.train(x, labels.set(drawn), loss);
    }

    /** The share of right answers at each step, in sequences of no training; NaN where no label counts. */
    double[] test() {
        double[] right = new double[sequences.steps];
        Random random = new Random(-seed - 1);
        for (int i = 0; i < TEST_BATCHES; i++) {
            int[] expected = new int[labels.size()];
            x.set(sequences.draw(expected, random));
            float[] logits = network.forward.apply(x).toFloats();
            for (int t = 0; t < right.length; t++) {
                right[t] += Answers.right(step(logits, t), step(expected, t)) / TEST_BATCHES;
            }
        }
        return right;
    }

    private float[] step(float[] values, int t) {
        int size = values.length / sequences.steps;
        return Arrays.copyOfRange(values, t * size, (t + 1) * size);
    }

    private int[] step(int[] values, int t) {
        return Arrays.copyOfRange(values, t * sequences.batch, (t + 1) * sequences.batch);
    }

    @Override
    public void close() {
        network.closing.run();
        x.close();
        labels.close();
    }
}
