package dev.rondo.io;

import static dev.rondo.io.SafetensorsCalls.NO_METADATA;
import static dev.rondo.io.SafetensorsCalls.assertMessage;
import static dev.rondo.io.SafetensorsCalls.write;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files: their bytes, their metadata, and what an open one gives. */
class SafetensorsTest {
    @TempDir
    Path folder;

    @Test
    void scalarsAndEmptyTensors() throws IOException {
        Path path = write(
                folder,
                NamedTensor.f32("scalar", new float[] {7}),
                NamedTensor.f32("empty", new float[0], 3, 0, 2),
                NamedTensor.i64("also empty", new long[0], 0),
                NamedTensor.f64("", new double[] {1, 2}, 1, 1, 2, 1));
        try (SafetensorsFile file = Safetensors.open(path, Integrity.REQUIRED)) {
            assertArrayEquals(
                    new float[] {7}, file.tensor("scalar").requireShape().toFloatArray());
            assertEquals(0, file.tensor("empty").requireShape(3, 0, 2).toFloatArray().length);
            assertEquals(0, file.tensor("also empty").elementCount());
            assertArrayEquals(new double[] {1, 2}, file.tensor("").toDoubleArray());
            assertEquals(4, file.tensors().size());
        }
    }

    @Test
    void noTensorsAtAll() throws IOException {
        try (SafetensorsFile file = Safetensors.open(write(folder), Integrity.REQUIRED)) {
            assertEquals(List.of(), file.tensors());
            assertFalse(file.contains("w"));
            assertMessage(FileFormatException.class, () -> file.tensor("w"), "tensor \"w\", found none at all");
        }
    }

    /** More content than one piece, at sizes around the piece's own. */
    @Test
    void contentOfManyPieces() throws IOException {
        Random random = new Random(5);
        List<NamedTensor> tensors = new ArrayList<>();
        List<float[]> contents = new ArrayList<>();
        for (int length : new int[] {16383, 16384, 16385, 100_000}) {
            float[] data = new float[length];
            for (int i = 0; i < length; i++) {
                data[i] = random.nextFloat();
            }
            contents.add(data);
            tensors.add(NamedTensor.f32("t" + length, data, length));
            tensors.add(NamedTensor.ofBytes("b" + length, ElementType.U8, new byte[length], length));
        }
        try (SafetensorsFile file =
                Safetensors.open(write(folder, tensors.toArray(NamedTensor[]::new)), Integrity.REQUIRED)) {
            for (float[] data : contents) {
                StoredTensor tensor = file.tensor("t" + data.length);
                assertArrayEquals(data, tensor.toFloatArray());
                double[] doubles = tensor.toDoubleArray();
                for (int i = 0; i < data.length; i++) {
                    assertEquals(data[i], doubles[i]);
                }
            }
        }
    }

    /** The bytes of a file, put together by hand from the published description of the format. */
    @Test
    void bytesAreThoseOfTheFormat() throws Exception {
        Path path = folder.resolve("golden.safetensors");
        Safetensors.write(
                path,
                List.of(
                        NamedTensor.f32("b", new float[] {1f, -2f}, 2),
                        NamedTensor.ofBytes("mask", ElementType.BOOL, new byte[] {1, 0, 1}, 3),
                        NamedTensor.f32("a", new double[] {0.5}, 1, 1),
                        NamedTensor.i64("step", new long[] {258}),
                        NamedTensor.f64("z", new double[] {-0.0}, 1),
                        NamedTensor.i32("ids", new int[] {-1}, 1)),
                Map.of("format", "rondo", "author", "a \"quoted\"\n\u0001 \\ \u00e9\ud83c\udfb5"));
        String header = "{\"__metadata__\":{\"rondo.sha256\":\"" + "0".repeat(64) + "\","
                + "\"author\":\"a \\\"quoted\\\"\\n\\u0001 \\\\ \u00e9\ud83c\udfb5\",\"format\":\"rondo\"},"
                + "\"step\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},"
                + "\"z\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[8,16]},"
                + "\"a\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[16,20]},"
                + "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[20,28]},"
                + "\"ids\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[28,32]},"
                + "\"mask\":{\"dtype\":\"BOOL\",\"shape\":[3],\"data_offsets\":[32,35]}}";
        byte[] unpadded = header.getBytes(StandardCharsets.UTF_8);
        byte[] padded = Arrays.copyOf(unpadded, (unpadded.length + 7) / 8 * 8);
        Arrays.fill(padded, unpadded.length, padded.length, (byte) ' ');
        byte[] data = {
            2,
            1,
            0,
            0,
            0,
            0,
            0,
            0, // step
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            (byte) 0x80, // z
            0,
            0,
            0,
            0x3f, // a
            0,
            0,
            (byte) 0x80,
            0x3f,
            0,
            0,
            0,
            (byte) 0xc0, // b
            -1,
            -1,
            -1,
            -1, // ids
            1,
            0,
            1 // mask
        };
        assertArrayEquals(RawFile.withChecksum(RawFile.of(padded, data)), Files.readAllBytes(path));
    }

    /** The example of the reference implementation's own tests: one F32 tensor, no metadata. */
    @Test
    void readsAFileOfTheReferenceImplementation() throws IOException {
        Path path = folder.resolve("reference.safetensors");
        byte[] data = new byte[24];
        ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(new float[] {0, 1, 2, 3, 4, 5});
        String header = "{\"attn0\":{\"dtype\":\"F32\",\"shape\":[1,1,2,3],\"data_offsets\":[0,24]}}       ";
        Files.write(path, RawFile.of(header, data));
        assertEquals(8 + 72 + 24, Files.size(path));
        try (SafetensorsFile file = Safetensors.open(path)) {
            assertEquals(Optional.empty(), file.checksum());
            assertEquals(NO_METADATA, file.metadata());
            assertArrayEquals(
                    new float[] {0, 1, 2, 3, 4, 5},
                    file.tensor("attn0").requireShape(1, 1, 2, 3).toFloatArray());
        }
    }

    @Test
    void readsTensorsInAnyOrderOfTheHeader() throws IOException {
        Path path = folder.resolve("order.safetensors");
        String header = " \t\r\n \"u\" : { \"shape\" : [ 2 ] , \"data_offsets\":[1,3],\"dtype\":\"U8\"},"
                + "\"e\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[1,1]},"
                + "\"\\u0041\\/\\ud834\\udd1e\\t\":{\"dtype\":\"I8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                + "\"__metadata__\":{}}\n ";
        Files.write(path, RawFile.of("{" + header, (byte) 1, (byte) 2, (byte) 3));
        try (SafetensorsFile file = Safetensors.open(path)) {
            assertEquals(
                    List.of("A/\ud834\udd1e\t", "e", "u"),
                    file.tensors().stream().map(StoredTensor::name).toList());
            assertArrayEquals(new byte[] {2, 3}, file.tensor("u").toByteArray());
            assertArrayEquals(new byte[] {1}, file.tensor("A/\ud834\udd1e\t").toByteArray());
        }
    }

    @Test
    void equalInputGivesEqualBytes() throws IOException {
        List<NamedTensor> tensors = new ArrayList<>();
        Map<String, String> metadata = new HashMap<>();
        for (int i = 0; i < 20; i++) {
            tensors.add(NamedTensor.f32("t" + i, new float[] {i}, 1));
            metadata.put("k" + i, "v" + i);
        }
        Path one = folder.resolve("one");
        Path two = folder.resolve("two");
        Safetensors.write(one, tensors, metadata);
        Collections.reverse(tensors);
        Safetensors.write(two, tensors, new HashMap<>(metadata));
        assertArrayEquals(Files.readAllBytes(one), Files.readAllBytes(two));
    }

    @Test
    void metadataSurvive() throws IOException {
        Path path = folder.resolve("metadata.safetensors");
        StringBuilder controls = new StringBuilder();
        for (char c = 0; c < 0x300; c++) {
            controls.append(c);
        }
        Map<String, String> metadata = Map.of("", "", "\u4e2d \ud83d\ude00", controls.toString(), "x", "\uffff\ufffd");
        Safetensors.write(path, List.of(), metadata);
        try (SafetensorsFile file = Safetensors.open(path, Integrity.REQUIRED)) {
            assertEquals(metadata, file.metadata());
            assertEquals("", file.requireMetadata(""));
            assertTrue(file.checksum().orElseThrow().matches("[0-9a-f]{64}"));
            assertEquals(path, file.path());
            assertThrows(
                    UnsupportedOperationException.class, () -> file.metadata().put("a", "b"));
            assertMessage(
                    FileFormatException.class, () -> file.requireMetadata("y"), "metadata \"y\"", "found", "\"x\"");
            Safetensors.write(path, List.of(), file.metadata());
        }
    }

    @Test
    void closedFileCannotBeRead() throws IOException {
        SafetensorsFile file = Safetensors.open(write(folder, NamedTensor.f32("w", new float[] {3}, 1)));
        StoredTensor tensor = file.tensor("w");
        file.close();
        file.close();
        assertThrows(IOException.class, tensor::toFloatArray);
    }

    @Test
    void openFileKeepsItsContentWhenReplaced() throws IOException {
        Path path = write(folder, NamedTensor.f32("w", new float[] {1}, 1));
        try (SafetensorsFile file = Safetensors.open(path)) {
            write(folder, NamedTensor.f32("w", new float[] {2}, 1));
            assertArrayEquals(new float[] {1}, file.tensor("w").toFloatArray());
        }
        try (SafetensorsFile file = Safetensors.open(path)) {
            assertArrayEquals(new float[] {2}, file.tensor("w").toFloatArray());
        }
    }

    /** Files beyond 2 GB and a tensor longer than any array, as files with holes that take no space. */
    @Test
    void filesBeyondTwoGigabytes() throws IOException {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "files with holes");
        long length = (1L << 31) + 8;
        Path path = folder.resolve("large.safetensors");
        String header = "{\"large\":{\"dtype\":\"U8\",\"shape\":[" + length + "],\"data_offsets\":[0," + length
                + "]},\"last\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[" + length + "," + (length + 4)
                + "]}}";
        byte[] start = RawFile.of(header);
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(start));
            channel.write(ByteBuffer.wrap(new byte[] {0, 0, (byte) 0x80, 0x3f}), start.length + length);
        }
        try (SafetensorsFile file = Safetensors.open(path)) {
            assertArrayEquals(new float[] {1}, file.tensor("last").toFloatArray());
            assertEquals(length, file.tensor("large").elementCount());
            assertMessage(
                    IOException.class,
                    () -> file.tensor("large").toByteArray(),
                    "tensor \"large\"",
                    "the most that an array holds, found 2147483656");
        }
    }
}
