package dev.rondo.bench.check;

import dev.rondo.Backend;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Something that every backend must compute as the oracle does, with all of its arguments.
 *
 * @param subject what is checked: a cell, or the name of a layer
 * @param name sizes and what else is special, for people
 * @param network what it needs the backend to have; null if every backend has it
 * @param computation computes it
 */
public record Check(String subject, String name, @Nullable RnnSpec network, Computation computation) {
    /** Computes on the backend of a workspace. */
    @FunctionalInterface
    interface Computation {
        List<Output> on(Workspace workspace);
    }

    /**
     * A tensor that came out.
     *
     * @param tensor its letter, such as {@code y} or {@code dW}; several outputs may have the same
     * @param name which of these it is
     * @param backward whether it is a gradient
     * @param shape its sizes
     * @param values its elements
     */
    public record Output(String tensor, String name, boolean backward, int[] shape, double[] values) {
        /** At unit scale: PyTorch's default for tensors of float32. */
        private static final double FORWARD_TOLERANCE = 1e-5;
        /** At unit scale: PyTorch's bound for its own recurrent kernels against those of cuDNN. */
        private static final double BACKWARD_TOLERANCE = 5e-5;

        public static Output forward(String letter, String name, Tensor tensor) {
            return new Output(letter, name, false, tensor.shape(), tensor.toDoubles());
        }

        public static Output backward(String letter, String name, Tensor tensor) {
            return new Output(letter, name, true, tensor.shape(), tensor.toDoubles());
        }

        /** How far another backend may be off: at unit scale, and above it at the scale of the largest element. */
        public double tolerance() {
            double scale = 1;
            for (double value : values) {
                scale = Math.max(scale, Math.abs(value));
            }
            return scale * (backward ? BACKWARD_TOLERANCE : FORWARD_TOLERANCE);
        }
    }

    /** Why a backend cannot do this, which is no fault of it; empty if it can. */
    public Optional<String> unsupported(Backend backend) {
        return network == null ? Optional.empty() : backend.unsupported(network);
    }

    List<Output> on(Backend backend) {
        return on(new Workspace(backend));
    }

    /** The same on a workspace, which is closed. */
    List<Output> on(Workspace workspace) {
        try (workspace) {
            return computation.on(workspace);
        }
    }
}
