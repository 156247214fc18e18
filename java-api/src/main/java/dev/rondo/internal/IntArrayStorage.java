package dev.rondo.internal;

import dev.rondo.spi.IntStorage;

/** Storage of integers in a Java array, wrapped from the caller or owned by a CPU backend. */
public final class IntArrayStorage implements IntStorage {
    private final int[] array;
    private final Lifetime owner;
    private volatile boolean closed;

    /**
     * Stands on an array without copying it.
     *
     * @param array the elements
     */
    public IntArrayStorage(int[] array) {
        this(array, new Lifetime());
    }

    /**
     * Stands on an array of a backend without copying it.
     *
     * @param array the elements
     * @param owner ends this storage too
     */
    public IntArrayStorage(int[] array, Lifetime owner) {
        this.array = array;
        this.owner = owner;
    }

    /**
     * The array itself.
     *
     * @return the elements, not a copy
     */
    public int[] array() {
        return array;
    }

    @Override
    public long size() {
        return array.length;
    }

    @Override
    public void read(long offset, int[] target, int start, int count) {
        System.arraycopy(array, (int) offset, target, start, count);
    }

    @Override
    public void write(long offset, int[] source, int start, int count) {
        System.arraycopy(source, start, array, (int) offset, count);
    }

    @Override
    public void copyFrom(long offset, IntStorage source, long sourceOffset, long count) {
        source.read(sourceOffset, array, (int) offset, (int) count);
    }

    @Override
    public boolean isClosed() {
        return closed || owner.isEnded();
    }

    @Override
    public void close() {
        closed = true;
    }
}
