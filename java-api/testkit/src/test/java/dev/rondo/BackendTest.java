package dev.rondo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.rondo.contract.Refusal;
import dev.rondo.spi.BackendKernels;
import dev.rondo.spi.BackendProvider;
import dev.rondo.spi.Supported;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What there is to say where no backend is on the class path, as in this module. */
class BackendTest {
    @Test
    void noBackendOnTheClassPath() {
        assertEquals(List.of(), Backend.available());
        Refusal.check(BackendException.class, Backend::best, "no backend was found: add rondo-cpu", "rondo-cpu");
        Refusal.check(BackendException.class, () -> Backend.named("cpu"), "no backend was found", "META-INF/services");
    }

    @Test
    void settingsAreKept() {
        assertEquals(Precision.FP32, BackendOptions.defaults().precision());
        BackendOptions options = BackendOptions.defaults()
                .withThreads(3)
                .withPrecision(Precision.BF16)
                .withThreads(2);
        assertEquals(2, options.threads());
        assertEquals(Precision.BF16, options.precision());
        assertEquals(3, options.withThreads(3).withPrecision(Precision.TF32).threads());
    }

    @Test
    void threadsOutOfRangeAreRefused() {
        assertEquals(0, BackendOptions.defaults().threads());
        assertEquals(4096, BackendOptions.defaults().withThreads(4096).threads());
        Refusal.illegalArgument(() -> BackendOptions.defaults().withThreads(-1), "threads: expected 0 to 4096, got -1");
        Refusal.illegalArgument(
                () -> BackendOptions.defaults().withThreads(4097), "threads: expected 0 to 4096, got 4097");
    }

    @Test
    void devicesAreCountedFromZero() {
        assertEquals(0, BackendOptions.defaults().device());
        BackendOptions second =
                BackendOptions.defaults().withDevice(1).withThreads(2).withPrecision(Precision.TF32);
        assertEquals(1, second.device());
        Refusal.illegalArgument(() -> BackendOptions.defaults().withDevice(-1), "device: expected at least 0, got -1");
    }

    /** As in a container: the API in a parent loader, the backend in a child, which is the context loader. */
    @Test
    void aBackendOfTheContextLoaderIsFound(@TempDir Path folder) throws IOException {
        announce(folder, StubProvider.class);
        inContextOf(folder, () -> {
            assertEquals("stub", Backend.available().get(0).name());
            try (Backend backend = Backend.best()) {
                assertEquals("stub", backend.name());
            }
            Refusal.check(BackendException.class, () -> Backend.named("cpu"), "expected one of [stub]", "got cpu");
            RnnSpec spec = RnnSpec.of(Cell.GRU, 1, 1);
            Refusal.check(BackendException.class, () -> Backend.best(spec), "no backend can be used", "cell GRU");
            try (Backend backend = Backend.best(spec.withCell(Cell.LSTM))) {
                assertEquals("stub", backend.name());
                assertEquals(
                        "backend stub does not have cell GRU",
                        backend.unsupported(spec).get());
                Refusal.check(
                        BackendException.class,
                        () -> backend.rnn(spec, 1, 1, Purpose.INFERENCE),
                        "spec: backend stub does not have cell GRU");
            }
        });
    }

    @Test
    void aProviderThatThrowsIsTold(@TempDir Path folder) throws IOException {
        announce(folder, ThrowingProvider.class, StubProvider.class);
        inContextOf(folder, () -> {
            List<BackendAvailability> available = Backend.available();
            assertEquals(2, available.size());
            BackendAvailability throwing = available.get(0);
            assertFalse(throwing.isAvailable());
            assertEquals(
                    "its provider failed: java.lang.IllegalStateException: no luck",
                    throwing.reason().get());
            try (Backend backend = Backend.best()) {
                assertEquals("stub", backend.name());
            }
            Refusal.check(BackendException.class, () -> Backend.named("throwing"), "throwing", "no luck");
        });
    }

    @Test
    void aProviderThatCannotOpenIsPassedOver(@TempDir Path folder) throws IOException {
        announce(folder, UnlinkedProvider.class, StubProvider.class);
        inContextOf(folder, () -> {
            try (Backend backend = Backend.best()) {
                assertEquals("stub", backend.name());
            }
        });
    }

    @Test
    void settingsAreToldAndCompared() {
        BackendOptions options = BackendOptions.defaults().withThreads(2).withDevice(1);
        assertEquals("threads 2, precision FP32, device 1", options.toString());
        assertEquals(BackendOptions.defaults().withDevice(1).withThreads(2), options);
        assertFalse(options.equals(options.withPrecision(Precision.BF16)));
    }

    @Test
    void aProviderThatIsAtHand() {
        try (Backend backend = Backend.of(new StubProvider(), BackendOptions.defaults())) {
            assertEquals("stub", backend.name());
        }
        Refusal.check(
                BackendException.class,
                () -> Backend.of(new ThrowingProvider(), BackendOptions.defaults()),
                "backend throwing cannot be used here",
                "no luck");
    }

    private static void announce(Path folder, Class<?>... providers) throws IOException {
        Path services = Files.createDirectories(folder.resolve("META-INF/services"));
        List<String> names = Arrays.stream(providers).map(Class::getName).toList();
        Files.write(services.resolve(BackendProvider.class.getName()), names);
    }

    private static void inContextOf(Path folder, Runnable test) throws IOException {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        URL[] urls = {folder.toUri().toURL()};
        try (URLClassLoader child = new URLClassLoader(urls, before)) {
            thread.setContextClassLoader(child);
            test.run();
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    /** It has LSTM only, and computes nothing. */
    public static final class StubProvider implements BackendProvider {
        @Override
        public String name() {
            return "stub";
        }

        @Override
        public int priority() {
            return 1;
        }

        @Override
        public Optional<String> unavailable() {
            return Optional.empty();
        }

        @Override
        public BackendKernels open(BackendOptions options) {
            Supported supported = new Supported("stub", Set.of(Cell.LSTM), Set.of());
            return (BackendKernels) Proxy.newProxyInstance(
                    BackendKernels.class.getClassLoader(),
                    new Class<?>[] {BackendKernels.class},
                    (proxy, method, arguments) ->
                            method.getName().equals("unsupported") ? supported.missing((RnnSpec) arguments[0]) : null);
        }
    }

    /** Its libraries are not there. */
    public static final class UnlinkedProvider implements BackendProvider {
        @Override
        public String name() {
            return "unlinked";
        }

        @Override
        public int priority() {
            return 2;
        }

        @Override
        public Optional<String> unavailable() {
            return Optional.empty();
        }

        @Override
        public BackendKernels open(BackendOptions options) {
            throw new UnsatisfiedLinkError("no abacus in java.library.path");
        }
    }

    /** It breaks its contract. */
    public static final class ThrowingProvider implements BackendProvider {
        @Override
        public String name() {
            return "throwing";
        }

        @Override
        public int priority() {
            return 2;
        }

        @Override
        public Optional<String> unavailable() {
            throw new IllegalStateException("no luck");
        }

        @Override
        public BackendKernels open(BackendOptions options) {
            throw new AssertionError("not asked for");
        }
    }
}
