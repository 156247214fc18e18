package dev.rondo.cuda;

import dev.rondo.BackendException;

/**
 * A call of CUDA failed. The message names the call, what it was for, and CUDA's own text.
 *
 * <p>After some errors, such as an access outside of memory within a kernel, CUDA does not recover: {@link #isFatal()}. The
 * backend then repeats the first such error for every call, and can only be closed; the process has to be started anew
 * before CUDA can be used again.
 */
public class CudaException extends BackendException {
    private static final long serialVersionUID = 1L;

    /** A value of {@code CUresult}. */
    private final int status;

    /** Whether CUDA cannot be used any more in this process. */
    private final boolean fatal;

    CudaException(int status, boolean fatal, String message) {
        super(message);
        this.status = status;
        this.fatal = fatal;
    }

    CudaException(CudaException first, String message) {
        super(message, first);
        this.status = first.status;
        this.fatal = first.fatal;
    }

    /**
     * The status of the driver API.
     *
     * @return a value of {@code CUresult}, such as 700 for {@code CUDA_ERROR_ILLEGAL_ADDRESS}
     */
    public int status() {
        return status;
    }

    /**
     * Whether CUDA cannot be used any more in this process.
     *
     * @return true after an error that CUDA does not recover from
     */
    public boolean isFatal() {
        return fatal;
    }
}
