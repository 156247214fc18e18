package dev.rondo;

import dev.rondo.internal.Arguments;
import dev.rondo.internal.TensorArguments;
import dev.rondo.spi.Storage;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The state of a recurrent network, or its gradient: {@code h [L*D,N,H]} and, for LSTM, {@code c [L*D,N,H]}. It is handed
 * in and out and never hidden in a layer, so any number of streams share one model.
 *
 * <p>A server keeps the states of all its streams as the rows of one large state, and for each step {@linkplain #gather
 * gathers} the rows that have input, or lets {@link Rnn#step(RnnParameters, Input, RnnState, int[], Tensor)} do it.
 *
 * <p>Every method that writes a state over memory that can only be read throws an {@link IllegalArgumentException}, before it
 * has written anything.
 */
public final class RnnState implements AutoCloseable {
    /** So many rows are compared with each other; more are sorted. */
    private static final int FEW_ROWS = 32;

    private final Tensor h;
    private final @Nullable Tensor c;

    /**
     * A state over tensors, which are not copied.
     *
     * @param h hidden state {@code [L*D,N,H]}
     * @param c cell state {@code [L*D,N,C]}, of which {@link RnnSpec#cellStateSize()} is the width; null for a cell without one
     * @throws IllegalArgumentException if the shapes are not three-dimensional, the first two sizes differ, or the tensors
     *     overlap
     */
    public RnnState(Tensor h, @Nullable Tensor c) {
        TensorArguments.shape("h", h, "[L*D,N,H]", -1, -1, -1);
        if (c != null) {
            TensorArguments.shape("c", c, "[L*D,N,C]", h.dimension(0), h.dimension(1), -1);
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
     * @return {@code [L*D,N,C]}, not a copy; null for a cell without one
     */
    public @Nullable Tensor c() {
        return c;
    }

    /**
     * The number of rows N.
     *
     * @return at least 1
     */
    public int batch() {
        return h.dimension(1);
    }

    /**
     * The number of values of one row: those of h, layer by layer and direction by direction, then those of c.
     *
     * @return {@code L*D*(H+C)}
     */
    public int rowSize() {
        return h.dimension(0) * (h.dimension(2) + (c == null ? 0 : c.dimension(2)));
    }

    /**
     * Sets all of it to zero.
     *
     * @return this
     */
    public RnnState zero() {
        RnnArguments.writable("state", this);
        h.fill(0);
        if (c != null) {
            c.fill(0);
        }
        return this;
    }

    /**
     * Sets one row of the batch to zero.
     *
     * @param row 0 to N - 1
     * @throws IllegalArgumentException if there is no such row
     */
    public void zeroRow(int row) {
        requireRow("row", row);
        RnnArguments.writable("state", this);
        zeroRow(h, row);
        if (c != null) {
            zeroRow(c, row);
        }
    }

    /**
     * Sets chosen rows of the batch to zero.
     *
     * @param rows which ones, one element per row
     * @throws IllegalArgumentException if there are not as many elements as rows
     */
    public void zeroRows(boolean[] rows) {
        Arguments.notNull("rows", rows);
        if (rows.length != batch()) {
            throw new IllegalArgumentException("rows: expected " + batch() + " elements, got " + rows.length);
        }
        for (int n = 0; n < rows.length; n++) {
            if (rows[n]) {
                zeroRow(n);
            }
        }
    }

    private static void zeroRow(Tensor part, int row) {
        part.requireOpen("state");
        for (int s = 0; s < part.dimension(0); s++) {
            part.storage().fill(at(part, s, row), part.dimension(2), 0);
        }
    }

    /** The first element of a row of one layer and direction. */
    private static int at(Tensor part, int s, int row) {
        return part.offset() + (s * part.dimension(1) + row) * part.dimension(2);
    }

    /**
     * Copies another state in.
     *
     * @param source a state of the same shape
     * @return this
     * @throws IllegalArgumentException if only one of them has a cell state, or the sizes differ
     */
    public RnnState copyFrom(RnnState source) {
        requireSameSizes("source", source);
        if (source.batch() != batch()) {
            throw new IllegalArgumentException("source: expected N = " + batch() + " rows, got " + source.batch());
        }
        RnnArguments.writable("state", this);
        h.copyFrom(source.h);
        if (c != null && source.c != null) {
            c.copyFrom(source.c);
        }
        return this;
    }

    /**
     * Copies one row of another state.
     *
     * @param row 0 to N - 1, here
     * @param source a state of the same sizes, of any number of rows; may be this one
     * @param sourceRow the row there
     * @throws IllegalArgumentException if the sizes differ or there is no such row
     */
    public void copyRow(int row, RnnState source, int sourceRow) {
        requireSameSizes("source", source);
        requireRow("row", row);
        source.requireRow("sourceRow", sourceRow);
        RnnArguments.writable("state", this);
        copyRow(h, row, source.h, sourceRow);
        if (c != null && source.c != null) {
            copyRow(c, row, source.c, sourceRow);
        }
    }

    private static void copyRow(Tensor to, int row, Tensor from, int fromRow) {
        for (int s = 0; s < to.dimension(0); s++) {
            to.storage().copyFrom(at(to, s, row), from.storage(), at(from, s, fromRow), to.dimension(2));
        }
    }

    /**
     * Gathers rows of another state: row n of this becomes row {@code rows[n]} of it, in every layer and direction.
     *
     * @param source another state of the same sizes, of any number of rows
     * @param rows as many as this has rows; a row may be taken more than once
     * @throws IllegalArgumentException if the sizes differ, there is no such row, or {@code source} is this state
     */
    public void gather(RnnState source, int... rows) {
        requireSameSizes("source", source);
        requireRows("source", rows, this, source);
        RnnArguments.writable("state", this);
        gather(h, source.h, rows);
        if (c != null && source.c != null) {
            gather(c, source.c, rows);
        }
    }

    private static void gather(Tensor to, Tensor from, int[] rows) {
        Storage storage = to.storage();
        for (int s = 0; s < to.dimension(0); s++) {
            storage.gatherRows(at(to, s, 0), from.storage(), at(from, s, 0), rows, to.dimension(2));
        }
    }

    /**
     * Scatters the rows of this into another state: row {@code rows[n]} of it becomes row n of this, in every layer and
     * direction; its other rows stay.
     *
     * @param target another state of the same sizes, of any number of rows
     * @param rows as many as this has rows, each one once
     * @throws IllegalArgumentException if the sizes differ, there is no such row, a row comes twice, or {@code target} is this
     *     state
     */
    public void scatter(RnnState target, int... rows) {
        requireSameSizes("target", target);
        requireRows("target", rows, this, target);
        RnnArguments.writable("target", target);
        requireEachOnce(rows);
        scatterChecked(target, rows);
    }

    /** The same without checks. */
    void scatterChecked(RnnState target, int[] rows) {
        scatter(target.h, h, rows);
        if (c != null && target.c != null) {
            scatter(target.c, c, rows);
        }
    }

    private static void scatter(Tensor to, Tensor from, int[] rows) {
        Storage storage = to.storage();
        for (int s = 0; s < to.dimension(0); s++) {
            storage.scatterRows(at(to, s, 0), from.storage(), at(from, s, 0), rows, to.dimension(2));
        }
    }

    /**
     * Copies one row out, to keep it elsewhere.
     *
     * @param row 0 to N - 1
     * @param target receives {@link #rowSize()} values
     * @param start first index there
     * @throws IllegalArgumentException if there is no such row or the array is too short
     */
    public void readRow(int row, float[] target, int start) {
        requireRow("row", row);
        Arguments.range("target", start, rowSize(), Arguments.notNull("target", target).length);
        int to = readRow(h, row, target, start);
        if (c != null) {
            readRow(c, row, target, to);
        }
    }

    private static int readRow(Tensor part, int row, float[] target, int start) {
        part.requireOpen("state");
        int to = start;
        for (int s = 0; s < part.dimension(0); s++) {
            part.storage().read(at(part, s, row), target, to, part.dimension(2));
            to += part.dimension(2);
        }
        return to;
    }

    /**
     * Copies one row in, as {@link #readRow} gave it.
     *
     * @param row 0 to N - 1
     * @param source {@link #rowSize()} values
     * @param start first index there
     * @throws IllegalArgumentException if there is no such row or the array is too short
     */
    public void writeRow(int row, float[] source, int start) {
        requireRow("row", row);
        Arguments.range("source", start, rowSize(), Arguments.notNull("source", source).length);
        RnnArguments.writable("state", this);
        int from = writeRow(h, row, source, start);
        if (c != null) {
            writeRow(c, row, source, from);
        }
    }

    private static int writeRow(Tensor part, int row, float[] source, int start) {
        part.requireOpen("state");
        int from = start;
        for (int s = 0; s < part.dimension(0); s++) {
            part.storage().write(at(part, s, row), source, from, part.dimension(2));
            from += part.dimension(2);
        }
        return from;
    }

    private void requireRow(String name, int row) {
        Arguments.inRange(name, row, 0, batch() - 1);
    }

    /** Checks the rows of a large state that belong to all rows of a small one. */
    private static void requireRows(String name, int[] rows, RnnState small, RnnState large) {
        Arguments.notNull("rows", rows);
        if (overlap(small, large.h) || (large.c != null && overlap(small, large.c))) {
            throw new IllegalArgumentException(name + ": expected another state, got overlapping memory");
        }
        if (rows.length != small.batch()) {
            throw new IllegalArgumentException("rows: expected N = " + small.batch() + " elements, got " + rows.length);
        }
        for (int n = 0; n < rows.length; n++) {
            if (rows[n] < 0 || rows[n] >= large.batch()) {
                throw new IllegalArgumentException(
                        "rows[" + n + "]: expected 0 to " + (large.batch() - 1) + ", got " + rows[n]);
            }
        }
    }

    private static boolean overlap(RnnState state, Tensor part) {
        return state.h.overlaps(part) || (state.c != null && state.c.overlaps(part));
    }

    /** Checks that no row is named twice; they have been found to be rows. */
    static void requireEachOnce(int[] rows) {
        if (rows.length <= FEW_ROWS) {
            for (int n = 1; n < rows.length; n++) {
                requireNotBefore(rows, n);
            }
            return;
        }
        int[] sorted = rows.clone();
        Arrays.sort(sorted);
        for (int i = 1; i < sorted.length; i++) {
            if (sorted[i] == sorted[i - 1]) {
                for (int n = 1; n < rows.length; n++) {
                    requireNotBefore(rows, n);
                }
            }
        }
    }

    private static void requireNotBefore(int[] rows, int n) {
        for (int other = 0; other < n; other++) {
            if (rows[other] == rows[n]) {
                throw new IllegalArgumentException("rows[" + n + "]: expected each row once, got " + rows[n]
                        + ", which is rows[" + other + "] too");
            }
        }
    }

    /** Whether rows can go from one state to the other: sizes agree and everything is open. */
    private void requireSameSizes(String name, RnnState other) {
        Arguments.notNull(name, other);
        if ((c == null) != (other.c == null)) {
            throw new IllegalArgumentException(name + ": expected " + (c == null ? "no cell state" : "a cell state")
                    + ", got " + (other.c == null ? "none" : "one"));
        }
        TensorArguments.shape(name + ".h", other.h, "[L*D,N,H]", h.dimension(0), -1, h.dimension(2));
        h.requireOpen("state");
        if (c != null && other.c != null) {
            TensorArguments.shape(name + ".c", other.c, "[L*D,N,C]", c.dimension(0), -1, c.dimension(2));
            c.requireOpen("state");
        }
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
