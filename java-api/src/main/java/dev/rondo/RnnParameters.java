package dev.rondo;

import dev.rondo.internal.Arguments;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a recurrent network, or their gradients: all of them in one flat tensor, with views by PyTorch's names,
 * see {@link RnnSpec#layout()}.
 */
public final class RnnParameters implements AutoCloseable {
    private final RnnSpec spec;
    private final Parameters parameters;

    /**
     * Weights over a flat tensor, which is not copied. The tensor may be part of a larger model's.
     *
     * @param spec the network
     * @param flat the elements, {@code [spec.layout().size()]}
     * @throws IllegalArgumentException if the sizes do not agree
     */
    public RnnParameters(RnnSpec spec, Tensor flat) {
        this.spec = Arguments.notNull("spec", spec);
        this.parameters = new Parameters(spec.layout(), flat);
    }

    /**
     * The network.
     *
     * @return its description
     */
    public RnnSpec spec() {
        return spec;
    }

    /**
     * All elements as one vector.
     *
     * @return {@code [spec().layout().size()]}, not a copy
     */
    public Tensor flat() {
        return parameters.flat();
    }

    /**
     * One named tensor, such as {@code weight_hh_l0_reverse}.
     *
     * @param name its name
     * @return a view
     * @throws IllegalArgumentException if there is none of that name
     */
    public Tensor tensor(String name) {
        return parameters.tensor(name);
    }

    /**
     * The weight of a role.
     *
     * @param layer 0 to L - 1
     * @param d direction index, 0 to D - 1
     * @param role what it is for
     * @return a view; null if the network has none of that role
     * @throws IllegalArgumentException if the layer or the direction is out of range
     */
    public @Nullable Tensor tensor(int layer, int d, WeightRole role) {
        Weight weight = spec.weight(layer, d, role);
        return weight == null ? null : parameters.tensor(weight.name());
    }

    /** Closes the flat tensor, unless it is a view of a larger one. */
    @Override
    public void close() {
        parameters.close();
    }
}
