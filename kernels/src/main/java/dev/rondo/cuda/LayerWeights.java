package dev.rondo.cuda;

import dev.rondo.RnnSpec;
import dev.rondo.Weight;
import dev.rondo.WeightRole;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Where the weights of one layer and direction lie in the flat vector of all weights, or their gradients in that of theirs. */
final class LayerWeights {
    private final int hidden;
    private final Weight w;
    private final Weight u;
    private final @Nullable Weight inputBias;
    private final @Nullable Weight recurrentBias;

    LayerWeights(RnnSpec spec, int layer, int d) {
        hidden = spec.hiddenSize();
        w = Objects.requireNonNull(spec.weight(layer, d, WeightRole.INPUT));
        u = Objects.requireNonNull(spec.weight(layer, d, WeightRole.RECURRENT));
        inputBias = spec.weight(layer, d, WeightRole.BIAS_INPUT);
        recurrentBias = spec.weight(layer, d, WeightRole.BIAS_RECURRENT);
    }

    /** The address of W from a gate on. */
    long w(long flat, int gate) {
        return at(flat, w, gate);
    }

    /** The address of U from a gate on. */
    long u(long flat, int gate) {
        return at(flat, u, gate);
    }

    /** The address of the bias of W from a gate on; 0 without biases. */
    long inputBias(long flat, int gate) {
        return inputBias == null ? 0 : at(flat, inputBias, gate);
    }

    /** The address of the bias of U from a gate on; 0 without biases. */
    long recurrentBias(long flat, int gate) {
        return recurrentBias == null ? 0 : at(flat, recurrentBias, gate);
    }

    private long at(long flat, Weight weight, int gate) {
        return flat + 4 * (weight.offset() + (long) gate * hidden * weight.columns());
    }
}
