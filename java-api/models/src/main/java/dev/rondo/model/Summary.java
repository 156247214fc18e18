package dev.rondo.model;

import dev.rondo.Backend;
import dev.rondo.Elementwise;
import dev.rondo.Features;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;

/**
 * The source as one vector: the final hidden state of the last layer of the encoder, as an extra input of the decoder at every step
 * (Cho et al. 2014). One product for all steps: it conditions the decoder.
 */
final class Summary implements AutoCloseable {
    private final RnnSpec encoder;
    private final Features features;
    private final Affine map;
    private final Tensor joined;
    private final Tensor dJoined;
    private final Tensor condition;
    private final Tensor dCondition;
    private final RnnState part;

    Summary(Backend backend, Trainable learned, EncoderDecoderSpec spec, int batch) {
        this.encoder = spec.encoder();
        this.features = new Features(backend);
        this.map = learned.affine("condition.");
        this.joined = backend.tensor(batch, encoder.outputSize());
        this.dJoined = backend.tensor(batch, encoder.outputSize());
        this.condition = backend.tensor(batch, map.outputSize());
        this.dCondition = backend.tensor(batch, map.outputSize());
        this.part = backend.state(encoder, batch);
    }

    /** What conditions the decoder, {@code [N,G*H]}. */
    Tensor forward(RnnState last) {
        features.concat(joined, StateBridge.parts(last.h(), encoder, encoder.layers() - 1));
        map.forward(joined, condition);
        return condition;
    }

    /** Where the gradient by the condition goes. */
    Tensor dCondition() {
        return dCondition;
    }

    /** Adds the gradient by the final state of the encoder. */
    void addBackward(RnnState dLast, Elementwise elementwise) {
        map.backward(joined, dCondition, dJoined);
        Tensor[] added = StateBridge.parts(part.h(), encoder, encoder.layers() - 1);
        Tensor[] sums = StateBridge.parts(dLast.h(), encoder, encoder.layers() - 1);
        features.split(dJoined, added);
        for (int d = 0; d < added.length; d++) {
            elementwise.add(1, added[d], sums[d]);
        }
    }

    @Override
    public void close() {
        joined.close();
        dJoined.close();
        condition.close();
        dCondition.close();
        part.close();
    }
}
