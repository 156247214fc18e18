package dev.rondo.bench.conform;

import java.util.List;

/** The operators of ONNX that a case may have. */
enum Operator {
    /** Elman network. */
    RNN(1, "Tanh"),
    /** Gated recurrent unit. */
    GRU(3, "Sigmoid", "Tanh"),
    /** Long short-term memory. */
    LSTM(4, "Sigmoid", "Tanh", "Tanh");

    private final int gates;
    private final List<String> activations;

    Operator(int gates, String... activations) {
        this.gates = gates;
        this.activations = List.of(activations);
    }

    /** G: the weights have {@code G*H} rows. */
    int gates() {
        return gates;
    }

    /** The default activations of one direction. */
    List<String> activations() {
        return activations;
    }
}
