package dev.rondo.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.IntTensor;
import dev.rondo.ParameterLayout;
import dev.rondo.Parameters;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.io.FileFormatException;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {
    private static final ParameterLayout LAYOUT =
            ParameterLayout.builder().add("a", 2, 2).add("b", 1).build();

    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void write() throws IOException {
        file = folder.resolve("file");
        new Checkpoint("test-1")
                .put("count", 3)
                .put("flag", true)
                .put("rate", 0.1)
                .put("w", Tensor.wrap(new float[] {1, -2, Float.NaN}, 3))
                .put("k", IntTensor.wrap(new int[] {7, Integer.MIN_VALUE}, 1, 2))
                .put(
                        "s",
                        new RnnState(
                                Tensor.wrap(new float[] {1, 2}, 1, 2, 1), Tensor.wrap(new float[] {3, 4}, 1, 2, 1)))
                .put("model.", new Parameters(LAYOUT, Tensor.wrap(new float[] {1, 2, 3, 4, 5}, 5)))
                .write(file);
    }

    private CheckpointFile open() throws IOException {
        return CheckpointFile.open(file, "test-1");
    }

    @Test
    void everythingComesBack() throws IOException {
        try (CheckpointFile content = open()) {
            assertEquals(file, content.path());
            assertEquals(3, content.count("count", 3));
            assertTrue(content.flag("flag"));
            assertEquals(0.1, content.value("rate", Double::valueOf));
            assertTrue(content.hasValue("rate") && content.hasTensor("w") && content.hasTensor("s.c"));
            assertFalse(content.hasValue("w") || content.hasTensor("rate"));
            assertEquals(6, content.tensorCount());
            Tensor w = Tensor.wrap(new float[3], 3);
            content.read("w", w);
            assertArrayEquals(new float[] {1, -2, Float.NaN}, w.toFloats());
            IntTensor k = IntTensor.wrap(new int[2], 1, 2);
            content.read("k", k);
            assertArrayEquals(new int[] {7, Integer.MIN_VALUE}, k.toInts());
            RnnState state = new RnnState(Tensor.wrap(new float[2], 1, 2, 1), Tensor.wrap(new float[2], 1, 2, 1));
            content.read("s", state);
            assertArrayEquals(new float[] {1, 2}, state.h().toFloats());
            assertArrayEquals(new float[] {3, 4}, Tensor.class.cast(state.c()).toFloats());
            content.require("model.", LAYOUT);
            Parameters parameters = new Parameters(LAYOUT, Tensor.wrap(new float[5], 5));
            content.read("model.", parameters);
            assertArrayEquals(new float[] {1, 2, 3, 4, 5}, parameters.flat().toFloats());
        }
    }

    @Test
    void whatMakesNoSenseIsSaidWithTheNameOfTheFile() throws IOException {
        refused("\"format\" = \"other\", got \"test-1\"", () -> CheckpointFile.open(file, "other"));
        try (CheckpointFile content = open()) {
            refused("count: expected 0 to 2, got 3", () -> content.count("count", 2));
            refused("flag: got \"true\"", () -> content.count("flag", 2));
            refused("rate: expected true or false, got \"0.1\"", () -> content.flag("rate"));
            refused("\"nothing\"", () -> content.value("nothing"));
            refused("\"nothing\"", () -> content.read("nothing", Tensor.wrap(new float[1], 1)));
            refused("tensor \"w\": expected", () -> content.read("w", Tensor.wrap(new float[1], 1)));
            refused("tensor \"w\": expected", () -> content.read("w", IntTensor.wrap(new int[3], 3)));
            refused("tensor \"a\"", () -> content.require("", LAYOUT));
        }
    }

    private void refused(String words, Executable call) {
        String message =
                String.valueOf(assertThrows(FileFormatException.class, call).getMessage());
        assertTrue(message.startsWith(file + ": ") && message.contains(words), message);
    }
}
