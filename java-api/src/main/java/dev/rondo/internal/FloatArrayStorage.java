package dev.rondo.internal;

import dev.rondo.spi.Storage;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/** Storage in a Java array of float32, wrapped from the caller or owned by a CPU backend. */
public final class FloatArrayStorage implements Storage {
    private final float[] array;
    private final AtomicLong version = new AtomicLong();
    private volatile boolean closed;

    /**
     * Stands on an array without copying it.
     *
     * @param array the elements
     */
    public FloatArrayStorage(float[] array) {
        this.array = array;
    }

    /**
     * The array itself.
     *
     * @return the elements, not a copy
     */
    public float[] array() {
        return array;
    }

    @Override
    public long size() {
        return array.length;
    }

    @Override
    public boolean isDouble() {
        return false;
    }

    @Override
    public void read(long offset, float[] target, int start, int count) {
        System.arraycopy(array, (int) offset, target, start, count);
    }

    @Override
    public void read(long offset, double[] target, int start, int count) {
        for (int i = 0; i < count; i++) {
            target[start + i] = array[(int) offset + i];
        }
    }

    @Override
    public void write(long offset, float[] source, int start, int count) {
        System.arraycopy(source, start, array, (int) offset, count);
        changed();
    }

    @Override
    public void write(long offset, double[] source, int start, int count) {
        for (int i = 0; i < count; i++) {
            array[(int) offset + i] = (float) source[start + i];
        }
        changed();
    }

    @Override
    public void fill(long offset, long count, double value) {
        Arrays.fill(array, (int) offset, (int) (offset + count), (float) value);
        changed();
    }

    @Override
    public void copyFrom(long offset, Storage source, long sourceOffset, long count) {
        source.read(sourceOffset, array, (int) offset, (int) count);
        changed();
    }

    @Override
    public boolean sharesMemory(Storage other) {
        return other instanceof FloatArrayStorage storage && array == storage.array;
    }

    @Override
    public long version() {
        return version.get();
    }

    @Override
    public void changed() {
        version.incrementAndGet();
    }

    @Override
    public boolean isClosed() {
        return closed;
    }

    @Override
    public void close() {
        closed = true;
    }
}
