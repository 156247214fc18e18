package dev.rondo;

import java.util.Optional;

/**
 * Whether a backend that is on the class path can be used on this machine.
 *
 * @param name name of the backend
 * @param priority rank in the automatic choice, the highest available one is taken
 * @param reason why it cannot be used; empty if it can
 */
public record BackendAvailability(String name, int priority, Optional<String> reason) {
    /**
     * Whether it can be used.
     *
     * @return true if there is no reason against it
     */
    public boolean isAvailable() {
        return reason.isEmpty();
    }
}
