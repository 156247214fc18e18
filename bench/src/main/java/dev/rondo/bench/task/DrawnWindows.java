package dev.rondo.bench.task;

import dev.rondo.Tensor;
import dev.rondo.spi.Dropout;
import dev.rondo.train.TrainingLoop;
import java.util.Random;

/**
 * Training data without end: each window is drawn anew.
 *
 * @param seed of all windows
 * @param inEpoch windows of an epoch, after which a task looks how far it is
 * @param step draws a window and trains on it
 */
record DrawnWindows(long seed, int inEpoch, Step step) implements TrainingLoop.Task {
    /** Draws a window and trains on it. */
    @FunctionalInterface
    interface Step {
        /** The numbers are those of this window, which knows nothing of the ones before it. */
        void train(Random random, Tensor loss);
    }

    @Override
    public int windows(int epoch) {
        return inEpoch;
    }

    @Override
    public void begin(int epoch) {}

    @Override
    public void window(int epoch, int window, Tensor loss) {
        step.train(new Random(Dropout.bits(seed, (long) epoch * inEpoch + window)), loss);
    }
}
