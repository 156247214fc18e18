package dev.rondo.spi;

import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * The layers around a recurrent network. M stands for any number of rows, usually {@code T*N}: tensors with rows may have any
 * rank, such as {@code [T,N,I]}; only their {@code size()} and the size of a row, known from the weights, count.
 */
public interface LayerKernels {
    /**
     * {@code y = x weight^T + bias}.
     *
     * @param weight {@code [O,I]}, read
     * @param bias {@code [O]}, read; null for none
     * @param x {@code [M,I]}, read
     * @param y {@code [M,O]}, assigned
     */
    void linearForward(Tensor weight, @Nullable Tensor bias, Tensor x, Tensor y);

    /**
     * {@code dx = dy weight}, {@code dWeight += dy^T x}, {@code dBias += sum of the rows of dy}.
     *
     * @param weight {@code [O,I]}, read
     * @param x {@code [M,I]}, read
     * @param dy {@code [M,O]}, read
     * @param dx {@code [M,I]}, assigned; null if not wanted
     * @param dWeight {@code [O,I]}, accumulated; null if not wanted
     * @param dBias {@code [O]}, accumulated; null if not wanted
     */
    void linearBackward(
            Tensor weight, Tensor x, Tensor dy, @Nullable Tensor dx, @Nullable Tensor dWeight, @Nullable Tensor dBias);

    /**
     * {@code y[m] = table[indices[m]]}.
     *
     * @param table {@code [V,E]}, read
     * @param indices {@code [M]} elements, read
     * @param y {@code [M,E]}, assigned
     * @throws IllegalArgumentException if an index is outside {@code [0,V)}; {@code y} is then undefined
     */
    void embeddingForward(Tensor table, IntTensor indices, Tensor y);

    /**
     * {@code dTable[indices[m]] += dy[m]}, in an order that does not depend on threads.
     *
     * @param indices {@code [M]} elements, read
     * @param dy {@code [M,E]}, read
     * @param dTable {@code [V,E]}, accumulated
     * @throws IllegalArgumentException if an index is outside {@code [0,V)}
     */
    void embeddingBackward(IntTensor indices, Tensor dy, Tensor dTable);

    /**
     * Layer normalisation: {@code y = (x - mean) * r * weight + bias} with the mean of each row and
     * {@code r = 1 / sqrt(variance + epsilon)}, the variance being the mean of the squared differences.
     *
     * @param weight {@code [K]}, read
     * @param bias {@code [K]}, read
     * @param x {@code [M,K]}, read
     * @param epsilon positive
     * @param y {@code [M,K]}, assigned
     * @param statistics {@code [M,2]}, assigned: the mean and r of each row; null if there will be no backward pass
     */
    void layerNormForward(Tensor weight, Tensor bias, Tensor x, double epsilon, Tensor y, @Nullable Tensor statistics);

    /**
     * The backward pass of {@link #layerNormForward}.
     *
     * @param weight {@code [K]}, read
     * @param x {@code [M,K]}, read
     * @param statistics {@code [M,2]}, read
     * @param dy {@code [M,K]}, read
     * @param dx {@code [M,K]}, assigned; may be {@code dy} itself; null if not wanted
     * @param dWeight {@code [K]}, accumulated; null if not wanted
     * @param dBias {@code [K]}, accumulated; null together with {@code dWeight}
     */
    void layerNormBackward(
            Tensor weight,
            Tensor x,
            Tensor statistics,
            Tensor dy,
            @Nullable Tensor dx,
            @Nullable Tensor dWeight,
            @Nullable Tensor dBias);
}
