package dev.rondo.spi;

import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The losses. Each assigns the mean over the rows that count, and the gradient of that mean. M stands for any number of rows:
 * tensors may have any rank; there are as many rows as targets.
 */
public interface LossKernels {
    /**
     * Softmax cross-entropy {@code -log softmax(logits[m])[targets[m]]}, computed without overflow.
     *
     * @param logits {@code [M,V]}, read
     * @param targets {@code [M]} elements in {@code [0,V)}, read; a negative one masks its row: it counts neither in the
     *     loss nor in the gradient
     * @param loss {@code [1]}, assigned: the mean in nats over the rows that are not masked; 0 if all are
     * @param dLogits {@code [M,V]}, assigned, 0 in masked rows; may be {@code logits} itself; null if not wanted
     * @throws IllegalArgumentException if a target is V or more
     */
    void softmaxCrossEntropy(Tensor logits, IntTensor targets, Tensor loss, @Nullable Tensor dLogits);

    /**
     * Mean squared error: the mean of {@code (prediction - target)^2} over all elements of the rows that count.
     *
     * @param prediction {@code [M,K]}, read
     * @param target of the same size, read
     * @param mask {@code [M]} elements, read: 0 masks its row, which then counts neither in the loss nor in the gradient,
     *     whatever it holds; null if all count
     * @param loss {@code [1]}, assigned; 0 if all rows are masked
     * @param dPrediction of the same size, assigned, 0 in masked rows; may be {@code prediction} itself; null if not wanted
     */
    void meanSquaredError(
            Tensor prediction, Tensor target, @Nullable IntTensor mask, Tensor loss, @Nullable Tensor dPrediction);
}
