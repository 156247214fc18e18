package dev.rondo;

import dev.rondo.internal.Arguments;
import dev.rondo.internal.CallTensors;
import dev.rondo.internal.TensorArguments;
import org.jspecify.annotations.Nullable;

/** One vector of each sequence, from those of its valid steps. A sequence of length 0 gives zero. */
public final class Pooling {
    /** How the vector is made. */
    public enum Kind {
        /** The mean over the valid steps. */
        MEAN,
        /** The maximum of each feature over the valid steps; its gradient goes to the first step that has it. */
        MAX,
        /** The last valid step. */
        LAST
    }

    private final Backend backend;
    private final Kind kind;
    private final CallTensors forward;
    private final CallTensors backward;

    /**
     * Pooling on a backend.
     *
     * @param backend where the tensors live
     * @param kind how the vector is made
     */
    public Pooling(Backend backend, Kind kind) {
        this.backend = Arguments.notNull("backend", backend);
        this.kind = Arguments.notNull("kind", kind);
        this.forward = new CallTensors(backend, 1, "x", "y");
        this.backward = new CallTensors(backend, 3, "x", "y", "dy", "dx");
    }

    /**
     * Makes the vectors.
     *
     * @param x {@code [T,N,K]}; what stands past the lengths has no influence
     * @param lengths {@code [N]}, each 0 to T; null for T everywhere
     * @param y receives {@code [N,K]}
     * @throws IllegalArgumentException if a shape or a length is wrong, or what is written overlaps what is read or is read-only
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void forward(Tensor x, @Nullable IntTensor lengths, Tensor y) {
        TensorArguments.shape("x", x, "[T,N,K]", -1, -1, -1);
        TensorArguments.shape("y", y, "[N,K]", x.dimension(1), x.dimension(2));
        CallTensors.perRow(backend, "lengths", lengths, x.dimension(1));
        forward.check(x, y);
        backend.kernels().sequences().poolForward(kind, x, lengths, y);
    }

    /**
     * Propagates a gradient by the vectors back to the sequences.
     *
     * @param x the input of the forward pass
     * @param lengths those of the forward pass
     * @param y the output of the forward pass
     * @param dy gradient of the loss by the output, {@code [N,K]}
     * @param dx receives the gradient by the input, {@code [T,N,K]}, 0 past the lengths
     * @throws IllegalArgumentException if a shape or a length is wrong, or what is written overlaps what is read or is read-only
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void backward(Tensor x, @Nullable IntTensor lengths, Tensor y, Tensor dy, Tensor dx) {
        TensorArguments.shape("x", x, "[T,N,K]", -1, -1, -1);
        TensorArguments.shape("y", y, "[N,K]", x.dimension(1), x.dimension(2));
        TensorArguments.shape("dy", dy, "[N,K]", x.dimension(1), x.dimension(2));
        TensorArguments.shape("dx", dx, "[T,N,K]", x.dimension(0), x.dimension(1), x.dimension(2));
        CallTensors.perRow(backend, "lengths", lengths, x.dimension(1));
        backward.check(x, y, dy, dx);
        backend.kernels().sequences().poolBackward(kind, x, lengths, y, dy, dx);
    }
}
