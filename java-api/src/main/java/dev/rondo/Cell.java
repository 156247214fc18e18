package dev.rondo;

import java.util.Arrays;

/**
 * The recurrent cells. The equations here are the authoritative ones; every backend implements exactly these.
 *
 * <p>Letters: {@code x} the input of the step, {@code h} and {@code c} the state before it, {@code h'} and {@code c'}
 * after it, {@code W_k} and {@code U_k} the input and recurrent weights of gate {@code k} (rows of {@code weight_ih} and
 * {@code weight_hh}), {@code b_k} and {@code u_k} the input and recurrent biases ({@code bias_ih}, {@code bias_hh}),
 * {@code *} the elementwise product, {@code s} the logistic sigmoid. In the backward equations {@code dv} is the
 * derivative of the loss by {@code v}, and {@code dh'}, {@code dc'} hold everything that comes from later steps and from
 * the output. For a gate with pre-activation {@code a_k}, the weight gradients are sums over steps and rows:
 * {@code dW_k += da_k x^T}, {@code dU_k += da_k h^T}, {@code db_k += da_k}, {@code du_k += da_k}, and
 * {@code dx += W_k^T da_k}, {@code dh += U_k^T da_k}, unless a cell says otherwise.
 */
public enum Cell {
    /**
     * Elman network with tanh (Elman, "Finding structure in time", 1990).
     *
     * <pre>
     * h' = tanh(W x + b + U h + u)
     *
     * da = dh' * (1 - h'^2)
     * </pre>
     */
    RNN_TANH("RNN_TANH", 1, false),

    /**
     * Elman network with the rectifier, as in the IRNN (Le, Jaitly, Hinton, arXiv 1504.00941).
     *
     * <pre>
     * h' = max(0, W x + b + U h + u)
     *
     * da = dh' where h' &gt; 0, else 0
     * </pre>
     */
    RNN_RELU("RNN_RELU", 1, false),

    /**
     * Long short-term memory with forget gate, without peepholes (Hochreiter and Schmidhuber 1997; Gers, Schmidhuber and
     * Cummins 2000). Gate order i, f, g, o (input, forget, candidate, output), as in PyTorch and cuDNN.
     *
     * <pre>
     * i = s(W_i x + b_i + U_i h + u_i)
     * f = s(W_f x + b_f + U_f h + u_f)
     * g = tanh(W_g x + b_g + U_g h + u_g)
     * o = s(W_o x + b_o + U_o h + u_o)
     * c' = f * c + i * g
     * h' = o * tanh(c')
     *
     * do   = dh' * tanh(c')          da_o = do * o * (1 - o)
     * dc'' = dc' + dh' * o * (1 - tanh(c')^2)
     * di   = dc'' * g                da_i = di * i * (1 - i)
     * df   = dc'' * c                da_f = df * f * (1 - f)
     * dg   = dc'' * i                da_g = dg * (1 - g^2)
     * dc   = dc'' * f
     * </pre>
     */
    LSTM("LSTM", 4, true),

    /**
     * Gated recurrent unit with the reset gate after the recurrent product, as PyTorch and cuDNN have it and Keras by
     * default ({@code reset_after}); ONNX calls it {@code linear_before_reset = 1} (Cho et al., arXiv 1406.1078 version
     * 1). Gate order r, z, n (reset, update, candidate).
     *
     * <pre>
     * r = s(W_r x + b_r + U_r h + u_r)
     * z = s(W_z x + b_z + U_z h + u_z)
     * q = U_n h + u_n
     * n = tanh(W_n x + b_n + r * q)
     * h' = (1 - z) * n + z * h
     *
     * dn = dh' * (1 - z)             da_n = dn * (1 - n^2)
     * dz = dh' * (h - n)             da_z = dz * z * (1 - z)
     * dr = da_n * q                  da_r = dr * r * (1 - r)
     * dq = da_n * r                  (takes the place of da_n in dU_n, du_n and U_n^T da_n)
     * dh = dh' * z + U_r^T da_r + U_z^T da_z + U_n^T dq
     * </pre>
     */
    GRU("GRU", 3, false),

    /**
     * Gated recurrent unit with the reset gate before the recurrent product, as in the later versions of the paper (Cho
     * et al., arXiv 1406.1078 version 3) and by default in ONNX ({@code linear_before_reset = 0}). Gate order r, z, n.
     *
     * <pre>
     * r = s(W_r x + b_r + U_r h + u_r)
     * z = s(W_z x + b_z + U_z h + u_z)
     * p = r * h
     * n = tanh(W_n x + b_n + U_n p + u_n)
     * h' = (1 - z) * n + z * h
     *
     * dn = dh' * (1 - z)             da_n = dn * (1 - n^2)
     * dz = dh' * (h - n)             da_z = dz * z * (1 - z)
     * dp = U_n^T da_n                (dU_n = da_n p^T)
     * dr = dp * h                    da_r = dr * r * (1 - r)
     * dh = dh' * z + dp * r + U_r^T da_r + U_z^T da_z
     * </pre>
     */
    GRU_RESET_BEFORE("GRU_RESET_BEFORE", 3, false);

    private final String key;
    private final int gates;
    private final boolean cellState;

    Cell(String key, int gates, boolean cellState) {
        this.key = key;
        this.gates = gates;
        this.cellState = cellState;
    }

    /**
     * The name by which files know the cell. It stays what it is, whatever the constant is called.
     *
     * @return such as {@code LSTM}
     */
    public String key() {
        return key;
    }

    /**
     * The cell of a {@link #key()}.
     *
     * @param key such as {@code LSTM}
     * @return the cell
     * @throws IllegalArgumentException if there is none
     */
    public static Cell ofKey(String key) {
        for (Cell cell : values()) {
            if (cell.key.equals(key)) {
                return cell;
            }
        }
        throw new IllegalArgumentException("cell: expected one of "
                + Arrays.stream(values()).map(Cell::key).toList() + ", got " + key);
    }

    /**
     * The number of gates G: the weights have {@code G*H} rows.
     *
     * @return 1, 3 or 4
     */
    public int gates() {
        return gates;
    }

    /**
     * Whether the cell has a cell state {@code c} besides the hidden state {@code h}.
     *
     * @return true for {@link #LSTM} only
     */
    public boolean hasCellState() {
        return cellState;
    }
}
