package dev.rondo;

import dev.rondo.internal.Arguments;
import dev.rondo.internal.CallTensors;
import dev.rondo.internal.TensorArguments;
import org.jspecify.annotations.Nullable;

/**
 * Layer normalisation {@code y = (x - mean) / sqrt(variance + epsilon) * weight + bias} of each row (Ba, Kiros, Hinton 2016). It
 * holds no weights of its own.
 */
public final class LayerNorm {
    /** Added to the variance, as in PyTorch. */
    private static final double EPSILON = 1e-5;

    private final Backend backend;
    private final int size;
    private final CallTensors forward;
    private final CallTensors backward;

    LayerNorm(Backend backend, int size) {
        this.backend = backend;
        this.size = Arguments.positive("size", size);
        this.forward = new CallTensors(backend, 3, "weight", "bias", "x", "y", "statistics");
        this.backward = new CallTensors(backend, 4, "weight", "x", "statistics", "dy", "dx", "dWeight", "dBias");
    }

    /**
     * The names and shapes of the weights: {@code weight [K]}, to start from 1, and {@code bias [K]}, to start from 0.
     *
     * @param size K
     * @return the layout
     */
    public static ParameterLayout layout(int size) {
        return ParameterLayout.builder().add("weight", size).add("bias", size).build();
    }

    /**
     * Normalises rows.
     *
     * @param weight {@code [K]}
     * @param bias {@code [K]}
     * @param x any shape whose last size is K
     * @param y receives as many rows
     * @param statistics receives {@code [M,2]} for the backward pass: the mean of each row, and the reciprocal of its standard
     *     deviation; null without one
     * @throws IllegalArgumentException if a shape is wrong, or what is written overlaps another argument or is read-only
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void forward(Tensor weight, Tensor bias, Tensor x, Tensor y, @Nullable Tensor statistics) {
        TensorArguments.shape("weight", weight, "[K]", size);
        TensorArguments.shape("bias", bias, "[K]", size);
        checkRows("x", x);
        CallTensors.sameSize("y", y, "x", x);
        if (statistics != null) {
            TensorArguments.shape("statistics", statistics, "[M,2]", x.size() / size, 2);
        }
        forward.check(weight, bias, x, y, statistics);
        backend.kernels().layers().layerNormForward(weight, bias, x, EPSILON, y, statistics);
    }

    /**
     * Propagates a gradient.
     *
     * @param weight that of the forward pass
     * @param x the input of the forward pass
     * @param statistics those of the forward pass
     * @param dy gradient of the loss by the output
     * @param dx receives the gradient by the input; may be {@code dy} itself; null if not wanted
     * @param dWeight the gradient by the weight is added to it, {@code [K]}; null if not wanted
     * @param dBias the gradient by the bias is added to it, {@code [K]}; null together with {@code dWeight}
     * @throws IllegalArgumentException if a shape is wrong, or what is written overlaps another argument or is read-only
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void backward(
            Tensor weight,
            Tensor x,
            Tensor statistics,
            Tensor dy,
            @Nullable Tensor dx,
            @Nullable Tensor dWeight,
            @Nullable Tensor dBias) {
        TensorArguments.shape("weight", weight, "[K]", size);
        checkRows("x", x);
        TensorArguments.shape("statistics", statistics, "[M,2]", x.size() / size, 2);
        CallTensors.sameSize("dy", dy, "x", x);
        if (dx != null) {
            CallTensors.sameSize("dx", dx, "x", x);
        }
        if ((dWeight == null) != (dBias == null)) {
            throw new IllegalArgumentException(
                    "dWeight, dBias: expected both or none, got " + dWeight + " and " + dBias);
        }
        if (dWeight != null && dBias != null) {
            TensorArguments.shape("dWeight", dWeight, "[K]", size);
            TensorArguments.shape("dBias", dBias, "[K]", size);
        }
        Tensor apart = dx;
        if (dx != null && dx.sameMemory(dy)) {
            dx.requireWritable("dx");
            TensorArguments.apart("dx", dx, "x", x);
            TensorArguments.apart("dx", dx, "weight", weight);
            TensorArguments.apart("dx", dx, "statistics", statistics);
            apart = null;
        }
        backward.check(weight, x, statistics, dy, apart, dWeight, dBias);
        backend.kernels().layers().layerNormBackward(weight, x, statistics, dy, dx, dWeight, dBias);
    }

    private void checkRows(String name, Tensor tensor) {
        if (CallTensors.columns(name, tensor) != size) {
            throw new IllegalArgumentException(name + ": expected rows of size " + size + ", got " + tensor);
        }
    }
}
