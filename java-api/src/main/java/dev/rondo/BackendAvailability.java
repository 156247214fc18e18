package dev.rondo;

import java.util.Optional;

/** Whether a backend that was found can be used on this machine. Immutable. */
public final class BackendAvailability {
    private final String name;
    private final int priority;
    private final Optional<String> reason;

    BackendAvailability(String name, int priority, Optional<String> reason) {
        this.name = name;
        this.priority = priority;
        this.reason = reason;
    }

    /**
     * The name of the backend.
     *
     * @return such as {@code cpu}
     */
    public String name() {
        return name;
    }

    /**
     * The rank in the automatic choice: the highest available one is taken.
     *
     * @return a negative one is never taken automatically
     */
    public int priority() {
        return priority;
    }

    /**
     * Why it cannot be used.
     *
     * @return empty if it can
     */
    public Optional<String> reason() {
        return reason;
    }

    /**
     * Whether it can be used.
     *
     * @return true if there is no reason against it
     */
    public boolean isAvailable() {
        return reason.isEmpty();
    }

    @Override
    public String toString() {
        return name + reason.map(text -> ": " + text).orElse(": available");
    }
}
