package dev.rondo.internal;

import dev.rondo.spi.Storage;
import java.nio.FloatBuffer;
import java.util.concurrent.atomic.AtomicLong;

/** Storage in a {@link FloatBuffer} of the caller, direct or not. */
public final class FloatBufferStorage implements Storage {
    private final FloatBuffer buffer;
    private final AtomicLong version = new AtomicLong();
    private volatile boolean closed;

    /**
     * Stands on the remaining elements of a buffer without copying them; the buffer's own position stays as it is.
     *
     * @param buffer the elements
     */
    public FloatBufferStorage(FloatBuffer buffer) {
        this.buffer = buffer.slice();
    }

    /**
     * The buffer itself.
     *
     * @return the elements, from position 0, not a copy
     */
    public FloatBuffer buffer() {
        return buffer;
    }

    @Override
    public long size() {
        return buffer.capacity();
    }

    @Override
    public boolean isDouble() {
        return false;
    }

    @Override
    public void read(long offset, float[] target, int start, int count) {
        buffer.get((int) offset, target, start, count);
    }

    @Override
    public void read(long offset, double[] target, int start, int count) {
        for (int i = 0; i < count; i++) {
            target[start + i] = buffer.get((int) offset + i);
        }
    }

    @Override
    public void write(long offset, float[] source, int start, int count) {
        buffer.put((int) offset, source, start, count);
        changed();
    }

    @Override
    public void write(long offset, double[] source, int start, int count) {
        for (int i = 0; i < count; i++) {
            buffer.put((int) offset + i, (float) source[start + i]);
        }
        changed();
    }

    @Override
    public void fill(long offset, long count, double value) {
        for (int i = 0; i < count; i++) {
            buffer.put((int) offset + i, (float) value);
        }
        changed();
    }

    @Override
    public void copyFrom(long offset, Storage source, long sourceOffset, long count) {
        float[] elements = new float[Math.toIntExact(count)];
        source.read(sourceOffset, elements, 0, elements.length);
        write(offset, elements, 0, elements.length);
    }

    @Override
    public boolean isReadOnly() {
        return buffer.isReadOnly();
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
