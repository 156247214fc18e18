package dev.rondo;

/**
 * The input of a recurrent network: either a dense {@link Tensor} {@code [T,N,I]}, or an {@link IntTensor} {@code [T,N]} of
 * indices in {@code [0,I)} that stand for one-hot vectors of size I. An index costs a gather of one column of
 * {@code weight_ih}, not a product.
 */
public sealed interface Input permits Tensor, IntTensor {
    /**
     * The shape.
     *
     * @return a copy of the sizes, outermost first
     */
    int[] shape();

    /**
     * The number of sizes.
     *
     * @return 3 for {@code [T,N,I]}
     */
    int rank();

    /**
     * One size of the shape.
     *
     * @param axis 0 for the outermost
     * @return its size
     */
    int dimension(int axis);
}
