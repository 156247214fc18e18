package dev.rondo.cpu;

import java.util.ArrayList;
import java.util.List;

/**
 * Calls the vector loops until they are compiled, on arrays as small as can be, since until then a call takes so long. A loop
 * counts as compiled when it allocates nothing and takes at most twice the time of the plain one: before, every vector is an
 * object, and it takes more than ten times that.
 *
 * <p>A thread does that, in about a second: the compiler counts calls, and works beside the thread. A loop that does not become fast stays
 * plain: a JVM may have no compiler that knows vectors.
 */
final class WarmUp {
    /** Calls that are timed together; the fastest of several such samples counts. */
    private static final int CALLS = 10;

    /** Samples of either loop before they are compared. */
    private static final int SAMPLES = 60;

    /** Samples of the first visit to a loop: the compiler has counted enough then, and works on while other loops are called. */
    private static final int FIRST_VISIT = 400;

    private static final int LATER_VISIT = 50;

    /** The longest visit, in nanoseconds. */
    private static final long LONGEST_VISIT = 60_000_000;

    /** After so many nanoseconds of visits their pauses grow, to so many milliseconds; after so many there are no more. */
    private static final long SOON = 3_000_000_000L;

    private static final long LIMIT = 20_000_000_000L;
    private static final int LONGEST_PAUSE = 100;

    private final WarmingLoops loops;
    private final Loop.Operands operands;
    private final AllocatedBytes allocated = new AllocatedBytes();
    private final List<Visit> visits = new ArrayList<>();

    private WarmUp(WarmingLoops loops) {
        this.loops = loops;
        this.operands = new Loop.Operands(loops.panel());
        for (Loop loop : Loop.values()) {
            if (!loops.isWarm(loop)) {
                for (int rows : loop.rows) {
                    visits.add(new Visit(loop, rows));
                }
            }
        }
    }

    /** Starts the thread. */
    static Thread start(WarmingLoops loops) {
        Thread thread = new Thread(null, () -> new WarmUp(loops).run(), "rondo-cpu-warm-up", 0, false);
        thread.setDaemon(true);
        thread.setPriority(Thread.MIN_PRIORITY);
        thread.setContextClassLoader(null);
        thread.start();
        return thread;
    }

    private void run() {
        long time = 0;
        int pause = 1;
        for (int samples = FIRST_VISIT; ; samples = LATER_VISIT) {
            long start = System.nanoTime();
            for (Visit next : List.copyOf(visits)) {
                if (next.isFast(samples)) {
                    visits.remove(next);
                    if (visits.stream().noneMatch(other -> other.loop == next.loop)) {
                        loops.use(next.loop);
                    }
                }
            }
            time += System.nanoTime() - start;
            if (visits.isEmpty() || time > LIMIT) {
                return;
            }
            if (time > SOON) {
                pause = Math.min(2 * pause, LONGEST_PAUSE);
            }
            try {
                Thread.sleep(pause);
            } catch (InterruptedException e) {
                // It means nothing here; without the rest of the warm-up loops would stay plain for ever.
            }
        }
    }

    /** One form of a loop, and what its visits have found. */
    private final class Visit {
        private final Loop loop;
        private final int rows;
        private int done;
        private long plain = Long.MAX_VALUE;

        Visit(Loop loop, int rows) {
            this.loop = loop;
            this.rows = rows;
        }

        /** Calls the loop until it is fast, or so many samples were taken, or a long time is over. */
        private boolean isFast(int samples) {
            long end = System.nanoTime() + LONGEST_VISIT;
            for (int i = 0; i < samples && System.nanoTime() - end < 0; i++) {
                // Three classes in turn: the compiler does not copy a call of so many into its caller, so it has to
                // compile the
                // loop itself.
                plain = Math.min(plain, sample(loops.plain()));
                sample(loops);
                done++;
                long before = allocated.now();
                long vector = sample(loops.vector());
                if (allocated.now() == before && done >= SAMPLES && vector / 2 <= plain) {
                    return true;
                }
            }
            return false;
        }

        private long sample(PanelLoops which) {
            long time = 0;
            for (int i = 0; i < CALLS; i++) {
                operands.reset();
                long start = System.nanoTime();
                loop.call(which, operands, rows);
                time += System.nanoTime() - start;
            }
            return time;
        }
    }
}
