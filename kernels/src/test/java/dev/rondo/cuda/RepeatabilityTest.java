package dev.rondo.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.rondo.Backend;
import dev.rondo.BackendOptions;
import dev.rondo.Cell;
import dev.rondo.Precision;
import dev.rondo.RnnSpec;
import dev.rondo.emulator.Emulator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.FieldSource;

/** The same bits every time: repeated, from several threads, in every order of threads and mode of streams, with and without graphs. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("try") // a property that is set as long as a block runs
class RepeatabilityTest {
    private static final int REPEATS = 100;
    private static final int NETWORKS = 8;
    private static final int THREADS = 4;

    private Map<String, String> golden = Map.of();

    @BeforeAll
    void computeOnce() {
        TestDevice.require();
        TestDevice.reset();
        try (Backend backend = TestDevice.open()) {
            golden = new Workload(backend).all().results();
        }
    }

    @BeforeEach
    @AfterEach
    void resetEmulator() {
        TestDevice.reset();
    }

    private void assertGolden() {
        try (Backend backend = TestDevice.open()) {
            assertEquals(golden, new Workload(backend).all().results());
        }
        TestDevice.assertNothingLive();
    }

    /** What runs in the tests below, and in those of the precisions. */
    @Test
    void everyKernelTakesPart() {
        Set<String> launched = new TreeSet<>();
        try (Backend backend = TestDevice.open()) {
            launched.addAll(new Workload(backend).all().launched());
        }
        for (String form : Workload.FORMS) {
            try (SystemProperty plan = SystemProperty.set(Plans.PROPERTY, form);
                    Backend backend = TestDevice.open()) {
                launched.addAll(new Workload(backend).recurrences().launched());
            }
        }
        for (Precision precision : Precision.values()) {
            try (Backend backend = TestDevice.open(BackendOptions.defaults().withPrecision(precision))) {
                launched.addAll(new Workload(backend).products().launched());
            }
        }
        Set<String> expected = new TreeSet<>();
        for (Kernel kernel : Kernel.values()) {
            expected.add(kernel.symbol());
        }
        assertEquals(expected, launched);
    }

    @ParameterizedTest
    @FieldSource("dev.rondo.cuda.Workload#FORMS")
    void formsInSeveralOrders(String form) {
        Map<String, String> first = Map.of();
        for (String order : List.of("fwd", "rev", "rand:1")) {
            TestDevice.order(order);
            TestDevice.streams(order.equals("rev") ? "others" : "eager");
            try (SystemProperty plan = SystemProperty.set(Plans.PROPERTY, form);
                    Backend backend = TestDevice.open()) {
                Map<String, String> results =
                        new Workload(backend).recurrences().results();
                first = first.isEmpty() ? results : first;
                assertEquals(first, results, order);
            }
            TestDevice.assertNothingLive();
        }
    }

    @Test
    void graphsAreReplayed() {
        TestDevice.requireEmulator();
        long before = graphLaunches();
        assertGolden();
        assertFalse(graphLaunches() == before);
    }

    /** How many the emulator has seen; 0 on a GPU. */
    private static long graphLaunches() {
        return TestDevice.isEmulated() ? Emulator.calls("cuGraphLaunch") : 0;
    }

    @ParameterizedTest
    @CsvSource({"rev, eager", "rand:1, eager", "fwd, lazy", "rand:3, others"})
    void inOrdersOfThreadsAndModesOfStreams(String order, String streams) {
        TestDevice.order(order);
        TestDevice.streams(streams);
        assertGolden();
    }

    @Test
    void withoutGraphs() {
        try (SystemProperty graphs = SystemProperty.set(Graphs.PROPERTY, "false")) {
            long before = graphLaunches();
            assertGolden();
            assertEquals(before, graphLaunches());
        }
    }

    /** Memory of the exact size, with a guard behind it, and NaN wherever nobody wrote. */
    @ParameterizedTest
    @CsvSource({"fwd, eager", "rev, others"})
    void inDebugMode(String order, String streams) {
        try (SystemProperty debug = SystemProperty.set(CudaContext.DEBUG_PROPERTY, "true")) {
            TestDevice.order(order);
            TestDevice.streams(streams);
            assertGolden();
        }
    }

    /** The main class of a child with kernels that check for undefined behaviour. */
    static final class Sanitized {
        private Sanitized() {}

        public static void main(String[] arguments) {
            try (Backend backend = TestDevice.open()) {
                System.out.println("results=" + new Workload(backend).all().results());
            }
            for (String form : Workload.FORMS) {
                System.setProperty(Plans.PROPERTY, form);
                try (Backend backend = TestDevice.open()) {
                    new Workload(backend).recurrences();
                }
            }
            System.clearProperty(Plans.PROPERTY);
            for (Precision precision : Precision.values()) {
                try (Backend backend = TestDevice.open(BackendOptions.defaults().withPrecision(precision))) {
                    new Workload(backend).products();
                }
            }
        }
    }

    @Test
    void withoutUndefinedBehaviour() throws Exception {
        TestDevice.requireEmulator();
        String emulator = System.getProperty("rondo.test.emulator");
        assumeTrue(
                Files.isRegularFile(Path.of(emulator, "libemukernels-ubsan.so")), "no checked kernels in " + emulator);
        ChildJvm.Outcome outcome = new ChildJvm(Sanitized.class)
                .property("rondo.test.ubsan", "true")
                .run();
        assertFalse(outcome.errors().contains("runtime error"), outcome::errors);
        assertEquals(0, outcome.status(), outcome::toString);
        assertEquals(golden.toString(), outcome.value("results"));
    }

    @ParameterizedTest
    @EnumSource(
            value = Cell.class,
            names = {"LSTM", "GRU"})
    void aHundredTimes(Cell cell) {
        try (Backend backend = TestDevice.open();
                TrainingStep one = new TrainingStep(
                        backend, RnnSpec.of(cell, 6, 12).withLayers(2), 5, 4, false, new int[] {5, 2, 0, 4})) {
            String first = one.run();
            for (int i = 1; i < REPEATS; i++) {
                assertEquals(first, one.run(), "run " + i);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"LSTM, eager", "GRU, eager", "LSTM, others"})
    void fromSeveralThreadsAtOnce(Cell cell, String streams) throws Exception {
        RnnSpec spec = RnnSpec.of(cell, 6, 12).withLayers(2);
        TestDevice.streams(streams);
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try (Backend backend = TestDevice.open()) {
            List<TrainingStep> steps = new ArrayList<>();
            for (int i = 0; i < NETWORKS; i++) {
                steps.add(new TrainingStep(backend, spec, 5, 4, i % 2 == 0, null));
            }
            String dense = steps.get(1).run();
            String indices = steps.get(0).run();
            List<Future<?>> runs = new ArrayList<>();
            for (int i = 0; i < NETWORKS; i++) {
                TrainingStep step = steps.get(i);
                String expected = i % 2 == 0 ? indices : dense;
                runs.add(threads.submit(() -> {
                    for (int run = 0; run < 10; run++) {
                        assertEquals(expected, step.run());
                    }
                }));
            }
            for (Future<?> run : runs) {
                run.get();
            }
            steps.forEach(TrainingStep::close);
        } finally {
            threads.shutdownNow();
        }
    }
}
