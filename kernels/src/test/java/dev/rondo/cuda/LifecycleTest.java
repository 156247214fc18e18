package dev.rondo.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.IntTensor;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.emulator.Emulator;
import dev.rondo.spi.RnnBackwardCall;
import dev.rondo.spi.RnnCall;
import dev.rondo.spi.RnnPass;
import dev.rondo.spi.Storage;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is closed, twice, by many threads, while it is used, or not at all. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@SuppressWarnings("try") // a property that is set as long as a block runs
class LifecycleTest {
    private static final RnnSpec SPEC = RnnSpec.of(Cell.LSTM, 3, 4);
    private static final int THREADS = 8;

    @BeforeEach
    void requireEmulator() {
        TestDevice.requireEmulator();
        Emulator.reset();
    }

    @AfterEach
    void resetEmulator() {
        Emulator.reset();
    }

    private static void assertClosed(String what, Executable call) {
        IllegalStateException e = assertThrows(IllegalStateException.class, call);
        assertTrue(
                String.valueOf(e.getMessage()).contains(what) && e.getMessage().contains("closed"), e::toString);
    }

    @Test
    void closedTensorsAreRefusedAlsoBehindTheChecksOfTheirClass() {
        try (Backend backend = TestDevice.open()) {
            Tensor tensor = backend.tensor(4);
            IntTensor integers = backend.intTensor(4);
            Storage storage = tensor.storage();
            Tensor other = backend.tensor(4);
            tensor.close();
            tensor.close();
            integers.close();
            integers.close();
            assertClosed("tensor", tensor::toFloats);
            assertClosed("tensor", () -> tensor.fill(0));
            assertClosed("tensor", integers::toInts);
            assertClosed("tensor", () -> storage.read(0, new float[4], 0, 4));
            assertClosed("tensor", () -> storage.read(0, new double[4], 0, 4));
            assertClosed("tensor", () -> storage.write(0, new float[4], 0, 4));
            assertClosed("tensor", () -> storage.write(0, new double[4], 0, 4));
            assertClosed("tensor", () -> storage.fill(0, 4, 1));
            assertClosed("tensor", () -> storage.copyFrom(0, other.storage(), 0, 4));
            assertClosed("tensor", () -> other.storage().copyFrom(0, storage, 0, 4));
            assertClosed("tensor", () -> integers.storage().write(0, new int[4], 0, 4));
        }
        TestDevice.assertNothingLive();
    }

    @Test
    void aClosedNetworkIsRefusedAlsoBehindTheChecksOfItsClass() {
        try (Backend backend = TestDevice.open();
                TrainingStep one = new TrainingStep(backend, SPEC, 2, 2, false, null)) {
            CudaRnn kernel = new CudaRnn(TestDevice.kernels(backend), SPEC, 2, 2, Purpose.TRAINING);
            Tensor x = backend.tensor(2, 2, 3);
            RnnCall call = RnnCall.of(one.weights(), x);
            RnnPass pass = kernel.train(call);
            kernel.close();
            kernel.close();
            assertClosed("rnn", () -> kernel.forward(call));
            assertClosed("rnn", () -> kernel.train(call));
            assertClosed("rnn", () -> pass.backward(RnnBackwardCall.of()));
            Rnn rnn = one.rnn();
            rnn.close();
            rnn.close();
            assertClosed("rnn", one::run);
        }
        TestDevice.assertNothingLive();
    }

    @Test
    void aClosedBackendRefusesWhatItMade() {
        Backend backend = TestDevice.open();
        CudaKernels kernels = TestDevice.kernels(backend);
        TrainingStep one = new TrainingStep(backend, SPEC, 2, 2, false, null);
        one.run();
        one.run();
        backend.close();
        backend.close();
        TestDevice.assertNothingLive();
        assertClosed("tensor", one::run);
        assertTrue(one.y().storage().isClosed());
        assertClosed("tensor", () -> one.y().toFloats());
        assertClosed("backend cuda", () -> backend.tensor(1));
        assertClosed("backend cuda", () -> kernels.allocate(1));
        assertClosed("backend cuda", () -> kernels.allocateInts(1));
        assertClosed("backend cuda", () -> kernels.rnn(SPEC, 1, 1, Purpose.TRAINING));
        one.close();
        TestDevice.assertNothingLive();
    }

    @Test
    void aThousandClosesAtOnceFreeOnce() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try (Backend backend = TestDevice.open()) {
            Tensor tensor = backend.tensor(1000);
            RnnState state = backend.state(SPEC, 2);
            Rnn rnn = backend.rnn(SPEC, 2, 2, Purpose.TRAINING);
            long live = TestDevice.liveBytes(backend);
            assertTrue(live > 4000);
            CountDownLatch go = new CountDownLatch(1);
            List<Future<?>> closes = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                closes.add(threads.submit(() -> {
                    go.await();
                    tensor.close();
                    rnn.close();
                    state.close();
                    return null;
                }));
            }
            go.countDown();
            for (Future<?> close : closes) {
                close.get();
            }
            assertEquals(0, TestDevice.liveBytes(backend));
            // What was freed twice would be given out twice.
            Tensor first = backend.tensor(1000).fill(1);
            Tensor second = backend.tensor(1000).fill(2);
            assertEquals(1, first.toFloats()[999]);
            assertEquals(2, second.toFloats()[999]);
        } finally {
            threads.shutdownNow();
        }
        TestDevice.assertNothingLive();
    }

    @Test
    void aThousandClosesOfABackendAtOnceFreeOnce() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            Backend backend = TestDevice.open();
            new TrainingStep(backend, SPEC, 2, 2, true, null).run();
            long frees = Emulator.calls("cuMemFree");
            long allocations = Emulator.allocations();
            long releases = Emulator.calls("cuDevicePrimaryCtxRelease");
            List<Future<?>> closes = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                closes.add(threads.submit(backend::close));
            }
            for (Future<?> close : closes) {
                close.get();
            }
            assertEquals(allocations, Emulator.calls("cuMemFree") - frees);
            assertEquals(1, Emulator.calls("cuDevicePrimaryCtxRelease") - releases);
        } finally {
            threads.shutdownNow();
        }
        TestDevice.assertNothingLive();
    }

    /** Training until something is closed by another thread; then only exceptions that say so. */
    private static void whileTraining(int attempts, Closing closing) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            for (int attempt = 0; attempt < attempts; attempt++) {
                try (Backend backend = TestDevice.open()) {
                    TrainingStep one = new TrainingStep(backend, RnnSpec.of(Cell.GRU, 4, 8), 6, 3, false, null);
                    String golden = one.run();
                    CountDownLatch running = new CountDownLatch(3);
                    Future<?> training = threads.submit(() -> {
                        while (true) {
                            assertEquals(golden, one.run());
                            running.countDown();
                        }
                    });
                    running.await();
                    TimeUnit.MICROSECONDS.sleep(attempt * 150L);
                    closing.close(backend, one);
                    Exception e = assertThrows(Exception.class, training::get);
                    Throwable cause = e.getCause();
                    assertEquals(IllegalStateException.class, cause.getClass(), () -> "" + cause);
                    assertTrue(String.valueOf(cause.getMessage()).contains("closed"), cause::toString);
                    one.close();
                }
                TestDevice.assertNothingLive();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private interface Closing {
        void close(Backend backend, TrainingStep step);
    }

    @ParameterizedTest
    @ValueSource(strings = {"true", "false"})
    void aNetworkClosedByAnotherThreadEndsItsCalls(String debug) throws Exception {
        try (SystemProperty mode = SystemProperty.set(CudaContext.DEBUG_PROPERTY, debug)) {
            whileTraining(20, (backend, step) -> step.rnn().close());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"true", "false"})
    void aBackendClosedByAnotherThreadEndsItsCalls(String debug) throws Exception {
        try (SystemProperty mode = SystemProperty.set(CudaContext.DEBUG_PROPERTY, debug)) {
            whileTraining(20, (backend, step) -> backend.close());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"true", "false"})
    void aTensorClosedByAnotherThreadEndsTheCallsWithIt(String debug) throws Exception {
        try (SystemProperty mode = SystemProperty.set(CudaContext.DEBUG_PROPERTY, debug)) {
            whileTraining(20, (backend, step) -> step.y().close());
        }
    }

    @Test
    void tenThousandTensorsAndNetworksLeaveNothing() {
        try (Backend backend = TestDevice.open();
                TrainingStep one = new TrainingStep(backend, SPEC, 2, 2, false, new int[] {2, 1})) {
            one.run();
            makeAndClose(backend, 10);
            long allocations = Emulator.allocations();
            long bytes = Emulator.bytes();
            long live = TestDevice.liveBytes(backend);
            makeAndClose(backend, 10_000);
            assertEquals(live, TestDevice.liveBytes(backend));
            assertEquals(allocations, Emulator.allocations());
            assertEquals(bytes, Emulator.bytes());
            assertEquals(1, Emulator.live("streams"));
            assertEquals(0, Emulator.live("graphs"));
        }
        TestDevice.assertNothingLive();
    }

    private static void makeAndClose(Backend backend, int count) {
        for (int i = 0; i < count; i++) {
            try (Tensor tensor = backend.tensor(50);
                    IntTensor integers = backend.intTensor(50);
                    RnnState state = backend.state(SPEC, 2);
                    Rnn rnn = backend.rnn(SPEC, 2, 2, Purpose.TRAINING)) {
                assertEquals(tensor.size(), integers.size());
                assertEquals(SPEC, rnn.spec());
                assertEquals(2, state.h().dimension(1));
            }
        }
    }

    @Test
    void aHundredBackendsLeaveNothing() {
        for (int i = 0; i < 100; i++) {
            TestDevice.open().close();
            TestDevice.assertNothingLive();
        }
    }

    @Test
    void whatIsForgottenIsCollected() throws InterruptedException {
        try (Backend backend = TestDevice.open();
                TrainingStep one = new TrainingStep(backend, SPEC, 2, 2, false, null)) {
            one.run();
            long live = TestDevice.liveBytes(backend);
            long graphs = Emulator.live("graphExecs");
            for (int i = 0; i < 2000; i++) {
                forget(backend, one, i % 20 == 0);
            }
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while ((TestDevice.liveBytes(backend) > live || Emulator.live("graphExecs") > graphs)
                    && System.nanoTime() < deadline) {
                System.gc();
                Thread.sleep(10);
            }
            assertEquals(live, TestDevice.liveBytes(backend));
            assertEquals(graphs, Emulator.live("graphExecs"));
        }
        TestDevice.assertNothingLive();
    }

    private static void forget(Backend backend, TrainingStep step, boolean withGraph) {
        backend.tensor(50).fill(1);
        backend.intTensor(50);
        Rnn rnn = backend.rnn(SPEC, 2, 2, Purpose.TRAINING);
        if (withGraph) {
            Tensor x = backend.tensor(2, 2, 3);
            long graphs = Emulator.calls("cuGraphInstantiateWithFlags");
            for (int i = 0; i < 2; i++) {
                rnn.call(step.weights(), x).train().close();
            }
            // What is live goes down too, when a collection comes in between.
            assertEquals(graphs + 1, Emulator.calls("cuGraphInstantiateWithFlags"));
        }
    }

    @Test
    void threadsMakeNetworksAtOnce() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try (Backend backend = TestDevice.open()) {
            List<Future<?>> all = new ArrayList<>();
            for (int t = 0; t < THREADS; t++) {
                all.add(threads.submit(() -> makeAndClose(backend, 200)));
            }
            for (Future<?> one : all) {
                one.get();
            }
            assertEquals(0, TestDevice.liveBytes(backend));
        } finally {
            threads.shutdownNow();
        }
        TestDevice.assertNothingLive();
    }
}
