package dev.rondo;

import dev.rondo.internal.Arguments;
import dev.rondo.internal.FloatArrayStorage;
import dev.rondo.internal.FloatBufferStorage;
import dev.rondo.spi.Storage;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * A shape over storage: real numbers, row-major, contiguous. It is not an array library: there is no arithmetic on it.
 *
 * <p>The storage is owned by a backend ({@link Backend#tensor}) or wrapped from the caller ({@link #wrap(float[], int...)}).
 * A {@link #view} shares the storage of its tensor and is closed with it.
 */
public final class Tensor implements Input, AutoCloseable {
    private final Storage storage;
    private final int offset;
    private final int[] shape;
    private final int size;
    private final boolean view;

    private Tensor(Storage storage, boolean view, int offset, int... shape) {
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
     * <p>Inputs, outputs and states are read and written where they stand in every call. As a weight, though, wrapped memory
     * counts as unchanged until {@link #changed()} is called: a backend that has packed it goes on using what it packed. Two
     * tensors over one array are told separately; views of one are told with it.
     *
     * @param values the elements, row-major
     * @param shape sizes, each at least 1
     * @return the tensor
     * @throws IllegalArgumentException if the array's length is not the product of the sizes
     */
    public static Tensor wrap(float[] values, int... shape) {
        Arguments.notNull("values", values);
        requireLength(values.length, shape);
        return new Tensor(new FloatArrayStorage(values), false, 0, shape);
    }

    /**
     * A tensor over a part of an array of the caller, not copied; see {@link #wrap(float[], int...)}.
     *
     * @param values the array
     * @param start its first element that belongs to the tensor
     * @param shape sizes, each at least 1
     * @return the tensor
     * @throws IllegalArgumentException if the part does not lie within the array
     */
    public static Tensor wrapAt(float[] values, int start, int... shape) {
        Arguments.notNull("values", values);
        return new Tensor(new FloatArrayStorage(values), false, start, shape);
    }

    /**
     * A tensor over the remaining elements of a buffer of the caller, not copied; see {@link #wrap(float[], int...)}.
     *
     * @param values the elements, row-major
     * @param shape sizes, each at least 1
     * @return the tensor
     * @throws IllegalArgumentException if the number of remaining elements is not the product of the sizes
     */
    public static Tensor wrap(FloatBuffer values, int... shape) {
        Arguments.notNull("values", values);
        requireLength(values.remaining(), shape);
        return new Tensor(new FloatBufferStorage(values), false, 0, shape);
    }

    /**
     * A tensor over storage; for backends.
     *
     * @param storage the elements
     * @param shape sizes, each at least 1
     * @return the tensor
     * @throws IllegalArgumentException if the storage is smaller than the shape
     */
    public static Tensor over(Storage storage, int... shape) {
        return new Tensor(Arguments.notNull("storage", storage), false, 0, shape);
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
    public Tensor view(int start, int... shape) {
        long count = Arguments.size("shape", shape);
        if (start < 0 || start > size - count) {
            throw outside(toString(), start, shape, size);
        }
        return new Tensor(storage, true, offset + start, shape);
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
     * @throws IllegalArgumentException if there are more or fewer than {@link #size()}, or the memory is read-only
     */
    public Tensor set(float... values) {
        requireWritable();
        requireLength(Arguments.notNull("values", values).length, shape);
        storage.write(offset, values, 0, values.length);
        return this;
    }

    /**
     * Copies elements in; where the storage is float32 they are rounded.
     *
     * @param values all elements, row-major
     * @return this
     * @throws IllegalArgumentException if there are more or fewer than {@link #size()}, or the memory is read-only
     */
    public Tensor set(double... values) {
        requireWritable();
        requireLength(Arguments.notNull("values", values).length, shape);
        storage.write(offset, values, 0, values.length);
        return this;
    }

    /**
     * Copies a part of an array of the caller in.
     *
     * @param source the array
     * @param start its first element that is copied; as many as {@link #size()} are
     * @return this
     * @throws IllegalArgumentException if the array is too short, or the memory is read-only
     */
    public Tensor write(float[] source, int start) {
        requireWritable();
        Arguments.range("source", start, size, Arguments.notNull("source", source).length);
        storage.write(offset, source, start, size);
        return this;
    }

    /**
     * Copies all elements into a part of an array of the caller, as float32.
     *
     * @param target receives them
     * @param start its first element that is written; as many as {@link #size()} are
     * @throws IllegalArgumentException if the array is too short
     */
    public void read(float[] target, int start) {
        requireOpen("tensor");
        Arguments.range("target", start, size, Arguments.notNull("target", target).length);
        storage.read(offset, target, start, size);
    }

    /**
     * Says that the memory under this tensor, wrapped from the caller, was written by the caller: what a backend has made of it,
     * such as packed weights, is made again when it is next needed. Of a backend's own memory it knows by itself.
     *
     * @return this
     * @throws IllegalStateException if the tensor is closed
     */
    public Tensor changed() {
        requireOpen("tensor");
        storage.changed();
        return this;
    }

    /**
     * Copies another tensor of the same size in.
     *
     * @param source a tensor of the same backend, or one wrapped from the caller
     * @return this
     * @throws IllegalArgumentException if the sizes differ, or the memory of this is read-only
     */
    public Tensor copyFrom(Tensor source) {
        requireWritable();
        Arguments.notNull("source", source).requireOpen("source");
        requireLength(source.size, shape);
        storage.copyFrom(offset, source.storage, source.offset, size);
        return this;
    }

    /**
     * Sets every element to one value.
     *
     * @param value the value
     * @return this
     * @throws IllegalArgumentException if the memory is read-only
     */
    public Tensor fill(double value) {
        requireWritable();
        storage.fill(offset, size, value);
        return this;
    }

    /**
     * Copies all elements out as float32.
     *
     * @return a new array, row-major
     * @throws IllegalStateException if the tensor is closed
     */
    public float[] toFloats() {
        requireOpen("tensor");
        float[] values = new float[size];
        storage.read(offset, values, 0, values.length);
        return values;
    }

    /**
     * Copies all elements out as float64.
     *
     * @return a new array, row-major
     * @throws IllegalStateException if the tensor is closed
     */
    public double[] toDoubles() {
        requireOpen("tensor");
        double[] values = new double[size];
        storage.read(offset, values, 0, values.length);
        return values;
    }

    /**
     * The storage underneath; for backends.
     *
     * @return the storage, shared with views
     */
    public Storage storage() {
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
     * Whether this tensor shares elements with another.
     *
     * @param other another tensor
     * @return true if they stand on the same memory and their ranges meet; two buffers of the caller over the same memory
     *     are not recognised
     */
    public boolean overlaps(Tensor other) {
        return storage.sharesMemory(other.storage)
                && offset < other.offset + other.size
                && other.offset < offset + size;
    }

    /**
     * Whether this tensor has exactly the elements of another.
     *
     * @param other another tensor
     * @return true if they stand on the same memory and have the same range
     */
    public boolean sameMemory(Tensor other) {
        return storage.sharesMemory(other.storage) && offset == other.offset && size == other.size;
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

    private void requireWritable() {
        requireOpen("tensor");
        requireWritable("tensor");
    }

    /**
     * Checks that this tensor can be written.
     *
     * @param name name for the error
     * @throws IllegalArgumentException if it stands on a read-only buffer
     */
    public void requireWritable(String name) {
        if (storage.isReadOnly()) {
            throw new IllegalArgumentException(
                    name + ": expected memory that can be written, got " + this + " over a read-only buffer");
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
        return "tensor " + Arrays.toString(shape);
    }
}
