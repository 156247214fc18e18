package dev.rondo.model;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.internal.Arguments;
import dev.rondo.train.Adam;
import dev.rondo.train.Optimizer;
import dev.rondo.train.RmsProp;
import dev.rondo.train.Sgd;
import java.util.Arrays;
import java.util.Objects;

/**
 * How a character language model is built and trained. Immutable.
 *
 * <pre>{@code
 * CharacterTrainingSettings settings = CharacterTrainingSettings.of(Cell.LSTM, 256)
 *         .withLayers(2)
 *         .withBatch(64)
 *         .withOptimizer(Algorithm.ADAM, 0.001);
 * }</pre>
 */
public final class CharacterTrainingSettings {
    private final Cell cell;
    private final int hiddenSize;
    private final int layers;
    private final double dropout;
    private final int batch;
    private final int steps;
    private final int backSteps;
    private final Algorithm algorithm;
    private final double learningRate;
    private final double clip;
    private final long seed;

    /** The optimizers by name. */
    public enum Algorithm {
        /** {@link Sgd} without momentum. */
        SGD("SGD"),
        /** {@link Sgd} with momentum 0.9. */
        MOMENTUM("MOMENTUM"),
        /** {@link RmsProp} with decay 0.95 and epsilon 1e-8. */
        RMSPROP("RMSPROP"),
        /** {@link Adam} with the paper's settings. */
        ADAM("ADAM");

        private final String key;

        Algorithm(String key) {
            this.key = key;
        }

        /**
         * The name in files, which stays when the constant is renamed.
         *
         * @return such as {@code ADAM}
         */
        public String key() {
            return key;
        }

        /**
         * The algorithm of a {@link #key()}.
         *
         * @param key such as {@code ADAM}
         * @return the algorithm
         * @throws IllegalArgumentException if there is none
         */
        public static Algorithm ofKey(String key) {
            for (Algorithm algorithm : values()) {
                if (algorithm.key.equals(key)) {
                    return algorithm;
                }
            }
            throw new IllegalArgumentException("algorithm: expected one of "
                    + Arrays.stream(values()).map(Algorithm::key).toList() + ", got " + key);
        }

        Optimizer create(Backend backend, int size, double learningRate) {
            return switch (this) {
                case SGD -> new Sgd(backend, size, learningRate, 0);
                case MOMENTUM -> new Sgd(backend, size, learningRate, 0.9);
                case RMSPROP -> new RmsProp(backend, size, learningRate, 0.95, 1e-8);
                case ADAM -> new Adam(backend, size, learningRate);
            };
        }
    }

    private CharacterTrainingSettings(Builder b) {
        cell = Arguments.notNull("cell", b.cell);
        hiddenSize = Arguments.positive("hiddenSize", b.hiddenSize);
        layers = Arguments.positive("layers", b.layers);
        dropout = Arguments.inRange("dropout", b.dropout, 0, Math.nextDown(1.0));
        batch = Arguments.positive("batch", b.batch);
        steps = Arguments.positive("steps", b.steps);
        backSteps = Arguments.inRange("backSteps", b.backSteps, steps, Integer.MAX_VALUE);
        if (dropout > 0 && backSteps % steps != 0) {
            throw new IllegalArgumentException(
                    "backSteps: expected a multiple of steps = " + steps + " with dropout, got " + backSteps);
        }
        algorithm = Arguments.notNull("algorithm", b.algorithm);
        learningRate = Arguments.positive("learningRate", b.learningRate);
        clip = Arguments.inRange("clip", b.clip, 0, Double.MAX_VALUE);
        seed = b.seed;
    }

    /** The fields on their way to new settings. */
    private static final class Builder {
        private Cell cell;
        private int hiddenSize;
        private int layers = 1;
        private double dropout;
        private int batch = 32;
        private int steps = 35;
        private int backSteps = 35;
        private Algorithm algorithm = Algorithm.ADAM;
        private double learningRate = 0.002;
        private double clip = 1;
        private long seed = 1;

        private Builder(Cell cell, int hiddenSize) {
            this.cell = cell;
            this.hiddenSize = hiddenSize;
        }

        private Builder(CharacterTrainingSettings settings) {
            this(settings.cell, settings.hiddenSize);
            layers = settings.layers;
            dropout = settings.dropout;
            batch = settings.batch;
            steps = settings.steps;
            backSteps = settings.backSteps;
            algorithm = settings.algorithm;
            learningRate = settings.learningRate;
            clip = settings.clip;
            seed = settings.seed;
        }
    }

    /**
     * One layer without dropout; 32 streams in windows of 35 steps, through which gradients go back; Adam with a rate of 0.002; a
     * norm of the gradient of at most 1; seed 1.
     *
     * @param cell the recurrent cell
     * @param hiddenSize H; whether the network has too many parameters {@link dev.rondo.RnnSpec} says
     * @return the settings
     * @throws IllegalArgumentException if the size is below 1
     */
    public static CharacterTrainingSettings of(Cell cell, int hiddenSize) {
        return new CharacterTrainingSettings(new Builder(cell, hiddenSize));
    }

    /**
     * The same with another number of layers.
     *
     * @param layers L, at least 1
     * @return new settings
     * @throws IllegalArgumentException if it is out of range
     */
    public CharacterTrainingSettings withLayers(int layers) {
        Builder builder = new Builder(this);
        builder.layers = layers;
        return new CharacterTrainingSettings(builder);
    }

    /**
     * The same with another dropout between layers.
     *
     * @param dropout probability, 0 to less than 1
     * @return new settings
     * @throws IllegalArgumentException if it is out of range, or k2 is not a multiple of k1
     */
    public CharacterTrainingSettings withDropout(double dropout) {
        Builder builder = new Builder(this);
        builder.dropout = dropout;
        return new CharacterTrainingSettings(builder);
    }

    /**
     * The same with another number of streams.
     *
     * @param batch N, at least 1
     * @return new settings
     * @throws IllegalArgumentException if it is out of range
     */
    public CharacterTrainingSettings withBatch(int batch) {
        Builder builder = new Builder(this);
        builder.batch = batch;
        return new CharacterTrainingSettings(builder);
    }

    /**
     * The same with windows of another length, through which, and no further, gradients go back.
     *
     * @param steps k1 and k2, at least 1
     * @return new settings
     * @throws IllegalArgumentException if it is out of range
     */
    public CharacterTrainingSettings withSteps(int steps) {
        return withSteps(steps, steps);
    }

    /**
     * The same with windows of another length, and gradients that go further back.
     *
     * @param steps k1, the steps of one window, at least 1
     * @param backSteps k2, the steps that a gradient goes back at most, at least k1; with dropout a multiple of k1
     * @return new settings
     * @throws IllegalArgumentException if one of them is out of range
     */
    public CharacterTrainingSettings withSteps(int steps, int backSteps) {
        Builder builder = new Builder(this);
        builder.steps = steps;
        builder.backSteps = backSteps;
        return new CharacterTrainingSettings(builder);
    }

    /**
     * The same with another optimizer.
     *
     * @param algorithm which one
     * @param learningRate positive
     * @return new settings
     * @throws IllegalArgumentException if the rate is out of range
     */
    public CharacterTrainingSettings withOptimizer(Algorithm algorithm, double learningRate) {
        Builder builder = new Builder(this);
        builder.algorithm = algorithm;
        builder.learningRate = learningRate;
        return new CharacterTrainingSettings(builder);
    }

    /**
     * The same with another limit of the gradient.
     *
     * @param clip largest global norm; 0 for no clipping
     * @return new settings
     * @throws IllegalArgumentException if it is out of range
     */
    public CharacterTrainingSettings withClip(double clip) {
        Builder builder = new Builder(this);
        builder.clip = clip;
        return new CharacterTrainingSettings(builder);
    }

    /**
     * The same with another seed.
     *
     * @param seed any number
     * @return new settings
     */
    public CharacterTrainingSettings withSeed(long seed) {
        Builder builder = new Builder(this);
        builder.seed = seed;
        return new CharacterTrainingSettings(builder);
    }

    /**
     * The recurrent cell.
     *
     * @return of every layer
     */
    public Cell cell() {
        return cell;
    }

    /**
     * The hidden size H.
     *
     * @return at least 1
     */
    public int hiddenSize() {
        return hiddenSize;
    }

    /**
     * The number L of layers.
     *
     * @return at least 1
     */
    public int layers() {
        return layers;
    }

    /**
     * The dropout between layers.
     *
     * @return probability
     */
    public double dropout() {
        return dropout;
    }

    /**
     * The number N of streams.
     *
     * @return at least 1
     */
    public int batch() {
        return batch;
    }

    /**
     * The steps k1 of one window.
     *
     * @return at least 1
     */
    public int steps() {
        return steps;
    }

    /**
     * The steps k2 that a gradient goes back at most.
     *
     * @return at least k1
     */
    public int backSteps() {
        return backSteps;
    }

    /**
     * The optimizer.
     *
     * @return its name
     */
    public Algorithm algorithm() {
        return algorithm;
    }

    /**
     * The learning rate.
     *
     * @return positive
     */
    public double learningRate() {
        return learningRate;
    }

    /**
     * The largest global norm of the gradient.
     *
     * @return 0 for no clipping
     */
    public double clip() {
        return clip;
    }

    /**
     * The seed of the first weights, of the offset of each epoch and of dropout.
     *
     * @return any number
     */
    public long seed() {
        return seed;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CharacterTrainingSettings settings
                && cell == settings.cell
                && hiddenSize == settings.hiddenSize
                && layers == settings.layers
                && Double.compare(dropout, settings.dropout) == 0
                && batch == settings.batch
                && steps == settings.steps
                && backSteps == settings.backSteps
                && algorithm == settings.algorithm
                && Double.compare(learningRate, settings.learningRate) == 0
                && Double.compare(clip, settings.clip) == 0
                && seed == settings.seed;
    }

    @Override
    public int hashCode() {
        return Objects.hash(
                cell, hiddenSize, layers, dropout, batch, steps, backSteps, algorithm, learningRate, clip, seed);
    }

    @Override
    public String toString() {
        return cell + " " + hiddenSize + " x " + layers + ", dropout " + dropout + ", " + batch + " streams, " + steps
                + " steps, " + backSteps + " back, " + algorithm + " " + learningRate + ", clip " + clip + ", seed "
                + seed;
    }
}
