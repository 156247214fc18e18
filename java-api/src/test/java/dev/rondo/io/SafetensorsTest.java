package dev.rondo.io;

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
import java.nio.file.NoSuchFileException;
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
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SafetensorsTest {
    private static final Map<String, String> NO_METADATA = Map.of();

    @TempDir
    Path folder;

    private Path write(NamedTensor... tensors) throws IOException {
        Path file = folder.resolve("model.safetensors");
        Safetensors.write(file, List.of(tensors), NO_METADATA);
        return file;
    }

    private static void assertMessage(Class<? extends Throwable> type, Executable action, String... parts) {
        String message = String.valueOf(assertThrows(type, action).getMessage());
        for (String part : parts) {
            assertTrue(message.contains(part), () -> "expected <" + part + "> in: " + message);
        }
    }

    @Test
    void floatBitsSurvive() throws IOException {
        float[] data = {
            0f,
            -0f,
            1f,
            -1.5f,
            Float.MIN_VALUE,
            -Float.MIN_VALUE,
            Float.MAX_VALUE,
            Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY,
            Float.NaN,
            Float.intBitsToFloat(0x7fc12345),
            Float.intBitsToFloat(0xffc00001)
        };
        try (SafetensorsFile file = Safetensors.open(write(NamedTensor.f32("w", data, 3, 4)), Integrity.REQUIRED)) {
            StoredTensor tensor = file.tensor("w").requireShape(3, 4).requireType(ElementType.F32);
            float[] floats = tensor.toFloatArray();
            double[] doubles = tensor.toDoubleArray();
            ByteBuffer bytes = ByteBuffer.wrap(tensor.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < data.length; i++) {
                assertEquals(Float.floatToRawIntBits(data[i]), Float.floatToRawIntBits(floats[i]));
                assertEquals(Float.floatToRawIntBits(data[i]), bytes.getInt(4 * i));
                assertEquals(Double.doubleToRawLongBits(data[i]), Double.doubleToRawLongBits(doubles[i]));
            }
        }
    }

    @Test
    void doubleBitsSurvive() throws IOException {
        double[] data = {
            0.0,
            -0.0,
            1.0,
            Math.PI,
            Double.MIN_VALUE,
            -Double.MAX_VALUE,
            Double.POSITIVE_INFINITY,
            Double.NEGATIVE_INFINITY,
            Double.NaN,
            Double.longBitsToDouble(0x7ff8123456789abcL)
        };
        try (SafetensorsFile file = Safetensors.open(write(NamedTensor.f64("w", data, 10)), Integrity.REQUIRED)) {
            double[] doubles = file.tensor("w").requireShape(10).toDoubleArray();
            for (int i = 0; i < data.length; i++) {
                assertEquals(Double.doubleToRawLongBits(data[i]), Double.doubleToRawLongBits(doubles[i]));
            }
        }
    }

    @Test
    void integersSurvive() throws IOException {
        int[] ints = {0, 1, -1, Integer.MIN_VALUE, Integer.MAX_VALUE, 0x01020304};
        long[] longs = {0, 1, -1, Long.MIN_VALUE, Long.MAX_VALUE, 0x0102030405060708L};
        Path path = write(NamedTensor.i32("i", ints, 2, 3), NamedTensor.i64("l", longs, 6, 1));
        try (SafetensorsFile file = Safetensors.open(path, Integrity.REQUIRED)) {
            assertArrayEquals(ints, file.tensor("i").requireShape(2, 3).toIntArray());
            assertArrayEquals(longs, file.tensor("l").requireShape(6, 1).toLongArray());
        }
    }

    @Test
    void doublesWrittenAsFloatsAreRounded() throws IOException {
        double[] data = {
            Math.PI, -0.0, 1e-60, Double.NaN, Double.NEGATIVE_INFINITY, 1 + 0x1p-24, 1 + 0x1.8p-23, Float.MAX_VALUE
        };
        try (SafetensorsFile file = Safetensors.open(write(NamedTensor.f32("w", data, 8)))) {
            assertEquals(ElementType.F32, file.tensor("w").type());
            float[] expected = new float[data.length];
            for (int i = 0; i < data.length; i++) {
                expected[i] = (float) data[i];
            }
            assertArrayEquals(expected, file.tensor("w").toFloatArray());
        }
        assertMessage(
                IllegalArgumentException.class,
                () -> NamedTensor.f32("w", new double[] {1, 1e39}, 2),
                "tensor \"w\"",
                "element 1",
                "out of the range of F32",
                "1.0E39");
    }

    @Test
    void doublesReadAsFloatsAreRounded() throws IOException {
        double[] data = {Math.PI, -0.0, 1e-60, Double.NaN, Double.POSITIVE_INFINITY, 1 + 0x1p-24};
        Path path = write(NamedTensor.f64("w", data, 6), NamedTensor.f64("great", new double[] {1, -1e300}, 2));
        try (SafetensorsFile file = Safetensors.open(path)) {
            float[] floats = file.tensor("w").toFloatArray();
            for (int i = 0; i < data.length; i++) {
                assertEquals((float) data[i], floats[i]);
            }
            assertMessage(
                    FileFormatException.class,
                    () -> file.tensor("great").toFloatArray(),
                    "tensor \"great\"",
                    "range of float",
                    "-1.0E300 as element 1");
        }
    }

    /** Every half there is, against the definition of the format. */
    @Test
    void halvesWiden() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(2 << 16).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 1 << 16; i++) {
            bytes.putShort((short) i);
        }
        Path path = write(
                NamedTensor.ofBytes("f16", ElementType.F16, bytes.array(), 1 << 16),
                NamedTensor.ofBytes("bf16", ElementType.BF16, bytes.array(), 256, 256));
        try (SafetensorsFile file = Safetensors.open(path, Integrity.REQUIRED)) {
            float[] halves = file.tensor("f16").requireShape(1 << 16).toFloatArray();
            double[] halvesAsDoubles = file.tensor("f16").toDoubleArray();
            float[] brains = file.tensor("bf16").requireShape(256, 256).toFloatArray();
            double[] brainsAsDoubles = file.tensor("bf16").toDoubleArray();
            for (int i = 0; i < 1 << 16; i++) {
                int exponent = i >> 10 & 31;
                int mantissa = i & 1023;
                double magnitude = exponent == 31
                        ? (mantissa == 0 ? Double.POSITIVE_INFINITY : Double.NaN)
                        : exponent == 0
                                ? Math.scalb((double) mantissa, -24)
                                : Math.scalb(1024.0 + mantissa, exponent - 25);
                double expected = Math.copySign(magnitude, i >> 15 == 0 ? 1.0 : -1.0);
                assertEquals((float) expected, halves[i]);
                assertEquals(expected, halvesAsDoubles[i]);
                assertEquals(i >>> 15, Float.floatToRawIntBits(halves[i]) >>> 31);
                assertEquals(i << 16, Float.floatToRawIntBits(brains[i]));
                assertEquals(Float.intBitsToFloat(i << 16), brainsAsDoubles[i]);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void bytesOfEveryTypeSurvive(ElementType type) throws IOException {
        byte[] data = new byte[8 * type.bitWidth() / 8];
        new Random(type.ordinal()).nextBytes(data);
        Path path = write(NamedTensor.ofBytes("x", type, data, 2, 4), NamedTensor.f32("after", new float[1], 1));
        try (SafetensorsFile file = Safetensors.open(path, Integrity.REQUIRED)) {
            StoredTensor tensor = file.tensor("x");
            assertEquals(type, tensor.type());
            assertEquals(8, tensor.elementCount());
            assertEquals(data.length, tensor.byteCount());
            assertArrayEquals(data, tensor.requireShape(2, 4).toByteArray());
        }
    }

    @Test
    void scalarsAndEmptyTensors() throws IOException {
        Path path = write(
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
        try (SafetensorsFile file = Safetensors.open(write(), Integrity.REQUIRED)) {
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
        try (SafetensorsFile file = Safetensors.open(write(tensors.toArray(NamedTensor[]::new)), Integrity.REQUIRED)) {
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
    void wrongShapeTypeOrNameIsNamed() throws IOException {
        Path path = write(NamedTensor.f32("w", new float[6], 2, 3), NamedTensor.i32("n", new int[1], 1));
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
    void closedFileCannotBeRead() throws IOException {
        SafetensorsFile file = Safetensors.open(write(NamedTensor.f32("w", new float[] {3}, 1)));
        StoredTensor tensor = file.tensor("w");
        file.close();
        file.close();
        assertThrows(IOException.class, tensor::toFloatArray);
    }

    @Test
    void openFileKeepsItsContentWhenReplaced() throws IOException {
        Path path = write(NamedTensor.f32("w", new float[] {1}, 1));
        try (SafetensorsFile file = Safetensors.open(path)) {
            write(NamedTensor.f32("w", new float[] {2}, 1));
            assertArrayEquals(new float[] {1}, file.tensor("w").toFloatArray());
        }
        try (SafetensorsFile file = Safetensors.open(path)) {
            assertArrayEquals(new float[] {2}, file.tensor("w").toFloatArray());
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
