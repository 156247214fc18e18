package dev.rondo.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.BackendException;
import dev.rondo.Linear;
import dev.rondo.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import jcuda.Pointer;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How cuBLAS is found, each time in a new JVM, on an emulator beside which there is no cuBLAS. */
class CublasLibraryTest {
    private static final Path EMULATOR = Path.of(System.getProperty("rondo.test.emulator", ""));

    @TempDir
    private Path bare;

    @BeforeEach
    void copyTheEmulatorWithoutCublas() throws IOException {
        TestDevice.requireEmulator();
        for (String name : List.of("libcuda.so.1", "libemukernels.so")) {
            Files.copy(EMULATOR.resolve(name), bare.resolve(name));
        }
    }

    private ChildJvm child() {
        return new ChildJvm(MultiplyByCublas.class).property("rondo.test.emulator", bare.toString());
    }

    private static void assertMultiplied(ChildJvm.Outcome result, String source, String version) {
        assertEquals(0, result.status(), result.text());
        assertTrue(result.text().contains("source " + source + "\n"), result.text());
        assertTrue(result.text().contains("products by cuBLAS " + version + ","), result.text());
        assertTrue(result.text().contains("products are right\n"), result.text());
    }

    @Test
    void whereThereIsNoneOwnKernelsComputeAndTheReasonIsSaid() throws Exception {
        ChildJvm.Outcome result = child().run("auto", "own");
        assertEquals(0, result.status(), result.text());
        assertTrue(result.text().contains("absent: neither libcublas.so.12 nor libcublas.so.13"), result.text());
        assertEquals(2, result.text().split("products are right", -1).length - 1, result.text());
    }

    @Test
    void whereThereIsNoneAForcedChoiceFailsWithTheReasonAndTheNextOneWorks() throws Exception {
        ChildJvm.Outcome result = child().run("cublas", "own");
        assertEquals(0, result.status(), result.text());
        assertTrue(
                result.text()
                        .contains("products by cuBLAS were asked for, which cannot be used: neither libcublas.so.12 nor"
                                + " libcublas.so.13 is known to the loader"),
                result.text());
        assertTrue(result.text().contains("products are right"), result.text());
    }

    @Test
    void ofCuda12TheLoaderFindsItByName() throws Exception {
        Path folder = Files.createDirectory(bare.resolve("lib"));
        Files.copy(EMULATOR.resolve("libcublas.so.12"), folder.resolve("libcublas.so.12"));
        assertMultiplied(
                child().environment("LD_LIBRARY_PATH", folder.toString()).run("cublas"), "libcublas.so.12", "12.6.0");
    }

    @Test
    void ofCuda12AFolderOfTheToolkitWillDo() throws Exception {
        Path folder = Files.createDirectories(bare.resolve("toolkit").resolve("lib64"));
        Path library = Files.copy(EMULATOR.resolve("libcublas.so.12"), folder.resolve("libcublas.so.12"));
        assertMultiplied(
                child().environment("CUDA_HOME", bare.resolve("toolkit").toString())
                        .run("cublas"),
                library.toString(),
                "12.6.0");
    }

    @Test
    void ofCuda13TheLoaderFindsItByNameThroughTheForwarder() throws Exception {
        assertMultiplied(
                child().environment(
                                "LD_LIBRARY_PATH", EMULATOR.resolve("cuda-13").toString())
                        .run("cublas"),
                "libcublas.so.13",
                "13.0.0");
    }

    @Test
    void ofCuda13AFolderMayBeNamed() throws Exception {
        Path folder = EMULATOR.resolve("cuda-13");
        assertMultiplied(
                child().property(CublasLibrary.PATH_PROPERTY, folder.toString()).run("cublas"),
                folder.resolve("libcublas.so.13").toString(),
                "13.0.0");
    }

    @Test
    void aFileMayBeNamedToo() throws Exception {
        Path library = Files.copy(EMULATOR.resolve("cuda-13/libcublas.so.13"), bare.resolve("libcublas.so.13.0.2.14"));
        assertMultiplied(
                child().property(CublasLibrary.PATH_PROPERTY, library.toString())
                        .run("cublas"),
                library.toString(),
                "13.0.0");
    }

    @Test
    void aWrongPathIsTheReason() throws Exception {
        ChildJvm.Outcome result =
                child().property(CublasLibrary.PATH_PROPERTY, bare.toString()).run("own");
        assertTrue(
                result.text()
                        .contains("absent: rondo.cuda.cublas: expected libcublas.so.12 or libcublas.so.13, or a folder"
                                + " with one, got " + bare),
                result.text());
    }

    @Test
    void aDamagedFileIsTheReason() throws Exception {
        Path damaged = Files.writeString(
                Files.createDirectory(bare.resolve("lib")).resolve("libcublas.so.12"), "not a library");
        ChildJvm.Outcome result = child().property(CublasLibrary.PATH_PROPERTY, damaged.toString())
                .run("own");
        assertEquals(0, result.status(), result.text());
        assertTrue(result.text().contains("absent: " + damaged), result.text());
    }

    /** A function that CUDA 13 does not have returns a status, and does not end the process. */
    @Test
    void whatCuda13DoesNotHaveIsNotSupported() throws Exception {
        ChildJvm.Outcome result = child().property(
                        CublasLibrary.PATH_PROPERTY, EMULATOR.resolve("cuda-13").toString())
                .run("copy");
        assertEquals(0, result.status(), result.text());
        assertTrue(result.text().contains("cublasScopy 15\n"), result.text());
    }

    @Test
    void nothingStaysInTheTemporaryFolder() throws Exception {
        Path temporary = Files.createDirectory(bare.resolve("tmp"));
        ChildJvm.Outcome result = child().property("java.io.tmpdir", temporary.toString())
                .property(
                        CublasLibrary.PATH_PROPERTY, EMULATOR.resolve("cuda-13").toString())
                .run("cublas");
        assertEquals(0, result.status(), result.text());
        try (var left = Files.list(temporary)) {
            assertFalse(
                    left.anyMatch(file -> file.getFileName().toString().startsWith("rondo")), "files in " + temporary);
        }
    }

    /** Says how cuBLAS was found, then multiplies with each choice of the arguments. */
    static final class MultiplyByCublas {
        private MultiplyByCublas() {}

        public static void main(String[] choices) {
            TestDevice.require();
            CublasLibrary library = CublasLibrary.get();
            System.out.println("source " + library.source());
            library.absent().ifPresent(reason -> System.out.println("absent: " + reason));
            for (String choice : choices) {
                if (choice.equals("copy")) {
                    cublasHandle handle = new cublasHandle();
                    JCublas2.cublasCreate(handle);
                    Pointer none = new Pointer();
                    System.out.println("cublasScopy " + JCublas2.cublasScopy(handle, 1, none, 1, none, 1));
                    continue;
                }
                System.setProperty(ProductsChoice.PROPERTY, choice);
                try (Backend backend = TestDevice.open()) {
                    System.out.println(backend.description());
                    multiply(backend);
                } catch (BackendException e) {
                    System.out.println(e.getMessage());
                }
            }
        }

        /** Ones by ones: each element is the depth. */
        private static void multiply(Backend backend) {
            int rows = 200;
            int inputs = 7;
            int outputs = 5;
            Linear layer = backend.linear(inputs, outputs);
            Tensor x = backend.tensor(rows, inputs).fill(1);
            Tensor weight = backend.tensor(outputs, inputs).fill(1);
            Tensor y = backend.tensor(rows, outputs);
            Tensor dx = backend.tensor(rows, inputs);
            Tensor dWeight = backend.tensor(outputs, inputs);
            layer.forward(weight, null, x, y);
            layer.backward(weight, x, y, dx, dWeight, null);
            boolean right = Arrays.stream(y.toDoubles()).allMatch(value -> value == inputs)
                    && Arrays.stream(dx.toDoubles()).allMatch(value -> value == inputs * outputs)
                    && Arrays.stream(dWeight.toDoubles()).allMatch(value -> value == inputs * rows);
            System.out.println(right ? "products are right" : "products are wrong");
        }
    }
}
