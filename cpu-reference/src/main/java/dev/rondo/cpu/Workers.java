package dev.rondo.cpu;

import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Runs tasks, with the helper threads of a backend where that is sooner. No caller waits for another one: small tasks, and all
 * while another caller has the helpers, are done by the calling thread alone, without a lock.
 */
final class Workers implements AutoCloseable {
    /** What some workers do together, each with its own number; the caller is number 0. */
    interface Task {
        /**
         * Told by the caller's thread, before any of them begins.
         *
         * @param workers how many they are
         * @return the part of the work that number 0 does
         */
        double begin(int workers);

        void run(int worker);
    }

    /** A piece of work, whose result does not depend on who does it, and when. */
    @FunctionalInterface
    interface Piece {
        void run(int piece);
    }

    private static final Cleaner CLEANER = Cleaner.create();

    /** About ten microseconds of multiplications: waking others takes longer. */
    private static final long SMALL = 500_000;

    /** Multiplications of a nanosecond, where they are fast. */
    private static final long SPEED = 50;

    /** The longest time, in nanoseconds, that a task waits for helpers to come. */
    private static final long LONGEST_WAIT = 50_000;

    /** Nanoseconds for which the number of processors is taken as known. */
    private static final long KNOWN = 100_000_000;

    private final Crew crew;
    private final Cleaner.Cleanable end;
    private final boolean always;

    /** Callers in tasks that are not small. */
    private final AtomicInteger callers = new AtomicInteger();

    private final Reckoning reckoning = new Reckoning();
    private volatile int processors;
    private volatile long looked;
    private volatile boolean closed;

    Workers(int count) {
        this(count, false);
    }

    /**
     * Workers of whom all take part in every task, whatever that costs.
     *
     * @param always whether they do; for tests
     */
    Workers(int count, boolean always) {
        this.always = always;
        Crew helpers = new Crew(count - 1);
        this.crew = helpers;
        this.end = CLEANER.register(this, helpers::end);
        this.processors = Runtime.getRuntime().availableProcessors();
        this.looked = System.nanoTime();
    }

    int count() {
        return crew.helpers() + 1;
    }

    /** Waits until workers 0 to parties - 1 of a task have come here as often as this one. */
    void meet(int worker, int parties) {
        crew.meet(worker, parties);
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("backend cpu is closed");
        }
    }

    /**
     * Runs a task and returns when it is done. It begins with the workers that are there, at least the calling thread.
     *
     * @param operations roughly how many multiplications or elements the task has in all
     * @param most workers that would have something to do
     * @param task what to do
     */
    void run(long operations, int most, Task task) {
        requireOpen();
        if (isAlone(operations, most)) {
            task.begin(1);
            task.run(0);
            return;
        }
        callers.incrementAndGet();
        try {
            long start = System.nanoTime();
            int helpers = helpers(most, start);
            if (helpers > 0 && crew.take()) {
                int workers = 1;
                try {
                    workers = crew.run(task, helpers, always ? Long.MAX_VALUE : patience(operations));
                    reckon(start, operations);
                } finally {
                    crew.leave();
                }
                if (workers > 1) {
                    return;
                }
            }
            start = System.nanoTime();
            task.begin(1);
            task.run(0);
            reckoning.alone(System.nanoTime() - start);
        } finally {
            callers.decrementAndGet();
        }
    }

    /**
     * Runs pieces of work, in any order, and returns when all are done.
     *
     * @param operations roughly how many multiplications or elements they have in all
     * @param pieces how many there are
     * @param piece what to do
     */
    void pieces(long operations, int pieces, Piece piece) {
        requireOpen();
        if (isAlone(operations, pieces)) {
            runAll(pieces, piece);
            return;
        }
        callers.incrementAndGet();
        try {
            long start = System.nanoTime();
            int helpers = helpers((int) Math.min(pieces, 1 + operations / (SMALL / 2)), start);
            if (helpers > 0 && crew.take()) {
                try {
                    crew.run(piece, pieces, helpers);
                    reckon(start, operations);
                } finally {
                    crew.leave();
                }
            } else {
                runAll(pieces, piece);
                reckoning.alone(System.nanoTime() - start);
            }
        } finally {
            callers.decrementAndGet();
        }
    }

    private static void runAll(int pieces, Piece piece) {
        for (int i = 0; i < pieces; i++) {
            piece.run(i);
        }
    }

    private boolean isAlone(long operations, int most) {
        return most < 2 || crew.helpers() == 0 || !always && operations < SMALL;
    }

    private static long patience(long operations) {
        return Math.min(LONGEST_WAIT, operations / (8 * SPEED));
    }

    /** How many helpers to ask for. */
    private int helpers(int most, long now) {
        if (always) {
            return Math.min(most - 1, crew.helpers());
        }
        if (reckoning.isAlone()) {
            return 0;
        }
        if (now - looked > KNOWN) {
            looked = now;
            processors = Runtime.getRuntime().availableProcessors();
        }
        return Math.max(0, Math.min(Math.min(most - 1, crew.helpers()), processors - callers.get()));
    }

    private void reckon(long start, long operations) {
        reckoning.together(System.nanoTime() - start, crew.waited(), crew.part(), 2 * operations / SPEED);
    }

    /** Ends the threads. Waits for nobody: tasks in progress are done, later ones are refused. */
    @Override
    public void close() {
        closed = true;
        end.clean();
    }
}
