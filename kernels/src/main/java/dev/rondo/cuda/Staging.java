package dev.rondo.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.Pointer;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.JCudaDriver;

/**
 * Pinned memory of the host, through which all copies go: the device copies it by itself, while the caller has its array back.
 * Writes take turns through a ring of slots and wait only if the ring is full; a read waits for everything before it. All
 * methods are called between enter and exit of the context.
 */
final class Staging {
    private static final int SLOTS = 8;
    private static final int SLOT_BYTES = 256 * 1024;

    private final CudaContext context;
    private final Slot[] ring = new Slot[SLOTS];
    private int next;

    Staging(CudaContext context) {
        this.context = context;
        context.atClose(this::close);
        for (int i = 0; i < SLOTS; i++) {
            ring[i] = new Slot();
        }
    }

    private final class Slot {
        final Pointer pointer = new Pointer();
        final CUevent copied = new CUevent();
        final ByteBuffer bytes;

        Slot() {
            context.check(
                    JCudaDriver.cuMemHostAlloc(pointer, SLOT_BYTES, 0), "cuMemHostAlloc of " + SLOT_BYTES + " bytes");
            bytes = pointer.getByteBuffer(0, SLOT_BYTES).order(ByteOrder.nativeOrder());
            try {
                context.check(
                        JCudaDriver.cuEventCreate(copied, CUevent_flags.CU_EVENT_DISABLE_TIMING), "cuEventCreate");
            } catch (CudaException e) {
                JCudaDriver.cuMemFreeHost(pointer);
                throw e;
            }
        }

        void close() {
            JCudaDriver.cuEventDestroy(copied);
            JCudaDriver.cuMemFreeHost(pointer);
        }
    }

    /** Puts a number of elements of 4 bytes, from a position on, into a buffer, or takes them out. */
    interface Transfer {
        /**
         * Moves elements.
         *
         * @param bytes the slot, its position is 0
         * @param from first element, counted from the start of the copy
         * @param count number of elements
         */
        void move(ByteBuffer bytes, int from, int count);
    }

    /**
     * Copies to the device.
     *
     * @param address where to
     * @param count number of elements of 4 bytes
     * @param fill puts them into a slot
     */
    void write(long address, int count, Transfer fill) {
        for (int from = 0; from < count; from += SLOT_BYTES / 4) {
            int part = Math.min(count - from, SLOT_BYTES / 4);
            Slot slot = ring[next];
            next = (next + 1) % SLOTS;
            context.check(JCudaDriver.cuEventSynchronize(slot.copied), "cuEventSynchronize before a copy");
            fill.move(slot.bytes.clear(), from, part);
            context.check(
                    JCudaDriver.cuMemcpyHtoDAsync(
                            DevicePointer.to(address + 4L * from), slot.pointer, 4L * part, context.stream()),
                    "cuMemcpyHtoDAsync of " + part + " elements");
            int recorded = JCudaDriver.cuEventRecord(slot.copied, context.stream());
            if (recorded != Status.SUCCESS) {
                JCudaDriver.cuStreamSynchronize(context.stream()); // else the slot could be filled before it is copied
            }
            context.check(recorded, "cuEventRecord after a copy");
        }
    }

    /**
     * Copies from the device, after everything before it is done.
     *
     * @param address where from
     * @param count number of elements of 4 bytes
     * @param drain takes them out of a slot
     */
    void read(long address, int count, Transfer drain) {
        for (int from = 0; from < count; from += SLOT_BYTES / 4) {
            int part = Math.min(count - from, SLOT_BYTES / 4);
            Slot slot = ring[next];
            next = (next + 1) % SLOTS;
            context.check(
                    JCudaDriver.cuMemcpyDtoHAsync(
                            slot.pointer, DevicePointer.to(address + 4L * from), 4L * part, context.stream()),
                    "cuMemcpyDtoHAsync of " + part + " elements");
            context.synchronize("cuStreamSynchronize to read " + part + " elements");
            drain.move(slot.bytes.clear(), from, part);
        }
    }

    private void close() {
        for (Slot slot : ring) {
            if (slot != null) {
                slot.close();
            }
        }
    }
}
