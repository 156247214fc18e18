package dev.rondo.model;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.internal.Arguments;
import dev.rondo.train.Adam;
import dev.rondo.train.Optimizer;
import dev.rondo.train.RmsProp;
import dev.rondo.train.Sgd;

/**
 * How a character language model is built and trained.
 *
 * @param cell the recurrent cell
 * @param hiddenSize H
 * @param layers L
 * @param dropout probability between layers
 * @param batch N, the number of streams
 * @param steps k1, the steps of one window
 * @param backSteps k2, the steps that a gradient goes back at most; with dropout a multiple of k1
 * @param algorithm the optimizer
 * @param learningRate positive
 * @param clip largest global norm of the gradient; 0 for no clipping
 * @param seed of the first weights, of the offset of each epoch and of dropout
 */
public record CharacterTrainingSettings(
        Cell cell,
        int hiddenSize,
        int layers,
        double dropout,
        int batch,
        int steps,
        int backSteps,
        Algorithm algorithm,
        double learningRate,
        double clip,
        long seed) {

    /** The optimizers by name. */
    public enum Algorithm {
        /** {@link Sgd} without momentum. */
        SGD,
        /** {@link Sgd} with momentum 0.9. */
        MOMENTUM,
        /** {@link RmsProp} with decay 0.95 and epsilon 1e-8. */
        RMSPROP,
        /** {@link Adam} with the paper's settings. */
        ADAM;

        Optimizer create(Backend backend, int size, double learningRate) {
            return switch (this) {
                case SGD -> new Sgd(backend, size, learningRate, 0);
                case MOMENTUM -> new Sgd(backend, size, learningRate, 0.9);
                case RMSPROP -> new RmsProp(backend, size, learningRate, 0.95, 1e-8);
                case ADAM -> new Adam(backend, size, learningRate);
            };
        }
    }

    /**
     * Checks the settings; whether the network has too many parameters {@link dev.rondo.RnnSpec} says.
     *
     * @param cell the recurrent cell
     * @param hiddenSize H
     * @param layers L
     * @param dropout probability between layers
     * @param batch N, the number of streams
     * @param steps k1, the steps of one window
     * @param backSteps k2, the steps that a gradient goes back at most
     * @param algorithm the optimizer
     * @param learningRate positive
     * @param clip largest global norm of the gradient; 0 for no clipping
     * @param seed of the first weights, of the offset of each epoch and of dropout
     * @throws IllegalArgumentException if a value is out of range
     */
    public CharacterTrainingSettings {
        Arguments.notNull("cell", cell);
        Arguments.notNull("algorithm", algorithm);
        Arguments.positive("hiddenSize", hiddenSize);
        Arguments.positive("layers", layers);
        Arguments.inRange("dropout", dropout, 0, Math.nextDown(1.0));
        Arguments.positive("batch", batch);
        Arguments.positive("steps", steps);
        Arguments.inRange("backSteps", backSteps, steps, Integer.MAX_VALUE);
        if (dropout > 0 && backSteps % steps != 0) {
            throw new IllegalArgumentException(
                    "backSteps: expected a multiple of steps = " + steps + " with dropout, got " + backSteps);
        }
        Arguments.positive("learningRate", learningRate);
        Arguments.inRange("clip", clip, 0, Double.MAX_VALUE);
    }
}
