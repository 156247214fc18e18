package dev.rondo.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.rondo.Backend;
import dev.rondo.BackendOptions;
import dev.rondo.emulator.Emulator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The device that the tests run on: the emulator that the build made, or with {@code -Drondo.test.device=true} the GPU of this
 * machine. Where there is neither, the tests are skipped.
 */
final class TestDevice {
    private static final String EMULATOR = System.getProperty("rondo.test.emulator", "");
    private static final boolean GPU = Boolean.getBoolean("rondo.test.device");
    private static final boolean PRESENT = GPU || loadEmulator();

    private static final List<String> LIVE = List.of(
            "allocations",
            "pinned",
            "registered",
            "contexts",
            "modules",
            "streams",
            "events",
            "graphs",
            "graphExecs",
            "pendingWork",
            "leakedAtRelease");

    private TestDevice() {}

    private static boolean loadEmulator() {
        Path folder = Path.of(EMULATOR);
        if (EMULATOR.isEmpty() || !Files.isRegularFile(folder.resolve("libcuda.so.1"))) {
            return false;
        }
        Emulator.load(folder, Boolean.getBoolean("rondo.test.ubsan"));
        System.setProperty(CudaProbe.EMULATOR_PROPERTY, "allow");
        if (!KernelImages.present()) {
            System.setProperty(KernelImages.FOLDER_PROPERTY, System.getProperty("rondo.test.images", ""));
        }
        return true;
    }

    /** Skips a test where there is no device. */
    static void require() {
        assumeTrue(PRESENT, "no GPU asked for with -Drondo.test.device=true, and no emulator in '" + EMULATOR + "'");
    }

    /** Whether there is the emulator. */
    static boolean isEmulated() {
        return PRESENT && !GPU;
    }

    /** Skips a test where there is no emulator. */
    static void requireEmulator() {
        assumeTrue(isEmulated(), "the test needs the emulator");
    }

    /** The order of the threads on the emulator; a GPU has its own. */
    static void order(String order) {
        if (isEmulated()) {
            Emulator.order(order);
        }
    }

    /** When the emulator does what is queued. */
    static void streams(String mode) {
        if (isEmulated()) {
            Emulator.streams(mode);
        }
    }

    /** Sets the emulator back to how it began. */
    static void reset() {
        if (isEmulated()) {
            Emulator.reset();
        }
    }

    /** Opens the backend. */
    static Backend open() {
        return open(BackendOptions.defaults());
    }

    /** Opens the backend with settings. */
    static Backend open(BackendOptions options) {
        require();
        if (GPU) {
            assertEquals("cuda", Kept.BACKEND.name());
        }
        return Backend.named("cuda", options);
    }

    /** On a GPU the primary context takes a while to make: one backend keeps it for all tests. */
    private static final class Kept {
        private static final Backend BACKEND = Backend.named("cuda");

        private Kept() {}
    }

    /** The kernels behind a backend. */
    static CudaKernels kernels(Backend backend) {
        return (CudaKernels) backend.kernels();
    }

    /** The bytes of device memory in use, without what is kept for the next request. */
    static long liveBytes(Backend backend) {
        CudaKernels kernels = kernels(backend);
        kernels.context().enter();
        try {
            return kernels.memory().liveBytes();
        } finally {
            kernels.context().exit();
        }
    }

    /** Fails if the emulator still holds anything; a GPU does not tell. */
    static void assertNothingLive() {
        if (isEmulated()) {
            for (String what : LIVE) {
                assertEquals(0, Emulator.live(what), what);
            }
        }
    }
}
