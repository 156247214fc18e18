package dev.rondo.cpu;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Whether helpers are worth waiting for. They need processors, and whether there are any is seen only by what they do: on a busy
 * machine, or under a quota, a helper can stand still for milliseconds in the middle of a task. So gains and losses of time
 * are added up, and a loss is made up by a multiple of that time without helpers.
 */
final class Reckoning {
    /** Times that a loss is spent alone: so helpers cost at most an eighth. */
    private static final long PENALTY = 8;

    /** What may be lost after as large gains, in nanoseconds: about a slice of time of the operating system. */
    private static final long CREDIT = 8_000_000;

    /** Gains less losses; of who has the helpers. */
    private long credit;

    /** Nanoseconds to be computed alone before helpers are asked again. */
    private final AtomicLong alone = new AtomicLong();

    boolean isAlone() {
        return alone.get() > 0;
    }

    /**
     * Compares the time of a task with helpers with that which the caller alone would have taken.
     *
     * @param took nanoseconds that it took
     * @param waited of these, those that the caller waited for helpers
     * @param part the part of the work that the caller did
     * @param most the most that can have been gained; the caller itself may have stood still, which looks like a gain
     */
    void together(long took, long waited, double part, long most) {
        if (part > 0) {
            long gain = (long) ((took - waited) / part) - took;
            credit = Math.min(CREDIT, credit + Math.min(most, gain));
        }
        if (credit < 0) {
            alone.set(-PENALTY * credit);
            credit = 0;
        }
    }

    /** Tells of a task that was done alone. */
    void alone(long took) {
        if (alone.get() > 0) {
            alone.addAndGet(-took);
        }
    }
}
