package dev.rondo;

/** The direction in which a layer walks through time. */
public enum Direction {
    /** From the first step to the last valid one. */
    FORWARD,
    /**
     * From the last valid step of each row to the first. {@code y[t]} is the state after the step that read {@code x[t]},
     * so the output is not flipped and the final state equals {@code y[0]}.
     */
    REVERSE,
    /** Both; the forward half comes first in the last index of {@code y} and in the states. */
    BIDIRECTIONAL;

    /**
     * The number of directions D.
     *
     * @return 2 for {@link #BIDIRECTIONAL}, else 1
     */
    public int count() {
        return this == BIDIRECTIONAL ? 2 : 1;
    }

    /**
     * Whether direction {@code d} of this walks backwards in time.
     *
     * @param d direction index, 0 to {@link #count()} - 1
     * @return true if it starts at the last valid step
     */
    public boolean isReverse(int d) {
        return this == REVERSE || d == 1;
    }
}
