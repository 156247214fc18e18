package dev.rondo.spi;

import dev.rondo.BackendOptions;
import java.util.Optional;

/**
 * Announces a backend. Registered in {@code META-INF/services}, made by {@link java.util.ServiceLoader}; its constructor
 * must not touch anything that may be missing.
 */
public interface BackendProvider {
    /**
     * The name by which an application asks for the backend.
     *
     * @return such as {@code reference}, {@code cpu}, {@code cuda}
     */
    String name();

    /**
     * The rank in the automatic choice: the highest available one is taken. A backend with a negative one is never taken
     * automatically, only by name.
     *
     * @return 100 for the oracle, 200 for a fast CPU backend, 300 for an accelerator
     */
    int priority();

    /**
     * Looks whether the backend can be used on this machine. Never throws.
     *
     * @return the reason why it cannot, with the cure where there is one; empty if it can
     */
    Optional<String> unavailable();

    /**
     * Opens the backend.
     *
     * @param options settings; what a backend does not know it ignores
     * @return its kernels
     * @throws dev.rondo.BackendException if it cannot be used
     */
    BackendKernels open(BackendOptions options);
}
