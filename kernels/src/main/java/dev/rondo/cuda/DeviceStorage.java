package dev.rondo.cuda;

import dev.rondo.internal.FloatArrayStorage;
import dev.rondo.spi.Storage;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/** float32 in the memory of the device. */
final class DeviceStorage implements Storage {
    private final CudaKernels backend;
    private final long size;
    private final DeviceMemory.@Nullable Buffer buffer;
    private final long address;
    private volatile boolean closed;

    /** Memory of the backend. */
    DeviceStorage(CudaKernels backend, DeviceMemory.Buffer buffer, long size) {
        this.backend = backend;
        this.buffer = buffer;
        this.address = buffer.address();
        this.size = size;
    }

    /** Memory of the caller. */
    DeviceStorage(CudaKernels backend, long address, long size) {
        this.backend = backend;
        this.buffer = null;
        this.address = address;
        this.size = size;
    }

    CudaKernels backend() {
        return backend;
    }

    /** The address of an element. */
    long at(long element) {
        if (closed) {
            throw new IllegalStateException("a tensor of backend cuda is closed");
        }
        return address + 4 * element;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public boolean isDouble() {
        return false;
    }

    @Override
    public void read(long offset, float[] target, int start, int count) {
        backend.context().enter();
        try {
            backend.staging()
                    .read(
                            at(offset),
                            count,
                            (bytes, from, part) -> bytes.asFloatBuffer().get(target, start + from, part));
        } finally {
            backend.context().exit();
        }
    }

    @Override
    public void read(long offset, double[] target, int start, int count) {
        backend.context().enter();
        try {
            backend.staging().read(at(offset), count, (bytes, from, part) -> {
                for (int i = 0; i < part; i++) {
                    target[start + from + i] = bytes.getFloat(4 * i);
                }
            });
        } finally {
            backend.context().exit();
        }
    }

    @Override
    public void write(long offset, float[] source, int start, int count) {
        backend.context().enter();
        try {
            backend.staging()
                    .write(
                            at(offset),
                            count,
                            (bytes, from, part) -> bytes.asFloatBuffer().put(source, start + from, part));
        } finally {
            backend.context().exit();
        }
    }

    @Override
    public void write(long offset, double[] source, int start, int count) {
        backend.context().enter();
        try {
            backend.staging().write(at(offset), count, (bytes, from, part) -> {
                for (int i = 0; i < part; i++) {
                    bytes.putFloat(4 * i, (float) source[start + from + i]);
                }
            });
        } finally {
            backend.context().exit();
        }
    }

    @Override
    public void fill(long offset, long count, double value) {
        backend.context().enter();
        try {
            backend.context()
                    .check(
                            JCudaDriver.cuMemsetD32Async(
                                    DevicePointer.to(at(offset)),
                                    Float.floatToRawIntBits((float) value),
                                    count,
                                    backend.context().stream()),
                            "cuMemsetD32Async of " + count + " elements");
        } finally {
            backend.context().exit();
        }
    }

    @Override
    public void copyFrom(long offset, Storage source, long sourceOffset, long count) {
        if (source instanceof DeviceStorage other && other.backend == backend) {
            copyOnDevice(offset, other, sourceOffset, count);
        } else if (source instanceof FloatArrayStorage array) {
            write(offset, array.array(), Math.toIntExact(sourceOffset), Math.toIntExact(count));
        } else {
            float[] values = new float[Math.toIntExact(count)];
            source.read(sourceOffset, values, 0, values.length);
            write(offset, values, 0, values.length);
        }
    }

    private void copyOnDevice(long offset, DeviceStorage source, long sourceOffset, long count) {
        backend.context().enter();
        try {
            long distance = address + 4 * offset - (source.address + 4 * sourceOffset);
            if (distance != 0 && Math.abs(distance) < 4 * count) {
                copyOverlapping(offset, source, sourceOffset, count);
            } else if (distance != 0) {
                backend.copy(at(offset), source.at(sourceOffset), count);
            }
        } finally {
            backend.context().exit();
        }
    }

    private void copyOverlapping(long offset, DeviceStorage source, long sourceOffset, long count) {
        try (DeviceMemory.Buffer between = backend.memory().allocate(4 * count, "an overlapping copy")) {
            backend.copy(between.address(), source.at(sourceOffset), count);
            backend.copy(at(offset), between.address(), count);
        }
    }

    @Override
    public void gatherRows(long offset, Storage source, long sourceOffset, int[] rows, int width) {
        if (rows.length > 1 && source instanceof DeviceStorage other && other.backend == backend) {
            backend.context().enter();
            try {
                backend.rowCopies().gather(this, offset, other, sourceOffset, rows, width);
            } finally {
                backend.context().exit();
            }
        } else {
            Storage.super.gatherRows(offset, source, sourceOffset, rows, width);
        }
    }

    @Override
    public void scatterRows(long offset, Storage source, long sourceOffset, int[] rows, int width) {
        if (rows.length > 1 && source instanceof DeviceStorage other && other.backend == backend) {
            backend.context().enter();
            try {
                backend.rowCopies().scatter(this, offset, other, sourceOffset, rows, width);
            } finally {
                backend.context().exit();
            }
        } else {
            Storage.super.scatterRows(offset, source, sourceOffset, rows, width);
        }
    }

    @Override
    public boolean sharesMemory(Storage other) {
        return other instanceof DeviceStorage storage && storage.backend == backend && storage.address == address;
    }

    @Override
    public boolean isClosed() {
        return closed || backend.context().isClosed();
    }

    @Override
    public void close() {
        closed = true;
        if (buffer != null) {
            buffer.close();
        }
    }
}
