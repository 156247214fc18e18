package dev.rondo.cuda;

/**
 * The device has not enough memory. Nothing was allocated; what was there before stays usable, so that a caller may free
 * something or try a smaller batch.
 */
public final class CudaOutOfMemoryException extends CudaException {
    private static final long serialVersionUID = 1L;

    /** In bytes. */
    private final long requestedBytes;

    /** In bytes, -1 if unknown. */
    private final long freeBytes;

    CudaOutOfMemoryException(int status, long requestedBytes, long freeBytes, String message) {
        super(status, false, message);
        this.requestedBytes = requestedBytes;
        this.freeBytes = freeBytes;
    }

    /**
     * What was asked for.
     *
     * @return in bytes
     */
    public long requestedBytes() {
        return requestedBytes;
    }

    /**
     * What was free on the device.
     *
     * @return in bytes, -1 if the driver did not say
     */
    public long freeBytes() {
        return freeBytes;
    }
}
