package dev.rondo.bench.conform;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** Small cases as text. */
final class Texts {
    /** Lines 1 to 12: two steps of a rectifier network, computed by hand: 2*1 + 0.5*0 + 0.5 = 2.5, 2*1 + 0.5*2.5 + 0.5. */
    static final String RELU = String.join(
            "\n",
            "case relu",
            "op RNN",
            "profile core",
            "source by hand",
            "attr hidden_size 1",
            "attr activations Relu",
            "atol 1e-5",
            "in X float32 [2 1 1] 1 1",
            "in W float32 [1 1 1] 2",
            "in R float32 [1 1 1] 0.5",
            "in B float32 [1 2] 0.25 0.25",
            "out Y float32 [2 1 1 1] 2.5 3.75",
            "out Y_h float32 [1 1 1] 3.75",
            "end",
            "");

    /**
     * The backward pass of {@link #RELU} with dY = 1, 1: da(1) = 1, da(0) = 1 + 0.5 * 1 = 1.5, from which everything
     * follows.
     */
    static final String RELU_GRADIENT = RELU.replace("case relu", "case relu_gradient")
            .replace("out Y float32", "in dY float32 [2 1 1 1] 1 1\nout Y float32")
            .replace(
                    "end\n",
                    String.join(
                            "\n",
                            "out dX float32 [2 1 1] 3 2",
                            "out dW float32 [1 1 1] 2.5",
                            "out dR float32 [1 1 1] 2.5",
                            "out dB float32 [1 2] 2.5 2.5",
                            "out dinitial_h float32 [1 1 1] 0.75",
                            "end",
                            ""));

    private Texts() {}

    /** A case of one step, row, input and unit with all weights zero, so that the biases alone decide. */
    static String biasOnly(String op, List<String> attributes, String bias, String inputs, String outputs) {
        int gates = Operator.valueOf(op).gates();
        StringBuilder text =
                new StringBuilder("case bias_only\nop " + op + "\nprofile core\nsource\nattr hidden_size 1\n");
        attributes.forEach(attribute -> text.append("attr ").append(attribute).append('\n'));
        text.append("atol 1e-9\nin X float32 [1 1 1] 1\n");
        text.append("in W float32 [1 " + gates + " 1]" + " 0".repeat(gates) + "\n");
        text.append("in R float32 [1 " + gates + " 1]" + " 0".repeat(gates) + "\n");
        text.append("in B float32 [1 " + 2 * gates + "] " + bias + "\n");
        return text.append(inputs).append(outputs).append("end\n").toString();
    }

    static List<Case> read(String text) {
        return CaseFile.read("cases.txt", text.getBytes(StandardCharsets.UTF_8));
    }

    static Case readOne(String text) {
        List<Case> cases = read(text);
        if (cases.size() != 1) {
            throw new IllegalArgumentException("text: expected one case, got " + cases.size());
        }
        return cases.get(0);
    }
}
