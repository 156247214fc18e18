package dev.rondo.cuda;

import org.jspecify.annotations.Nullable;

/** Memory of the device that grows to what the largest call so far needed; between enter and exit of the context. */
final class Scratch {
    private final DeviceMemory memory;
    private final String what;
    private DeviceMemory.@Nullable Buffer buffer;
    private long capacity;

    Scratch(DeviceMemory memory, String what) {
        this.memory = memory;
        this.what = what;
    }

    /** The address of room for so many bytes, with any content; valid until the next call. */
    long atLeast(long bytes) {
        if (buffer == null || capacity < bytes) {
            if (buffer != null) {
                buffer.close();
                buffer = null;
            }
            capacity = 0;
            buffer = memory.allocate(Math.max(1, bytes), what);
            capacity = bytes;
        }
        return buffer.address();
    }
}
