package dev.rondo.io;

import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The type of a tensor's elements. The constants carry the names that the safetensors format uses in its header and
 * stand in the order of the reference implementation: never narrower than the one before.
 *
 * <p>Any type can be read and written as bytes; {@link StoredTensor} and {@link NamedTensor} say which can be read and
 * written as Java numbers.
 */
public enum ElementType {
    /** Truth value in a byte: 0 or 1. */
    BOOL(8),
    /** 4-bit floating point (E2M1), two to a byte. */
    F4(4),
    /** 6-bit floating point, 2 exponent and 3 mantissa bits, packed. */
    F6_E2M3(6),
    /** 6-bit floating point, 3 exponent and 2 mantissa bits, packed. */
    F6_E3M2(6),
    /** Unsigned 8-bit integer. */
    U8(8),
    /** Signed 8-bit integer. */
    I8(8),
    /** 8-bit floating point, 5 exponent and 2 mantissa bits. */
    F8_E5M2(8),
    /** 8-bit floating point, 4 exponent and 3 mantissa bits. */
    F8_E4M3(8),
    /** 8-bit power of two: exponent bits only. */
    F8_E8M0(8),
    /** 8-bit floating point, 4 exponent and 3 mantissa bits, finite values and one NaN, no negative zero. */
    F8_E4M3FNUZ(8),
    /** 8-bit floating point, 5 exponent and 2 mantissa bits, finite values and one NaN, no negative zero. */
    F8_E5M2FNUZ(8),
    /** Signed 16-bit integer. */
    I16(16),
    /** Unsigned 16-bit integer. */
    U16(16),
    /** IEEE 754 binary16 (half precision). */
    F16(16),
    /** The upper half of an IEEE 754 binary32 (bfloat16). */
    BF16(16),
    /** Signed 32-bit integer: Java {@code int}. */
    I32(32),
    /** Unsigned 32-bit integer. */
    U32(32),
    /** IEEE 754 binary32: Java {@code float}. */
    F32(32),
    /** Complex number of two binary32: real part, imaginary part. */
    C64(64),
    /** IEEE 754 binary64: Java {@code double}. */
    F64(64),
    /** Signed 64-bit integer: Java {@code long}. */
    I64(64),
    /** Unsigned 64-bit integer. */
    U64(64);

    private static final Map<String, ElementType> BY_NAME =
            Stream.of(values()).collect(Collectors.toUnmodifiableMap(Enum::name, type -> type));

    private final int bitWidth;

    ElementType(int bitWidth) {
        this.bitWidth = bitWidth;
    }

    /**
     * Returns the width of one element.
     *
     * @return the width in bits: 4, 6, 8, 16, 32 or 64
     */
    public int bitWidth() {
        return bitWidth;
    }

    static @Nullable ElementType named(String name) {
        return BY_NAME.get(name);
    }

    /**
     * The number of elements of a tensor.
     *
     * @throws ArithmeticException if the product does not fit in a long
     */
    static long elementCount(long[] shape) {
        long count = 1;
        for (long dimension : shape) {
            count = Math.multiplyExact(count, dimension);
        }
        return count;
    }

    /**
     * The size in bytes of a tensor of this type.
     *
     * @throws ArithmeticException if the size in bits does not fit in a long or is not a whole number of bytes
     */
    long byteCount(long[] shape) {
        long bits = Math.multiplyExact(elementCount(shape), bitWidth);
        if (bits % Byte.SIZE != 0) {
            throw new ArithmeticException(bits + " bits are not a whole number of bytes");
        }
        return bits / Byte.SIZE;
    }
}
