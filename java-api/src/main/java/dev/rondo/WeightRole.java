package dev.rondo;

/** What a weight of one layer and direction is for. G is the number of gates of the {@link Cell}. */
public enum WeightRole {
    /** {@code W [G*H,I]}, which multiplies the input. */
    INPUT("weight_ih"),
    /** {@code U [G*H,H]}, which multiplies the hidden state. */
    RECURRENT("weight_hh"),
    /** {@code b [G*H]}, added to {@code W x}. */
    BIAS_INPUT("bias_ih"),
    /** {@code u [G*H]}, added to {@code U h}. */
    BIAS_RECURRENT("bias_hh");

    private final String stem;

    WeightRole(String stem) {
        this.stem = stem;
    }

    /**
     * The beginning of the names of such weights, which is PyTorch's.
     *
     * @return such as {@code weight_ih}
     */
    public String stem() {
        return stem;
    }
}
