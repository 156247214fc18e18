package dev.rondo.spi;

import dev.rondo.RnnParameters;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import org.jspecify.annotations.Nullable;

/** The arguments of one backward pass. Immutable. A new argument is a new method here, and breaks no backend. */
public final class RnnBackwardCall {
    private static final RnnBackwardCall NOTHING = new RnnBackwardCall(null, null, null, null, null, null);

    private final @Nullable Tensor dy;
    private final @Nullable RnnState dLast;
    private final @Nullable Tensor dx;
    private final @Nullable RnnState dInitial;
    private final @Nullable Tensor dCondition;
    private final @Nullable RnnParameters gradients;

    private RnnBackwardCall(
            @Nullable Tensor dy,
            @Nullable RnnState dLast,
            @Nullable Tensor dx,
            @Nullable RnnState dInitial,
            @Nullable Tensor dCondition,
            @Nullable RnnParameters gradients) {
        this.dy = dy;
        this.dLast = dLast;
        this.dx = dx;
        this.dInitial = dInitial;
        this.dCondition = dCondition;
        this.gradients = gradients;
    }

    /**
     * A call with gradients of zero, of which nothing is wanted yet.
     *
     * @return the call
     */
    public static RnnBackwardCall of() {
        return NOTHING;
    }

    /**
     * The same with a gradient by the outputs.
     *
     * @param dy {@code [T,N,D*H]}; null for zero
     * @return a new call
     */
    public RnnBackwardCall withDy(@Nullable Tensor dy) {
        return new RnnBackwardCall(dy, dLast, dx, dInitial, dCondition, gradients);
    }

    /**
     * The same with a gradient by the final state.
     *
     * @param dLast null for zero
     * @return a new call
     */
    public RnnBackwardCall withDLast(@Nullable RnnState dLast) {
        return new RnnBackwardCall(dy, dLast, dx, dInitial, dCondition, gradients);
    }

    /**
     * The same with room for the gradient by the input.
     *
     * @param dx {@code [T,N,I]}; null if not wanted
     * @return a new call
     */
    public RnnBackwardCall withDx(@Nullable Tensor dx) {
        return new RnnBackwardCall(dy, dLast, dx, dInitial, dCondition, gradients);
    }

    /**
     * The same with room for the gradient by the initial state.
     *
     * @param dInitial may be the same object as {@code dLast}; null if not wanted
     * @return a new call
     */
    public RnnBackwardCall withDInitial(@Nullable RnnState dInitial) {
        return new RnnBackwardCall(dy, dLast, dx, dInitial, dCondition, gradients);
    }

    /**
     * The same with room for the gradient by the condition.
     *
     * @param dCondition {@code [N,D*G*H]}; null if not wanted
     * @return a new call
     */
    public RnnBackwardCall withDCondition(@Nullable Tensor dCondition) {
        return new RnnBackwardCall(dy, dLast, dx, dInitial, dCondition, gradients);
    }

    /**
     * The same with weight gradients that are added to.
     *
     * @param gradients null if not wanted
     * @return a new call
     */
    public RnnBackwardCall withGradients(@Nullable RnnParameters gradients) {
        return new RnnBackwardCall(dy, dLast, dx, dInitial, dCondition, gradients);
    }

    /**
     * The gradient by the outputs, read; what stands past the lengths has no influence.
     *
     * @return {@code [T,N,D*H]}; null for zero
     */
    public @Nullable Tensor dy() {
        return dy;
    }

    /**
     * The gradient by the final state, read.
     *
     * @return null for zero
     */
    public @Nullable RnnState dLast() {
        return dLast;
    }

    /**
     * The gradient by the input, assigned, 0 past the lengths.
     *
     * @return {@code [T,N,I]}; null if not wanted, and for indices
     */
    public @Nullable Tensor dx() {
        return dx;
    }

    /**
     * The gradient by the initial state, assigned; may be the same object as {@link #dLast()}.
     *
     * @return null if not wanted
     */
    public @Nullable RnnState dInitial() {
        return dInitial;
    }

    /**
     * The gradient by the condition, assigned: the sum over the valid steps.
     *
     * @return {@code [N,D*G*H]}; null if not wanted
     */
    public @Nullable Tensor dCondition() {
        return dCondition;
    }

    /**
     * The gradients by the weights, accumulated ({@code +=}).
     *
     * @return null if not wanted
     */
    public @Nullable RnnParameters gradients() {
        return gradients;
    }
}
