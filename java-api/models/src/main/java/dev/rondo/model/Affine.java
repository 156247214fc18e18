package dev.rondo.model;

import dev.rondo.Linear;
import dev.rondo.ParameterLayout;
import dev.rondo.Tensor;
import dev.rondo.train.Initializers;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** A linear layer {@code y = x W^T + b} with its weights and their gradients: a part of a {@link Trainable}. */
public final class Affine implements Trainable.Layer {
    private final Linear linear;
    private final Tensor weight;
    private final Tensor dWeight;
    private final @Nullable Tensor bias;
    private final @Nullable Tensor dBias;

    Affine(Trainable learned, String prefix) {
        this.weight = learned.weight(prefix + "weight");
        this.dWeight = learned.gradient(prefix + "weight");
        boolean hasBias = has(learned.weights().layout(), prefix + "bias");
        this.bias = hasBias ? learned.weight(prefix + "bias") : null;
        this.dBias = hasBias ? learned.gradient(prefix + "bias") : null;
        this.linear = learned.backend().linear(weight.dimension(1), weight.dimension(0));
    }

    private static boolean has(ParameterLayout layout, String name) {
        return layout.entries().stream().anyMatch(entry -> entry.name().equals(name));
    }

    /**
     * The number of outputs O.
     *
     * @return at least 1
     */
    public int outputSize() {
        return weight.dimension(0);
    }

    @Override
    public void initialize(RandomGenerator random) {
        Initializers.glorotUniform(weight, outputSize(), random);
        if (bias != null) {
            bias.fill(0);
        }
    }

    /**
     * {@code y = x W^T + b}.
     *
     * @param x any shape whose last size is I
     * @param y receives as many rows of size O
     */
    public void forward(Tensor x, Tensor y) {
        linear.forward(weight, bias, x, y);
    }

    /**
     * {@code dx = dy W}; the gradients by W and b are added up.
     *
     * @param x the input of the forward pass
     * @param dy gradient by the output
     * @param dx receives the gradient by the input; null if not wanted
     */
    public void backward(Tensor x, Tensor dy, @Nullable Tensor dx) {
        linear.backward(weight, x, dy, dx, dWeight, dBias);
    }
}
