package dev.rondo;

/** A backend is missing, cannot be used on this machine, or failed. The message says which one and why. */
public class BackendException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * An error without a cause.
     *
     * @param message what failed, and why
     */
    public BackendException(String message) {
        super(message);
    }

    /**
     * An error with a cause.
     *
     * @param message what failed, and why
     * @param cause the failure underneath
     */
    public BackendException(String message, Throwable cause) {
        super(message, cause);
    }
}
