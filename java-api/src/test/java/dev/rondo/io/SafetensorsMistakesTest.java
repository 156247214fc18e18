package dev.rondo.io;

import static dev.rondo.io.SafetensorsCalls.NO_METADATA;
import static dev.rondo.io.SafetensorsCalls.assertMessage;
import static dev.rondo.io.SafetensorsCalls.write;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mistakes of the caller: what cannot be written, and what a file does not have. */
class SafetensorsMistakesTest {
    @TempDir
    Path folder;

    @Test
    void wrongShapeTypeOrNameIsNamed() throws IOException {
        Path path = write(folder, NamedTensor.f32("w", new float[6], 2, 3), NamedTensor.i32("n", new int[1], 1));
        try (SafetensorsFile file = Safetensors.open(path)) {
            StoredTensor tensor = file.tensor("w");
            FileFormatException e = assertThrows(FileFormatException.class, () -> tensor.requireShape(3, 2));
            assertEquals(path + ": tensor \"w\": expected shape [3, 2], found [2, 3]", e.getMessage());
            assertEquals(path.toString(), e.fileName());
            assertThrows(FileFormatException.class, () -> tensor.requireShape(2, 3, 1));
            assertThrows(FileFormatException.class, tensor::requireShape);
            assertMessage(
                    FileFormatException.class,
                    () -> tensor.requireType(ElementType.F64),
                    "tensor \"w\": expected type F64, found F32");
            assertMessage(FileFormatException.class, tensor::toIntArray, "as int, one of [I32], found F32");
            assertMessage(FileFormatException.class, tensor::toLongArray, "as long, one of [I64], found F32");
            assertMessage(
                    FileFormatException.class, file.tensor("n")::toFloatArray, "[F16, BF16, F32, F64], found I32");
            assertMessage(FileFormatException.class, file.tensor("n")::toDoubleArray, "as double", "found I32");
            assertMessage(
                    FileFormatException.class,
                    () -> file.tensor("v"),
                    path.toString(),
                    "expected a tensor \"v\", found \"w\", \"n\"");
            assertEquals("tensor \"w\": F32 of shape [2, 3]", tensor.toString());
            tensor.shape()[0] = 99;
            tensor.requireShape(2, 3);
        }
    }

    @Test
    void whatIsNoFileIsSaid() throws IOException {
        assertMessage(IOException.class, () -> Safetensors.open(folder), folder.toString(), "found a directory");
        Path missing = folder.resolve("missing");
        assertMessage(NoSuchFileException.class, () -> Safetensors.open(missing), missing.toString(), "does not exist");
        Path empty = Files.createFile(folder.resolve("empty"));
        assertMessage(
                FileFormatException.class,
                () -> Safetensors.open(empty),
                empty.toString(),
                "expected at least 8 bytes, found 0 (empty)");
    }

    @Test
    void badTensorsAreRefused() {
        assertMessage(
                IllegalArgumentException.class,
                () -> NamedTensor.f32("w", new float[11], 3, 4),
                "tensor \"w\": F32 of shape [3, 4] takes 48 bytes, but the array of 11 gives 44");
        assertMessage(
                IllegalArgumentException.class, () -> NamedTensor.f64("w", new double[1], -1, -1), "none negative");
        assertMessage(
                IllegalArgumentException.class,
                () -> NamedTensor.i32("w", new int[0], Long.MAX_VALUE, 2),
                "[9223372036854775807, 2] has no valid size");
        assertMessage(
                IllegalArgumentException.class,
                () -> NamedTensor.ofBytes("w", ElementType.F4, new byte[1], 3),
                "no valid size");
        assertMessage(
                IllegalArgumentException.class,
                () -> NamedTensor.i64("w", new long[1], new long[65]),
                "at most 64 dimensions");
        assertMessage(
                IllegalArgumentException.class,
                () -> NamedTensor.i64("__metadata__", new long[1], 1),
                "__metadata__ is reserved");
        assertMessage(
                IllegalArgumentException.class, () -> NamedTensor.i64("\ud800", new long[1], 1), "needs its partner");
    }

    @Test
    void badFilesAreNotWritten() throws IOException {
        Path path = folder.resolve("bad.safetensors");
        NamedTensor tensor = NamedTensor.f32("w", new float[1], 1);
        assertMessage(
                IllegalArgumentException.class,
                () -> Safetensors.write(path, List.of(tensor, tensor), NO_METADATA),
                "\"w\" appears twice");
        assertMessage(
                IllegalArgumentException.class,
                () -> Safetensors.write(path, List.of(), Map.of("rondo.sha256", "x")),
                "rondo.sha256 is reserved");
        assertMessage(
                IllegalArgumentException.class,
                () -> Safetensors.write(path, List.of(), Map.of("x", "\udc00")),
                "metadata \"x\" cannot be written");
        assertMessage(
                IllegalArgumentException.class,
                () -> Header.write(Collections.nCopies(1_000_001, tensor), NO_METADATA),
                "at most 1000000 tensors and metadata entries, got 1000001");
        assertMessage(
                IllegalArgumentException.class,
                () -> Safetensors.write(path, List.of(), Map.of("x", "\n".repeat(1 << 23) + "x")),
                "at most 16777216 bytes in a name or text, got 16777217");
        assertMessage(
                IllegalArgumentException.class,
                () -> Header.write(Collections.nCopies(600, tensorNamed("x".repeat(180_000))), NO_METADATA),
                "at most 100000000 bytes of header, got ");
        assertFalse(Files.exists(path));
    }

    private static NamedTensor tensorNamed(String name) {
        return NamedTensor.f32(name, new float[1], 1);
    }
}
