package dev.rondo.cpu;

import java.util.ArrayList;
import java.util.List;

/**
 * Calls the vector loops until they are compiled, on arrays as small as can be, since until then a call takes so long. A loop counts as compiled
 * when it takes at most twice the time of the plain one, which is far from what it takes before: some ten times as long.
 *
 * <p>A thread does that, in about a second: the compiler counts calls, and works beside it. A loop that does not become fast, for a JVM
 * may have no compiler that knows vectors, stays plain.
 */
final class WarmUp {
    /** Calls that are timed together; the fastest of several such samples counts. */
    private static final int CALLS = 10;

    /** Samples of the plain loop, after which it is compiled, and samples of the vector loop before it is judged. */
    private static final int SAMPLES = 80;

    /** The longest visit to one loop, in nanoseconds, the first time: enough calls for the compiler, which then works on while the next loop is called. */
    private static final long FIRST_VISIT = 60_000_000;

    private static final long LATER_VISIT = 2_000_000;

    /** All visits, in nanoseconds. */
    private static final long LIMIT = 20_000_000_000L;

    private static final int LONGEST_PAUSE = 50;

    private final WarmingLoops loops;
    private final Loop.Operands operands;
    private final List<Visit> visits = new ArrayList<>();

    private WarmUp(WarmingLoops loops) {
        this.loops = loops;
        this.operands = new Loop.Operands(loops.panel());
        for (Loop loop : Loop.values()) {
            if (!loops.isWarm(loop)) {
                visits.add(new Visit(loop));
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
        long end = System.nanoTime() + LIMIT;
        long visit = FIRST_VISIT;
        for (int pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
            for (Visit next : List.copyOf(visits)) {
                if (next.isFast(visit)) {
                    loops.use(next.loop);
                    visits.remove(next);
                }
            }
            if (visits.isEmpty() || System.nanoTime() - end > 0) {
                return;
            }
            visit = LATER_VISIT;
            try {
                Thread.sleep(pause);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    /** What is known of one loop. */
    private final class Visit {
        private final Loop loop;
        private int at;
        private int samples;
        private long plain = Long.MAX_VALUE;
        private long vector = Long.MAX_VALUE;

        Visit(Loop loop) {
            this.loop = loop;
        }

        /** Calls the loop until it is fast in all its forms or so many nanoseconds are over. */
        private boolean isFast(long most) {
            long start = System.nanoTime();
            while (System.nanoTime() - start < most) {
                if (samples < SAMPLES) {
                    plain = Math.min(plain, sample(loops.plain()));
                }
                vector = Math.min(vector, sample(loops.vector()));
                samples++;
                if (samples >= SAMPLES && vector / 2 <= plain) {
                    at++;
                    if (at == loop.rows.length) {
                        return true;
                    }
                    samples = 0;
                    plain = Long.MAX_VALUE;
                    vector = Long.MAX_VALUE;
                }
            }
            return false;
        }

        private long sample(PanelLoops which) {
            long start = System.nanoTime();
            for (int i = 0; i < CALLS; i++) {
                operands.reset();
                loop.call(which, operands, loop.rows[at]);
            }
            return System.nanoTime() - start;
        }
    }
}
