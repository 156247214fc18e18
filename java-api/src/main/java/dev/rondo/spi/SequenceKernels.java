package dev.rondo.spi;

import dev.rondo.IntTensor;
import dev.rondo.Pooling;
import dev.rondo.Tensor;
import org.jspecify.annotations.Nullable;

/** What looks along the steps of sequences of different lengths: pooling and attention. */
public interface SequenceKernels {
    /**
     * One vector for each row of a batch. A row of length 0 gives zero.
     *
     * @param kind the mean, the maximum of each feature, or the last over the valid steps
     * @param x {@code [T,N,K]}, read; what stands past the lengths has no influence
     * @param lengths {@code [N]}, read; null for T everywhere
     * @param y {@code [N,K]}, assigned
     * @throws IllegalArgumentException if a length is not 0 to T
     */
    void poolForward(Pooling.Kind kind, Tensor x, @Nullable IntTensor lengths, Tensor y);

    /**
     * The backward pass of {@link #poolForward}. The gradient of a maximum goes to the first step that has it.
     *
     * @param kind as in the forward pass
     * @param x the input, read
     * @param lengths as in the forward pass
     * @param y the output, read
     * @param dy {@code [N,K]}, read
     * @param dx {@code [T,N,K]}, assigned, 0 past the lengths
     * @throws IllegalArgumentException if a length is not 0 to T
     */
    void poolBackward(Pooling.Kind kind, Tensor x, @Nullable IntTensor lengths, Tensor y, Tensor dy, Tensor dx);

    /**
     * Attention: {@code weights[t,n,:] = softmax over s < lengths[n] of score(q[t,n], k[s,n])} and
     * {@code context[t,n] = sum over s of weights[t,n,s] * v[s,n]}. The score is {@code q . k / sqrt(A)}, or, with a vector u,
     * {@code u . tanh(q + k)}. A row of length 0 gets weights and a context of zero.
     *
     * @param q queries {@code [T,N,A]}, read
     * @param k keys {@code [S,N,A]}, read
     * @param v values {@code [S,N,V]}, read
     * @param lengths valid keys {@code [N]}, read; null for S everywhere
     * @param u {@code [A]}, read; null for the scaled dot product
     * @param weights {@code [T,N,S]}, assigned, 0 past the lengths
     * @param context {@code [T,N,V]}, assigned
     * @throws IllegalArgumentException if a length is not 0 to S
     */
    void attentionForward(
            Tensor q,
            Tensor k,
            Tensor v,
            @Nullable IntTensor lengths,
            @Nullable Tensor u,
            Tensor weights,
            Tensor context);

    /**
     * The backward pass of {@link #attentionForward}. Gradients by keys and values are added up, since a decoder attends to the
     * same ones many times; nothing is added past the lengths.
     *
     * @param q as in the forward pass, read
     * @param k as in the forward pass, read
     * @param v as in the forward pass, read
     * @param lengths as in the forward pass
     * @param u as in the forward pass
     * @param weights the weights of the forward pass, read
     * @param dContext {@code [T,N,V]}, read
     * @param dq {@code [T,N,A]}, assigned
     * @param dk {@code [S,N,A]}, accumulated
     * @param dv {@code [S,N,V]}, accumulated
     * @param du {@code [A]}, accumulated; null without {@code u}, or if not wanted
     * @throws IllegalArgumentException if a length is not 0 to S
     */
    void attentionBackward(
            Tensor q,
            Tensor k,
            Tensor v,
            @Nullable IntTensor lengths,
            @Nullable Tensor u,
            Tensor weights,
            Tensor dContext,
            Tensor dq,
            Tensor dk,
            Tensor dv,
            @Nullable Tensor du);
}
