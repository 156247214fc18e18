package dev.rondo.bench.cudnn;

import dev.rondo.BackendException;

/** A call of cuDNN failed, or cuDNN does not have what was asked for. */
public final class CudnnException extends BackendException {
    private static final long serialVersionUID = 1L;

    private final boolean notSupported;

    /** With what failed and why, and whether it is only that cuDNN does not have it. */
    CudnnException(String message, boolean notSupported) {
        super(message);
        this.notSupported = notSupported;
    }

    /** Whether cuDNN does not have this algorithm for these sizes, or not this network at all; others may work. */
    public boolean isNotSupported() {
        return notSupported;
    }
}
