package dev.rondo.cpu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/**
 * Calls the vector loops until they are compiled, on arrays as small as can be, since until then a call takes so long. Most
 * calls have nothing to do at all: the compiler starts after thousands of calls, and learns enough from a few that do something. A loop
 * counts as compiled when it allocates nothing and takes at most twice the time of the plain one: before, every vector is an
 * object, and it takes more than ten times that.
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

    /** The longest visit, in nanoseconds. */
    private static final long LONGEST_VISIT = 60_000_000;

    /** That of a visit to a loop that nobody waits for while others compute; the pause after it is as long as two of them. */
    private static final long SHORT_VISIT = 5_000_000;

    /** After so many nanoseconds of visits pauses grow, to so many milliseconds; after so many there are no more. */
    private static final long SOON = 3_000_000_000L;

    private static final long LIMIT = 20_000_000_000L;
    private static final int LONGEST_PAUSE = 100;

    private final WarmingLoops loops;

    /** Loops of the class that the application calls, which nobody else calls. */
    private final WarmingLoops decoy;

    private final Loop.Operands operands;
    private final AllocatedBytes allocated = new AllocatedBytes();
    private final List<Visit> visits = new ArrayList<>();
    private final Thread thread;
    private volatile boolean isAwaited;

    private WarmUp(WarmingLoops loops) {
        this.loops = loops;
        this.decoy = new WarmingLoops(loops.vector());
        this.operands = new Loop.Operands(loops.panel());
        for (Loop loop : Loop.values()) {
            visits.add(new Visit(loop));
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
        isAwaited = true;
        thread.join();
    }

    private void run() {
        long time = 0;
        int pause = 1;
        while (!visits.isEmpty() && time <= LIMIT) {
            for (Visit next : due(time)) {
                boolean isGentle = !isAwaited && !next.isWanted() && isAnyWanted();
                long start = System.nanoTime();
                if (next.isFast(isGentle ? SHORT_VISIT : LONGEST_VISIT)) {
                    visits.remove(next);
                    loops.use(next.loop);
                }
                long taken = System.nanoTime() - start;
                time += taken;
                if (isGentle) {
                    sleep(2 * SHORT_VISIT / 1_000_000);
                }
            }
            if (time > SOON) {
                pause = Math.min(2 * pause, LONGEST_PAUSE);
            }
            sleep(pause);
        }
    }

    /** What to visit next: the loops that are wanted, or else one of the others, that of the fewest visits. */
    private List<Visit> due(long time) {
        if (time > SOON) {
            return List.copyOf(visits);
        }
        List<Visit> wanted = visits.stream().filter(Visit::isWanted).toList();
        return wanted.isEmpty() ? List.of(Collections.min(visits, Comparator.comparingInt(v -> v.visits))) : wanted;
    }

    /** Whether somebody computes, and has called loops that are not compiled yet or were not. */
    private boolean isAnyWanted() {
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
                // Three classes in turn: the compiler does not copy a call of so many into its caller, so it has to
                // compile the
                // loop itself.
                plain = Math.min(plain, sample(loops.plain()));
                sample(decoy);
                done++;
                long before = allocated.now();
                long vector = sample(loops.vector());
                if (allocated.now() == before && done >= SAMPLES && vector / 2 <= plain) {
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
