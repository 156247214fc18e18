package dev.rondo;

import dev.rondo.internal.Arguments;
import dev.rondo.internal.CallTensors;
import dev.rondo.internal.TensorArguments;
import org.jspecify.annotations.Nullable;

/**
 * Attention of queries to the valid steps of a sequence:
 *
 * <pre>
 *   weights[t,n,s] = softmax over s &lt; lengths[n] of score(q[t,n], k[s,n])
 *   context[t,n]   = sum over s of weights[t,n,s] v[s,n]
 * </pre>
 *
 * with the scaled dot product {@code score(q, k) = q . k / sqrt(A)} (Luong, Pham, Manning 2015; the scale of Vaswani et al. 2017),
 * or, where a vector u is given, the additive {@code score(q, k) = u . tanh(q + k)} (Bahdanau, Cho, Bengio 2015). There q and k are
 * the state of the decoder and the outputs of the encoder, each after a {@link Linear} to the common size A; the keys are so
 * projected once for all queries.
 *
 * <p>A sequence of length 0 gives weights and a context of zero.
 */
public final class Attention {
    private final Backend backend;
    private final CallTensors forward;
    private final CallTensors backward;

    /**
     * Attention on a backend.
     *
     * @param backend where the tensors live
     */
    public Attention(Backend backend) {
        this.backend = Arguments.notNull("backend", backend);
        this.forward = new CallTensors(backend, 4, "q", "k", "v", "u", "weights", "context");
        this.backward = new CallTensors(backend, 6, "q", "k", "v", "u", "weights", "dContext", "dq", "dk", "dv", "du");
    }

    /**
     * Attends.
     *
     * @param q queries {@code [T,N,A]}
     * @param k keys {@code [S,N,A]}
     * @param v values {@code [S,N,V]}; may be {@code k} itself
     * @param lengths valid keys of each row, {@code [N]}, each 0 to S; null for S everywhere
     * @param u {@code [A]} of the additive score; null for the scaled dot product
     * @param weights receives {@code [T,N,S]}, 0 past the lengths; the backward pass needs them
     * @param context receives {@code [T,N,V]}
     * @throws IllegalArgumentException if a shape or a length is wrong, or what is written overlaps another argument or is
     *     read-only
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void forward(
            Tensor q,
            Tensor k,
            Tensor v,
            @Nullable IntTensor lengths,
            @Nullable Tensor u,
            Tensor weights,
            Tensor context) {
        checkShapes(q, k, v, lengths, u, weights);
        TensorArguments.shape("context", context, "[T,N,V]", q.dimension(0), q.dimension(1), v.dimension(2));
        forward.check(q, k, v, u, weights, context);
        backend.kernels().sequences().attentionForward(q, k, v, lengths, u, weights, context);
    }

    /**
     * Propagates a gradient by the context. The gradients by keys and values are added up, since a decoder that runs step by step
     * attends to the same ones many times.
     *
     * @param q that of the forward pass
     * @param k that of the forward pass
     * @param v that of the forward pass
     * @param lengths those of the forward pass
     * @param u that of the forward pass
     * @param weights those of the forward pass
     * @param dContext gradient of the loss by the context, {@code [T,N,V]}
     * @param dq receives the gradient by the queries, {@code [T,N,A]}
     * @param dk the gradient by the keys is added to it, {@code [S,N,A]}; nothing past the lengths
     * @param dv the gradient by the values is added to it, {@code [S,N,V]}; nothing past the lengths
     * @param du the gradient by u is added to it, {@code [A]}; null if there is no u, or if not wanted
     * @throws IllegalArgumentException if a shape or a length is wrong, or what is written overlaps another argument or is
     *     read-only
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void backward(
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
            @Nullable Tensor du) {
        checkShapes(q, k, v, lengths, u, weights);
        int rows = q.dimension(1);
        TensorArguments.shape("dContext", dContext, "[T,N,V]", q.dimension(0), rows, v.dimension(2));
        TensorArguments.shape("dq", dq, "[T,N,A]", q.dimension(0), rows, q.dimension(2));
        TensorArguments.shape("dk", dk, "[S,N,A]", k.dimension(0), rows, k.dimension(2));
        TensorArguments.shape("dv", dv, "[S,N,V]", v.dimension(0), rows, v.dimension(2));
        if (du != null) {
            if (u == null) {
                throw new IllegalArgumentException("du: expected null, since there is no u, got " + du);
            }
            TensorArguments.shape("du", du, "[A]", q.dimension(2));
        }
        backward.check(q, k, v, u, weights, dContext, dq, dk, dv, du);
        backend.kernels().sequences().attentionBackward(q, k, v, lengths, u, weights, dContext, dq, dk, dv, du);
    }

    private void checkShapes(
            Tensor q, Tensor k, Tensor v, @Nullable IntTensor lengths, @Nullable Tensor u, Tensor weights) {
        TensorArguments.shape("q", q, "[T,N,A]", -1, -1, -1);
        TensorArguments.shape("k", k, "[S,N,A]", -1, q.dimension(1), q.dimension(2));
        TensorArguments.shape("v", v, "[S,N,V]", k.dimension(0), q.dimension(1), -1);
        CallTensors.perRow(backend, "lengths", lengths, q.dimension(1));
        if (u != null) {
            TensorArguments.shape("u", u, "[A]", q.dimension(2));
        }
        TensorArguments.shape("weights", weights, "[T,N,S]", q.dimension(0), q.dimension(1), k.dimension(0));
    }
}
