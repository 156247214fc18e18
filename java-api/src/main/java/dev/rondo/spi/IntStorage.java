package dev.rondo.spi;

/**
 * The memory under a {@link dev.rondo.IntTensor}: a row of 32-bit integers. Offsets and counts are in elements; ranges have
 * been checked by the caller.
 */
public interface IntStorage extends AutoCloseable {
    /**
     * The number of elements.
     *
     * @return at least 1
     */
    long size();

    /**
     * Copies elements out.
     *
     * @param offset first element here
     * @param target receives them
     * @param start first index in {@code target}
     * @param count number of elements
     */
    void read(long offset, int[] target, int start, int count);

    /**
     * Copies elements in.
     *
     * @param offset first element here
     * @param source where they come from
     * @param start first index in {@code source}
     * @param count number of elements
     */
    void write(long offset, int[] source, int start, int count);

    /**
     * Copies elements of another storage of the same backend, or of an array of the caller.
     *
     * @param offset first element here
     * @param source where they come from
     * @param sourceOffset first element there
     * @param count number of elements
     */
    void copyFrom(long offset, IntStorage source, long sourceOffset, long count);

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
