package dev.rondo.model;

import dev.rondo.Activation;
import dev.rondo.Backend;
import dev.rondo.Direction;
import dev.rondo.Elementwise;
import dev.rondo.Features;
import dev.rondo.Linear;
import dev.rondo.ParameterLayout;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.internal.Arguments;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a vector {@code z [N,Z]} conditions a recurrent network (Goodfellow, Bengio, Courville, "Deep Learning", 2016, section 10.2.4):
 * through learnt maps it becomes a further input of every step, the initial state, or both.
 *
 * <pre>
 *   condition = z R^T              added to the gates of the first layer at every step
 *   initial   = tanh(z W^T + b)    h, and c where the cell has one, of all layers
 * </pre>
 */
final class Conditioning {
    /** A map from z: its output and its gradient. */
    private record Mapped(Affine map, Tensor y, Tensor dy) {
        static Mapped of(Trainable learned, String prefix, int rows) {
            Affine map = learned.affine(prefix);
            Backend backend = learned.backend();
            return new Mapped(map, backend.tensor(rows, map.outputSize()), backend.tensor(rows, map.outputSize()));
        }
    }

    private final Features features;
    private final Elementwise elements;
    private final @Nullable Mapped everyStep;
    private final @Nullable Mapped state;
    private final @Nullable RnnState initial;
    private final @Nullable RnnState dInitial;

    /** The share of one map in the gradient by z. */
    private final Tensor share;

    /** The names and shapes of the maps that are wanted. */
    static ParameterLayout layout(RnnSpec spec, int size, boolean everyStep, boolean initialState) {
        ParameterLayout.Builder layout = ParameterLayout.builder();
        if (everyStep) {
            layout.add("condition.weight", spec.gateRows(), size);
        }
        if (initialState) {
            layout.add("state.", Linear.layout(size, spec.layers() * (spec.hiddenStateSize() + spec.cellStateSize())));
        }
        return layout.build();
    }

    /**
     * The maps of {@link #layout}. What it allocates is closed with the backend of {@code learned}.
     *
     * @param spec the network, of direction forward
     */
    Conditioning(Trainable learned, RnnSpec spec, boolean everyStep, boolean initialState, int size, int batch) {
        if (spec.direction() != Direction.FORWARD) {
            throw new IllegalArgumentException("spec: expected direction FORWARD, got " + spec.direction());
        }
        Backend backend = learned.backend();
        this.features = new Features(backend);
        this.elements = new Elementwise(backend);
        this.everyStep = everyStep ? Mapped.of(learned, "condition.", batch) : null;
        this.state = initialState ? Mapped.of(learned, "state.", batch) : null;
        this.initial = initialState ? backend.state(spec, batch) : null;
        this.dInitial = initialState ? backend.state(spec, batch) : null;
        this.share = backend.tensor(batch, size);
    }

    /** The state before the first step; null for zero. */
    @Nullable
    RnnState initial() {
        return initial;
    }

    /** Receives its gradient; null if there is none. */
    @Nullable
    RnnState dInitial() {
        return dInitial;
    }

    /** The share of the gates at every step; null for none. */
    @Nullable
    Tensor condition() {
        return everyStep == null ? null : everyStep.y;
    }

    /** Receives its gradient; null if there is none. */
    @Nullable
    Tensor dCondition() {
        return everyStep == null ? null : everyStep.dy;
    }

    /** Computes both from z. */
    void forward(Tensor z) {
        if (everyStep != null) {
            everyStep.map.forward(z, everyStep.y);
        }
        if (state != null) {
            state.map.forward(z, state.y);
            elements.activate(Activation.TANH, state.y, state.y);
            features.split(state.y, parts(Arguments.notNull("initial", initial)));
        }
    }

    /**
     * Propagates the gradients by both; those by the maps are added up.
     *
     * @param dz the gradient by z is added to it; null if not wanted
     */
    void backward(Tensor z, @Nullable Tensor dz) {
        if (everyStep != null) {
            backward(everyStep, z, dz);
        }
        if (state != null) {
            features.concat(state.dy, parts(Arguments.notNull("dInitial", dInitial)));
            elements.activateBackward(Activation.TANH, state.y, state.dy, state.dy);
            backward(state, z, dz);
        }
    }

    private void backward(Mapped mapped, Tensor z, @Nullable Tensor dz) {
        mapped.map.backward(z, mapped.dy, dz != null ? share : null);
        if (dz != null) {
            elements.add(1, share, dz);
        }
    }

    /** The rows {@code [N,H]} of h of each layer, and then those of c. */
    private static Tensor[] parts(RnnState state) {
        List<Tensor> parts = new ArrayList<>();
        addLayers(state.h(), parts);
        Tensor c = state.c();
        if (c != null) {
            addLayers(c, parts);
        }
        return parts.toArray(Tensor[]::new);
    }

    private static void addLayers(Tensor part, List<Tensor> layers) {
        int rows = part.dimension(1);
        int width = part.dimension(2);
        for (int layer = 0; layer < part.dimension(0); layer++) {
            layers.add(part.view(layer * rows * width, rows, width));
        }
    }
}
