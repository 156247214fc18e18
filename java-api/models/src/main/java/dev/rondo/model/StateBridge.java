package dev.rondo.model;

import dev.rondo.Backend;
import dev.rondo.Features;
import dev.rondo.ParameterLayout;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Hands the final state of an encoder to a decoder of as many layers: as it is where the sizes agree, else each layer's state, of
 * both directions, through a learnt map.
 */
final class StateBridge implements AutoCloseable {
    private final RnnSpec encoder;
    private final RnnSpec decoder;
    private final int batch;
    private final Features features;
    private final @Nullable Mapped mapped;

    /** What the map needs. */
    private static final class Mapped {
        final RnnState initial;
        final RnnState dLast;
        final Affine[] h;
        final Affine[] c;
        final Tensor joined;
        final Tensor dJoined;

        Mapped(Backend backend, Trainable learned, RnnSpec encoder, RnnSpec decoder, int batch) {
            initial = backend.state(decoder, batch);
            dLast = backend.state(encoder, batch);
            h = new Affine[decoder.layers()];
            c = new Affine[decoder.cellStateSize() > 0 ? decoder.layers() : 0];
            for (int layer = 0; layer < decoder.layers(); layer++) {
                h[layer] = learned.affine("bridge.h" + layer + ".");
                if (c.length > 0) {
                    c[layer] = learned.affine("bridge.c" + layer + ".");
                }
            }
            // [2L,N,D*H]: the joined states of h and then of c, which the backward pass needs
            joined = backend.tensor(2 * decoder.layers(), batch, encoder.outputSize());
            dJoined = backend.tensor(batch, encoder.outputSize());
        }
    }

    StateBridge(Backend backend, Trainable learned, RnnSpec encoder, RnnSpec decoder, int batch) {
        this.encoder = encoder;
        this.decoder = decoder;
        this.batch = batch;
        this.features = new Features(backend);
        this.mapped = isDirect(encoder, decoder) ? null : new Mapped(backend, learned, encoder, decoder, batch);
    }

    private static boolean isDirect(RnnSpec encoder, RnnSpec decoder) {
        return encoder.directions() == 1 && encoder.hiddenSize() == decoder.hiddenSize();
    }

    static void addWeights(ParameterLayout.Builder builder, RnnSpec encoder, RnnSpec decoder) {
        if (isDirect(encoder, decoder)) {
            return;
        }
        for (int layer = 0; layer < decoder.layers(); layer++) {
            builder.add("bridge.h" + layer + ".weight", decoder.hiddenStateSize(), encoder.outputSize());
            if (decoder.cellStateSize() > 0) {
                builder.add(
                        "bridge.c" + layer + ".weight",
                        decoder.cellStateSize(),
                        encoder.directions() * encoder.cellStateSize());
            }
        }
    }

    /** The initial state of the decoder, from the final one of the encoder. */
    RnnState forward(RnnState last) {
        if (mapped == null) {
            return last;
        }
        for (int layer = 0; layer < decoder.layers(); layer++) {
            map(mapped.h[layer], last.h(), layer, layer, mapped.initial.h());
            if (mapped.c.length > 0) {
                int place = decoder.layers() + layer;
                map(mapped.c[layer], cell(last), layer, place, cell(mapped.initial));
            }
        }
        return mapped.initial;
    }

    private void map(Affine map, Tensor last, int layer, int place, Tensor initial) {
        Tensor joined = joined(place);
        features.concat(joined, parts(last, encoder, layer));
        map.forward(joined, row(initial, layer));
    }

    /** The gradient by the final state of the encoder, from that by the initial one of the decoder. */
    RnnState backward(RnnState dInitial) {
        if (mapped == null) {
            return dInitial;
        }
        for (int layer = 0; layer < decoder.layers(); layer++) {
            mapBackward(mapped.h[layer], dInitial.h(), layer, layer, mapped.dLast.h());
            if (mapped.c.length > 0) {
                int place = decoder.layers() + layer;
                mapBackward(mapped.c[layer], cell(dInitial), layer, place, cell(mapped.dLast));
            }
        }
        return mapped.dLast;
    }

    private void mapBackward(Affine map, Tensor dInitial, int layer, int place, Tensor dLast) {
        Tensor dJoined = Objects.requireNonNull(mapped).dJoined;
        map.backward(joined(place), row(dInitial, layer), dJoined);
        features.split(dJoined, parts(dLast, encoder, layer));
    }

    private static Tensor cell(RnnState state) {
        return Objects.requireNonNull(state.c());
    }

    private Tensor joined(int place) {
        int size = batch * encoder.outputSize();
        return Objects.requireNonNull(mapped).joined.view(place * size, batch, encoder.outputSize());
    }

    /** The states {@code [N,H]} of the directions of a layer. */
    static Tensor[] parts(Tensor state, RnnSpec spec, int layer) {
        Tensor[] parts = new Tensor[spec.directions()];
        for (int d = 0; d < parts.length; d++) {
            parts[d] = row(state, layer * spec.directions() + d);
        }
        return parts;
    }

    /** The i-th {@code [N,H]} of a state. */
    private static Tensor row(Tensor state, int i) {
        int size = state.dimension(1) * state.dimension(2);
        return state.view(i * size, state.dimension(1), state.dimension(2));
    }

    @Override
    public void close() {
        if (mapped != null) {
            mapped.initial.close();
            mapped.dLast.close();
            mapped.joined.close();
            mapped.dJoined.close();
        }
    }
}
