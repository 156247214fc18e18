package dev.rondo.internal;

import dev.rondo.Backend;
import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The checks of the tensors of one call: each is open and usable on the backend, and has its number of elements; what is written
 * is writable and shares no memory with another one.
 */
public final class CallTensors {
    private final Backend backend;
    private final String[] names;
    private final int firstWritten;

    /**
     * The tensors of one kind of call.
     *
     * @param backend where it runs
     * @param firstWritten the first of the names that is written; those before it are read
     * @param names of the arguments
     */
    public CallTensors(Backend backend, int firstWritten, String... names) {
        this.backend = Arguments.notNull("backend", backend);
        this.firstWritten = firstWritten;
        this.names = names;
    }

    /**
     * Checks the tensors of a call.
     *
     * @param tensors one for each name; null for one that the call does without
     * @throws IllegalArgumentException if the backend cannot use one, or what is written is read-only or overlaps another one
     * @throws IllegalStateException if one is closed
     */
    public void check(@Nullable Tensor... tensors) {
        for (int i = 0; i < tensors.length; i++) {
            Tensor tensor = tensors[i];
            if (tensor == null) {
                continue;
            }
            tensor.requireOpen(names[i]);
            backend.requireAccepted(names[i], tensor);
            if (i >= firstWritten) {
                tensor.requireWritable(names[i]);
                for (int other = 0; other < i; other++) {
                    TensorArguments.apart(names[i], tensor, names[other], tensors[other]);
                }
            }
        }
    }

    /**
     * Checks that a tensor that is written in place of another one is that very one, or apart from it.
     *
     * @param name name of what is written
     * @param tensor what is written
     * @param otherName name of what is read
     * @param other what is read
     * @throws IllegalArgumentException if they overlap in part
     */
    public static void sameOrApart(String name, Tensor tensor, String otherName, Tensor other) {
        if (!tensor.sameMemory(other)) {
            TensorArguments.apart(name, tensor, otherName, other);
        }
    }

    /**
     * Checks a number of elements.
     *
     * @param name name of the argument
     * @param tensor the argument
     * @param likeName name of the argument that it is measured by
     * @param like an argument of the expected number of elements
     * @throws IllegalArgumentException if it has another one
     */
    public static void sameSize(String name, Tensor tensor, String likeName, Tensor like) {
        if (Arguments.notNull(name, tensor).size()
                != Arguments.notNull(likeName, like).size()) {
            throw new IllegalArgumentException(
                    name + ": expected the size of " + likeName + ", " + like.size() + " elements, got " + tensor);
        }
    }

    /**
     * The last size of a tensor.
     *
     * @param name name of the argument
     * @param tensor the argument
     * @return its number of columns; 1 without dimensions
     */
    public static int columns(String name, Tensor tensor) {
        int rank = Arguments.notNull(name, tensor).rank();
        return rank == 0 ? 1 : tensor.dimension(rank - 1);
    }

    /**
     * Checks integers that belong to rows, one for each.
     *
     * @param backend where the call runs
     * @param name name of the argument
     * @param perRow the argument; null for one that the call does without
     * @param rows the expected number
     * @throws IllegalArgumentException if there are more or fewer, or the backend cannot use them
     * @throws IllegalStateException if it is closed
     */
    public static void perRow(Backend backend, String name, @Nullable IntTensor perRow, int rows) {
        if (perRow == null) {
            return;
        }
        perRow.requireOpen(name);
        backend.requireAccepted(name, perRow);
        if (perRow.size() != rows) {
            throw new IllegalArgumentException(
                    name + ": expected " + rows + " elements, one for each row, got " + perRow);
        }
    }
}
