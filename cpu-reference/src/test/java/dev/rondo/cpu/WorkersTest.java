package dev.rondo.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Tensor;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who does the work, and that nobody waits for somebody else's. */
@Timeout(120)
class WorkersTest {
    private static final long LARGE = 1L << 40;

    /** Counts who runs it. */
    private static class Counted implements Workers.Task {
        final AtomicInteger told = new AtomicInteger();
        final AtomicIntegerArray runs = new AtomicIntegerArray(16);

        @Override
        public double begin(int workers) {
            told.set(workers);
            return 1.0 / workers;
        }

        @Override
        public void run(int worker) {
            runs.incrementAndGet(worker);
        }
    }

    private static List<Thread> helpers() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().matches("rondo-cpu-[0-9]+"))
                .toList();
    }

    @RepeatedTest(50)
    void allWorkersTakePartOnce() {
        try (Workers workers = new Workers(4, true)) {
            for (int i = 0; i < 20; i++) {
                Counted task = new Counted();
                workers.run(LARGE, 3, task);
                assertEquals(3, task.told.get());
                assertEquals("[1, 1, 1, 0]", Arrays.toString(new int[] {
                    task.runs.get(0), task.runs.get(1), task.runs.get(2), task.runs.get(3)
                }));
            }
        }
    }

    @RepeatedTest(20)
    void everyPieceIsDoneOnce() {
        try (Workers workers = new Workers(4, true)) {
            for (int pieces : new int[] {2, 3, 100}) {
                AtomicIntegerArray done = new AtomicIntegerArray(pieces);
                workers.pieces(LARGE, pieces, done::incrementAndGet);
                for (int i = 0; i < pieces; i++) {
                    assertEquals(1, done.get(i));
                }
            }
        }
    }

    @Test
    void workersMeet() {
        try (Workers workers = new Workers(3, true)) {
            int[] values = new int[3];
            int[] sums = new int[3];
            workers.run(LARGE, 3, new Counted() {
                @Override
                public void run(int worker) {
                    for (int step = 1; step <= 1_000; step++) {
                        values[worker] = step;
                        workers.meet(worker, 3);
                        sums[worker] += values[0] + values[1] + values[2];
                        workers.meet(worker, 3);
                    }
                }
            });
            for (int sum : sums) {
                assertEquals(3 * 500_500, sum);
            }
        }
    }

    @Test
    void aTakenCrewStopsNobody() throws InterruptedException {
        try (Workers workers = new Workers(3, true)) {
            CountDownLatch inside = new CountDownLatch(3);
            CountDownLatch go = new CountDownLatch(1);
            Thread large = new Thread(() -> workers.run(LARGE, 3, new Counted() {
                @Override
                public void run(int worker) {
                    inside.countDown();
                    waitFor(go);
                }
            }));
            large.start();
            inside.await();
            Counted alone = new Counted();
            workers.run(LARGE, 3, alone);
            assertEquals(1, alone.told.get());
            Set<Thread> threads = ConcurrentHashMap.newKeySet();
            workers.pieces(LARGE, 10, piece -> threads.add(Thread.currentThread()));
            assertEquals(Set.of(Thread.currentThread()), threads);
            assertTrue(large.isAlive());
            go.countDown();
            large.join();
        }
    }

    private static void waitFor(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void closingWaitsForNobody() throws InterruptedException {
        Workers workers = new Workers(2, true);
        CountDownLatch inside = new CountDownLatch(2);
        CountDownLatch go = new CountDownLatch(1);
        Counted task = new Counted() {
            @Override
            public void run(int worker) {
                inside.countDown();
                waitFor(go);
                super.run(worker);
            }
        };
        Thread other = new Thread(() -> workers.run(LARGE, 2, task));
        other.start();
        inside.await();
        workers.close();
        assertThrows(IllegalStateException.class, () -> workers.run(1, 1, task));
        assertThrows(IllegalStateException.class, () -> workers.pieces(LARGE, 2, piece -> {}));
        assertTrue(other.isAlive());
        go.countDown();
        other.join();
        assertEquals(1, task.runs.get(0));
        assertEquals(1, task.runs.get(1));
    }

    @Test
    void whatAWorkerThrowsReachesTheCaller() {
        try (Workers workers = new Workers(3, true)) {
            for (int thrower = 0; thrower < 3; thrower++) {
                int who = thrower;
                IllegalArgumentException expected = new IllegalArgumentException("worker " + who);
                Counted task = new Counted() {
                    @Override
                    public void run(int worker) {
                        if (worker == who) {
                            throw expected;
                        }
                        workers.meet(worker, 3);
                    }
                };
                assertSame(expected, assertThrows(IllegalArgumentException.class, () -> workers.run(LARGE, 3, task)));
            }
            assertThrows(
                    ArithmeticException.class,
                    () -> workers.pieces(LARGE, 9, piece -> {
                        throw new ArithmeticException();
                    }));
            Counted task = new Counted();
            workers.run(LARGE, 3, task);
            assertEquals(3, task.told.get());
        }
    }

    @Test
    void anInterruptedHelperSleepsOn() throws InterruptedException {
        try (Workers workers = new Workers(2, true)) {
            workers.run(LARGE, 2, new Counted());
            List<Thread> helpers = helpers();
            assertFalse(helpers.isEmpty());
            helpers.forEach(Thread::interrupt);
            Thread.sleep(50);
            long before = cpuTime(helpers);
            Thread.sleep(500);
            long used = cpuTime(helpers) - before;
            assertTrue(used < 50_000_000, () -> "idle helpers took " + used + " ns of processor time in half a second");
            Counted task = new Counted();
            workers.run(LARGE, 2, task);
            assertEquals(2, task.told.get());
        }
    }

    private static long cpuTime(List<Thread> threads) {
        return threads.stream()
                .mapToLong(thread -> ManagementFactory.getThreadMXBean().getThreadCpuTime(thread.getId()))
                .sum();
    }

    @Test
    void anInterruptedCallerKeepsItsInterrupt() {
        try (Workers workers = new Workers(2, true)) {
            Thread.currentThread().interrupt();
            workers.run(LARGE, 2, new Counted() {
                @Override
                public void run(int worker) {
                    long end = System.nanoTime() + worker * 20_000_000L;
                    while (System.nanoTime() < end) {
                        Thread.onSpinWait();
                    }
                    super.run(worker);
                }
            });
            assertTrue(Thread.interrupted());
        }
    }

    @Test
    void forgottenBackendsLeaveNoThreads() throws InterruptedException {
        int before = helpers().size();
        for (int i = 0; i < 50; i++) {
            computeAndForget();
        }
        int left = Integer.MAX_VALUE;
        for (int i = 0; i < 100 && left > before; i++) {
            System.gc();
            Thread.sleep(50);
            left = helpers().size();
        }
        assertTrue(left <= before, "threads of forgotten backends: " + (left - before));
    }

    private static void computeAndForget() {
        Backend backend = TogetherProvider.open(3);
        Tensor x = backend.tensor(8, 40).fill(1);
        Tensor y = backend.tensor(8, 50);
        backend.linear(40, 50).forward(backend.tensor(50, 40).fill(1), null, x, y);
        assertEquals(40, y.toDoubles()[0]);
    }
}
