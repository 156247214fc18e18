package dev.rondo;

import dev.rondo.internal.Arguments;
import dev.rondo.internal.TensorArguments;
import org.jspecify.annotations.Nullable;

/** A linear layer {@code y = x W^T + b}, with weights in PyTorch's layout. It holds no weights of its own. */
public final class Linear {
    private final Backend backend;
    private final int inputSize;
    private final int outputSize;

    Linear(Backend backend, int inputSize, int outputSize) {
        this.backend = backend;
        this.inputSize = Arguments.positive("inputSize", inputSize);
        this.outputSize = Arguments.positive("outputSize", outputSize);
    }

    /**
     * The names and shapes of the weights: {@code weight [O,I]}, {@code bias [O]}. For a layer without a bias take a layout
     * of {@code weight} alone.
     *
     * @param inputSize I
     * @param outputSize O
     * @return the layout
     */
    public static ParameterLayout layout(int inputSize, int outputSize) {
        return ParameterLayout.builder()
                .add("weight", outputSize, inputSize)
                .add("bias", outputSize)
                .build();
    }

    /**
     * {@code y = x weight^T + bias}.
     *
     * @param weight {@code [O,I]}
     * @param bias {@code [O]}; null for none
     * @param x any shape whose last size is I, such as {@code [T,N,I]}
     * @param y receives as many rows of size O
     * @throws IllegalArgumentException if a shape is wrong, or what is written overlaps another argument or is
     *     read-only
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void forward(Tensor weight, @Nullable Tensor bias, Tensor x, Tensor y) {
        check(weight, bias, "x", x, "y", y);
        y.requireWritable("y");
        backend.kernels().layers().linearForward(weight, bias, x, y);
    }

    /**
     * {@code dx = dy weight}, {@code dWeight += dy^T x}, {@code dBias += sum of the rows of dy}.
     *
     * @param weight {@code [O,I]}
     * @param x the input of the forward pass
     * @param dy gradient of the loss by the output
     * @param dx receives the gradient by the input; null if not wanted
     * @param dWeight the gradient by the weight is added to it, {@code [O,I]}; null if not wanted
     * @param dBias the gradient by the bias is added to it, {@code [O]}; null if not wanted
     * @throws IllegalArgumentException if a shape is wrong, or what is written overlaps another argument or is
     *     read-only
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void backward(
            Tensor weight, Tensor x, Tensor dy, @Nullable Tensor dx, @Nullable Tensor dWeight, @Nullable Tensor dBias) {
        check(weight, null, "x", x, "dy", dy);
        if (dx != null) {
            checkRows("dx", dx, inputSize, x.size() / inputSize);
            dx.requireWritable("dx");
            TensorArguments.apart("dx", dx, "x", x);
            TensorArguments.apart("dx", dx, "dy", dy);
            TensorArguments.apart("dx", dx, "weight", weight);
        }
        if (dWeight != null) {
            TensorArguments.shape("dWeight", dWeight, "[O,I]", outputSize, inputSize);
            backend.requireAccepted("dWeight", dWeight);
            dWeight.requireWritable("dWeight");
            TensorArguments.apart("dWeight", dWeight, "weight", weight);
            TensorArguments.apart("dWeight", dWeight, "x", x);
            TensorArguments.apart("dWeight", dWeight, "dy", dy);
            TensorArguments.apart("dWeight", dWeight, "dx", dx);
        }
        if (dBias != null) {
            TensorArguments.shape("dBias", dBias, "[O]", outputSize);
            backend.requireAccepted("dBias", dBias);
            dBias.requireWritable("dBias");
            TensorArguments.apart("dBias", dBias, "weight", weight);
            TensorArguments.apart("dBias", dBias, "x", x);
            TensorArguments.apart("dBias", dBias, "dWeight", dWeight);
            TensorArguments.apart("dBias", dBias, "dy", dy);
            TensorArguments.apart("dBias", dBias, "dx", dx);
        }
        backend.kernels().layers().linearBackward(weight, x, dy, dx, dWeight, dBias);
    }

    private void check(Tensor weight, @Nullable Tensor bias, String xName, Tensor x, String yName, Tensor y) {
        TensorArguments.shape("weight", weight, "[O,I]", outputSize, inputSize);
        backend.requireAccepted("weight", weight);
        if (bias != null) {
            TensorArguments.shape("bias", bias, "[O]", outputSize);
            backend.requireAccepted("bias", bias);
        }
        checkRows(xName, x, inputSize, Arguments.notNull(xName, x).size() / inputSize);
        checkRows(yName, y, outputSize, x.size() / inputSize);
        TensorArguments.apart(yName, y, xName, x);
        TensorArguments.apart(yName, y, "weight", weight);
        TensorArguments.apart(yName, y, "bias", bias);
    }

    private void checkRows(String name, Tensor tensor, int columns, long rows) {
        Arguments.notNull(name, tensor);
        int rank = tensor.rank();
        if (rank == 0 || tensor.dimension(rank - 1) != columns || tensor.size() != rows * columns) {
            throw new IllegalArgumentException(
                    name + ": expected " + rows + " rows of size " + columns + ", got " + tensor);
        }
        tensor.requireOpen(name);
        backend.requireAccepted(name, tensor);
    }
}
