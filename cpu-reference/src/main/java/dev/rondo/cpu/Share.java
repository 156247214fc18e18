package dev.rondo.cpu;

/**
 * What one worker computes of a pass: some rows of the batch, or some hidden units of all rows where that is done sooner
 * ({@link #parties}). Rows are independent of each other. Units are not: each step needs the whole state before it, so the
 * workers wait for one another with {@link #meet}. A unit is computed in the same way whoever computes it.
 */
final class Share {
    /** Multiplications that take about as long as a meeting of the workers. */
    private static final long MEETING = 32_000;

    /** Recurrent weights beyond a second cache, in elements: who reads them waits for the third cache in every step. */
    private static final long LARGE_WEIGHTS = 1 << 21;

    /** Reading such weights takes about as long as multiplying so many rows by them. */
    private static final long ROWS_OF_READING = 4;

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
     * @param active workers that there are
     * @param rows rows of the batch
     * @param units hidden units, padded
     * @param panel units of a panel
     * @param weights recurrent weights: multiplications of a step of one row
     */
    void take(int active, int rows, int units, int panel, long weights) {
        parties = parties(active, rows, units / panel, weights);
        byUnits = parties > 1;
        first = byUnits ? 0 : part(rows, worker, active);
        end = byUnits ? rows : part(rows, worker + 1, active);
        from = 0;
        to = units;
        if (byUnits) {
            from = panel * part(units / panel, Math.min(worker, parties), parties);
            to = panel * part(units / panel, Math.min(worker + 1, parties), parties);
        }
    }

    /**
     * How many workers share the units of all rows, or 1 if each takes rows. Compared are the times of a step of the worker that
     * has most to do, in multiplications.
     *
     * @param active workers that there are
     * @param rows rows of the batch
     * @param panels panels of units
     * @param weights recurrent weights: multiplications of a step of one row
     */
    static int parties(int active, int rows, int panels, long weights) {
        long perMeeting = rows * weights / MEETING;
        int parties = (int) Math.min(Math.min(active, panels), perMeeting);
        if (parties < 2) {
            return 1;
        }
        long byRows = time(largest(rows, active), weights);
        long byUnits = time(rows, weights * largest(panels, parties) / panels) + MEETING;
        return byUnits < byRows ? parties : 1;
    }

    /** Of n things shared by several, how many one has at most. */
    private static int largest(int n, int shared) {
        return (n + shared - 1) / shared;
    }

    private static long time(long rows, long weights) {
        return (rows + (weights >= LARGE_WEIGHTS ? ROWS_OF_READING : 0)) * weights;
    }

    /** How many workers have something to do. */
    static int busy(int active, int rows, int panels, long weights) {
        int parties = parties(active, rows, panels, weights);
        return parties > 1 ? parties : Math.min(active, rows);
    }

    /** The first of n that belongs to a part of several. */
    static int part(int n, int part, int parts) {
        return (int) ((long) n * part / parts);
    }

    boolean isEmpty() {
        return first == end || from == to;
    }

    /** The part of all the work that this is. */
    double size(int rows, int units) {
        return (double) (end - first) * (to - from) / ((double) rows * units);
    }

    /** The first of some steps that this worker takes, where they can be computed one by one. */
    int firstStep(int fromStep, int toStep) {
        return byUnits ? fromStep + part(toStep - fromStep, worker, parties) : fromStep;
    }

    int endStep(int fromStep, int toStep) {
        return byUnits ? fromStep + part(toStep - fromStep, worker + 1, parties) : toStep;
    }

    /** Waits until all that share the units are here. */
    void meet() {
        if (parties > 1) {
            workers.meet(worker, parties);
        }
    }
}
