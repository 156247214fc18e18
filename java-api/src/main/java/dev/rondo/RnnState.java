package dev.rondo;

import dev.rondo.internal.Arguments;
import org.jspecify.annotations.Nullable;

/**
 * The state of a recurrent network, or its gradient: {@code h [L*D,N,H]} and, for LSTM, {@code c [L*D,N,H]}. It is handed
 * in and out and never hidden in a layer, so any number of streams share one model.
 */
public final class RnnState implements AutoCloseable {
    private final Tensor h;
    private final @Nullable Tensor c;

    /**
     * A state over tensors, which are not copied.
     *
     * @param h hidden state {@code [L*D,N,H]}
     * @param c cell state of the same shape, or null for a cell without one
     * @throws IllegalArgumentException if the shapes differ or are not three-dimensional
     */
    public RnnState(Tensor h, @Nullable Tensor c) {
        Arguments.shape("h", h, "[L*D,N,H]", -1, -1, -1);
        if (c != null) {
            Arguments.shape("c", c, "[L*D,N,H]", h.shape());
            if (c.overlaps(h)) {
                throw new IllegalArgumentException("c: expected memory apart from h, got overlapping ranges");
            }
        }
        this.h = h;
        this.c = c;
    }

    /**
     * The hidden state.
     *
     * @return {@code [L*D,N,H]}, not a copy
     */
    public Tensor h() {
        return h;
    }

    /**
     * The cell state.
     *
     * @return {@code [L*D,N,H]}, not a copy; null for a cell without one
     */
    public @Nullable Tensor c() {
        return c;
    }

    /**
     * Sets all of it to zero.
     *
     * @return this
     */
    public RnnState zero() {
        h.fill(0);
        if (c != null) {
            c.fill(0);
        }
        return this;
    }

    /**
     * Sets chosen rows of the batch to zero.
     *
     * @param rows which ones, one element per row
     * @throws IllegalArgumentException if there are not as many elements as rows
     */
    public void zeroRows(boolean[] rows) {
        Arguments.notNull("rows", rows);
        int batch = h.dimension(1);
        if (rows.length != batch) {
            throw new IllegalArgumentException("rows: expected " + batch + " elements, got " + rows.length);
        }
        for (int n = 0; n < batch; n++) {
            if (rows[n]) {
                zeroRow(h, n);
                if (c != null) {
                    zeroRow(c, n);
                }
            }
        }
    }

    private static void zeroRow(Tensor state, int n) {
        state.requireOpen("state");
        int batch = state.dimension(1);
        int hidden = state.dimension(2);
        for (int s = 0; s < state.dimension(0); s++) {
            state.storage().fill(state.offset() + ((long) s * batch + n) * hidden, hidden, 0);
        }
    }

    /**
     * Copies another state in.
     *
     * @param source a state of the same shape
     * @return this
     * @throws IllegalArgumentException if only one of them has a cell state, or the sizes differ
     */
    public RnnState copyFrom(RnnState source) {
        Arguments.notNull("source", source);
        if ((c == null) != (source.c == null)) {
            throw new IllegalArgumentException("source: expected " + (c == null ? "no cell state" : "a cell state")
                    + ", got " + (source.c == null ? "none" : "one"));
        }
        h.copyFrom(source.h);
        if (c != null && source.c != null) {
            c.copyFrom(source.c);
        }
        return this;
    }

    /** Closes both tensors. */
    @Override
    public void close() {
        h.close();
        if (c != null) {
            c.close();
        }
    }
}
