package dev.rondo.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;

/**
 * A fixed set of threads that run one task together: the caller and {@code count - 1} daemon threads. A thread that waits
 * spins for some microseconds and then sleeps, so an idle set costs nothing.
 */
final class Workers implements AutoCloseable {
    /** What every worker does with its own number. */
    @FunctionalInterface
    interface Task {
        void run(int worker);
    }

    private static final int SPINS = 2_000;

    /** Looks without a pause: a pause takes as long as a step of a small layer takes. */
    private static final int SHORT_SPINS = 200;

    /** Two cache lines, in ints: processors fetch lines in pairs. */
    private static final int LINE = 32;

    /** About ten microseconds of multiplications. */
    private static final long SMALL = 500_000;

    private final Helper[] helpers;
    private final AtomicInteger pending = new AtomicInteger();
    private final AtomicIntegerArray meetings;
    private int active = 1;
    private volatile Task task = worker -> {};
    private volatile int generation;
    private volatile boolean closed;
    private volatile Throwable failure;
    private volatile Thread caller;

    Workers(int count) {
        meetings = new AtomicIntegerArray(count * LINE);
        helpers = new Helper[count - 1];
        for (int i = 0; i < helpers.length; i++) {
            helpers[i] = new Helper(i + 1);
            helpers[i].setDaemon(true);
            helpers[i].setName("rondo-cpu-" + (i + 1));
            helpers[i].start();
        }
    }

    int count() {
        return helpers.length + 1;
    }

    /** How many workers take part in the task in progress: all, or the caller alone. */
    int active() {
        return active;
    }

    /**
     * Waits until workers 0 to parties - 1 of the task in progress have come here as often as this one. Each has a counter in a
     * cache line of its own, which only it writes: so the wait ends one transfer of a line after the last one came.
     */
    void meet(int worker, int parties) {
        int mine = meetings.get(worker * LINE) + 1;
        meetings.setRelease(worker * LINE, mine);
        for (int other = 0; other < parties; other++) {
            for (int spins = 0; meetings.getAcquire(other * LINE) < mine; spins++) {
                if (spins > SPINS) {
                    Thread.yield();
                } else if (spins > SHORT_SPINS) {
                    Thread.onSpinWait();
                }
                if (failure != null) {
                    throw new IllegalStateException("another worker failed", failure);
                }
            }
        }
    }

    /**
     * Runs the task for all workers, the calling thread being number 0, and returns when all are done. A small task is run by
     * the calling thread alone: waking the others would take longer. {@link #active} tells the task which it is.
     *
     * @param operations roughly how many multiplications or elements the task has in all
     * @param work what to do
     */
    synchronized void run(long operations, Task work) {
        if (closed) {
            throw new IllegalStateException("backend cpu is closed");
        }
        if (helpers.length == 0 || operations < SMALL) {
            active = 1;
            work.run(0);
            return;
        }
        active = count();
        for (int worker = 0; worker < active; worker++) {
            meetings.setPlain(worker * LINE, 0);
        }
        task = work;
        failure = null;
        caller = Thread.currentThread();
        pending.set(helpers.length);
        generation++;
        for (Helper helper : helpers) {
            if (helper.asleep) {
                LockSupport.unpark(helper);
            }
        }
        try {
            work.run(0);
        } catch (RuntimeException | Error e) {
            failure = failure == null ? e : failure;
        }
        for (int spins = 0; pending.get() > 0; spins++) {
            if (spins < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(this, 50_000);
            }
        }
        Throwable thrown = failure;
        if (thrown instanceof RuntimeException exception) {
            throw exception;
        }
        if (thrown instanceof Error error) {
            throw error;
        }
    }

    private final class Helper extends Thread {
        private final int worker;
        private volatile boolean asleep;

        Helper(int worker) {
            this.worker = worker;
        }

        @Override
        public void run() {
            int seen = 0;
            while (true) {
                for (int spins = 0; generation == seen && !closed; spins++) {
                    if (spins < SPINS) {
                        Thread.onSpinWait();
                        continue;
                    }
                    asleep = true;
                    if (generation == seen && !closed) {
                        LockSupport.park(Workers.this);
                    }
                    asleep = false;
                }
                if (closed) {
                    return;
                }
                seen = generation;
                try {
                    task.run(worker);
                } catch (RuntimeException | Error e) {
                    failure = failure == null ? e : failure;
                }
                if (pending.decrementAndGet() == 0) {
                    LockSupport.unpark(caller);
                }
            }
        }
    }

    /** Ends the threads, once the task in progress is done. */
    @Override
    public synchronized void close() {
        closed = true;
        for (Helper helper : helpers) {
            LockSupport.unpark(helper);
        }
    }
}
