package dev.rondo;

import dev.rondo.internal.Arguments;
import dev.rondo.internal.CallTensors;
import dev.rondo.internal.TensorArguments;
import org.jspecify.annotations.Nullable;

/** Classes chosen from logits: the best ones, and drawn ones. */
public final class Sampling {
    private final Backend backend;
    private final CallTensors choice;
    private final CallTensors draw;

    /**
     * These functions on a backend.
     *
     * @param backend where the tensors live
     */
    public Sampling(Backend backend) {
        this.backend = Arguments.notNull("backend", backend);
        this.choice = new CallTensors(backend, 1, "logits", "logProbabilities");
        this.draw = new CallTensors(backend, 2, "logits", "uniform");
    }

    /**
     * The most probable class of each row; the lower index of equal ones.
     *
     * @param logits any shape whose last size is the number of classes V
     * @param indices receives a class for each row
     * @throws IllegalArgumentException if a size is wrong
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void argmax(Tensor logits, IntTensor indices) {
        best(logits, 1, indices, null);
    }

    /**
     * The k most probable classes of each row, best first, the lower index first of equal ones.
     *
     * @param logits {@code [M,V]}; M may be several sizes
     * @param k 1 to V
     * @param indices receives {@code [M,k]} elements
     * @param logProbabilities receives {@code log softmax} of the chosen ones, {@code [M,k]} elements; null if not wanted
     * @throws IllegalArgumentException if a size is wrong, or what is written overlaps what is read or is read-only
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void best(Tensor logits, int k, IntTensor indices, @Nullable Tensor logProbabilities) {
        int classes = CallTensors.columns("logits", logits);
        Arguments.inRange("k", k, 1, classes);
        int chosen = Math.multiplyExact(logits.size() / classes, k);
        Arguments.notNull("indices", indices);
        CallTensors.perRow(backend, "indices", indices, chosen);
        if (logProbabilities != null && logProbabilities.size() != chosen) {
            throw new IllegalArgumentException(
                    "logProbabilities: expected " + chosen + " elements, got " + logProbabilities);
        }
        choice.check(logits, logProbabilities);
        backend.kernels().distributions().topK(logits, k, indices, logProbabilities);
    }

    /**
     * Draws a class for each row from {@code softmax(logits / temperature)}.
     *
     * @param logits {@code [M,V]}; M may be several sizes
     * @param temperature positive: 1 for the model's distribution, less for its more probable classes
     * @param among draws among so many most probable classes; 1 to V
     * @param uniform {@code [M]} elements in {@code [0,1)}, which decide
     * @param indices receives a class for each row
     * @throws IllegalArgumentException if a size or a number is out of range
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void draw(Tensor logits, double temperature, int among, Tensor uniform, IntTensor indices) {
        int classes = CallTensors.columns("logits", logits);
        int rows = logits.size() / classes;
        Arguments.positive("temperature", temperature);
        Arguments.inRange("among", among, 1, classes);
        Arguments.notNull("indices", indices);
        CallTensors.perRow(backend, "indices", indices, rows);
        TensorArguments.shape("uniform", uniform, "[M]", rows);
        draw.check(logits, uniform);
        backend.kernels().distributions().sample(logits, temperature, among, uniform, indices);
    }
}
