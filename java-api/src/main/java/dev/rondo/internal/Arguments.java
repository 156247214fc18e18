package dev.rondo.internal;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The checks of the public classes. Each error names the argument, what was expected and what came.
 *
 * <p>Sizes are at least 1 everywhere: an empty batch or an empty sequence is refused, a row without steps has length 0.
 */
public final class Arguments {
    private Arguments() {}

    /**
     * Checks that an argument is not null.
     *
     * @param <T> type of the argument
     * @param name name of the argument
     * @param value the argument
     * @return {@code value}
     * @throws NullPointerException if it is null
     */
    public static <T> T notNull(String name, @Nullable T value) {
        if (value == null) {
            throw new NullPointerException(name + ": must not be null");
        }
        return value;
    }

    /**
     * Checks that a size is at least 1.
     *
     * @param name name of the argument
     * @param value the argument
     * @return {@code value}
     * @throws IllegalArgumentException if it is not
     */
    public static int positive(String name, int value) {
        return inRange(name, value, 1, Integer.MAX_VALUE);
    }

    /**
     * Checks that an integer lies in a closed range.
     *
     * @param name name of the argument
     * @param value the argument
     * @param min smallest accepted value
     * @param max largest accepted value
     * @return {@code value}
     * @throws IllegalArgumentException if it does not
     */
    public static int inRange(String name, int value, int min, int max) {
        if (value < min || value > max) {
            String expected = max == Integer.MAX_VALUE ? "at least " + min : min + " to " + max;
            throw new IllegalArgumentException(name + ": expected " + expected + ", got " + value);
        }
        return value;
    }

    /**
     * Checks that a real number lies in a closed range; NaN does not.
     *
     * @param name name of the argument
     * @param value the argument
     * @param min smallest accepted value
     * @param max largest accepted value
     * @return {@code value}
     * @throws IllegalArgumentException if it does not
     */
    public static double inRange(String name, double value, double min, double max) {
        if (!(value >= min && value <= max)) {
            throw new IllegalArgumentException(name + ": expected " + min + " to " + max + ", got " + value);
        }
        return value;
    }

    /**
     * Checks that a real number is positive and finite.
     *
     * @param name name of the argument
     * @param value the argument
     * @return {@code value}
     * @throws IllegalArgumentException if it is not
     */
    public static double positive(String name, double value) {
        if (!(value > 0) || Double.isInfinite(value)) {
            throw new IllegalArgumentException(name + ": expected a positive finite number, got " + value);
        }
        return value;
    }

    /**
     * The number of elements of a shape.
     *
     * @param name name of the argument, for the error
     * @param shape sizes, each at least 1
     * @return their product; 1 for an empty shape
     * @throws IllegalArgumentException if a size is below 1 or the product exceeds a long
     */
    public static long size(String name, int... shape) {
        notNull(name, shape);
        long size = 1;
        for (int dimension : shape) {
            if (dimension < 1) {
                throw new IllegalArgumentException(
                        name + ": expected sizes of at least 1, got " + Arrays.toString(shape));
            }
            try {
                size = Math.multiplyExact(size, (long) dimension);
            } catch (ArithmeticException e) {
                throw new IllegalArgumentException(
                        name + ": shape " + Arrays.toString(shape) + " has more elements than a long can count", e);
            }
        }
        return size;
    }

    /**
     * Whether two shapes agree.
     *
     * @param actual sizes
     * @param expected sizes; -1 stands for any
     * @return true if they have as many sizes and every one agrees
     */
    public static boolean sameShape(int[] actual, int... expected) {
        if (actual.length != expected.length) {
            return false;
        }
        for (int i = 0; i < actual.length; i++) {
            if (expected[i] != -1 && expected[i] != actual[i]) {
                return false;
            }
        }
        return true;
    }

    /**
     * Checks that a range lies inside an array or storage.
     *
     * @param name name of what is accessed
     * @param offset first element
     * @param count number of elements
     * @param size number of elements that there are
     * @throws IllegalArgumentException if it does not
     */
    public static void range(String name, long offset, long count, long size) {
        if (offset < 0 || count < 0 || offset > size - count) {
            throw new IllegalArgumentException(name + ": expected a range within " + size + " elements, got offset "
                    + offset + " and count " + count);
        }
    }
}
