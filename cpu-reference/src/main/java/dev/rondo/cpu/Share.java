package dev.rondo.cpu;

/**
 * What one worker computes of a pass: some rows of the batch, or some hidden units of all rows where there are fewer rows than
 * workers or the weights are large. Rows are independent of each other. Units are not: each step needs the whole state before it, so the workers wait
 * for one another with {@link #meet}. A unit is computed in the same way whoever computes it.
 */
final class Share {
    /** Multiplications of a step for which a worker pays: a meeting takes as long as some tens of thousands. */
    private static final long STEP = 32_000;

    /** Recurrent weights beyond a second cache, in elements: a worker that takes units reads only its part of them. */
    private static final long LARGE_WEIGHTS = 1 << 21;

    private final Workers workers;
    private final int worker;

    /** Rows first to end - 1. */
    int first;

    int end;

    /** Hidden units from to to - 1, in padded places; whole panels. */
    int from;

    int to;

    /** Whether this is a share of the units. */
    boolean byUnits;

    /** How many workers share the units. */
    private int parties;

    Share(Workers workers, int worker) {
        this.workers = workers;
        this.worker = worker;
    }

    /**
     * Takes this worker's share.
     *
     * @param rows rows of the batch
     * @param units hidden units, padded
     * @param panel units of a panel
     * @param stepOperations multiplications of a step of all rows
     */
    void take(int rows, int units, int panel, long stepOperations) {
        int active = workers.active();
        byUnits = active > 1 && (rows < active || stepOperations / rows >= LARGE_WEIGHTS);
        first = byUnits ? 0 : part(rows, worker, active);
        end = byUnits ? rows : part(rows, worker + 1, active);
        from = 0;
        to = units;
        parties = 1;
        if (byUnits) {
            parties = parties(active, units / panel, stepOperations);
            from = panel * part(units / panel, Math.min(worker, parties), parties);
            to = panel * part(units / panel, Math.min(worker + 1, parties), parties);
        }
    }

    /** How many of the active workers share so many panels of units. */
    static int parties(int active, int panels, long stepOperations) {
        return (int) Math.max(1, Math.min(Math.min(active, panels), stepOperations / STEP));
    }

    /** The first of n that belongs to a part of several. */
    static int part(int n, int part, int parts) {
        return (int) ((long) n * part / parts);
    }

    boolean isEmpty() {
        return first == end || from == to;
    }

    /** The first of so many steps that this worker takes, where they can be computed one by one. */
    int firstStep(int steps) {
        return byUnits ? part(steps, worker, parties) : 0;
    }

    int endStep(int steps) {
        return byUnits ? part(steps, worker + 1, parties) : steps;
    }

    /** Waits until all that share the units are here. */
    void meet() {
        if (parties > 1) {
            workers.meet(worker, parties);
        }
    }
}
