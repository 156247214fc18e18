package dev.rondo.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * A tensor in an open {@link SafetensorsFile}. Type and shape are known; the content is read from the file each time
 * it is asked for, as an array with the last dimension varying fastest.
 *
 * <p>Before asking for the content, have the shape checked by {@link #requireShape}: the array is as large as the file
 * says.
 */
public final class StoredTensor {
    /** The greatest length of an array that virtual machines commonly allow. */
    private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

    private static final Set<ElementType> FLOAT_SOURCES = Collections.unmodifiableSet(
            EnumSet.of(ElementType.F16, ElementType.BF16, ElementType.F32, ElementType.F64));

    /** Takes elements from a little-endian buffer. */
    @FunctionalInterface
    private interface Decoder {
        void decode(ByteBuffer source, int at, int count) throws FileFormatException;
    }

    private final SafetensorsFile file;
    private final Header.Entry entry;
    private final long position;

    StoredTensor(SafetensorsFile file, Header.Entry entry, long position) {
        this.file = file;
        this.entry = entry;
        this.position = position;
    }

    /**
     * Returns the tensor's name.
     *
     * @return the name in the file
     */
    public String name() {
        return entry.name();
    }

    /**
     * Returns the element type in the file.
     *
     * @return the type
     */
    public ElementType type() {
        return entry.type();
    }

    /**
     * Returns the dimensions, the last one varying fastest. A tensor without dimensions has one element.
     *
     * @return a copy of the shape
     */
    public long[] shape() {
        return entry.shape().clone();
    }

    /**
     * Returns the number of elements, the product of the dimensions.
     *
     * @return the number of elements
     */
    public long elementCount() {
        return ElementType.elementCount(entry.shape());
    }

    /**
     * Returns the size of the content.
     *
     * @return the size in bytes
     */
    public long byteCount() {
        return entry.end() - entry.begin();
    }

    /**
     * Checks the shape.
     *
     * @param expected the dimensions that the tensor has to have
     * @return this tensor
     * @throws FileFormatException if the shape is another one
     */
    public StoredTensor requireShape(long... expected) throws FileFormatException {
        if (!Arrays.equals(expected, entry.shape())) {
            throw error("expected shape " + Arrays.toString(expected) + ", found " + Arrays.toString(entry.shape()));
        }
        return this;
    }

    /**
     * Checks the element type.
     *
     * @param expected the type that the tensor has to have
     * @return this tensor
     * @throws FileFormatException if the type is another one
     */
    public StoredTensor requireType(ElementType expected) throws FileFormatException {
        if (expected != type()) {
            throw error("expected type " + expected + ", found " + type());
        }
        return this;
    }

    /**
     * Reads the content of a tensor of type F32, F16 or BF16, which is exact, or F64, rounded to the nearest float.
     *
     * @return a new array of all elements
     * @throws FileFormatException if the type is another one, or a finite F64 element is out of the range of float
     * @throws IOException if the tensor has more elements than an array can hold or the file cannot be read
     */
    public float[] toFloatArray() throws IOException {
        requireReadable("float", FLOAT_SOURCES);
        float[] array = new float[arrayLength()];
        read(
                switch (type()) {
                    case F32 -> (source, at, count) -> source.asFloatBuffer().get(array, at, count);
                    case F64 ->
                        (source, at, count) -> {
                            for (int i = at; i < at + count; i++) {
                                array[i] = round(source.getDouble(), i);
                            }
                        };
                    default ->
                        (source, at, count) -> {
                            for (int i = at; i < at + count; i++) {
                                array[i] = widen(source.getShort());
                            }
                        };
                });
        return array;
    }

    /**
     * Reads the content of a tensor of type F64, F32, F16 or BF16. No value is changed.
     *
     * @return a new array of all elements
     * @throws FileFormatException if the type is another one
     * @throws IOException if the tensor has more elements than an array can hold or the file cannot be read
     */
    public double[] toDoubleArray() throws IOException {
        requireReadable("double", FLOAT_SOURCES);
        double[] array = new double[arrayLength()];
        read(
                switch (type()) {
                    case F64 -> (source, at, count) -> source.asDoubleBuffer().get(array, at, count);
                    case F32 ->
                        (source, at, count) -> {
                            for (int i = at; i < at + count; i++) {
                                array[i] = source.getFloat();
                            }
                        };
                    default ->
                        (source, at, count) -> {
                            for (int i = at; i < at + count; i++) {
                                array[i] = widen(source.getShort());
                            }
                        };
                });
        return array;
    }

    /**
     * Reads the content of a tensor of type I32.
     *
     * @return a new array of all elements
     * @throws FileFormatException if the type is another one
     * @throws IOException if the tensor has more elements than an array can hold or the file cannot be read
     */
    public int[] toIntArray() throws IOException {
        requireReadable("int", Set.of(ElementType.I32));
        int[] array = new int[arrayLength()];
        read((source, at, count) -> source.asIntBuffer().get(array, at, count));
        return array;
    }

    /**
     * Reads the content of a tensor of type I64.
     *
     * @return a new array of all elements
     * @throws FileFormatException if the type is another one
     * @throws IOException if the tensor has more elements than an array can hold or the file cannot be read
     */
    public long[] toLongArray() throws IOException {
        requireReadable("long", Set.of(ElementType.I64));
        long[] array = new long[arrayLength()];
        read((source, at, count) -> source.asLongBuffer().get(array, at, count));
        return array;
    }

    /**
     * Reads the content of a tensor of any type as it stands in the file: elements in order, each little-endian.
     *
     * @return a new array of all bytes
     * @throws IOException if the tensor has more bytes than an array can hold or the file cannot be read
     */
    public byte[] toByteArray() throws IOException {
        byte[] array = new byte[arrayLength(byteCount(), "bytes")];
        read(Byte.BYTES, array.length, (source, at, count) -> source.get(array, at, count));
        return array;
    }

    /**
     * Returns name, type and shape for messages.
     *
     * @return a description without the content
     */
    @Override
    public String toString() {
        return "tensor " + Json.quote(name()) + ": " + type() + " of shape " + Arrays.toString(entry.shape());
    }

    /** The value of an IEEE 754 binary16; the bits of a NaN are kept. */
    static float halfToFloat(short half) {
        int sign = (half & 0x8000) << 16;
        int exponent = half >>> 10 & 0x1f;
        int mantissa = half & 0x3ff;
        if (exponent == 0) {
            return Float.intBitsToFloat(sign | Float.floatToRawIntBits(mantissa * 0x1p-24f));
        }
        int wideExponent = exponent == 0x1f ? 0xff : exponent - 15 + 127;
        return Float.intBitsToFloat(sign | wideExponent << 23 | mantissa << 13);
    }

    private float widen(short bits) {
        return type() == ElementType.F16 ? halfToFloat(bits) : Float.intBitsToFloat(bits << Short.SIZE);
    }

    private float round(double value, int index) throws FileFormatException {
        float rounded = (float) value;
        if (Float.isInfinite(rounded) && Double.isFinite(value)) {
            throw error("expected values in the range of float, found " + value + " as element " + index);
        }
        return rounded;
    }

    private void requireReadable(String number, Set<ElementType> types) throws FileFormatException {
        if (!types.contains(type())) {
            throw error("expected a type that can be read as " + number + ", one of " + types + ", found " + type());
        }
    }

    private int arrayLength() throws IOException {
        return arrayLength(elementCount(), "elements");
    }

    private int arrayLength(long count, String what) throws IOException {
        if (count > MAX_ARRAY) {
            throw new IOException(file.path() + ": tensor " + Json.quote(name()) + ": expected at most " + MAX_ARRAY
                    + " " + what + ", the most that an array holds, found " + count);
        }
        return (int) count;
    }

    private void read(Decoder decoder) throws IOException {
        read(type().bitWidth() / Byte.SIZE, arrayLength(), decoder);
    }

    private void read(int width, int length, Decoder decoder) throws IOException {
        int size = (int) Math.min(Safetensors.PIECE, (long) length * width);
        ByteBuffer piece = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        int count;
        for (int at = 0; at < length; at += count) {
            count = Math.min(size / width, length - at);
            piece.clear().limit(count * width);
            file.read(piece, position + (long) at * width);
            decoder.decode(piece, at, count);
        }
    }

    private FileFormatException error(String problem) {
        return new FileFormatException(file.path(), "tensor " + Json.quote(name()) + ": " + problem);
    }
}
