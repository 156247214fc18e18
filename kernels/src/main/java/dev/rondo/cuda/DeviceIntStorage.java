package dev.rondo.cuda;

import dev.rondo.internal.IntArrayStorage;
import dev.rondo.spi.IntStorage;

/**
 * Integers in the memory of the device, with a copy on the host. Nearly always the host writes them, so indices are checked
 * there, before a kernel is launched, without waiting for the device. What a kernel has written is copied when somebody asks.
 */
final class DeviceIntStorage implements IntStorage {
    private final CudaKernels backend;
    private final DeviceMemory.Buffer buffer;
    private final int[] values;
    private volatile boolean closed;

    /** Whether a kernel has written from {@link #staleStart} to {@link #staleEnd}, and the copy on the host is older. */
    private volatile boolean stale;

    private int staleStart;
    private int staleEnd;

    DeviceIntStorage(CudaKernels backend, DeviceMemory.Buffer buffer, int size) {
        this.backend = backend;
        this.buffer = buffer;
        this.values = new int[size];
    }

    CudaKernels backend() {
        return backend;
    }

    /** The address of an element. */
    long at(long element) {
        if (closed) {
            throw new IllegalStateException("a tensor of integers of backend cuda is closed");
        }
        return buffer.at(element);
    }

    /** The elements, not a copy; to be read only. Waits for a kernel that has written some. */
    int[] values() {
        if (stale) {
            backend.context().enter();
            try {
                refresh();
            } finally {
                backend.context().exit();
            }
        }
        return values;
    }

    private void refresh() {
        if (stale) {
            int start = staleStart;
            backend.staging()
                    .read(
                            at(start),
                            staleEnd - start,
                            (bytes, from, part) -> bytes.asIntBuffer().get(values, start + from, part));
            stale = false;
        }
    }

    /** A kernel writes elements; between enter and exit of the context. */
    void written(int offset, int count) {
        staleStart = stale ? Math.min(staleStart, offset) : offset;
        staleEnd = stale ? Math.max(staleEnd, offset + count) : offset + count;
        stale = true;
    }

    /** The host has written elements, here and on the device. */
    private void settled(int offset, int count) {
        if (stale && offset <= staleStart && staleEnd <= offset + count) {
            stale = false;
        }
    }

    @Override
    public long size() {
        return values.length;
    }

    @Override
    public void read(long offset, int[] target, int start, int count) {
        System.arraycopy(values(), (int) offset, target, start, count);
    }

    @Override
    public void write(long offset, int[] source, int start, int count) {
        backend.context().enter();
        try {
            backend.staging()
                    .write(
                            at(offset),
                            count,
                            (bytes, from, part) -> bytes.asIntBuffer().put(source, start + from, part));
            System.arraycopy(source, start, values, (int) offset, count);
            settled((int) offset, count);
        } finally {
            backend.context().exit();
        }
    }

    @Override
    public void copyFrom(long offset, IntStorage source, long sourceOffset, long count) {
        int[] from;
        int start = Math.toIntExact(sourceOffset);
        if (source instanceof DeviceIntStorage other) {
            if (other != this && other.backend == backend) {
                copyOnDevice(Math.toIntExact(offset), other, start, Math.toIntExact(count));
                return;
            }
            from = other.values();
        } else if (source instanceof IntArrayStorage array) {
            from = array.array();
        } else {
            from = new int[Math.toIntExact(count)];
            source.read(sourceOffset, from, 0, from.length);
            start = 0;
        }
        write(offset, from, start, Math.toIntExact(count));
    }

    private void copyOnDevice(int offset, DeviceIntStorage source, int start, int count) {
        backend.context().enter();
        try {
            backend.copy(at(offset), source.at(start), count);
            if (source.stale) {
                written(offset, count);
            } else {
                System.arraycopy(source.values, start, values, offset, count);
                settled(offset, count);
            }
        } finally {
            backend.context().exit();
        }
    }

    @Override
    public boolean isClosed() {
        return closed || backend.context().isClosed();
    }

    @Override
    public void close() {
        closed = true;
        buffer.close();
    }
}
