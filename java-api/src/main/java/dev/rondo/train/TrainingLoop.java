package dev.rondo.train;

import dev.rondo.Backend;
import dev.rondo.Parameters;
import dev.rondo.Tensor;
import dev.rondo.internal.Arguments;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;

/**
 * The loop that every training has: epochs of windows, and for each window the gradients, their clipping, and one update of the
 * weights. What a window is, and what it computes, the {@link Task} says.
 *
 * <p>{@link #put} and {@link #restore} carry the loop over from one process to another: with a task that does the same for itself,
 * a run that was killed continues bit for bit.
 */
public final class TrainingLoop implements AutoCloseable {
    /** Losses stay on the backend until so many have gathered. */
    private static final int LOSSES = 64;

    private final Parameters weights;
    private final Parameters gradients;
    private final Optimizer optimizer;
    private final double clip;
    private final Task task;
    private final GradientClipping clipping;
    private final Tensor losses;
    private final Tensor[] lossSlots = new Tensor[LOSSES];

    private int epoch;
    private int window;
    private int pendingLosses;
    private double lossSum;

    /** What is trained: it computes the loss of a window and its gradients. */
    public interface Task {
        /**
         * The number of windows of an epoch.
         *
         * @param epoch 0 for the first
         * @return at least 1
         */
        int windows(int epoch);

        /**
         * Called before the first window of an epoch: states start anew.
         *
         * @param epoch 0 for the first
         */
        void begin(int epoch);

        /**
         * Computes a window, forward and backward. The gradients are zero before it.
         *
         * @param epoch 0 for the first
         * @param window 0 to {@code windows(epoch) - 1}
         * @param loss receives the mean loss of the window, {@code [1]}
         */
        void window(int epoch, int window, Tensor loss);
    }

    /**
     * A loop before its first window.
     *
     * @param backend where it runs
     * @param weights what is trained
     * @param gradients where the task puts its gradients; of the layout of the weights
     * @param optimizer for all weights; closed with this object
     * @param clip largest global norm of the gradients; 0 for no clipping
     * @param task computes the gradients
     * @throws IllegalArgumentException if the layouts differ or {@code clip} is negative or not finite
     */
    public TrainingLoop(
            Backend backend, Parameters weights, Parameters gradients, Optimizer optimizer, double clip, Task task) {
        Arguments.notNull("backend", backend);
        this.weights = Arguments.notNull("weights", weights);
        this.gradients = Arguments.notNull("gradients", gradients);
        if (!weights.layout().equals(gradients.layout())) {
            throw new IllegalArgumentException("gradients: expected the layout of the weights, " + weights.layout()
                    + ", got " + gradients.layout());
        }
        this.optimizer = Arguments.notNull("optimizer", optimizer);
        this.clip = Arguments.inRange("clip", clip, 0, Double.MAX_VALUE);
        this.task = Arguments.notNull("task", task);
        this.clipping = new GradientClipping(backend);
        this.losses = backend.tensor(LOSSES);
        for (int i = 0; i < LOSSES; i++) {
            lossSlots[i] = losses.view(i, 1);
        }
    }

    /**
     * The number of whole epochs so far.
     *
     * @return 0 at first
     */
    public int epoch() {
        return epoch;
    }

    /**
     * The number of windows of the present epoch that have been trained on.
     *
     * @return 0 at the start of an epoch
     */
    public int window() {
        return window;
    }

    /**
     * The number of windows of the present epoch.
     *
     * @return at least 1
     */
    public int windowsInEpoch() {
        return task.windows(epoch);
    }

    /**
     * The optimizer.
     *
     * @return owned by this object
     */
    public Optimizer optimizer() {
        return optimizer;
    }

    /**
     * Trains on the next window. After the last one of the epoch {@link #nextEpoch()} is due.
     *
     * @throws IllegalStateException if the epoch is over
     * @throws dev.rondo.BackendException if the backend fails
     */
    public void trainWindow() {
        if (window == windowsInEpoch()) {
            throw new IllegalStateException("trainWindow: epoch " + epoch + " is over, expected nextEpoch() before it");
        }
        if (window == 0) {
            task.begin(epoch);
        }
        gradients.flat().fill(0);
        task.window(epoch, window, lossSlots[pendingLosses]);
        if (clip > 0) {
            clipping.byGlobalNorm(gradients.flat(), clip);
        }
        optimizer.update(weights.flat(), gradients.flat());
        window++;
        pendingLosses++;
        if (pendingLosses == LOSSES) {
            gatherLosses();
        }
    }

    private void gatherLosses() {
        if (pendingLosses == 0) {
            return;
        }
        for (double loss : losses.view(0, pendingLosses).toDoubles()) {
            lossSum += loss;
        }
        pendingLosses = 0;
    }

    /**
     * The mean loss over the windows of the present epoch so far, each taken before its update.
     *
     * @return NaN before the first window
     */
    public double epochLoss() {
        gatherLosses();
        return lossSum / window;
    }

    /**
     * What has overflowed: the loss of the present epoch, a weight, or what the optimizer keeps, such as a moment whose weight
     * would stand still from then on. Reads all of them, so call it once an epoch rather than once a window.
     *
     * @return what is infinite or NaN and at which value, such as {@code a weight is NaN}; empty while all is finite
     * @throws IllegalStateException if this is closed
     * @throws dev.rondo.BackendException if the backend fails
     */
    public Optional<String> overflow() {
        gatherLosses();
        if (!Double.isFinite(lossSum)) {
            return Optional.of("the loss is " + lossSum / window);
        }
        Optional<String> found = overflow("a weight", weights.flat());
        for (Map.Entry<String, Tensor> vector : optimizer.state().entrySet()) {
            found = found.or(() -> overflow("the optimizer's " + vector.getKey(), vector.getValue()));
        }
        return found;
    }

    private static Optional<String> overflow(String name, Tensor tensor) {
        return Arrays.stream(tensor.toDoubles())
                .filter(value -> !Double.isFinite(value))
                .mapToObj(value -> name + " is " + value)
                .findFirst();
    }

    /**
     * Begins the next epoch.
     *
     * @throws IllegalStateException if the present one is not over
     */
    public void nextEpoch() {
        if (window < windowsInEpoch()) {
            throw new IllegalStateException("nextEpoch: epoch " + epoch + " has " + windowsInEpoch()
                    + " windows, and only " + window + " have been trained on");
        }
        epoch++;
        window = 0;
        pendingLosses = 0;
        lossSum = 0;
    }

    /**
     * Puts where the loop is, and the state of the optimizer: {@code training.epoch}, {@code training.window},
     * {@code training.loss_sum}, {@code training.updates}, and tensors named {@code optimizer.} and what the optimizer calls
     * them. The weights are not among them.
     *
     * @param checkpoint where to
     */
    public void put(Checkpoint checkpoint) {
        gatherLosses();
        checkpoint.put("training.epoch", epoch);
        checkpoint.put("training.window", window);
        checkpoint.put("training.loss_sum", lossSum);
        checkpoint.put("training.updates", optimizer.updates());
        optimizer.state().forEach((name, vector) -> checkpoint.put("optimizer." + name, vector));
    }

    /**
     * Continues where another loop was.
     *
     * @param file what {@link #put} wrote
     * @throws IOException if it cannot be read, or something is missing or makes no sense
     */
    public void restore(CheckpointFile file) throws IOException {
        epoch = (int) file.count("training.epoch", Integer.MAX_VALUE);
        window = (int) file.count("training.window", windowsInEpoch());
        lossSum = file.value("training.loss_sum", Double::valueOf);
        pendingLosses = 0;
        optimizer.setUpdates(file.count("training.updates", Long.MAX_VALUE));
        for (Map.Entry<String, Tensor> vector : optimizer.state().entrySet()) {
            file.read("optimizer." + vector.getKey(), vector.getValue());
        }
    }

    /** Gives its memory back, and that of the optimizer; a second call does nothing. */
    @Override
    public void close() {
        optimizer.close();
        clipping.close();
        losses.close();
    }
}
