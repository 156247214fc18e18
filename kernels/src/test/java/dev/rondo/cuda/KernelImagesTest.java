package dev.rondo.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.BackendException;
import dev.rondo.Cell;
import dev.rondo.RnnSpec;
import dev.rondo.emulator.Emulator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images of kernels that are damaged, missing, or not for this driver. */
@SuppressWarnings("try") // a property that is set as long as a block runs
class KernelImagesTest {
    private static final String VICTIM = "lstm_forward";
    private static final int INVALID_IMAGE = 200;
    private static final int NO_BINARY_FOR_GPU = 209;
    private static final int INVALID_PTX = 218;
    private static final int UNSUPPORTED_PTX_VERSION = 222;
    private static final int NOT_FOUND = 500;

    @TempDir
    Path folder;

    @BeforeEach
    void copyImages() throws IOException {
        TestDevice.requireEmulator();
        Emulator.reset();
        for (String file : files()) {
            Files.writeString(folder.resolve(file + ".ptx"), ptx(file));
        }
    }

    @AfterEach
    void resetEmulator() {
        Emulator.reset();
    }

    private static List<String> files() {
        return Arrays.stream(Kernel.values()).map(Kernel::file).distinct().toList();
    }

    /** As the driver sees it: names and braces. */
    private static String ptx(String file) {
        StringBuilder text = new StringBuilder(".version 8.0\n.target sm_75\n.address_size 64\n");
        for (Kernel kernel : Kernel.values()) {
            if (kernel.file().equals(file)) {
                text.append(".visible .entry ").append(kernel.symbol()).append("() { ret; }\n");
            }
        }
        return text.toString();
    }

    /** A fatbin with one entry, of PTX. */
    private static byte[] fatbin(String file) {
        byte[] content = ptx(file).getBytes(StandardCharsets.US_ASCII);
        ByteBuffer bytes = ByteBuffer.allocate(16 + 64 + content.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(0, 0xba55ed50).putShort(4, (short) 1).putShort(6, (short) 16);
        bytes.putLong(8, 64 + content.length);
        bytes.putShort(16, (short) 1).putInt(16 + 4, 64).putLong(16 + 8, content.length);
        bytes.putInt(16 + 28, 75);
        bytes.position(16 + 64);
        bytes.put(content);
        return bytes.array();
    }

    private static TrainingStep step(Backend backend) {
        return new TrainingStep(backend, RnnSpec.of(Cell.LSTM, 3, 4), 2, 2, false, null);
    }

    private String run() {
        try (SystemProperty images = SystemProperty.set(KernelImages.FOLDER_PROPERTY, folder.toString());
                Backend backend = TestDevice.open();
                TrainingStep one = step(backend)) {
            return one.run();
        } finally {
            TestDevice.assertNothingLive();
        }
    }

    private static String golden() {
        try (Backend backend = TestDevice.open();
                TrainingStep one = step(backend)) {
            return one.run();
        }
    }

    private void assertFails(int status, String... parts) {
        BackendException e = assertThrows(BackendException.class, this::run);
        if (e instanceof CudaException cuda) {
            assertEquals(status, cuda.status(), e::toString);
            assertTrue(!cuda.isFatal());
        } else {
            assertEquals(0, status, e::toString);
        }
        for (String part : parts) {
            assertTrue(String.valueOf(e.getMessage()).contains(part), part + " is not in " + e);
        }
    }

    @Test
    void ptxAloneIsEnough() {
        assertEquals(golden(), run());
    }

    @Test
    void machineCodeComesFirst() throws IOException {
        for (String file : files()) {
            Files.write(folder.resolve(file + ".fatbin"), fatbin(file));
            Files.writeString(folder.resolve(file + ".ptx"), "not looked at");
        }
        assertEquals(golden(), run());
    }

    /** A driver of CUDA 12 does not take what nvcc 13 wrote, a new device needs what did not exist then. */
    @Test
    void ptxIsTakenWhereTheDriverDoesNotTakeTheMachineCode() throws IOException {
        String golden = golden();
        for (String file : files()) {
            Files.write(folder.resolve(file + ".fatbin"), fatbin(file));
        }
        Emulator.fail("cuModuleLoadData", 1, NO_BINARY_FOR_GPU);
        long before = Emulator.calls("cuModuleLoadData");
        assertEquals(golden, run());
        long files = Emulator.calls("cuModuleLoadData") - before;
        before = Emulator.calls("cuModuleLoadData");
        assertEquals(golden, run());
        assertEquals(files - 1, Emulator.calls("cuModuleLoadData") - before);
    }

    @Test
    void machineCodeThatWasCutOffNeverReachesTheDriver() throws IOException {
        byte[] whole = fatbin(VICTIM);
        for (int length : new int[] {0, 1, 15, 16, 17, 79, 80, whole.length / 2, whole.length - 1}) {
            Files.write(folder.resolve(VICTIM + ".fatbin"), Arrays.copyOf(whole, length));
            assertFails(0, "kernels of " + VICTIM, VICTIM + ".fatbin: expected ", "got " + length);
        }
        Files.write(folder.resolve(VICTIM + ".fatbin"), Arrays.copyOf(whole, whole.length + 1));
        assertFails(0, VICTIM + ".fatbin: expected " + whole.length + " bytes by its header");
    }

    @Test
    void damagedMachineCodeIsReplacedByPtxAndBothAreNamedWhereItIsDamagedToo() throws IOException {
        byte[] damaged = fatbin(VICTIM);
        damaged[16] = 0; // the kind of the entry
        Files.write(folder.resolve(VICTIM + ".fatbin"), damaged);
        assertEquals(golden(), run());
        String text = ptx(VICTIM);
        Files.writeString(folder.resolve(VICTIM + ".ptx"), text.substring(0, text.length() - 4));
        assertFails(
                INVALID_PTX,
                "cuModuleLoadData for the kernels of " + VICTIM,
                "as machine code: CUDA_ERROR_INVALID_IMAGE (" + INVALID_IMAGE,
                "as PTX: CUDA_ERROR_INVALID_PTX");
        damaged[0]++;
        Files.write(folder.resolve(VICTIM + ".fatbin"), damaged);
        assertFails(0, VICTIM + ".fatbin: expected a fatbin");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 20, 60, 85})
    void ptxThatWasCutOffIsRefused(int length) throws IOException {
        Files.writeString(folder.resolve(VICTIM + ".ptx"), ptx(VICTIM).substring(0, length));
        assertFails(INVALID_PTX, "kernels of " + VICTIM, "as PTX");
    }

    @Test
    void anEmptyFileIsRefused() throws IOException {
        Files.writeString(folder.resolve(VICTIM + ".ptx"), "");
        assertFails(INVALID_IMAGE, "kernels of " + VICTIM, "as PTX");
    }

    @Test
    void aMissingFileIsNamed() throws IOException {
        Files.delete(folder.resolve("optimizers.ptx"));
        assertFails(0, "the kernels of optimizers cannot be loaded: no image optimizers.ptx");
    }

    @Test
    void ptxOfANewerToolkitIsRefusedWithItsReason() throws IOException {
        Files.writeString(folder.resolve(VICTIM + ".ptx"), ptx(VICTIM).replace("8.0", "9.9"));
        assertFails(UNSUPPORTED_PTX_VERSION, "kernels of " + VICTIM, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION");
    }

    @Test
    void aKernelThatIsNotThereIsNamed() throws IOException {
        Files.writeString(folder.resolve(VICTIM + ".ptx"), ptx(VICTIM).replace("rondo_lstm_forward", "rondo_lstm"));
        assertFails(NOT_FOUND, "cuModuleGetFunction for rondo_lstm_forward", "CUDA_ERROR_NOT_FOUND");
    }
}
