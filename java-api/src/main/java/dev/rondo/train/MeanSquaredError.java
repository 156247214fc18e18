package dev.rondo.train;

import dev.rondo.Backend;
import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import dev.rondo.internal.Arguments;
import dev.rondo.internal.TensorArguments;
import org.jspecify.annotations.Nullable;

/** Mean squared error: the mean of {@code (prediction - target)^2} over all elements. */
public final class MeanSquaredError {
    private final Backend backend;

    /**
     * The loss on a backend.
     *
     * @param backend where the tensors live
     */
    public MeanSquaredError(Backend backend) {
        this.backend = Arguments.notNull("backend", backend);
    }

    /**
     * Computes the loss over all elements, and its gradient {@code 2 (prediction - target) / size}.
     *
     * @param prediction any shape
     * @param target of the same size
     * @param loss receives the mean, {@code [1]}
     * @param dPrediction receives the gradient, of the same size; may be {@code prediction} itself; null if not wanted
     * @throws IllegalArgumentException if a size is wrong, or what is written overlaps another argument or is
     *     read-only
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void apply(Tensor prediction, Tensor target, Tensor loss, @Nullable Tensor dPrediction) {
        apply(prediction, target, null, loss, dPrediction);
    }

    /**
     * Computes the loss over the rows that count, and its gradient {@code 2 (prediction - target) / (count K)} by them. So the
     * steps of a batch past the lengths of its rows are left out.
     *
     * @param prediction M rows of K elements, of any shape, such as {@code [T,N,K]}
     * @param target of the same size
     * @param mask {@code M} elements, such as {@code [T,N]}: 0 masks its row, whatever it holds; null if all count
     * @param loss receives the mean, {@code [1]}; 0 if all rows are masked
     * @param dPrediction receives the gradient, of the same size, 0 in masked rows; may be {@code prediction} itself; null if
     *     not wanted
     * @throws IllegalArgumentException if a size is wrong, or what is written overlaps another argument or is
     *     read-only
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void apply(
            Tensor prediction, Tensor target, @Nullable IntTensor mask, Tensor loss, @Nullable Tensor dPrediction) {
        Arguments.notNull("prediction", prediction);
        requireSize("prediction", prediction, prediction);
        requireSize("target", target, prediction);
        if (mask != null) {
            mask.requireOpen("mask");
            backend.requireAccepted("mask", mask);
            if (prediction.size() % mask.size() != 0) {
                throw new IllegalArgumentException(
                        "mask: expected one element for each row of " + prediction + ", got " + mask);
            }
        }
        TensorArguments.shape("loss", loss, "[1]", 1);
        loss.requireWritable("loss");
        backend.requireAccepted("loss", loss);
        if (dPrediction != null) {
            requireSize("dPrediction", dPrediction, prediction);
            dPrediction.requireWritable("dPrediction");
            if (!dPrediction.sameMemory(prediction)) {
                TensorArguments.apart("dPrediction", dPrediction, "prediction", prediction);
            }
            TensorArguments.apart("dPrediction", dPrediction, "target", target);
            TensorArguments.apart("loss", loss, "dPrediction", dPrediction);
        }
        TensorArguments.apart("loss", loss, "prediction", prediction);
        TensorArguments.apart("loss", loss, "target", target);
        backend.kernels().losses().meanSquaredError(prediction, target, mask, loss, dPrediction);
    }

    private void requireSize(String name, Tensor tensor, Tensor prediction) {
        Arguments.notNull(name, tensor).requireOpen(name);
        if (tensor.size() != prediction.size()) {
            throw new IllegalArgumentException(
                    name + ": expected the size of prediction, " + prediction + ", got " + tensor);
        }
        backend.requireAccepted(name, tensor);
    }
}
