package dev.rondo.spi;

import dev.rondo.Input;
import dev.rondo.Mode;
import dev.rondo.RnnParameters;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The passes of one recurrent network over time. Semantics of lengths, directions and padding: {@link dev.rondo}; equations:
 * {@link dev.rondo.Cell}. Used by one thread at a time.
 */
public interface RnnKernel extends AutoCloseable {
    /**
     * Runs the network over T steps.
     *
     * @param mode {@link Mode#TRAINING} keeps the activations, replacing those of an earlier call, and applies dropout;
     *     {@link Mode#INFERENCE} may destroy them
     * @param dropoutSeed seed of {@link Dropout}; used in training with dropout only
     * @param weights read; in training kept until {@link #backward}
     * @param x dense {@code [T,N,I]} or indices {@code [T,N]}; read; in training kept until {@link #backward}
     * @param lengths valid steps per row {@code [N]}, each 0 to T, or null for T everywhere; read, not kept
     * @param initial state before the first step, or null for zero; read, not kept
     * @param y {@code [T,N,D*H]}, assigned, 0 past the lengths; null if not wanted
     * @param last state after the last valid step, assigned; may be the same object as {@code initial}; null if not wanted
     * @throws IllegalArgumentException if an index of {@code x} at a valid step is outside {@code [0,I)}
     */
    void forward(
            Mode mode,
            long dropoutSeed,
            RnnParameters weights,
            Input x,
            int @Nullable [] lengths,
            @Nullable RnnState initial,
            @Nullable Tensor y,
            @Nullable RnnState last);

    /**
     * Propagates gradients back through the last training forward, whose activations it consumes. The weights and
     * {@code x} of that call are read again.
     *
     * @param dy {@code [T,N,D*H]}, read; what stands past the lengths has no influence; null for zero
     * @param dLast gradient by the final state, read; null for zero
     * @param dx {@code [T,N,I]}, assigned, 0 past the lengths; null if not wanted, and for indices
     * @param dInitial gradient by the initial state, assigned; may be the same object as {@code dLast}; null if not wanted
     * @param gradients accumulated ({@code +=}); null if not wanted
     */
    void backward(
            @Nullable Tensor dy,
            @Nullable RnnState dLast,
            @Nullable Tensor dx,
            @Nullable RnnState dInitial,
            @Nullable RnnParameters gradients);

    /** Gives the scratch back; a second call does nothing. */
    @Override
    void close();
}
