package dev.rondo.train;

import dev.rondo.Backend;
import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import dev.rondo.internal.Arguments;
import dev.rondo.internal.TensorArguments;
import org.jspecify.annotations.Nullable;

/** Softmax cross-entropy in nats: the mean of {@code -log softmax(logits)[target]} over the rows that are not masked. */
public final class SoftmaxCrossEntropy {
    /** A target that masks its row: it counts neither in the loss nor in the gradient. Any negative target does. */
    public static final int MASKED = -1;

    private final Backend backend;

    /**
     * The loss on a backend.
     *
     * @param backend where the tensors live
     */
    public SoftmaxCrossEntropy(Backend backend) {
        this.backend = Arguments.notNull("backend", backend);
    }

    /**
     * Computes the loss and its gradient.
     *
     * @param logits any shape whose last size is the number of classes V, such as {@code [T,N,V]}
     * @param targets one class in {@code [0,V)} for each row of logits; negative masks the row
     * @param loss receives the mean, {@code [1]}; 0 if every row is masked. The perplexity is {@code exp} of it.
     * @param dLogits receives the gradient, of the size of {@code logits}, which it may be; null if not wanted
     * @throws IllegalArgumentException if a shape is wrong, a target is V or more, or what is written overlaps
     *     another argument or is read-only
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void apply(Tensor logits, IntTensor targets, Tensor loss, @Nullable Tensor dLogits) {
        Arguments.notNull("logits", logits).requireOpen("logits");
        Arguments.notNull("targets", targets).requireOpen("targets");
        TensorArguments.shape("loss", loss, "[1]", 1);
        loss.requireWritable("loss");
        int classes = logits.rank() == 0 ? 1 : logits.dimension(logits.rank() - 1);
        if (targets.size() != logits.size() / classes) {
            throw new IllegalArgumentException("targets: expected one for each of the " + logits.size() / classes
                    + " rows of logits, got " + targets);
        }
        if (dLogits != null) {
            dLogits.requireOpen("dLogits");
            if (dLogits.size() != logits.size()) {
                throw new IllegalArgumentException(
                        "dLogits: expected the size of logits, " + logits + ", got " + dLogits);
            }
            backend.requireAccepted("dLogits", dLogits);
            dLogits.requireWritable("dLogits");
            if (!dLogits.sameMemory(logits)) {
                TensorArguments.apart("dLogits", dLogits, "logits", logits);
            }
            TensorArguments.apart("loss", loss, "dLogits", dLogits);
        }
        TensorArguments.apart("loss", loss, "logits", logits);
        backend.requireAccepted("logits", logits);
        backend.requireAccepted("targets", targets);
        backend.requireAccepted("loss", loss);
        backend.kernels().losses().softmaxCrossEntropy(logits, targets, loss, dLogits);
    }
}
