package dev.rondo.bench.cli;

/** The exit status of the command. */
public final class ExitStatus {
    /** Done. */
    public static final int DONE = 0;
    /** A check failed, or Rondo did. */
    public static final int FAILED = 1;
    /** The call or an input was wrong. */
    public static final int WRONG_CALL = 2;

    private ExitStatus() {}
}
