package dev.rondo.cpu.reference;

import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.Weight;
import dev.rondo.WeightRole;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The weights of one layer and direction, or their gradients, in double. Without biases, b and u are zero; any other weight that
 * the network does not have is null, since zero times an infinity is not nothing.
 */
final class Weights {
    /** Input weights {@code [G*H,I]}. */
    final double[] w;

    /** Recurrent weights {@code [G*H,H]}. */
    final double[] u;

    /** Input biases {@code [G*H]}. */
    final double[] bw;

    /** Recurrent biases {@code [G*H]}. */
    final double[] bu;

    private final Map<WeightRole, double[]> values = new EnumMap<>(WeightRole.class);

    private Weights(RnnSpec spec, int layer, int d, Function<Weight, double[]> read) {
        for (Weight weight : spec.weights()) {
            if (weight.layer() == layer && weight.direction() == d) {
                values.put(weight.role(), read.apply(weight));
            }
        }
        w = Objects.requireNonNull(values.get(WeightRole.INPUT));
        u = Objects.requireNonNull(values.get(WeightRole.RECURRENT));
        bw = values.getOrDefault(WeightRole.BIAS_INPUT, new double[spec.gateRows()]);
        bu = values.getOrDefault(WeightRole.BIAS_RECURRENT, new double[spec.gateRows()]);
    }

    static Weights read(RnnParameters parameters, int layer, int d) {
        return new Weights(
                parameters.spec(),
                layer,
                d,
                weight -> parameters.tensor(weight.name()).toDoubles());
    }

    static Weights zero(RnnSpec spec, int layer, int d) {
        return new Weights(spec, layer, d, weight -> new double[weight.size()]);
    }

    /** Those of a role; null if the network has none. */
    double @Nullable [] of(WeightRole role) {
        return values.get(role);
    }

    /** Adds these gradients to the caller's. */
    void addTo(RnnParameters gradients, int layer, int d) {
        values.forEach((role, added) -> {
            Tensor target = Objects.requireNonNull(gradients.tensor(layer, d, role));
            double[] sum = target.toDoubles();
            Products.add(sum, 0, added, 0, added.length);
            target.set(sum);
        });
    }
}
