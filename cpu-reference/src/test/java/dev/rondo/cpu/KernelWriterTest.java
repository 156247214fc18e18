package dev.rondo.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class KernelWriterTest {
    static Stream<KernelWriter.Kernels> all() {
        return KernelWriter.ALL.stream();
    }

    @ParameterizedTest
    @MethodSource("all")
    void theKernelsAreTheOnesThatAreWritten(KernelWriter.Kernels kernels) throws IOException {
        String there = Files.readString(KernelWriter.FOLDER.resolve(kernels.name() + ".java"));
        assertEquals(KernelWriter.text(kernels), there, "run KernelWriter.main in the folder cpu-reference");
    }
}
