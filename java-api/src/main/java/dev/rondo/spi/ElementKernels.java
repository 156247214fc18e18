package dev.rondo.spi;

import dev.rondo.Activation;
import dev.rondo.Tensor;

/**
 * What works on single elements or copies columns. Tensors have any rank; those of one call have the same number of elements,
 * except where columns are named: there a tensor is {@code [M,K]} with any number of rows M, and K its last size.
 */
public interface ElementKernels {
    /**
     * {@code y = f(x)}.
     *
     * @param activation f
     * @param x read
     * @param y assigned; may be {@code x} itself
     */
    void activate(Activation activation, Tensor x, Tensor y);

    /**
     * {@code dx = dy * f'(x)}, where the derivative is computed from {@code y = f(x)}.
     *
     * @param activation f
     * @param y the output, read
     * @param dy read
     * @param dx assigned; may be {@code dy} itself
     */
    void activateBackward(Activation activation, Tensor y, Tensor dy, Tensor dx);

    /**
     * {@code y += factor * x}.
     *
     * @param factor any finite number
     * @param x read
     * @param y accumulated
     */
    void add(double factor, Tensor x, Tensor y);

    /**
     * {@code y = a * b}, or {@code y += a * b}.
     *
     * @param a read
     * @param b read; may be {@code a} itself
     * @param y assigned or accumulated; where assigned it may be {@code a} or {@code b} itself
     * @param accumulate whether it is added to {@code y}
     */
    void multiply(Tensor a, Tensor b, Tensor y, boolean accumulate);

    /**
     * Copies columns: {@code target[m, targetColumn + j] = source[m mod R, sourceColumn + j]} for {@code j < width}, where R is
     * the number of rows of the source. So a source {@code [N,K]} is repeated over the steps of a target {@code [T,N,K']}.
     *
     * @param source {@code [R,A]}, read
     * @param sourceColumn first column
     * @param target {@code [M,B]}, where M is a multiple of R
     * @param targetColumn first column
     * @param width number of columns
     * @param accumulate whether it is added to what is there
     */
    void copyColumns(Tensor source, int sourceColumn, Tensor target, int targetColumn, int width, boolean accumulate);

    /**
     * Adds up repeated rows, the backward pass of a repeating {@link #copyColumns}:
     * {@code target[r, targetColumn + j] = sum over k of source[r + k*R, sourceColumn + j]}, in the order of k.
     *
     * @param source {@code [M,A]}, where M is a multiple of R, read
     * @param sourceColumn first column
     * @param target {@code [R,B]}
     * @param targetColumn first column
     * @param width number of columns
     * @param accumulate whether it is added to what is there
     */
    void sumColumns(Tensor source, int sourceColumn, Tensor target, int targetColumn, int width, boolean accumulate);
}
