package dev.rondo.model;

import dev.rondo.Embedding;
import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import dev.rondo.train.Initializers;
import java.util.random.RandomGenerator;

/** A table of learned vectors, one for each index, with its gradient: a part of a {@link Trainable}. */
public final class Table implements Trainable.Layer {
    private final Embedding embedding;
    private final Tensor weight;
    private final Tensor dWeight;

    Table(Trainable learned, String prefix) {
        this.weight = learned.weight(prefix + "weight");
        this.dWeight = learned.gradient(prefix + "weight");
        this.embedding = learned.backend().embedding(weight.dimension(0), weight.dimension(1));
    }

    /**
     * The size E of a vector.
     *
     * @return at least 1
     */
    public int size() {
        return weight.dimension(1);
    }

    @Override
    public void initialize(RandomGenerator random) {
        Initializers.glorotUniform(weight, weight.dimension(0), random);
    }

    /**
     * {@code y[m] = table[indices[m]]}.
     *
     * @param indices any shape, each 0 to V - 1
     * @param y receives a vector for each
     */
    public void forward(IntTensor indices, Tensor y) {
        embedding.forward(weight, indices, y);
    }

    /**
     * The gradient by the table is added up.
     *
     * @param indices those of the forward pass
     * @param dy gradient by the vectors
     */
    public void backward(IntTensor indices, Tensor dy) {
        embedding.backward(indices, dy, dWeight);
    }
}
