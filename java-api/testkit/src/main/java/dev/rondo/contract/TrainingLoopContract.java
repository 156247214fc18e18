package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.ParameterLayout;
import dev.rondo.Parameters;
import dev.rondo.Tensor;
import dev.rondo.train.Adam;
import dev.rondo.train.Checkpoint;
import dev.rondo.train.CheckpointFile;
import dev.rondo.train.Sgd;
import dev.rondo.train.TrainingLoop;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@link TrainingLoop} with a task whose gradient is written by hand. */
public abstract class TrainingLoopContract extends BackendContract {
    /** For subclasses. */
    protected TrainingLoopContract() {}

    private static final ParameterLayout LAYOUT =
            ParameterLayout.builder().add("w", 2).build();

    private Parameters parameters() {
        return backend().parameters(LAYOUT);
    }

    /** Two windows an epoch; the loss is the number of the window and the epoch, and every gradient is the same. */
    private record Constant(Tensor gradients, double gradient) implements TrainingLoop.Task {
        @Override
        public int windows(int epoch) {
            return 2;
        }

        @Override
        public void begin(int epoch) {}

        @Override
        public void window(int epoch, int window, Tensor loss) {
            gradients.fill(gradient);
            loss.fill(10 * epoch + window + 1);
        }
    }

    private TrainingLoop loop(Parameters weights, double clip) {
        Parameters gradients = parameters();
        return new TrainingLoop(
                backend(),
                weights,
                gradients,
                new Sgd(backend(), 2, 0.5, 0.5),
                clip,
                new Constant(gradients.flat(), 3));
    }

    /** Clipping to norm 5 of (3, 3), whose norm is the root of 18, changes nothing. */
    @Test
    void epochsOfWindows() {
        Parameters weights = parameters();
        try (TrainingLoop loop = loop(weights, 5)) {
            assertTrue(Double.isNaN(loop.epochLoss()));
            loop.trainWindow();
            assertEquals(1, loop.epochLoss());
            Refusal.illegalState(loop::nextEpoch, "nextEpoch: epoch 0 has 2 windows", "only 1");
            loop.trainWindow();
            assertEquals(1.5, loop.epochLoss());
            Refusal.illegalState(loop::trainWindow, "trainWindow: epoch 0 is over", "nextEpoch()");
            loop.nextEpoch();
            loop.trainWindow();
            assertEquals(11, loop.epochLoss());
            assertEquals(Optional.empty(), loop.overflow());
            assertArrayEquals(new double[] {-6.375, -6.375}, weights.flat().toDoubles());
        }
    }

    @Test
    void aRestoredLoopGoesOnBitForBit(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("loop.safetensors");
        Parameters weights = parameters();
        try (TrainingLoop loop = loop(weights, 1)) {
            loop.trainWindow();
            Checkpoint checkpoint = new Checkpoint("loop-1");
            checkpoint.put("", weights);
            loop.put(checkpoint);
            checkpoint.write(file);
            loop.trainWindow();
            Parameters others = parameters();
            try (TrainingLoop restored = loop(others, 1);
                    CheckpointFile content = CheckpointFile.open(file, "loop-1")) {
                content.read("", others);
                restored.restore(content);
                assertEquals(1, restored.window());
                restored.trainWindow();
                assertEquals(loop.epochLoss(), restored.epochLoss());
                assertArrayEquals(weights.flat().toDoubles(), others.flat().toDoubles());
            }
        }
    }

    /** The square of the gradient is infinite in Adam's second moment, so that the weight stands still without a word. */
    @Test
    void whatOverflowsIsTold() {
        Parameters weights = parameters();
        Parameters gradients = parameters();
        double huge = weights.flat().storage().isDouble() ? 1e200 : 1e30;
        try (TrainingLoop loop = new TrainingLoop(
                backend(), weights, gradients, new Adam(backend(), 2, 0.1), 0, new Constant(gradients.flat(), huge))) {
            loop.trainWindow();
            assertEquals(Optional.of("the optimizer's second_moment is Infinity"), loop.overflow());
            weights.flat().fill(Double.NaN);
            assertEquals(Optional.of("a weight is NaN"), loop.overflow());
        }
    }
}
