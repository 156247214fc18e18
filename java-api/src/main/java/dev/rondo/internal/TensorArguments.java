package dev.rondo.internal;

import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The checks of tensors. Each error names the argument, what was expected and what came. */
public final class TensorArguments {
    private TensorArguments() {}

    /**
     * Checks the shape of a tensor, and that it is open.
     *
     * @param name name of the argument
     * @param tensor the argument
     * @param letters the expected shape in letters, for the error, such as {@code [T,N,I]}
     * @param expected the expected sizes; -1 stands for any
     * @throws NullPointerException if the tensor is null
     * @throws IllegalArgumentException if the shape is another one
     * @throws IllegalStateException if the tensor is closed
     */
    public static void shape(String name, Tensor tensor, String letters, int... expected) {
        Arguments.notNull(name, tensor);
        if (!tensor.hasShape(expected)) {
            throw wrongShape(name, letters, expected, tensor.shape());
        }
        tensor.requireOpen(name);
    }

    /**
     * Checks the shape of a tensor of three dimensions, and that it is open. Allocates nothing.
     *
     * @param name name of the argument
     * @param tensor the argument
     * @param letters the expected shape in letters, for the error, such as {@code [T,N,I]}
     * @param d0 first expected size; -1 stands for any
     * @param d1 second expected size; -1 stands for any
     * @param d2 third expected size; -1 stands for any
     * @throws NullPointerException if the tensor is null
     * @throws IllegalArgumentException if the shape is another one
     * @throws IllegalStateException if the tensor is closed
     */
    public static void shape(String name, Tensor tensor, String letters, int d0, int d1, int d2) {
        Arguments.notNull(name, tensor);
        if (tensor.rank() != 3
                || differs(d0, tensor.dimension(0))
                || differs(d1, tensor.dimension(1))
                || differs(d2, tensor.dimension(2))) {
            throw wrongShape(name, letters, new int[] {d0, d1, d2}, tensor.shape());
        }
        tensor.requireOpen(name);
    }

    /**
     * Checks the shape of a tensor of two dimensions, and that it is open. Allocates nothing.
     *
     * @param name name of the argument
     * @param tensor the argument
     * @param letters the expected shape in letters, for the error, such as {@code [O,I]}
     * @param d0 first expected size; -1 stands for any
     * @param d1 second expected size; -1 stands for any
     * @throws NullPointerException if the tensor is null
     * @throws IllegalArgumentException if the shape is another one
     * @throws IllegalStateException if the tensor is closed
     */
    public static void shape(String name, Tensor tensor, String letters, int d0, int d1) {
        Arguments.notNull(name, tensor);
        if (tensor.rank() != 2 || differs(d0, tensor.dimension(0)) || differs(d1, tensor.dimension(1))) {
            throw wrongShape(name, letters, new int[] {d0, d1}, tensor.shape());
        }
        tensor.requireOpen(name);
    }

    /**
     * Checks the shape of a tensor of one dimension, and that it is open. Allocates nothing.
     *
     * @param name name of the argument
     * @param tensor the argument
     * @param letters the expected shape in letters, for the error, such as {@code [1]}
     * @param d0 expected size; -1 stands for any
     * @throws NullPointerException if the tensor is null
     * @throws IllegalArgumentException if the shape is another one
     * @throws IllegalStateException if the tensor is closed
     */
    public static void shape(String name, Tensor tensor, String letters, int d0) {
        Arguments.notNull(name, tensor);
        if (tensor.rank() != 1 || differs(d0, tensor.dimension(0))) {
            throw wrongShape(name, letters, new int[] {d0}, tensor.shape());
        }
        tensor.requireOpen(name);
    }

    private static boolean differs(int expected, int actual) {
        return expected != -1 && expected != actual;
    }

    /**
     * Checks the shape of a tensor of integers, and that it is open.
     *
     * @param name name of the argument
     * @param tensor the argument
     * @param letters the expected shape in letters, for the error, such as {@code [T,N]}
     * @param expected the expected sizes; -1 stands for any
     * @throws NullPointerException if the tensor is null
     * @throws IllegalArgumentException if the shape is another one
     * @throws IllegalStateException if the tensor is closed
     */
    public static void shape(String name, IntTensor tensor, String letters, int... expected) {
        Arguments.notNull(name, tensor);
        if (!tensor.hasShape(expected)) {
            throw wrongShape(name, letters, expected, tensor.shape());
        }
        tensor.requireOpen(name);
    }

    /**
     * Checks that a tensor that is written shares no element with another one.
     *
     * @param name name of the argument that is written
     * @param tensor the argument
     * @param otherName name of the other argument
     * @param other the other argument; null for none
     * @throws IllegalArgumentException if they overlap
     */
    public static void apart(String name, Tensor tensor, String otherName, @Nullable Tensor other) {
        if (other != null && tensor.overlaps(other)) {
            throw new IllegalArgumentException(
                    name + ": expected memory apart from " + otherName + ", got " + tensor + " overlapping " + other);
        }
    }

    /**
     * The error of a wrong shape.
     *
     * @param name name of the argument
     * @param letters the expected shape in letters
     * @param expected the expected sizes; -1 stands for any
     * @param actual the sizes that came
     * @return the exception, to be thrown
     */
    public static IllegalArgumentException wrongShape(String name, String letters, int[] expected, int[] actual) {
        String sizes = Arrays.toString(expected).replace("-1", "any");
        return new IllegalArgumentException(
                name + ": expected shape " + letters + " = " + sizes + ", got " + Arrays.toString(actual));
    }
}
