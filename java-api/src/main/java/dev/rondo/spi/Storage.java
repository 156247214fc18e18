package dev.rondo.spi;

/**
 * The memory under a {@link dev.rondo.Tensor}: a row of real numbers, owned by a backend or wrapped from the caller.
 *
 * <p>Elements are float32, except where a backend computes in double ({@link #isDouble()}). Offsets and counts are in
 * elements. Ranges have been checked by the caller.
 */
public interface Storage extends AutoCloseable {
    /**
     * The number of elements.
     *
     * @return at least 1
     */
    long size();

    /**
     * Whether the elements are float64, as the oracle's are, and not float32.
     *
     * @return true for float64
     */
    boolean isDouble();

    /**
     * Whether nothing can be written here.
     *
     * @return true for a read-only buffer of the caller
     */
    default boolean isReadOnly() {
        return false;
    }

    /**
     * Copies elements out, rounding float64 to float32.
     *
     * @param offset first element here
     * @param target receives them
     * @param start first index in {@code target}
     * @param count number of elements
     */
    void read(long offset, float[] target, int start, int count);

    /**
     * Copies elements out.
     *
     * @param offset first element here
     * @param target receives them
     * @param start first index in {@code target}
     * @param count number of elements
     */
    void read(long offset, double[] target, int start, int count);

    /**
     * Copies elements in.
     *
     * @param offset first element here
     * @param source where they come from
     * @param start first index in {@code source}
     * @param count number of elements
     */
    void write(long offset, float[] source, int start, int count);

    /**
     * Copies elements in, rounding to float32 where the elements are float32.
     *
     * @param offset first element here
     * @param source where they come from
     * @param start first index in {@code source}
     * @param count number of elements
     */
    void write(long offset, double[] source, int start, int count);

    /**
     * Sets elements to one value.
     *
     * @param offset first element
     * @param count number of elements
     * @param value the value, rounded to float32 where the elements are float32
     */
    void fill(long offset, long count, double value);

    /**
     * Copies elements of another storage of the same backend, or of an array of the caller. Overlapping ranges of the
     * same storage behave as if copied through a temporary.
     *
     * @param offset first element here
     * @param source where they come from
     * @param sourceOffset first element there
     * @param count number of elements
     */
    void copyFrom(long offset, Storage source, long sourceOffset, long count);

    /**
     * Whether an element of this is an element of another storage at the same index: the same storage, or another one over
     * the same memory of the caller.
     *
     * @param other another storage
     * @return true if both stand on the same memory; two buffers of the caller are not looked through
     */
    default boolean sharesMemory(Storage other) {
        return this == other;
    }

    /**
     * Copies chosen rows of another storage of the same backend: row n here becomes row {@code rows[n]} there.
     *
     * @param offset first element of row 0 here
     * @param source another storage
     * @param sourceOffset first element of row 0 there
     * @param rows which row there, for each row here
     * @param width elements of a row
     */
    default void gatherRows(long offset, Storage source, long sourceOffset, int[] rows, int width) {
        for (int n = 0; n < rows.length; n++) {
            copyFrom(offset + (long) n * width, source, sourceOffset + (long) rows[n] * width, width);
        }
    }

    /**
     * Copies all rows of another storage of the same backend into chosen rows: row {@code rows[n]} here becomes row n there.
     *
     * @param offset first element of row 0 here
     * @param source another storage
     * @param sourceOffset first element of row 0 there
     * @param rows which row here, for each row there; no row twice
     * @param width elements of a row
     */
    default void scatterRows(long offset, Storage source, long sourceOffset, int[] rows, int width) {
        for (int n = 0; n < rows.length; n++) {
            copyFrom(offset + (long) rows[n] * width, source, sourceOffset + (long) n * width, width);
        }
    }

    /**
     * The number of changes of the content so far: what was made of it is made again when this has grown. A backend counts the
     * changes of its own memory; those of wrapped memory are what {@link #changed()} says.
     *
     * @return 0 where changes are not counted, since nothing is made of the content
     */
    default long version() {
        return 0;
    }

    /** Says that the content was changed by somebody who cannot be seen. */
    default void changed() {}

    /**
     * Whether {@link #close()} was called, or the backend that owns this was closed.
     *
     * @return true if the memory is gone
     */
    boolean isClosed();

    /** Gives the memory back; a second call does nothing. Memory wrapped from the caller stays the caller's. */
    @Override
    void close();
}
