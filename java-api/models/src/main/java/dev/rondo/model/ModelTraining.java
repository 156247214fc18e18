package dev.rondo.model;

import dev.rondo.internal.Arguments;
import dev.rondo.train.Checkpoint;
import dev.rondo.train.CheckpointFile;
import dev.rondo.train.Optimizer;
import dev.rondo.train.TrainingLoop;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Trains what a model learns by a {@link TrainingLoop}, and writes and reads its files. Where the windows of a task depend on their
 * number alone, as those that are drawn with a seed, a run that was killed continues bit for bit from its file.
 */
public final class ModelTraining implements AutoCloseable {
    private final Trainable learned;
    private final String format;
    private final TrainingLoop loop;

    /**
     * A training before its first window.
     *
     * @param learned the weights and gradients of the model
     * @param format the name of the model, for its files
     * @param optimizer for all weights; closed with this
     * @param clip largest global norm of the gradients; 0 for no clipping
     * @param task computes the gradients
     */
    public ModelTraining(Trainable learned, String format, Optimizer optimizer, double clip, TrainingLoop.Task task) {
        this.learned = Arguments.notNull("learned", learned);
        this.format = Arguments.notNull("format", format);
        this.loop = new TrainingLoop(learned.backend(), learned.weights(), learned.gradients(), optimizer, clip, task);
    }

    /**
     * The loop.
     *
     * @return owned by this
     */
    public TrainingLoop loop() {
        return loop;
    }

    /**
     * Trains on the windows of the present epoch that are left, and begins the next one.
     *
     * @return the mean loss over the windows of the epoch, each taken before its update
     */
    public double trainEpoch() {
        while (loop.window() < loop.windowsInEpoch()) {
            loop.trainWindow();
        }
        double loss = loop.epochLoss();
        loop.nextEpoch();
        return loss;
    }

    /**
     * Writes the weights and the state of the training, replacing an old file atomically.
     *
     * @param file where to
     * @throws IOException if it cannot be written; an old file is then as it was
     */
    public void save(Path file) throws IOException {
        Checkpoint checkpoint = new Checkpoint(format).put("", learned.weights());
        loop.put(checkpoint);
        checkpoint.write(file);
    }

    /**
     * Continues where another training was.
     *
     * @param file what {@link #save} wrote
     * @throws IOException if it cannot be read, is damaged in any way, or is that of another model
     */
    public void restore(Path file) throws IOException {
        try (CheckpointFile content = CheckpointFile.open(file, format)) {
            content.require("", learned.weights().layout());
            content.read("", learned.weights());
            loop.restore(content);
        }
    }

    /** Gives back what the training holds, the optimizer too; the model stays. */
    @Override
    public void close() {
        loop.close();
    }
}
