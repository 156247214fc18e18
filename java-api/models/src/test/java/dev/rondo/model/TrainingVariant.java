package dev.rondo.model;

import dev.rondo.Cell;
import dev.rondo.RnnSpec;
import dev.rondo.model.CharacterTrainingSettings.Algorithm;

/** A way to train a small model. */
record TrainingVariant(Cell cell, Algorithm algorithm, int layers, double dropout, int backSteps) {
    static final int BATCH = 3;
    static final int STEPS = 5;

    /** Five windows an epoch. */
    static final String SHORT_TEXT = ModelContract.prose(82);

    static TrainingVariant simple() {
        return new TrainingVariant(Cell.LSTM, Algorithm.ADAM, 1, 0, STEPS);
    }

    /** The network, of the least size, to ask a backend whether it has it. */
    RnnSpec spec() {
        return RnnSpec.of(cell, 1, 1).withLayers(layers).withDropout(dropout);
    }

    CharacterTrainingSettings settings(long seed) {
        double rate = switch (algorithm) {
            case SGD -> 1;
            case MOMENTUM -> 0.1;
            case RMSPROP, ADAM -> 0.01;
        };
        return CharacterTrainingSettings.of(cell, 8)
                .withLayers(layers)
                .withDropout(dropout)
                .withBatch(BATCH)
                .withSteps(STEPS, backSteps)
                .withOptimizer(algorithm, rate)
                .withSeed(seed);
    }

    /** All weights of the model. */
    static double[] weights(CharacterTraining training) {
        return training.model().parameters().flat().toDoubles();
    }

    /** Trains to the end of the epoch and begins the next one. */
    static double epoch(CharacterTraining training) {
        while (training.window() < training.windowsInEpoch()) {
            training.trainWindow();
        }
        double loss = training.epochLoss();
        training.nextEpoch();
        return loss;
    }
}
