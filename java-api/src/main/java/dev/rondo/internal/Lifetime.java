package dev.rondo.internal;

/** How long a backend lives, for the storages that it owns: they end with it. */
public final class Lifetime {
    private volatile boolean ended;

    /** A backend that is open. */
    public Lifetime() {}

    /** Closes the backend. */
    public void end() {
        ended = true;
    }

    /**
     * Whether the backend is closed.
     *
     * @return true after {@link #end()}
     */
    public boolean isEnded() {
        return ended;
    }
}
