package dev.rondo.cpu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Calls the vector loops until they are compiled, on arrays as small as can be, since until then a call takes so long. Most
 * calls have nothing to do at all: the compiler starts after thousands of calls, and learns enough from a few that do something. A loop
 * counts as compiled when it allocates nothing: before, every vector is an object. Where that cannot be known, it is to take at
 * most twice the time of the plain one; before it takes more than ten times that.
 *
 * <p>A thread does that: the compiler counts calls, and works beside the thread. Loops that somebody has called and that are not
 * fast yet come first; the others wait for them, and then leave most of the time to who computes. A loop that does not become fast stays
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

    /** Samples before which there are so many calls with nothing to do. */
    private static final int COUNTED = 400;

    private static final int IDLE_CALLS = 100;

    /** Samples after which a loop is left plain. */
    private static final int GIVEN_UP = 4000;

    /** The longest visit, in nanoseconds. */
    private static final long LONGEST_VISIT = 60_000_000;

    /** That of a visit to a loop that nobody waits for while others compute; the pause after it is twice as long as the visit. */
    private static final long SHORT_VISIT = 5_000_000;

    /** After so many nanoseconds, of a processor, pauses grow to so many milliseconds; after so many there are no more visits. */
    private static final long SOON = 3_000_000_000L;

    private static final long LIMIT = 20_000_000_000L;
    private static final int LONGEST_PAUSE = 100;

    private final WarmingLoops loops;

    /** Loops of the class that the application calls, which nobody else calls. */
    private final WarmingLoops decoy;

    private final Loop.Operands operands;
    private final ThreadCounters counters = new ThreadCounters();
    private final List<Visit> visits = new ArrayList<>();
    private final Thread thread;
    private final AtomicInteger awaiting = new AtomicInteger();

    private WarmUp(WarmingLoops loops) {
        this.loops = loops;
        this.decoy = new WarmingLoops(loops.vector());
        this.operands = new Loop.Operands(loops.panel());
        for (Loop loop : Loop.values()) {
            if (loop.isIn(loops.vector())) {
                visits.add(new Visit(loop));
            } else {
                loops.use(loop);
            }
        }
        this.thread = new Thread(null, this::run, "rondo-cpu-warm-up", 0, false);
    }

    /** Starts the thread. */
    static WarmUp start(WarmingLoops loops) {
        WarmUp warmUp = new WarmUp(loops);
        warmUp.thread.setDaemon(true);
        warmUp.thread.setPriority(Thread.MIN_PRIORITY);
        warmUp.thread.setContextClassLoader(null);
        warmUp.thread.start();
        return warmUp;
    }

    /** Returns when the loops are as fast as they will be. */
    void await() throws InterruptedException {
        awaiting.incrementAndGet();
        try {
            thread.join();
        } finally {
            awaiting.decrementAndGet();
        }
    }

    private void run() {
        long begun = counters.cpuTime();
        long spent = 0;
        int pause = 1;
        while (!visits.isEmpty() && spent <= LIMIT) {
            for (Visit next : due(spent > SOON)) {
                boolean isGentle = awaiting.get() == 0 && !next.isWanted() && hasSomebodyComputed();
                long start = System.nanoTime();
                if (next.isFast(isGentle ? SHORT_VISIT : LONGEST_VISIT)) {
                    visits.remove(next);
                    loops.use(next.loop);
                } else if (next.done >= GIVEN_UP) {
                    visits.remove(next);
                }
                if (isGentle) {
                    sleep(1 + (System.nanoTime() - start) / 500_000);
                }
            }
            spent = counters.cpuTime() - begun;
            if (spent > SOON && awaiting.get() == 0) {
                pause = Math.min(2 * pause, LONGEST_PAUSE);
            }
            sleep(pause);
        }
    }

    /**
     * What to visit next: the loops that are wanted, or else one of the others, that of the fewest visits; later all, in that
     * order, for then a wanted one may be one that never gets fast.
     */
    private List<Visit> due(boolean all) {
        List<Visit> wanted = new ArrayList<>();
        List<Visit> others = new ArrayList<>();
        for (Visit visit : visits) {
            (visit.isWanted() ? wanted : others).add(visit);
        }
        others.sort(Comparator.comparingInt(visit -> visit.visits));
        if (all) {
            wanted.addAll(others);
        }
        return wanted.isEmpty() ? others.subList(0, 1) : wanted;
    }

    /** Whether loops were called before they were compiled; it then stays so. */
    private boolean hasSomebodyComputed() {
        return Arrays.stream(Loop.values()).anyMatch(loops::isWanted);
    }

    private static void sleep(long milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException e) {
            // It means nothing here; without the rest of the warm-up loops would stay plain for ever.
        }
    }

    /** A loop, and what its visits have found. */
    private final class Visit {
        private final Loop loop;
        private int visits;
        private int done;
        private long plain = Long.MAX_VALUE;

        Visit(Loop loop) {
            this.loop = loop;
        }

        boolean isWanted() {
            return loops.isWanted(loop);
        }

        /** Calls the loop until it is fast, or enough samples were taken, or so many nanoseconds are over. */
        boolean isFast(long longest) {
            int samples = visits++ == 0 ? FIRST_VISIT : LATER_VISIT;
            long end = System.nanoTime() + longest;
            for (int i = 0; i < samples && System.nanoTime() - end < 0; i++) {
                if (done < COUNTED) {
                    count();
                }
                // Three classes in turn: the compiler does not copy a call of so many into its caller, and has to
                // compile the loop itself.
                plain = Math.min(plain, sample(loops.plain()));
                sample(decoy);
                done++;
                long before = counters.allocatedBytes();
                long vector = sample(loops.vector());
                long after = counters.allocatedBytes();
                if (after == before && done >= SAMPLES && (after >= 0 || vector / 2 <= plain)) {
                    return true;
                }
            }
            return false;
        }

        /** Calls the vector loop with nothing to do, which takes no time and counts as any other call. */
        private void count() {
            operands.setIdle(true);
            for (int i = 0; i < IDLE_CALLS; i++) {
                loop.call(loops.vector(), operands);
            }
            operands.setIdle(false);
        }

        private long sample(PanelLoops which) {
            long time = 0;
            for (int i = 0; i < CALLS; i++) {
                operands.reset();
                long start = System.nanoTime();
                loop.call(which, operands);
                time += System.nanoTime() - start;
            }
            return time;
        }
    }
}
