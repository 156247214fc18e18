package dev.rondo;

import dev.rondo.internal.Arguments;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The description of a recurrent network: what it computes, without weights, batch size or backend. Immutable.
 *
 * <pre>{@code
 * RnnSpec spec = RnnSpec.of(Cell.LSTM, 28, 256).withLayers(2).withDropout(0.1);
 * }</pre>
 *
 * <p>Everything that depends on the weights derives from {@link #weights()}: layout, sizes, packing, files.
 */
public final class RnnSpec {
    /** The most layers. */
    private static final int MAX_LAYERS = 1024;

    private final Cell cell;
    private final int inputSize;
    private final int hiddenSize;
    private final int layers;
    private final Direction direction;
    private final boolean bias;
    private final double dropout;

    /** Made when it is first asked for. */
    private volatile @Nullable List<Weight> weights;

    private RnnSpec(Builder b) {
        this.cell = Arguments.notNull("cell", b.cell);
        this.inputSize = Arguments.positive("inputSize", b.inputSize);
        this.hiddenSize = Arguments.positive("hiddenSize", b.hiddenSize);
        this.layers = Arguments.inRange("layers", b.layers, 1, MAX_LAYERS);
        this.direction = Arguments.notNull("direction", b.direction);
        this.bias = b.bias;
        this.dropout = b.dropout;
        if (!(dropout >= 0 && dropout < 1)) {
            throw new IllegalArgumentException("dropout: expected 0 to less than 1, got " + dropout);
        }
        double parameters = elements();
        if (parameters > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(String.format(
                    "hiddenSize %d with inputSize %d and layers %d: expected at most %d parameters, got about %.3g",
                    hiddenSize, inputSize, layers, Integer.MAX_VALUE - 8, parameters));
        }
    }

    /** The fields of a description on their way to a new one. */
    private static final class Builder {
        private Cell cell;
        private int inputSize;
        private int hiddenSize;
        private int layers = 1;
        private Direction direction = Direction.FORWARD;
        private boolean bias = true;
        private double dropout;

        private Builder(Cell cell, int inputSize, int hiddenSize) {
            this.cell = cell;
            this.inputSize = inputSize;
            this.hiddenSize = hiddenSize;
        }

        private Builder(RnnSpec spec) {
            this(spec.cell, spec.inputSize, spec.hiddenSize);
            layers = spec.layers;
            direction = spec.direction;
            bias = spec.bias;
            dropout = spec.dropout;
        }
    }

    /**
     * One forward layer with biases and without options.
     *
     * @param cell the cell
     * @param inputSize I, the size of one input vector, at least 1
     * @param hiddenSize H, the size of the hidden state of one layer and direction, at least 1
     * @return the description
     * @throws IllegalArgumentException if a size is below 1, or there are more parameters than 2^31 - 9, the largest array of
     *     the JVM
     */
    public static RnnSpec of(Cell cell, int inputSize, int hiddenSize) {
        return new RnnSpec(new Builder(cell, inputSize, hiddenSize));
    }

    /**
     * The same with another cell.
     *
     * @param cell the cell of every layer
     * @return a new description
     * @throws IllegalArgumentException as {@link #of}
     */
    public RnnSpec withCell(Cell cell) {
        Builder builder = new Builder(this);
        builder.cell = cell;
        return new RnnSpec(builder);
    }

    /**
     * The same with another number of layers. Layer l reads the output {@code [T,N,D*H]} of layer l - 1.
     *
     * @param layers L, 1 to 1024
     * @return a new description
     * @throws IllegalArgumentException if it is out of range, or there are more parameters than 2^31 - 9
     */
    public RnnSpec withLayers(int layers) {
        Builder builder = new Builder(this);
        builder.layers = layers;
        return new RnnSpec(builder);
    }

    /**
     * The same with another direction.
     *
     * @param direction how every layer walks through time
     * @return a new description
     * @throws IllegalArgumentException as {@link #of}
     */
    public RnnSpec withDirection(Direction direction) {
        Builder builder = new Builder(this);
        builder.direction = direction;
        return new RnnSpec(builder);
    }

    /**
     * The same with or without biases.
     *
     * @param bias whether there are {@code bias_ih} and {@code bias_hh}, as in PyTorch and cuDNN
     * @return a new description
     * @throws IllegalArgumentException as {@link #of}
     */
    public RnnSpec withBias(boolean bias) {
        Builder builder = new Builder(this);
        builder.bias = bias;
        return new RnnSpec(builder);
    }

    /**
     * The same with another dropout between layers.
     *
     * @param dropout probability, 0 to less than 1, with which an element of the output of every layer but the last is zeroed
     *     in training; the others are scaled by {@code 1 / (1 - dropout)}
     * @return a new description
     * @throws IllegalArgumentException if it is out of range
     */
    public RnnSpec withDropout(double dropout) {
        Builder builder = new Builder(this);
        builder.dropout = dropout;
        return new RnnSpec(builder);
    }

    /**
     * The cell of every layer.
     *
     * @return its wiring
     */
    public Cell cell() {
        return cell;
    }

    /**
     * The size I of one input vector.
     *
     * @return at least 1
     */
    public int inputSize() {
        return inputSize;
    }

    /**
     * The hidden size H of one layer and direction.
     *
     * @return at least 1
     */
    public int hiddenSize() {
        return hiddenSize;
    }

    /**
     * The number L of stacked layers.
     *
     * @return 1 to 1024
     */
    public int layers() {
        return layers;
    }

    /**
     * How every layer walks through time.
     *
     * @return the direction
     */
    public Direction direction() {
        return direction;
    }

    /**
     * Whether there are biases.
     *
     * @return true by default
     */
    public boolean bias() {
        return bias;
    }

    /**
     * The dropout between layers.
     *
     * @return probability, 0 by default
     */
    public double dropout() {
        return dropout;
    }

    /**
     * What this network has beside cell, sizes, layers, direction and biases.
     *
     * @return the options that are not at their defaults
     */
    public Set<RnnOption> options() {
        Set<RnnOption> options = EnumSet.noneOf(RnnOption.class);
        if (dropout > 0) {
            options.add(RnnOption.DROPOUT);
        }
        return options;
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
     * The width of the hidden state of one layer and direction.
     *
     * @return H
     */
    public int hiddenStateSize() {
        return hiddenSize;
    }

    /**
     * The width of the cell state of one layer and direction.
     *
     * @return H; 0 for a cell without one
     */
    public int cellStateSize() {
        return cell.hasCellState() ? hiddenSize : 0;
    }

    /**
     * The size {@code D*H} of one output vector.
     *
     * @return directions times the width of the hidden state
     */
    public int outputSize() {
        return directions() * hiddenStateSize();
    }

    /**
     * The number {@code L*D} of states.
     *
     * @return layers times directions
     */
    public int stateCount() {
        return layers * directions();
    }

    /** The weights of every direction of a layer. This is the only place that knows them. */
    private List<Weight.Size> sizes(int layer) {
        List<Weight.Size> sizes = new ArrayList<>();
        sizes.add(Weight.Size.matrix(WeightRole.INPUT, gateRows(), inputSize(layer)));
        sizes.add(Weight.Size.matrix(WeightRole.RECURRENT, gateRows(), hiddenStateSize()));
        if (bias) {
            sizes.add(Weight.Size.vector(WeightRole.BIAS_INPUT, gateRows()));
            sizes.add(Weight.Size.vector(WeightRole.BIAS_RECURRENT, gateRows()));
        }
        return sizes;
    }

    /** All elements of all weights, in double, since they may exceed everything. */
    private double elements() {
        double largest = (double) cell.gates() * hiddenSize * 2;
        if (largest > Integer.MAX_VALUE) {
            return largest * hiddenSize;
        }
        double first = sizes(0).stream().mapToDouble(Weight.Size::elements).sum();
        double upper = sizes(1).stream().mapToDouble(Weight.Size::elements).sum();
        return directions() * (first + (layers - 1) * upper);
    }

    /**
     * The weights in the order of the flat buffer: layer by layer, direction by direction, in PyTorch's order and with its
     * names, the suffix of a layer {@code _l0} and, for a reverse direction, {@code _l0_reverse}. The rows of the gates stand in
     * the order of the {@link Cell}.
     *
     * @return an unmodifiable list
     */
    public List<Weight> weights() {
        List<Weight> list = weights;
        if (list == null) {
            List<Weight> all = new ArrayList<>();
            int offset = 0;
            for (int layer = 0; layer < layers; layer++) {
                List<Weight.Size> sizes = sizes(layer);
                for (int d = 0; d < directions(); d++) {
                    String suffix = "_l" + layer + (direction.isReverse(d) ? "_reverse" : "");
                    for (Weight.Size size : sizes) {
                        Weight weight = new Weight(size, layer, d, suffix, offset);
                        all.add(weight);
                        offset += weight.size();
                    }
                }
            }
            list = List.copyOf(all);
            weights = list;
        }
        return list;
    }

    /**
     * The weight of a role.
     *
     * @param layer 0 to L - 1
     * @param d direction index, 0 to D - 1
     * @param role what it is for
     * @return the weight; null if the network has none of that role
     * @throws IllegalArgumentException if the layer or the direction is out of range
     */
    public @Nullable Weight weight(int layer, int d, WeightRole role) {
        Arguments.inRange("layer", layer, 0, layers - 1);
        Arguments.inRange("d", d, 0, directions() - 1);
        Arguments.notNull("role", role);
        List<Weight> all = weights();
        int count = all.size() / stateCount();
        int first = (layer * directions() + d) * count;
        for (Weight weight : all.subList(first, first + count)) {
            if (weight.role() == role) {
                return weight;
            }
        }
        return null;
    }

    /**
     * The names, shapes and places of {@link #weights()} as a layout.
     *
     * @return the layout
     */
    public ParameterLayout layout() {
        ParameterLayout.Builder layout = ParameterLayout.builder();
        for (Weight weight : weights()) {
            layout.add(weight.name(), weight.shape());
        }
        return layout.build();
    }

    /**
     * Whether weights of one network fit another: whether they are the same but for what weights do not depend on.
     *
     * @param other another network
     * @return true if they differ in the dropout at most
     */
    public boolean sharesWeightsWith(RnnSpec other) {
        return equals(other) || withDropout(0).equals(other.withDropout(0));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RnnSpec spec
                && cell == spec.cell
                && inputSize == spec.inputSize
                && hiddenSize == spec.hiddenSize
                && layers == spec.layers
                && direction == spec.direction
                && bias == spec.bias
                && Double.compare(dropout, spec.dropout) == 0;
    }

    @Override
    public int hashCode() {
        return Objects.hash(cell, inputSize, hiddenSize, layers, direction, bias, dropout);
    }

    @Override
    public String toString() {
        return cell + " " + inputSize + " -> " + hiddenSize
                + (layers > 1 ? ", " + layers + " layers" : "")
                + (direction != Direction.FORWARD ? ", " + direction : "")
                + (bias ? "" : ", without biases")
                + (dropout > 0 ? ", dropout " + dropout : "");
    }
}
