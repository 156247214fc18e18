package dev.rondo.cpu;

import dev.rondo.internal.Lifetime;
import dev.rondo.spi.Storage;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The backend's own memory: a Java array of float32 that nobody else sees. So every change is known: {@link #version()} counts
 * them, and what was made from the content, such as packed weights, is made again only when it has changed.
 */
final class CpuStorage implements Storage {
    private final float[] array;
    private final Lifetime owner;
    private final PackedCache cache;
    private final AtomicLong version = new AtomicLong();
    private volatile boolean closed;

    CpuStorage(float[] array, Lifetime owner, PackedCache cache) {
        this.array = array;
        this.owner = owner;
        this.cache = cache;
    }

    /** The elements, not a copy; who writes them calls {@link #changed()}. */
    float[] array() {
        return array;
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
    public boolean isClosed() {
        return closed || owner.isEnded();
    }

    @Override
    public void close() {
        closed = true;
        cache.forget(this);
    }
}
