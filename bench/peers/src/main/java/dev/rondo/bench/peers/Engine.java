package dev.rondo.bench.peers;

import java.util.Map;

/**
 * A library with everything that one {@link RnnCase} needs: layer, weights, input. What a user of it would do once (build
 * the layer, convert or pack the weights of inference, allocate) is done by the constructor, and only {@link #call} is
 * timed. Nothing is closed: an engine lives as long as its JVM.
 */
interface Engine {
    /** Name of the output of {@link #outputs} for each step, {@code [T,N,H]}. */
    String Y = "y";
    /** Name of the hidden state after the last step, {@code [N,H]}. */
    String LAST_H = "last_h";
    /** Name of the cell state after the last step, {@code [N,H]}; LSTM only. */
    String LAST_C = "last_c";
    /** Name of the gradient by the input, {@code [T,N,I]}. */
    String DX = "dx";
    /** Name of the gradient by the input weights, {@code [G*H,I]}. */
    String D_WEIGHT_IH = "d_weight_ih";
    /** Name of the gradient by the recurrent weights, {@code [G*H,H]}. */
    String D_WEIGHT_HH = "d_weight_hh";
    /** Name of the gradient by the input bias, {@code [G*H]}. */
    String D_BIAS_IH = "d_bias_ih";
    /** Name of the gradient by the recurrent bias, {@code [G*H]}. */
    String D_BIAS_HH = "d_bias_hh";

    /**
     * The layer over the whole sequence. In training forward and backward, with the gradients by the input, both weight
     * matrices and the biases; the weights count as new in each call, as they are after an optimizer.
     *
     * @throws Exception if the library fails
     */
    void call() throws Exception;

    /**
     * What the only call so far computed, row-major, gates in PyTorch's order.
     *
     * @return by the names above: y and the states, in training the gradients too
     * @throws Exception if the library fails
     */
    Map<String, float[]> outputs() throws Exception;
}
