package dev.rondo.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.rondo.Precision;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CudaSetupTest {
    @Test
    void saysWhatTheBackendWorksWith() {
        TestDevice.requireEmulator();
        CudaSetup setup = CudaSetup.look();
        assertEquals("for CUDA 13.0", setup.driver());
        assertTrue(setup.device().startsWith("Rondo emulator (no GPU)"), setup.device());
        assertEquals(
                "not used: an emulated device; -Drondo.cuda.products=cublas takes it all the same", setup.cublas());
        assertEquals("auto: own kernels", setup.products());
        assertEquals(List.of(Precision.values()), setup.precisions());
    }

    @Test
    void saysWhereCublasIsFound() {
        TestDevice.requireEmulator();
        System.setProperty(ProductsChoice.PROPERTY, "cublas");
        try {
            CudaSetup setup = CudaSetup.look();
            assertEquals("found: libcublas.so.12", setup.cublas());
            assertEquals("cublas: cuBLAS, and own kernels for few rows", setup.products());
        } finally {
            System.clearProperty(ProductsChoice.PROPERTY);
        }
    }

    @Test
    void aWrongChoiceIsToldAndNotThrown() {
        TestDevice.requireEmulator();
        System.setProperty(ProductsChoice.PROPERTY, "mkl");
        try {
            CudaSetup setup = CudaSetup.look();
            assertEquals("not used: rondo.cuda.products: expected own, cublas or auto, got mkl", setup.cublas());
        } finally {
            System.clearProperty(ProductsChoice.PROPERTY);
        }
    }

    @Test
    void readsTheManifestOfTheKernels(@TempDir Path folder) throws Exception {
        Files.writeString(folder.resolve("lstm_forward.ptx"), "");
        String before = System.getProperty(KernelImages.FOLDER_PROPERTY);
        System.setProperty(KernelImages.FOLDER_PROPERTY, folder.toString());
        try {
            assertEquals("PTX without a manifest, as the emulator has it", KernelImages.text());
            Files.writeString(
                    folder.resolve("manifest.json"),
                    "{\n  \"nvcc\": \"13.0.88\",\n  \"capabilities\": [75, 80],\n  \"sources\": {}\n}\n");
            assertEquals("PTX, by nvcc 13.0.88", KernelImages.text());
            Files.writeString(folder.resolve("lstm_forward.fatbin"), "");
            assertEquals("machine code for compute capability 75, 80, and PTX, by nvcc 13.0.88", KernelImages.text());
            Files.delete(folder.resolve("lstm_forward.ptx"));
            assertTrue(KernelImages.text().startsWith("none: nvcc was not used"), KernelImages.text());
        } finally {
            if (before == null) {
                System.clearProperty(KernelImages.FOLDER_PROPERTY);
            } else {
                System.setProperty(KernelImages.FOLDER_PROPERTY, before);
            }
        }
    }

    @Test
    void withoutADriverEverythingHasAReason() throws Exception {
        ChildJvm.Outcome child =
                new ChildJvm(Print.class).property("rondo.test.emulator", "").run();
        assertEquals(0, child.status(), child.text());
        assumeFalse(child.text().contains("driver=for CUDA"), "this machine has a driver");
        assertTrue(
                child.text().contains("driver=no CUDA driver: its library (libcuda.so.1, nvcuda.dll) cannot be loaded"),
                child.text());
        assertTrue(child.text().contains("cublas=not looked for: the backend cannot be used"), child.text());
        assertTrue(child.text().contains("precisions=[]"), child.text());
    }

    /** Prints it. */
    static final class Print {
        private Print() {}

        public static void main(String[] none) {
            System.out.println(CudaSetup.look());
        }
    }
}
