package dev.rondo.bench.cudnn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Precision;
import dev.rondo.Purpose;
import dev.rondo.RnnSpec;
import dev.rondo.bench.EmulatedJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How cuDNN is found, each time in a new JVM, on an emulator beside which there is no cuDNN. */
class CudnnLibraryTest {
    private static final String NAME = "libcudnn.so.9";
    private static final List<String> PARTS = List.of("libcudnn_graph.so.9", "libcudnn_ops.so.9", "libcudnn_adv.so.9");

    @TempDir
    private Path folder;

    private Path bare;
    private Path libraries;

    @BeforeEach
    void makeFolders() throws IOException {
        EmulatedJvm.require();
        bare = Files.createDirectory(folder.resolve("bare"));
        libraries = Files.createDirectory(folder.resolve("cudnn"));
        copy("libcuda.so.1", bare);
        copy("libemukernels.so", bare);
    }

    private static void copy(String name, Path to) throws IOException {
        Files.copy(EmulatedJvm.emulator().resolve(name), to.resolve(name));
    }

    private void copyCudnn(List<String> parts) throws IOException {
        copy(NAME, libraries);
        for (String part : parts) {
            copy(part, libraries);
        }
    }

    private EmulatedJvm child(Path... more) {
        Path[] folders = new Path[1 + more.length];
        folders[0] = bare;
        System.arraycopy(more, 0, folders, 1, more.length);
        return new EmulatedJvm(folder.resolve("output")).libraries(folders);
    }

    private static String text(EmulatedJvm.Outcome outcome) {
        assertEquals(0, outcome.status(), outcome.text());
        return outcome.text();
    }

    @Test
    void theLoaderFindsIt() throws Exception {
        copyCudnn(PARTS);
        String text = text(child(libraries).run(Ask.class));
        assertTrue(text.contains("source " + libraries.resolve(NAME).toRealPath() + ", version 9.5.0\n"), text);
        assertTrue(text.contains("a layer was made\n"), text);
    }

    @Test
    void aFolderOrAFileMayBeNamed() throws Exception {
        copyCudnn(PARTS);
        for (Path named : List.of(libraries, libraries.resolve(NAME))) {
            String text = text(child().property(CudnnLibrary.PATH_PROPERTY, named.toString())
                    .run(Ask.class));
            assertTrue(text.contains("source " + libraries.resolve(NAME) + ", version 9.5.0\n"), text);
            assertTrue(text.contains("a layer was made\n"), text);
        }
    }

    @Test
    void whereThereIsNoneTheReasonIsSaid() throws Exception {
        String text = text(child().run(Ask.class));
        assertTrue(text.contains("absent: " + NAME + " is not known to the loader nor in the folders of CUDA"), text);
        assertTrue(text.contains("no layer: there is no cuDNN: " + NAME), text);
    }

    @Test
    void aWrongPathIsTheReason() throws Exception {
        String text = text(child().property(CudnnLibrary.PATH_PROPERTY, libraries.toString())
                .run(Ask.class));
        assertTrue(
                text.contains("absent: rondo.cuda.cudnn: expected " + NAME + ", or a folder with it, got " + libraries),
                text);
    }

    @Test
    void aDamagedFileIsTheReason() throws Exception {
        copyCudnn(PARTS);
        Files.writeString(libraries.resolve(NAME), "not a library");
        String text = text(child().property(CudnnLibrary.PATH_PROPERTY, libraries.toString())
                .run(Ask.class));
        assertTrue(text.contains("absent: " + libraries.resolve(NAME)), text);
    }

    @Test
    void aLibraryWithoutItsPartsIsRefusedBeforeItEndsTheProcess() throws Exception {
        copyCudnn(PARTS.subList(0, 2));
        String reason = "would end the process: beside it there is no libcudnn_adv.so.9\n";
        String byLoader = text(child(libraries).run(Ask.class));
        assertTrue(byLoader.contains("absent: " + libraries.resolve(NAME).toRealPath() + " " + reason), byLoader);
        String byName = text(child().property(CudnnLibrary.PATH_PROPERTY, libraries.toString())
                .run(Ask.class));
        assertTrue(byName.contains("absent: " + libraries.resolve(NAME) + " " + reason), byName);
    }

    @Test
    void nothingStaysInTheTemporaryFolder() throws Exception {
        copyCudnn(PARTS);
        Path temporary = Files.createDirectory(folder.resolve("tmp"));
        text(child(libraries).property("java.io.tmpdir", temporary.toString()).run(Ask.class));
        try (var left = Files.list(temporary)) {
            assertFalse(left.anyMatch(file -> file.getFileName().toString().contains("ondo")), "files in " + temporary);
        }
    }

    /** Says how cuDNN was found, then makes a layer. */
    static final class Ask {
        private Ask() {}

        public static void main(String[] args) {
            CudnnLibrary library = CudnnLibrary.get();
            System.out.println("source " + library.source() + ", version " + library.version());
            library.absent().ifPresent(reason -> System.out.println("absent: " + reason));
            RnnSpec spec = RnnSpec.of(Cell.GRU, 3, 5);
            try (Backend cuda = Backend.named("cuda");
                    CudnnLayer layer = new CudnnLayer(
                            cuda, spec, 2, 2, Purpose.INFERENCE, CudnnLayer.Algorithm.STANDARD, Precision.FP32)) {
                layer.forward();
                System.out.println("a layer was made");
            } catch (CudnnException e) {
                System.out.println("no layer: " + e.getMessage());
            }
        }
    }
}
