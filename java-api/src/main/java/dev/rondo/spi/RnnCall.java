package dev.rondo.spi;

import dev.rondo.Input;
import dev.rondo.RnnParameters;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of one forward pass. Immutable: a prepared call hands over the same object again and again, so a backend may
 * keep what it made for it. A new argument is a new method here, and breaks no backend.
 */
public final class RnnCall {
    private final RnnParameters weights;
    private final Input x;
    private final int @Nullable [] lengths;
    private final @Nullable RnnState initial;
    private final @Nullable Tensor condition;
    private final @Nullable Tensor y;
    private final @Nullable RnnState last;
    private final long dropoutSeed;

    private RnnCall(
            RnnParameters weights,
            Input x,
            int @Nullable [] lengths,
            @Nullable RnnState initial,
            @Nullable Tensor condition,
            @Nullable Tensor y,
            @Nullable RnnState last,
            long dropoutSeed) {
        this.weights = weights;
        this.x = x;
        this.lengths = lengths;
        this.initial = initial;
        this.condition = condition;
        this.y = y;
        this.last = last;
        this.dropoutSeed = dropoutSeed;
    }

    /**
     * A call of full rows from a zero state, of which nothing is wanted yet.
     *
     * @param weights the weights
     * @param x the input
     * @return the call
     */
    public static RnnCall of(RnnParameters weights, Input x) {
        return new RnnCall(weights, x, null, null, null, null, null, 0);
    }

    /**
     * The same with lengths.
     *
     * @param lengths valid steps per row {@code [N]}, each 0 to T, not copied and not changed any more; null for T everywhere
     * @return a new call
     */
    public RnnCall withLengths(int @Nullable [] lengths) {
        return new RnnCall(weights, x, lengths, initial, condition, y, last, dropoutSeed);
    }

    /**
     * The same with an initial state.
     *
     * @param initial state before the first step; null for zero
     * @return a new call
     */
    public RnnCall withInitial(@Nullable RnnState initial) {
        return new RnnCall(weights, x, lengths, initial, condition, y, last, dropoutSeed);
    }

    /**
     * The same with a condition.
     *
     * @param condition {@code [N,D*G*H]}; null for zero
     * @return a new call
     */
    public RnnCall withCondition(@Nullable Tensor condition) {
        return new RnnCall(weights, x, lengths, initial, condition, y, last, dropoutSeed);
    }

    /**
     * The same with room for the outputs.
     *
     * @param y {@code [T,N,D*H]}; null if not wanted
     * @return a new call
     */
    public RnnCall withY(@Nullable Tensor y) {
        return new RnnCall(weights, x, lengths, initial, condition, y, last, dropoutSeed);
    }

    /**
     * The same with room for the final state.
     *
     * @param last may be the same object as {@code initial}; null if not wanted
     * @return a new call
     */
    public RnnCall withLast(@Nullable RnnState last) {
        return new RnnCall(weights, x, lengths, initial, condition, y, last, dropoutSeed);
    }

    /**
     * The same with a seed of {@link Dropout}.
     *
     * @param dropoutSeed any number
     * @return a new call
     */
    public RnnCall withDropoutSeed(long dropoutSeed) {
        return new RnnCall(weights, x, lengths, initial, condition, y, last, dropoutSeed);
    }

    /**
     * The weights, read; in training kept, unchanged, until the backward pass.
     *
     * @return in memory that the backend accepts
     */
    public RnnParameters weights() {
        return weights;
    }

    /**
     * The input, read; in training kept, unchanged, until the backward pass.
     *
     * @return dense {@code [T,N,I]} or indices {@code [T,N]}
     */
    public Input x() {
        return x;
    }

    /**
     * The number of steps T.
     *
     * @return at least 1
     */
    public int steps() {
        return x.dimension(0);
    }

    /**
     * The number of rows N of the batch.
     *
     * @return at least 1
     */
    public int batch() {
        return x.dimension(1);
    }

    /**
     * The valid steps of each row; not to be changed.
     *
     * @return {@code [N]}, each 0 to T; null for T everywhere
     */
    public int @Nullable [] lengths() {
        return lengths;
    }

    /**
     * The state before the first step, read, not kept.
     *
     * @return null for zero
     */
    public @Nullable RnnState initial() {
        return initial;
    }

    /**
     * What is added to the input's share of the gates of the first layer at every step, read, not kept; gates as in
     * {@code weight_ih}, the directions one after the other.
     *
     * @return {@code [N,D*G*H]}; null for zero
     */
    public @Nullable Tensor condition() {
        return condition;
    }

    /**
     * The outputs {@code [T,N,D*H]}, assigned, 0 past the lengths.
     *
     * @return null if not wanted
     */
    public @Nullable Tensor y() {
        return y;
    }

    /**
     * The state after the last valid step, assigned; may be the same object as {@link #initial()}.
     *
     * @return null if not wanted
     */
    public @Nullable RnnState last() {
        return last;
    }

    /**
     * The seed of {@link Dropout}, used in training with dropout only.
     *
     * @return 0 if none was given
     */
    public long dropoutSeed() {
        return dropoutSeed;
    }
}
