package dev.rondo.cpu;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The helper threads of a backend, and the task that they do with one caller at a time. Who comes while the door of a task is
 * open is in; nobody waits for the others. A thread that waits spins for some microseconds and then sleeps or yields, so an idle
 * crew costs nothing, and one without processors little.
 *
 * <p>It knows nothing of its backend: a backend that was forgotten can be collected, and its threads end then.
 */
final class Crew {
    /** Looks without a pause: a pause takes as long as a step of a small layer takes. */
    private static final int SHORT_SPINS = 200;

    /** Nanoseconds that a helper looks for the next task before it sleeps. */
    private static final long IDLE = 50_000;

    /** Nanoseconds that a worker looks for another one before it yields its processor. */
    private static final long PATIENCE = 10_000;

    /** Two cache lines, in ints: processors fetch lines in pairs. */
    private static final int LINE = 32;

    private static final long OPEN = 1L << 31;
    private static final long JOINED = OPEN - 1;

    private final Helper[] helpers;
    private final AtomicBoolean taken = new AtomicBoolean();

    /** The number of the task in the upper half; whether its door is open; the helpers that joined. */
    private final AtomicLong door = new AtomicLong();

    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger finished = new AtomicInteger();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final AtomicIntegerArray meetings;

    private Workers.@Nullable Task task;
    private Workers.@Nullable Piece piece;
    private int pieces;
    private int wanted;
    private int started;
    private long waited;
    private double part;

    /** The last task that has begun, with as many workers as had come. */
    private volatile long begun;

    private volatile @Nullable Thread sleepingCaller;
    private volatile boolean ended;

    Crew(int helpers) {
        this.helpers = new Helper[helpers];
        this.meetings = new AtomicIntegerArray((helpers + 1) * LINE);
    }

    int helpers() {
        return helpers.length;
    }

    /** Takes the crew for one caller; false where another one has it. */
    boolean take() {
        return !taken.get() && taken.compareAndSet(false, true);
    }

    /** Lets others have it. */
    void leave() {
        task = null;
        piece = null;
        failure.set(null);
        taken.set(false);
    }

    /** Nanoseconds of the last task in which the caller woke helpers and waited for them. */
    long waited() {
        return waited;
    }

    /** The part of the last task that the caller did itself. */
    double part() {
        return part;
    }

    /** Opens the door to so many helpers, and wakes those that sleep. */
    private void open(int most) {
        for (; started < helpers.length && started < most && !ended; started++) {
            Helper helper = new Helper(this, started + 1);
            try {
                helper.start();
            } catch (OutOfMemoryError e) {
                // The system has no more threads: the work is done by those that there are.
                break;
            }
            helpers[started] = helper;
        }
        wanted = Math.min(most, started);
        waited = 0;
        part = 1;
        next.set(0);
        finished.set(0);
        for (int worker = 0; worker <= wanted; worker++) {
            meetings.setPlain(worker * LINE, 0);
        }
        door.set(((door.get() >>> 32) + 1) << 32 | OPEN);
        for (int i = 0; i < wanted; i++) {
            if (helpers[i].asleep) {
                LockSupport.unpark(helpers[i]);
            }
        }
    }

    /** Closes the door; returns how many came. */
    private int shut() {
        return (int) (door.getAndUpdate(state -> state & ~OPEN) & JOINED);
    }

    /**
     * Waits some nanoseconds for helpers, and runs the task with those that came.
     *
     * @return the number of workers, with the caller; if it is 1, nothing was run
     */
    int run(Workers.Task work, int most, long patience) {
        task = work;
        long start = System.nanoTime();
        open(most);
        long opened = System.nanoTime();
        long now = opened;
        for (int spins = 0; (door.get() & JOINED) < wanted && now - opened < patience && !ended; spins++) {
            Thread.onSpinWait();
            now = (spins & 15) == 15 ? System.nanoTime() : now;
        }
        int helping = shut();
        waited = System.nanoTime() - start;
        if (helping == 0) {
            return 1;
        }
        try {
            part = work.begin(helping + 1);
            begun = door.get() >>> 32;
            work.run(0);
        } catch (RuntimeException | Error e) {
            failure.compareAndSet(null, e);
            begun = door.get() >>> 32;
        }
        await(helping);
        return helping + 1;
    }

    /** Runs all pieces, with whoever comes in the meantime. */
    void run(Workers.Piece work, int count, int most) {
        piece = work;
        pieces = count;
        long start = System.nanoTime();
        open(most);
        waited = System.nanoTime() - start;
        try {
            part = (double) claim(work) / count;
        } catch (RuntimeException | Error e) {
            failure.compareAndSet(null, e);
        }
        await(shut());
    }

    private int claim(Workers.Piece work) {
        int done = 0;
        for (int i = next.getAndIncrement(); i < pieces && failure.get() == null; i = next.getAndIncrement()) {
            work.run(i);
            done++;
        }
        return done;
    }

    /** Waits for the helpers that joined, and throws what one of them threw. */
    private void await(int helping) {
        if (finished.get() < helping) {
            long start = System.nanoTime();
            boolean interrupted = false;
            for (int spins = 1; finished.get() < helping; spins++) {
                if ((spins & 15) != 0 || System.nanoTime() - start < 2 * PATIENCE) {
                    Thread.onSpinWait();
                    continue;
                }
                sleepingCaller = Thread.currentThread();
                if (finished.get() < helping) {
                    LockSupport.park(this);
                    interrupted |= Thread.interrupted();
                }
                sleepingCaller = null;
            }
            waited += System.nanoTime() - start;
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        Throwable thrown = failure.get();
        if (thrown instanceof RuntimeException exception) {
            throw exception;
        }
        if (thrown instanceof Error error) {
            throw error;
        }
    }

    /**
     * Waits until workers 0 to parties - 1 of the task in progress have come here as often as this one. Each has a counter in a
     * cache line of its own, which only it writes: so the wait ends one transfer of a line after the last one came.
     */
    void meet(int worker, int parties) {
        int mine = meetings.get(worker * LINE) + 1;
        meetings.setRelease(worker * LINE, mine);
        for (int other = 0; other < parties; other++) {
            int spins = 0;
            while (meetings.getAcquire(other * LINE) < mine) {
                if (++spins > SHORT_SPINS) {
                    awaitMeeting(worker, other, mine);
                    break;
                }
            }
        }
    }

    private void awaitMeeting(int worker, int other, int mine) {
        long start = System.nanoTime();
        long now = start;
        for (int spins = 0; meetings.getAcquire(other * LINE) < mine; spins++) {
            if (now - start < PATIENCE) {
                Thread.onSpinWait();
                now = (spins & 15) == 15 ? System.nanoTime() : now;
            } else {
                Thread.yield();
            }
            if (failure.get() != null) {
                throw new IllegalStateException("another worker failed", failure.get());
            }
        }
        if (worker == 0) {
            waited += System.nanoTime() - start;
        }
    }

    /** Ends the threads: at once those that wait, the others once their task is done. */
    void end() {
        ended = true;
        for (Helper helper : helpers) {
            LockSupport.unpark(helper); // does nothing with null
        }
    }

    private static final class Helper extends Thread {
        private final Crew crew;
        private volatile boolean asleep;

        Helper(Crew crew, int number) {
            super(null, null, "rondo-cpu-" + number, 0, false);
            this.crew = crew;
            setDaemon(true);
            setContextClassLoader(null);
        }

        @Override
        public void run() {
            long seen = 0;
            while (awaitTask(seen)) {
                seen = crew.door.get() >>> 32;
                int worker = enter(seen);
                if (worker > 0) {
                    work(seen, worker);
                }
            }
        }

        /** Waits for a task after the one that was seen; false at the end. */
        private boolean awaitTask(long seen) {
            long start = System.nanoTime();
            for (int spins = 1; !crew.ended; spins++) {
                if (isNew(seen)) {
                    return true;
                }
                if ((spins & 15) != 0 || System.nanoTime() - start < IDLE) {
                    Thread.onSpinWait();
                    continue;
                }
                asleep = true;
                if (!isNew(seen) && !crew.ended) {
                    LockSupport.park(crew);
                    // An interrupt means nothing here, and would keep park from waiting.
                    Thread.interrupted();
                }
                asleep = false;
            }
            return false;
        }

        private boolean isNew(long seen) {
            long state = crew.door.get();
            return state >>> 32 != seen && (state & OPEN) != 0;
        }

        /** The number of this worker in the task; 0 where it comes too late or there are enough. */
        private int enter(long number) {
            while (true) {
                long state = crew.door.get();
                int joined = (int) (state & JOINED);
                if (state >>> 32 != number || (state & OPEN) == 0 || joined >= crew.wanted) {
                    return 0;
                }
                if (crew.door.compareAndSet(state, state + 1)) {
                    return joined + 1;
                }
            }
        }

        private void work(long number, int worker) {
            try {
                Workers.Piece piece = crew.piece;
                Workers.Task task = crew.task;
                if (piece != null) {
                    crew.claim(piece);
                } else if (task != null) {
                    awaitBeginning(number);
                    if (crew.failure.get() == null) {
                        task.run(worker);
                    }
                }
            } catch (RuntimeException | Error e) {
                crew.failure.compareAndSet(null, e);
            }
            crew.finished.incrementAndGet();
            LockSupport.unpark(crew.sleepingCaller);
        }

        private void awaitBeginning(long number) {
            long start = System.nanoTime();
            for (int spins = 1; crew.begun != number; spins++) {
                if ((spins & 15) != 0 || System.nanoTime() - start < PATIENCE) {
                    Thread.onSpinWait();
                } else {
                    Thread.yield();
                }
            }
        }
    }
}
