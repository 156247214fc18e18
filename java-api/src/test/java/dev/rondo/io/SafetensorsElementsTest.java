package dev.rondo.io;

import static dev.rondo.io.SafetensorsCalls.assertMessage;
import static dev.rondo.io.SafetensorsCalls.write;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Elements of every type: what is written is read again, to the bit or rounded. */
class SafetensorsElementsTest {
    @TempDir
    Path folder;

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
        try (SafetensorsFile file =
                Safetensors.open(write(folder, NamedTensor.f32("w", data, 3, 4)), Integrity.REQUIRED)) {
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
        try (SafetensorsFile file =
                Safetensors.open(write(folder, NamedTensor.f64("w", data, 10)), Integrity.REQUIRED)) {
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
        Path path = write(folder, NamedTensor.i32("i", ints, 2, 3), NamedTensor.i64("l", longs, 6, 1));
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
        try (SafetensorsFile file = Safetensors.open(write(folder, NamedTensor.f32("w", data, 8)))) {
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
        Path path = write(folder, NamedTensor.f64("w", data, 6), NamedTensor.f64("great", new double[] {1, -1e300}, 2));
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
                folder,
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
        Path path =
                write(folder, NamedTensor.ofBytes("x", type, data, 2, 4), NamedTensor.f32("after", new float[1], 1));
        try (SafetensorsFile file = Safetensors.open(path, Integrity.REQUIRED)) {
            StoredTensor tensor = file.tensor("x");
            assertEquals(type, tensor.type());
            assertEquals(8, tensor.elementCount());
            assertEquals(data.length, tensor.byteCount());
            assertArrayEquals(data, tensor.requireShape(2, 4).toByteArray());
        }
    }
}
