package dev.rondo;

import dev.rondo.internal.Arguments;
import dev.rondo.internal.CallTensors;
import dev.rondo.internal.TensorArguments;
import dev.rondo.spi.ElementKernels;

/**
 * Features side by side: vectors joined and split along their last size, and a vector repeated over the steps of a sequence. The
 * backward pass of {@link #concat} is {@link #split}, and the other way round; that of {@link #repeat} is {@link #sum}.
 *
 * <p>An {@link Rnn} takes a vector for all steps as {@link ForwardCall#condition}, without repeating it.
 */
public final class Features {
    private final Backend backend;

    /**
     * These functions on a backend.
     *
     * @param backend where the tensors live
     */
    public Features(Backend backend) {
        this.backend = Arguments.notNull("backend", backend);
    }

    /**
     * Joins vectors: each row of {@code y} is the rows of all parts, one after the other.
     *
     * @param y receives {@code [M,K]}, where K is the sum of the last sizes of the parts; any rank
     * @param parts at least one, each of M rows; any rank
     * @throws IllegalArgumentException if a shape is wrong, or what is written overlaps what is read or is read-only
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void concat(Tensor y, Tensor... parts) {
        checkParts("y", y, parts);
        y.requireWritable("y");
        ElementKernels kernels = backend.kernels().elements();
        int column = 0;
        for (Tensor part : parts) {
            int width = CallTensors.columns("parts", part);
            kernels.copyColumns(part, 0, y, column, width, false);
            column += width;
        }
    }

    /**
     * Splits vectors: each part receives its columns of {@code x}.
     *
     * @param x {@code [M,K]}, where K is the sum of the last sizes of the parts; any rank
     * @param parts at least one, each of M rows; any rank
     * @throws IllegalArgumentException if a shape is wrong, or what is written overlaps another argument or is read-only
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void split(Tensor x, Tensor... parts) {
        checkParts("x", x, parts);
        for (int i = 0; i < parts.length; i++) {
            parts[i].requireWritable("parts[" + i + "]");
            for (int other = 0; other < i; other++) {
                TensorArguments.apart("parts[" + i + "]", parts[i], "parts[" + other + "]", parts[other]);
            }
        }
        ElementKernels kernels = backend.kernels().elements();
        int column = 0;
        for (Tensor part : parts) {
            int width = CallTensors.columns("parts", part);
            kernels.copyColumns(x, column, part, 0, width, false);
            column += width;
        }
    }

    /** Checks the parts of a whole: their rows, the sum of their columns, and that they are apart from it. */
    private void checkParts(String name, Tensor whole, Tensor[] parts) {
        int columns = CallTensors.columns(name, whole);
        int rows = whole.size() / columns;
        require(name, whole);
        if (Arguments.notNull("parts", parts).length == 0) {
            throw new IllegalArgumentException("parts: expected at least one, got none");
        }
        long sum = 0;
        for (int i = 0; i < parts.length; i++) {
            String part = "parts[" + i + "]";
            int width = CallTensors.columns(part, parts[i]);
            if (parts[i].size() / width != rows) {
                throw new IllegalArgumentException(
                        part + ": expected " + rows + " rows, as " + name + " has, got " + parts[i]);
            }
            require(part, parts[i]);
            TensorArguments.apart(part, parts[i], name, whole);
            sum += width;
        }
        if (sum != columns) {
            throw new IllegalArgumentException(
                    "parts: expected columns that add up to the " + columns + " of " + name + ", got " + sum);
        }
    }

    private void require(String name, Tensor tensor) {
        tensor.requireOpen(name);
        backend.requireAccepted(name, tensor);
    }

    /**
     * Repeats vectors over time: {@code y[t,n] = x[n]}.
     *
     * @param x {@code [N,K]}
     * @param y receives {@code [T,N,K]}
     * @throws IllegalArgumentException if a shape is wrong, or what is written overlaps what is read or is read-only
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void repeat(Tensor x, Tensor y) {
        checkTime("x", x, "y", y);
        y.requireWritable("y");
        backend.kernels().elements().copyColumns(x, 0, y, 0, x.dimension(1), false);
    }

    /**
     * Adds up over time: {@code y[n] = sum over t of x[t,n]}.
     *
     * @param x {@code [T,N,K]}
     * @param y receives {@code [N,K]}
     * @throws IllegalArgumentException if a shape is wrong, or what is written overlaps what is read or is read-only
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void sum(Tensor x, Tensor y) {
        checkTime("y", y, "x", x);
        y.requireWritable("y");
        backend.kernels().elements().sumColumns(x, 0, y, 0, y.dimension(1), false);
    }

    private void checkTime(String name, Tensor vectors, String sequenceName, Tensor sequence) {
        TensorArguments.shape(name, vectors, "[N,K]", -1, -1);
        TensorArguments.shape(sequenceName, sequence, "[T,N,K]", -1, vectors.dimension(0), vectors.dimension(1));
        require(name, vectors);
        require(sequenceName, sequence);
        TensorArguments.apart(name, vectors, sequenceName, sequence);
    }
}
