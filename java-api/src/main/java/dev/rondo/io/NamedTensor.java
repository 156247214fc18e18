package dev.rondo.io;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;

/**
 * A tensor to be written to a file: name, element type, shape and content.
 *
 * <p>A shape is a list of dimensions, the last one varying fastest in the content; no dimension stands for one single
 * element. The content is an array of exactly as many elements as the shape says. The array is not copied: what it
 * holds when the file is written gets into the file.
 */
public final class NamedTensor {
    /** Puts units of content into a little-endian buffer. */
    @FunctionalInterface
    private interface Encoder {
        void encode(int from, int count, ByteBuffer target);
    }

    private final String name;
    private final ElementType type;
    private final long[] shape;
    private final int unitCount;
    private final int unitWidth;
    private final Encoder encoder;

    private NamedTensor(String name, ElementType type, long[] shape, int unitCount, int unitWidth, Encoder encoder) {
        this.name = requireName(name);
        this.type = Objects.requireNonNull(type, "type");
        this.shape = Objects.requireNonNull(shape, "shape").clone();
        this.unitCount = unitCount;
        this.unitWidth = unitWidth;
        this.encoder = encoder;
        long needed = sizeOf(Json.quote(name), type, this.shape);
        if (needed != byteCount()) {
            throw new IllegalArgumentException("tensor " + Json.quote(name) + ": " + type + " of shape "
                    + Arrays.toString(shape) + " takes " + needed + " bytes, but the array of " + unitCount
                    + " gives " + byteCount());
        }
    }

    /**
     * A tensor of type {@link ElementType#F32}.
     *
     * @param name the tensor's name in the file
     * @param data the content, one float per element
     * @param shape the dimensions
     * @return the tensor
     * @throws IllegalArgumentException if the name or the shape cannot be written or the shape does not fit the content
     */
    public static NamedTensor f32(String name, float[] data, long... shape) {
        return new NamedTensor(
                name,
                ElementType.F32,
                shape,
                data.length,
                Float.BYTES,
                (from, count, target) -> target.asFloatBuffer().put(data, from, count));
    }

    /**
     * A tensor of type {@link ElementType#F32} from double values, each rounded to the nearest float.
     *
     * @param name the tensor's name in the file
     * @param data the content, one double per element; a finite value must be in the range of float
     * @param shape the dimensions
     * @return the tensor
     * @throws IllegalArgumentException if the name or the shape cannot be written, the shape does not fit the content
     *     or a finite value is out of the range of float
     */
    public static NamedTensor f32(String name, double[] data, long... shape) {
        for (int i = 0; i < data.length; i++) {
            if (Double.isFinite(data[i]) && Float.isInfinite((float) data[i])) {
                throw new IllegalArgumentException(
                        "tensor " + Json.quote(name) + ": element " + i + " is out of the range of F32: " + data[i]);
            }
        }
        return new NamedTensor(name, ElementType.F32, shape, data.length, Float.BYTES, (from, count, target) -> {
            for (int i = from; i < from + count; i++) {
                target.putFloat((float) data[i]);
            }
        });
    }

    /**
     * A tensor of type {@link ElementType#F64}.
     *
     * @param name the tensor's name in the file
     * @param data the content, one double per element
     * @param shape the dimensions
     * @return the tensor
     * @throws IllegalArgumentException if the name or the shape cannot be written or the shape does not fit the content
     */
    public static NamedTensor f64(String name, double[] data, long... shape) {
        return new NamedTensor(
                name,
                ElementType.F64,
                shape,
                data.length,
                Double.BYTES,
                (from, count, target) -> target.asDoubleBuffer().put(data, from, count));
    }

    /**
     * A tensor of type {@link ElementType#I32}.
     *
     * @param name the tensor's name in the file
     * @param data the content, one int per element
     * @param shape the dimensions
     * @return the tensor
     * @throws IllegalArgumentException if the name or the shape cannot be written or the shape does not fit the content
     */
    public static NamedTensor i32(String name, int[] data, long... shape) {
        return new NamedTensor(
                name,
                ElementType.I32,
                shape,
                data.length,
                Integer.BYTES,
                (from, count, target) -> target.asIntBuffer().put(data, from, count));
    }

    /**
     * A tensor of type {@link ElementType#I64}.
     *
     * @param name the tensor's name in the file
     * @param data the content, one long per element
     * @param shape the dimensions
     * @return the tensor
     * @throws IllegalArgumentException if the name or the shape cannot be written or the shape does not fit the content
     */
    public static NamedTensor i64(String name, long[] data, long... shape) {
        return new NamedTensor(
                name,
                ElementType.I64,
                shape,
                data.length,
                Long.BYTES,
                (from, count, target) -> target.asLongBuffer().put(data, from, count));
    }

    /**
     * A tensor of any type from its bytes as they stand in the file: elements in order, each little-endian.
     *
     * @param name the tensor's name in the file
     * @param type the element type
     * @param data the content in bytes
     * @param shape the dimensions
     * @return the tensor
     * @throws IllegalArgumentException if the name or the shape cannot be written or the shape does not fit the content
     */
    public static NamedTensor ofBytes(String name, ElementType type, byte[] data, long... shape) {
        return new NamedTensor(
                name, type, shape, data.length, Byte.BYTES, (from, count, target) -> target.put(data, from, count));
    }

    /**
     * Returns the tensor's name.
     *
     * @return the name in the file
     */
    public String name() {
        return name;
    }

    /**
     * Returns the element type in the file.
     *
     * @return the type
     */
    public ElementType type() {
        return type;
    }

    /**
     * Returns the dimensions, the last one varying fastest.
     *
     * @return a copy of the shape
     */
    public long[] shape() {
        return shape.clone();
    }

    /**
     * Returns name, type and shape for messages.
     *
     * @return a description without the content
     */
    @Override
    public String toString() {
        return "tensor " + Json.quote(name) + ": " + type + " of shape " + Arrays.toString(shape);
    }

    long byteCount() {
        return (long) unitCount * unitWidth;
    }

    /** The number of indivisible units of content. */
    int unitCount() {
        return unitCount;
    }

    /** The size of a unit in bytes. */
    int unitWidth() {
        return unitWidth;
    }

    /** Fills the beginning of a little-endian buffer with units of content and leaves it ready to be read. */
    void encode(int from, int count, ByteBuffer target) {
        target.clear();
        encoder.encode(from, count, target);
        target.position(0).limit(count * unitWidth);
    }

    private static String requireName(String name) {
        Objects.requireNonNull(name, "name");
        if (name.equals(Header.METADATA) || !Json.isWellFormed(name)) {
            throw new IllegalArgumentException("tensor name " + Json.quote(name) + " cannot be written: "
                    + Header.METADATA + " is reserved, and a surrogate needs its partner");
        }
        return name;
    }

    private static long sizeOf(String name, ElementType type, long[] shape) {
        boolean negative = Arrays.stream(shape).anyMatch(dimension -> dimension < 0);
        if (negative || shape.length > Header.MAX_RANK) {
            throw new IllegalArgumentException("tensor " + name + ": expected at most " + Header.MAX_RANK
                    + " dimensions, none negative, got shape " + Arrays.toString(shape));
        }
        try {
            return type.byteCount(shape);
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException(
                    "tensor " + name + ": " + type + " of shape " + Arrays.toString(shape) + " has no valid size", e);
        }
    }
}
