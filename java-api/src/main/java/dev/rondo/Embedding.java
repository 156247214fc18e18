package dev.rondo;

import dev.rondo.internal.Arguments;
import dev.rondo.internal.TensorArguments;

/**
 * A table of learned vectors, one for each index. It holds no weights of its own. For one-hot input to an {@link Rnn} no
 * table is needed, see {@link Input}.
 */
public final class Embedding {
    private final Backend backend;
    private final int vocabularySize;
    private final int embeddingSize;

    Embedding(Backend backend, int vocabularySize, int embeddingSize) {
        this.backend = backend;
        this.vocabularySize = Arguments.positive("vocabularySize", vocabularySize);
        this.embeddingSize = Arguments.positive("embeddingSize", embeddingSize);
    }

    /**
     * The name and shape of the table: {@code weight [V,E]}.
     *
     * @param vocabularySize V
     * @param embeddingSize E
     * @return the layout
     */
    public static ParameterLayout layout(int vocabularySize, int embeddingSize) {
        return ParameterLayout.builder()
                .add("weight", vocabularySize, embeddingSize)
                .build();
    }

    /**
     * {@code y[m] = table[indices[m]]}: a gather, not a product.
     *
     * @param table {@code [V,E]}
     * @param indices any shape, such as {@code [T,N]}
     * @param y receives a vector for each index: {@code indices.size() * E} elements
     * @throws IllegalArgumentException if a shape is wrong, what is written overlaps another argument or is
     *     read-only, or an index is outside {@code [0,V)}
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void forward(Tensor table, IntTensor indices, Tensor y) {
        check("table", table, indices, "y", y);
        y.requireWritable("y");
        TensorArguments.apart("y", y, "table", table);
        backend.kernels().layers().embeddingForward(table, indices, y);
    }

    /**
     * {@code dTable[indices[m]] += dy[m]}, in a fixed order: the same bits every time.
     *
     * @param indices the indices of the forward pass
     * @param dy gradient of the loss by the output
     * @param dTable the gradient is added to it, {@code [V,E]}
     * @throws IllegalArgumentException if a shape is wrong, what is written overlaps another argument or is
     *     read-only, or an index is outside {@code [0,V)}
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void backward(IntTensor indices, Tensor dy, Tensor dTable) {
        check("dTable", dTable, indices, "dy", dy);
        dTable.requireWritable("dTable");
        TensorArguments.apart("dTable", dTable, "dy", dy);
        backend.kernels().layers().embeddingBackward(indices, dy, dTable);
    }

    private void check(String tableName, Tensor table, IntTensor indices, String yName, Tensor y) {
        TensorArguments.shape(tableName, table, "[V,E]", vocabularySize, embeddingSize);
        backend.requireAccepted(tableName, table);
        Arguments.notNull("indices", indices).requireOpen("indices");
        backend.requireAccepted("indices", indices);
        Arguments.notNull(yName, y).requireOpen(yName);
        backend.requireAccepted(yName, y);
        if (y.size() != (long) indices.size() * embeddingSize) {
            throw new IllegalArgumentException(
                    yName + ": expected " + indices.size() + " vectors of size " + embeddingSize + ", got " + y);
        }
    }
}
