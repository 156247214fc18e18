package dev.rondo;

import dev.rondo.internal.Arguments;
import dev.rondo.internal.IntArrayStorage;
import dev.rondo.spi.IntStorage;
import java.util.Arrays;

/**
 * A shape over storage of 32-bit integers: indices into a vocabulary, or classes. Row-major, contiguous.
 *
 * <p>As the input of an {@link Rnn} it stands for one-hot vectors, see {@link Input}.
 */
public final class IntTensor implements Input, AutoCloseable {
    private final IntStorage storage;
    private final int offset;
    private final int[] shape;
    private final int size;
    private final boolean view;

    private IntTensor(IntStorage storage, boolean view, int offset, int... shape) {
        long count = Arguments.size("shape", shape);
        if (count > Integer.MAX_VALUE - 8 || offset < 0 || offset > storage.size() - count) {
            throw outside("the storage", offset, shape, storage.size());
        }
        this.size = (int) count;
        this.storage = storage;
        this.view = view;
        this.offset = offset;
        this.shape = shape.clone();
    }

    /**
     * A tensor over an array of the caller, not copied.
     *
     * @param values the elements, row-major
     * @param shape sizes, each at least 1
     * @return the tensor
     * @throws IllegalArgumentException if the array's length is not the product of the sizes
     */
    public static IntTensor wrap(int[] values, int... shape) {
        Arguments.notNull("values", values);
        requireLength(values.length, shape);
        return new IntTensor(new IntArrayStorage(values), false, 0, shape);
    }

    /**
     * A tensor over storage; for backends.
     *
     * @param storage the elements
     * @param shape sizes, each at least 1
     * @return the tensor
     * @throws IllegalArgumentException if the storage is smaller than the shape
     */
    public static IntTensor over(IntStorage storage, int... shape) {
        return new IntTensor(Arguments.notNull("storage", storage), false, 0, shape);
    }

    /** A method of its own, so that no text is made where nothing is wrong. */
    private static IllegalArgumentException outside(String whole, int start, int[] shape, long size) {
        return new IllegalArgumentException("view " + Arrays.toString(shape) + " at " + start + " of " + whole
                + ": expected a range within " + size + " elements");
    }

    private static void requireLength(long length, int... shape) {
        if (Arguments.size("shape", shape) != length) {
            throw new IllegalArgumentException("values: expected " + Arguments.size("shape", shape)
                    + " elements for shape " + Arrays.toString(shape) + ", got " + length);
        }
    }

    /**
     * A part of this tensor under another shape, sharing its storage.
     *
     * @param start first element, counted from the first of this tensor
     * @param shape sizes of the view, each at least 1
     * @return the view
     * @throws IllegalArgumentException if it does not lie within this tensor
     */
    public IntTensor view(int start, int... shape) {
        long count = Arguments.size("shape", shape);
        if (start < 0 || start > size - count) {
            throw outside(toString(), start, shape, size);
        }
        return new IntTensor(storage, true, offset + start, shape);
    }

    @Override
    public int[] shape() {
        return shape.clone();
    }

    @Override
    public int rank() {
        return shape.length;
    }

    @Override
    public int dimension(int axis) {
        return shape[axis];
    }

    /**
     * The number of elements.
     *
     * @return the product of the sizes
     */
    public int size() {
        return size;
    }

    /**
     * Whether the shape is this one.
     *
     * @param expected sizes; -1 stands for any
     * @return true if every size agrees
     */
    public boolean hasShape(int... expected) {
        return Arguments.sameShape(shape, expected);
    }

    /**
     * Copies elements in.
     *
     * @param values all elements, row-major
     * @return this
     * @throws IllegalArgumentException if there are more or fewer than {@link #size()}
     */
    public IntTensor set(int... values) {
        requireOpen("tensor");
        requireLength(Arguments.notNull("values", values).length, shape);
        storage.write(offset, values, 0, values.length);
        return this;
    }

    /**
     * Copies another tensor of the same size in.
     *
     * @param source a tensor of the same backend, or one wrapped from the caller
     * @return this
     * @throws IllegalArgumentException if the sizes differ
     */
    public IntTensor copyFrom(IntTensor source) {
        requireOpen("tensor");
        Arguments.notNull("source", source).requireOpen("source");
        requireLength(source.size, shape);
        storage.copyFrom(offset, source.storage, source.offset, size);
        return this;
    }

    /**
     * Copies all elements out.
     *
     * @return a new array, row-major
     * @throws IllegalStateException if the tensor is closed
     */
    public int[] toInts() {
        requireOpen("tensor");
        int[] values = new int[size];
        storage.read(offset, values, 0, values.length);
        return values;
    }

    /**
     * The storage underneath; for backends.
     *
     * @return the storage, shared with views
     */
    public IntStorage storage() {
        return storage;
    }

    /**
     * Where this tensor begins in its storage; for backends.
     *
     * @return offset in elements
     */
    public int offset() {
        return offset;
    }

    /**
     * Checks that the storage has not been closed.
     *
     * @param name name of the argument, for the error
     * @throws IllegalStateException if it has
     */
    public void requireOpen(String name) {
        if (storage.isClosed()) {
            throw new IllegalStateException(name + ": " + this + " is closed");
        }
    }

    /**
     * Gives the storage back, if a backend owns it; views of it are closed too. Closing a view does nothing, and so does a
     * second call.
     */
    @Override
    public void close() {
        if (!view) {
            storage.close();
        }
    }

    @Override
    public String toString() {
        return "int tensor " + Arrays.toString(shape);
    }
}
