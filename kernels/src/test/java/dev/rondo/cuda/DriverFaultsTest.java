package dev.rondo.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.RnnSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Machines on which CUDA is not there, too old or damaged, each one a JVM of its own. */
class DriverFaultsTest {
    @TempDir
    Path temporary;

    @BeforeEach
    void requireEmulator() {
        TestDevice.requireEmulator();
    }

    private ChildJvm child() {
        return new ChildJvm(Probing.class).property("java.io.tmpdir", temporary.toString());
    }

    private ChildJvm onEmulator() {
        ChildJvm child = child().property(Probing.EMULATOR, System.getProperty("rondo.test.emulator"))
                .property(CudaProbe.EMULATOR_PROPERTY, "allow");
        String images = System.getProperty(KernelImages.FOLDER_PROPERTY);
        return images == null ? child : child.property(KernelImages.FOLDER_PROPERTY, images);
    }

    private void assertTemporaryFolderIsEmpty() throws IOException {
        try (var files = Files.list(temporary)) {
            assertEquals(List.of(), files.toList());
        }
    }

    /** The backend cannot be used, says why, and the next best one is taken. */
    private void assertAbsent(CudaProbe.Reason reason, String detail, ChildJvm.Outcome outcome) throws IOException {
        assertEquals(0, outcome.status(), outcome::toString);
        assertEquals(reason.name(), outcome.value("reason"));
        assertTrue(outcome.value("detail").contains(detail), outcome::toString);
        assertEquals("cpu", outcome.value("best"));
        assertEquals("backend cuda cannot be used here: " + outcome.value("detail"), outcome.value("named"));
        assertEquals(reason.name(), outcome.value("again"));
        assertEquals("true", outcome.value("temporary"));
        assertTemporaryFolderIsEmpty();
    }

    private void assertUsable(ChildJvm.Outcome outcome) {
        assertEquals(0, outcome.status(), outcome::toString);
        assertEquals("NONE", outcome.value("reason"), outcome::toString);
        assertEquals("cpu", outcome.value("best"), "the emulator is never chosen");
        assertEquals("true", outcome.value("temporary"));
        try (Backend backend = TestDevice.open();
                TrainingStep one = new TrainingStep(backend, RnnSpec.of(Cell.LSTM, 3, 4), 2, 2, false, null)) {
            assertEquals(one.run(), outcome.value("hash"));
        }
    }

    @Test
    void withoutADriver() throws Exception {
        ChildJvm.Outcome outcome = child().run();
        assumeTrue(outcome.value("driver").equals("0"), "this machine has a CUDA driver");
        assertAbsent(CudaProbe.Reason.NO_DRIVER, "no CUDA driver", outcome);
        assertTrue(outcome.errors().contains("backend passed over: cuda: no CUDA driver"), outcome::toString);
    }

    @Test
    void withoutNatives() throws Exception {
        assertAbsent(
                CudaProbe.Reason.NATIVES_MISSING,
                "JCuda's native library",
                onEmulator()
                        .without(entry -> entry.toString().contains("jcuda-natives"))
                        .run());
    }

    @Test
    void withAnOldDriver() throws Exception {
        ChildJvm.Outcome outcome =
                onEmulator().environment("RONDO_EMU_DRIVER", "11080").run();
        assertAbsent(CudaProbe.Reason.DRIVER_TOO_OLD, "expected one for CUDA 12.0", outcome);
        assertTrue(outcome.value("detail").contains("got one for CUDA 11.8"), outcome::toString);
        assertEquals("11080", outcome.value("driver"));
    }

    @Test
    void withoutADevice() throws Exception {
        assertAbsent(
                CudaProbe.Reason.NO_DEVICE,
                "CUDA_ERROR_NO_DEVICE (100",
                onEmulator().environment("RONDO_EMU_FAIL", "cuInit=100").run());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cuInit=999",
                "cuDeviceGetCount=3",
                "cuDeviceGet=101",
                "cuDeviceGetName=101",
                "cuDeviceTotalMem=101",
                "cuDeviceGetAttribute=1"
            })
    void withADriverThatFails(String failure) throws Exception {
        assertAbsent(
                CudaProbe.Reason.DRIVER_FAILED,
                "driver",
                onEmulator().environment("RONDO_EMU_FAIL", failure).run());
    }

    @Test
    void withAnEmulatorThatWasNotAskedFor() throws Exception {
        assertAbsent(
                CudaProbe.Reason.EMULATED,
                "-Drondo.cuda.emulator=allow",
                onEmulator().property(CudaProbe.EMULATOR_PROPERTY, "no").run());
    }

    @Test
    void withoutKernels() throws Exception {
        Path empty = Files.createDirectory(temporary.resolve("images"));
        ChildJvm.Outcome outcome = onEmulator()
                .property(KernelImages.FOLDER_PROPERTY, empty.toString())
                .run();
        Files.delete(empty);
        assertAbsent(CudaProbe.Reason.BUILT_WITHOUT_NVCC, "built without nvcc", outcome);
    }

    @Test
    void withADriverOfCuda12() throws Exception {
        assertUsable(onEmulator().environment("RONDO_EMU_DRIVER", "12000").run());
    }

    @ParameterizedTest
    @ValueSource(strings = {"7.5", "8.0", "8.6", "8.9", "10.0", "12.0"})
    void withAnotherDevice(String capability) throws Exception {
        assertUsable(onEmulator().environment("RONDO_EMU_CC", capability).run());
    }

    /** JCuda would load it: another JVM has written half of it, or somebody else has put it there. */
    @Test
    void aTruncatedNativeInTheTemporaryFolderIsNotTouched() throws Exception {
        byte[] half = new byte[4096];
        System.arraycopy(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}, 0, half, 0, 7);
        List<Path> traps = new ArrayList<>();
        for (String name : List.of("JCudaDriver", "JCublas2")) {
            traps.add(temporary.resolve("lib" + name + "-12.6.0-linux-x86_64.so"));
        }
        for (Path trap : traps) {
            Files.write(trap, half);
        }
        assertUsable(onEmulator().run());
        for (Path trap : traps) {
            assertArrayEquals(half, Files.readAllBytes(trap));
            Files.delete(trap);
        }
        assertTemporaryFolderIsEmpty();
    }

    @Test
    void jvmsThatStartAtOnceAllFindTheirNatives() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            List<Future<ChildJvm.Outcome>> outcomes = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                outcomes.add(threads.submit(() -> onEmulator().run()));
            }
            for (Future<ChildJvm.Outcome> outcome : outcomes) {
                assertUsable(outcome.get());
            }
        } finally {
            threads.shutdownNow();
        }
        assertTemporaryFolderIsEmpty();
    }
}
