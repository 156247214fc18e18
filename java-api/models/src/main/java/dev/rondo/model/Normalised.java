package dev.rondo.model;

import dev.rondo.LayerNorm;
import dev.rondo.Tensor;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Layer normalisation with its weights and their gradients: a part of a {@link Trainable}. */
public final class Normalised implements Trainable.Layer {
    private final LayerNorm norm;
    private final Tensor weight;
    private final Tensor bias;
    private final Tensor dWeight;
    private final Tensor dBias;

    Normalised(Trainable learned, String prefix) {
        this.weight = learned.weight(prefix + "weight");
        this.bias = learned.weight(prefix + "bias");
        this.dWeight = learned.gradient(prefix + "weight");
        this.dBias = learned.gradient(prefix + "bias");
        this.norm = learned.backend().layerNorm(weight.dimension(0));
    }

    @Override
    public void initialize(RandomGenerator random) {
        weight.fill(1);
        bias.fill(0);
    }

    /**
     * Normalises each row.
     *
     * @param x any shape whose last size is K
     * @param y receives as many rows
     * @param statistics receives {@code [M,2]} for the backward pass; null without one
     */
    public void forward(Tensor x, Tensor y, @Nullable Tensor statistics) {
        norm.forward(weight, bias, x, y, statistics);
    }

    /**
     * Propagates a gradient; those by the weights are added up.
     *
     * @param x the input of the forward pass
     * @param statistics those of the forward pass
     * @param dy gradient by the output
     * @param dx receives the gradient by the input; may be {@code dy} itself; null if not wanted
     */
    public void backward(Tensor x, Tensor statistics, Tensor dy, @Nullable Tensor dx) {
        norm.backward(weight, x, statistics, dy, dx, dWeight, dBias);
    }
}
