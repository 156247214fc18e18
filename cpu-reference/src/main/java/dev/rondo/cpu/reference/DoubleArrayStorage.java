package dev.rondo.cpu.reference;

import dev.rondo.internal.Lifetime;
import dev.rondo.spi.Storage;
import java.util.Arrays;

/** The oracle's memory: a Java array of float64. */
final class DoubleArrayStorage implements Storage {
    private final double[] array;
    private final Lifetime owner;
    private volatile boolean closed;

    DoubleArrayStorage(double[] array, Lifetime owner) {
        this.array = array;
        this.owner = owner;
    }

    @Override
    public long size() {
        return array.length;
    }

    @Override
    public boolean isDouble() {
        return true;
    }

    @Override
    public void read(long offset, float[] target, int start, int count) {
        for (int i = 0; i < count; i++) {
            target[start + i] = (float) array[(int) offset + i];
        }
    }

    @Override
    public void read(long offset, double[] target, int start, int count) {
        System.arraycopy(array, (int) offset, target, start, count);
    }

    @Override
    public void write(long offset, float[] source, int start, int count) {
        for (int i = 0; i < count; i++) {
            array[(int) offset + i] = source[start + i];
        }
    }

    @Override
    public void write(long offset, double[] source, int start, int count) {
        System.arraycopy(source, start, array, (int) offset, count);
    }

    @Override
    public void fill(long offset, long count, double value) {
        Arrays.fill(array, (int) offset, (int) (offset + count), value);
    }

    @Override
    public void copyFrom(long offset, Storage source, long sourceOffset, long count) {
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
