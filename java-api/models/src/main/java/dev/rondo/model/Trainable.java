package dev.rondo.model;

import dev.rondo.Backend;
import dev.rondo.ParameterLayout;
import dev.rondo.Parameters;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.internal.Arguments;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.random.RandomGenerator;

/**
 * What a model learns: its weights and their gradients, each in one flat tensor under the names of its layout, and the layers that
 * use a part of them, found by its prefix.
 *
 * <pre>{@code
 * ParameterLayout layout = ParameterLayout.builder()
 *         .add("rnn.", spec.layout())
 *         .add("output.", Linear.layout(spec.outputSize(), classes))
 *         .build();
 * Trainable learned = new Trainable(backend, layout);
 * Recurrence rnn = learned.recurrence("rnn.", spec, steps, batch);
 * Affine output = learned.affine("output.");
 * learned.initialize(seed);
 * }</pre>
 *
 * <p>The gradients of a layer are added up; {@link dev.rondo.train.TrainingLoop} clears them before each window.
 */
public final class Trainable implements AutoCloseable {
    private final Backend backend;
    private final Parameters weights;
    private final Parameters gradients;
    private final Map<String, Layer> layers = new LinkedHashMap<>();

    /** A layer that uses a part of the weights. */
    interface Layer {
        /** Draws the weights of this layer; the others are not touched. */
        void initialize(RandomGenerator random);

        /** Gives back what the layer holds beside its weights. */
        default void close() {}
    }

    /**
     * Weights of zero.
     *
     * @param backend where they are
     * @param layout their names and shapes
     */
    public Trainable(Backend backend, ParameterLayout layout) {
        this.backend = Arguments.notNull("backend", backend);
        this.weights = backend.parameters(layout);
        this.gradients = backend.parameters(layout);
    }

    /**
     * Where it is.
     *
     * @return the backend
     */
    public Backend backend() {
        return backend;
    }

    /**
     * All weights.
     *
     * @return not a copy
     */
    public Parameters weights() {
        return weights;
    }

    /**
     * The gradients, of the same layout.
     *
     * @return not a copy
     */
    public Parameters gradients() {
        return gradients;
    }

    /**
     * One weight.
     *
     * @param name its name in the layout
     * @return a view
     */
    public Tensor weight(String name) {
        return weights.tensor(name);
    }

    /**
     * The gradient by one weight.
     *
     * @param name its name in the layout
     * @return a view
     */
    public Tensor gradient(String name) {
        return gradients.tensor(name);
    }

    /**
     * A linear layer of {@code PREFIXweight [O,I]} and, if the layout has one, {@code PREFIXbias [O]}.
     *
     * @param prefix of its weights
     * @return the layer, the same object at every call
     */
    public Affine affine(String prefix) {
        return (Affine) layers.computeIfAbsent(prefix, name -> new Affine(this, name));
    }

    /**
     * A table of vectors, {@code PREFIXweight [V,E]}.
     *
     * @param prefix of its weights
     * @return the layer
     */
    public Table table(String prefix) {
        return (Table) layers.computeIfAbsent(prefix, name -> new Table(this, name));
    }

    /**
     * Layer normalisation with {@code PREFIXweight [K]} and {@code PREFIXbias [K]}.
     *
     * @param prefix of its weights
     * @return the layer
     */
    public Normalised normalised(String prefix) {
        return (Normalised) layers.computeIfAbsent(prefix, name -> new Normalised(this, name));
    }

    /**
     * A recurrent network.
     *
     * @param prefix of its weights
     * @param spec the network
     * @param maxSteps largest T of a call
     * @param maxBatch largest N of a call
     * @return the network, closed with this
     * @throws IllegalStateException if there is one of this prefix
     */
    public Recurrence recurrence(String prefix, RnnSpec spec, int maxSteps, int maxBatch) {
        if (layers.containsKey(prefix)) {
            throw new IllegalStateException("prefix: expected one network of the name " + prefix + ", got a second");
        }
        Recurrence recurrence = new Recurrence(this, prefix, spec, maxSteps, maxBatch);
        layers.put(prefix, recurrence);
        return recurrence;
    }

    /**
     * Draws the weights of all layers in the order in which they were made: those of networks as PyTorch does, with a forget gate
     * that starts open ({@link dev.rondo.train.Initializers#forgetGateBias}), matrices by Glorot's rule, biases 0.
     *
     * @param seed the same seed gives the same weights on every backend
     */
    public void initialize(long seed) {
        RandomGenerator random = new Random(seed);
        for (Layer layer : layers.values()) {
            layer.initialize(random);
        }
    }

    /** Gives everything back. */
    @Override
    public void close() {
        for (Layer layer : layers.values()) {
            layer.close();
        }
        weights.close();
        gradients.close();
    }
}
