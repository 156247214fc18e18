package dev.rondo.cuda;

import java.lang.ref.Cleaner;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import jcuda.driver.JCudaDriver;

/**
 * The memory of the device. What is given back is kept for the next request of the same size: all work is in one stream, so
 * whoever gets it next comes after whoever had it before. When the device has no more, what is kept is given back to the
 * driver, and what nobody refers to any more is collected, before a request fails.
 *
 * <p>Sizes are rounded up to 512 bytes, from a mebibyte on to 64 KiB. In debug mode nothing is rounded or kept, and new memory
 * is filled with NaN.
 */
final class DeviceMemory {
    private static final long MEBIBYTE = 1 << 20;
    private static final int MAX_PAUSE_MS = 64;
    private static final Cleaner CLEANER = Cleaner.create();

    private final CudaContext context;
    private final Map<Long, Deque<Long>> kept = new HashMap<>();
    private final Map<Long, Long> sizes = new HashMap<>();
    private final Queue<Long> returned = new ConcurrentLinkedQueue<>();
    private long liveBytes;

    DeviceMemory(CudaContext context) {
        this.context = context;
        context.atClose(this::close);
    }

    /** A piece of device memory; given back by {@link #close()}, or when nobody refers to it any more. */
    static final class Buffer implements AutoCloseable {
        private final long address;
        private final Cleaner.Cleanable release;

        private Buffer(DeviceMemory memory, long address) {
            this.address = address;
            this.release = CLEANER.register(this, new Release(memory, address));
        }

        /** The address of the first byte. */
        long address() {
            return address;
        }

        /** The address of an element of 4 bytes. */
        long at(long element) {
            return address + 4 * element;
        }

        @Override
        public void close() {
            release.clean();
        }
    }

    /** Not a lambda of Buffer, which it must not refer to. */
    private record Release(DeviceMemory memory, long address) implements Runnable {
        @Override
        public void run() {
            memory.returned.add(address);
        }
    }

    /**
     * Allocates; between enter and exit of the context. A call allocates before it takes the addresses of its arguments: what
     * was closed or collected meanwhile may be given out here.
     *
     * @param bytes at least 1
     * @param what for the error
     * @return memory with any content
     * @throws CudaOutOfMemoryException if there is not enough
     */
    Buffer allocate(long bytes, String what) {
        takeBack();
        long size = context.isDebug() ? bytes : rounded(bytes);
        Deque<Long> fitting = kept.get(size);
        Long address = fitting == null ? null : fitting.poll();
        if (address == null) {
            address = allocateAnew(size, what);
            sizes.put(address, size);
        }
        liveBytes += size;
        Buffer buffer = new Buffer(this, address);
        if (context.isDebug()) {
            fill(buffer, 0xff, size);
        }
        return buffer;
    }

    /** The same, filled with zero. */
    Buffer allocateZeroed(long bytes, String what) {
        Buffer buffer = allocate(bytes, what);
        fill(buffer, 0, bytes);
        return buffer;
    }

    /** Sets every byte, or closes the buffer. */
    private void fill(Buffer buffer, int value, long bytes) {
        try {
            context.check(
                    JCudaDriver.cuMemsetD8Async(
                            DevicePointer.to(buffer.address()), (byte) value, bytes, context.stream()),
                    "cuMemsetD8Async of " + bytes + " bytes");
        } catch (CudaException e) {
            buffer.close();
            throw e;
        }
    }

    private static long rounded(long bytes) {
        long step = bytes >= MEBIBYTE ? 64 * 1024 : 512;
        return (bytes + step - 1) / step * step;
    }

    private long allocateAnew(long size, String what) {
        DevicePointer pointer = new DevicePointer();
        int status = JCudaDriver.cuMemAlloc(pointer, size);
        if (status == Status.OUT_OF_MEMORY) {
            trim();
            status = JCudaDriver.cuMemAlloc(pointer, size);
        }
        for (int pause = 1; status == Status.OUT_OF_MEMORY && pause <= MAX_PAUSE_MS; pause *= 4) {
            collect(pause);
            status = JCudaDriver.cuMemAlloc(pointer, size);
        }
        if (status == Status.OUT_OF_MEMORY) {
            throw outOfMemory(status, size, what);
        }
        context.check(status, "cuMemAlloc of " + size + " bytes for " + what);
        return pointer.address();
    }

    private CudaOutOfMemoryException outOfMemory(int status, long size, String what) {
        long[] free = {-1};
        long[] total = {-1};
        if (JCudaDriver.cuMemGetInfo(free, total) != Status.SUCCESS) {
            free[0] = -1;
        }
        return new CudaOutOfMemoryException(
                status,
                size,
                free[0],
                "not enough memory on the device: expected " + size + " bytes for " + what + ", got " + free[0]
                        + " free of " + total[0] + "; this backend holds " + liveBytes);
    }

    /** Lets the garbage collector find buffers that were never closed, as the JDK does for direct buffers. */
    private void collect(int pauseMs) {
        System.gc();
        try {
            Thread.sleep(pauseMs);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        takeBack();
        trim();
    }

    /** Takes back what was closed or collected since the last time. */
    private void takeBack() {
        for (Long address = returned.poll(); address != null; address = returned.poll()) {
            Long size = sizes.get(address);
            if (size == null) {
                continue; // the memory is closed
            }
            liveBytes -= size;
            if (context.isDebug()) {
                sizes.remove(address);
                JCudaDriver.cuMemFree(DevicePointer.to(address));
            } else {
                kept.computeIfAbsent(size, any -> new ArrayDeque<>()).push(address);
            }
        }
    }

    /** Gives what is kept back to the driver. */
    private void trim() {
        for (Deque<Long> addresses : kept.values()) {
            for (long address : addresses) {
                sizes.remove(address);
                JCudaDriver.cuMemFree(DevicePointer.to(address));
            }
        }
        kept.clear();
    }

    /** The bytes of all buffers that are in use; between enter and exit. */
    long liveBytes() {
        takeBack();
        return liveBytes;
    }

    private void close() {
        sizes.keySet().forEach(address -> JCudaDriver.cuMemFree(DevicePointer.to(address)));
        sizes.clear();
        kept.clear();
        liveBytes = 0;
    }
}
