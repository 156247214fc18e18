package dev.rondo;

import dev.rondo.internal.Arguments;

/**
 * The description of a recurrent network: what it computes, without weights, batch size or backend. Immutable.
 *
 * <pre>{@code
 * RnnSpec spec = RnnSpec.of(Cell.LSTM, 28, 256).withLayers(2).withDropout(0.1);
 * }</pre>
 *
 * @param cell the cell of every layer
 * @param inputSize I, the size of one input vector
 * @param hiddenSize H, the size of the hidden state of one layer and direction
 * @param layers L, the number of stacked layers; layer l reads the output {@code [T,N,D*H]} of layer l - 1
 * @param direction how every layer walks through time
 * @param bias whether there are biases ({@code bias_ih} and {@code bias_hh}, as in PyTorch and cuDNN)
 * @param dropout probability, 0 to less than 1, with which an element of the output of every layer but the last is zeroed
 *     in training; the others are scaled by {@code 1 / (1 - dropout)}
 */
public record RnnSpec(
        Cell cell, int inputSize, int hiddenSize, int layers, Direction direction, boolean bias, double dropout) {

    /**
     * Checks every size.
     *
     * @param cell the cell of every layer
     * @param inputSize I, the size of one input vector
     * @param hiddenSize H, the size of the hidden state of one layer and direction
     * @param layers L, the number of stacked layers
     * @param direction how every layer walks through time
     * @param bias whether there are biases
     * @param dropout probability of dropout between layers
     * @throws IllegalArgumentException if a size is below 1, the dropout is outside [0,1), or the network has more
     *     parameters than 2^31 - 9, the largest array of the JVM
     */
    public RnnSpec {
        Arguments.notNull("cell", cell);
        Arguments.notNull("direction", direction);
        Arguments.positive("inputSize", inputSize);
        Arguments.positive("hiddenSize", hiddenSize);
        Arguments.positive("layers", layers);
        if (!(dropout >= 0 && dropout < 1)) {
            throw new IllegalArgumentException("dropout: expected 0 to less than 1, got " + dropout);
        }
        requireCountable(cell, inputSize, hiddenSize, layers, direction.count(), bias);
    }

    private static void requireCountable(
            Cell cell, int inputSize, int hiddenSize, int layers, int directions, boolean bias) {
        double rows = (double) cell.gates() * hiddenSize * directions;
        double upper = (double) hiddenSize * directions;
        double shared = hiddenSize + (bias ? 2.0 : 0.0);
        double parameters = rows * (inputSize + shared) + (layers - 1) * rows * (upper + shared);
        if (parameters > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(String.format(
                    "hiddenSize %d with inputSize %d and layers %d: expected at most %d parameters, got about %.3g",
                    hiddenSize, inputSize, layers, Integer.MAX_VALUE - 8, parameters));
        }
    }

    /**
     * One forward layer with biases and without dropout.
     *
     * @param cell the cell
     * @param inputSize I
     * @param hiddenSize H
     * @return the description
     */
    public static RnnSpec of(Cell cell, int inputSize, int hiddenSize) {
        return new RnnSpec(cell, inputSize, hiddenSize, 1, Direction.FORWARD, true, 0);
    }

    /**
     * The same with another number of layers.
     *
     * @param layers L
     * @return a new description
     */
    public RnnSpec withLayers(int layers) {
        return new RnnSpec(cell, inputSize, hiddenSize, layers, direction, bias, dropout);
    }

    /**
     * The same with another direction.
     *
     * @param direction the direction of every layer
     * @return a new description
     */
    public RnnSpec withDirection(Direction direction) {
        return new RnnSpec(cell, inputSize, hiddenSize, layers, direction, bias, dropout);
    }

    /**
     * The same with or without biases.
     *
     * @param bias whether there are biases
     * @return a new description
     */
    public RnnSpec withBias(boolean bias) {
        return new RnnSpec(cell, inputSize, hiddenSize, layers, direction, bias, dropout);
    }

    /**
     * The same with another dropout between layers.
     *
     * @param dropout probability, 0 to less than 1
     * @return a new description
     */
    public RnnSpec withDropout(double dropout) {
        return new RnnSpec(cell, inputSize, hiddenSize, layers, direction, bias, dropout);
    }

    /**
     * The number of directions D.
     *
     * @return 1 or 2
     */
    public int directions() {
        return direction.count();
    }

    /**
     * The rows {@code G*H} of a weight matrix of one layer and direction.
     *
     * @return gates times hidden size
     */
    public int gateRows() {
        return cell.gates() * hiddenSize;
    }

    /**
     * The size of the vectors that a layer reads.
     *
     * @param layer 0 to L - 1
     * @return I for layer 0, else {@code D*H}
     */
    public int inputSize(int layer) {
        return layer == 0 ? inputSize : outputSize();
    }

    /**
     * The size {@code D*H} of one output vector.
     *
     * @return directions times hidden size
     */
    public int outputSize() {
        return directions() * hiddenSize;
    }

    /**
     * The number {@code L*D} of states.
     *
     * @return layers times directions
     */
    public int stateCount() {
        return layers * directions();
    }

    /**
     * The names, shapes and places of the weights in one flat buffer: PyTorch's names and layout, for each layer and
     * direction {@code weight_ih [G*H,I]}, {@code weight_hh [G*H,H]}, {@code bias_ih [G*H]}, {@code bias_hh [G*H]} with
     * the suffix {@code _l0} and, for a reverse direction, {@code _l0_reverse}. Gates stand in the order of the
     * {@link Cell}.
     *
     * @return the layout
     */
    public ParameterLayout layout() {
        ParameterLayout.Builder layout = ParameterLayout.builder();
        for (int layer = 0; layer < layers; layer++) {
            for (int d = 0; d < directions(); d++) {
                String suffix = suffix(layer, d);
                layout.add("weight_ih" + suffix, gateRows(), inputSize(layer))
                        .add("weight_hh" + suffix, gateRows(), hiddenSize);
                if (bias) {
                    layout.add("bias_ih" + suffix, gateRows()).add("bias_hh" + suffix, gateRows());
                }
            }
        }
        return layout.build();
    }

    /**
     * Whether weights of one network fit another: whether they differ in the dropout at most.
     *
     * @param other another network
     * @return true if they do
     */
    public boolean sharesWeightsWith(RnnSpec other) {
        return equals(other) || withDropout(0).equals(other.withDropout(0));
    }

    /**
     * The end of the names of the weights of one layer and direction.
     *
     * @param layer 0 to L - 1
     * @param d direction index, 0 to D - 1
     * @return such as {@code _l0} or {@code _l0_reverse}
     */
    public String suffix(int layer, int d) {
        return "_l" + layer + (direction.isReverse(d) ? "_reverse" : "");
    }
}
