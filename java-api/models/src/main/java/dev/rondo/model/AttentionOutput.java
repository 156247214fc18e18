package dev.rondo.model;

import dev.rondo.Activation;
import dev.rondo.Attention;
import dev.rondo.Backend;
import dev.rondo.Elementwise;
import dev.rondo.Features;
import dev.rondo.IntTensor;
import dev.rondo.ParameterLayout;
import dev.rondo.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Attention at the output of a decoder (Luong, Pham, Manning, "Effective approaches to attention-based neural machine
 * translation", 2015, section 3.1): the output y attends to the outputs of the encoder, and
 * {@code a = tanh(W [y; context])} takes its place. The score is the scaled dot product of y and the projected outputs of the
 * encoder, or additive, of both projected.
 */
final class AttentionOutput implements AutoCloseable {
    private final Attention attention;
    private final Features features;
    private final Elementwise elementwise;
    private final Affine keyMap;
    private final @Nullable Affine queryMap;
    private final Affine outputMap;
    private final @Nullable Tensor u;
    private final @Nullable Tensor du;

    private final Tensor keys;
    private final Tensor dKeys;
    private final Tensor dKeyInput;
    private final Tensor queries;
    private final Tensor dQueries;
    private final Tensor dQueryInput;
    private final Tensor weights;
    private final Tensor context;
    private final Tensor dContext;
    private final Tensor joined;
    private final Tensor dJoined;
    private final Tensor attended;

    AttentionOutput(
            Backend backend, Trainable learned, EncoderDecoderSpec spec, int sourceSteps, int steps, int batch) {
        int size = spec.hiddenSize();
        int valueSize = spec.encoder().outputSize();
        boolean additive = spec.source() == EncoderDecoderSpec.Source.ADDITIVE_ATTENTION;
        this.attention = new Attention(backend);
        this.features = new Features(backend);
        this.elementwise = new Elementwise(backend);
        this.keyMap = learned.affine("attention.key.");
        this.queryMap = additive ? learned.affine("attention.query.") : null;
        this.outputMap = learned.affine("attention.output.");
        if (additive) {
            learned.affine("attention.score.");
        }
        this.u = additive ? learned.weight("attention.score.weight").view(0, size) : null;
        this.du = additive ? learned.gradient("attention.score.weight").view(0, size) : null;
        this.keys = backend.tensor(sourceSteps, batch, size);
        this.dKeys = backend.tensor(sourceSteps, batch, size);
        this.dKeyInput = backend.tensor(sourceSteps, batch, valueSize);
        this.queries = backend.tensor(steps, batch, size);
        this.dQueries = backend.tensor(steps, batch, size);
        this.dQueryInput = backend.tensor(steps, batch, size);
        this.weights = backend.tensor(steps, batch, sourceSteps);
        this.context = backend.tensor(steps, batch, valueSize);
        this.dContext = backend.tensor(steps, batch, valueSize);
        this.joined = backend.tensor(steps, batch, size + valueSize);
        this.dJoined = backend.tensor(steps, batch, size + valueSize);
        this.attended = backend.tensor(steps, batch, size);
    }

    static void addWeights(ParameterLayout.Builder builder, EncoderDecoderSpec spec) {
        int size = spec.hiddenSize();
        int valueSize = spec.encoder().outputSize();
        builder.add("attention.key.weight", size, valueSize);
        if (spec.source() == EncoderDecoderSpec.Source.ADDITIVE_ATTENTION) {
            builder.add("attention.query.weight", size, size).add("attention.query.bias", size);
            builder.add("attention.score.weight", 1, size);
        }
        builder.add("attention.output.weight", size, size + valueSize).add("attention.output.bias", size);
    }

    /** Projects the outputs of the encoder {@code [S,N,D*H]}: once for all steps of the decoder. */
    void read(Tensor encoded) {
        keyMap.forward(encoded, keys);
    }

    /** The keys {@code [S,N,H]}, for who fills them otherwise. */
    Tensor keys() {
        return keys;
    }

    /** What takes the place of the outputs y {@code [T,N,H]} of the decoder. */
    Tensor forward(Tensor y, Tensor encoded, IntTensor valid) {
        if (queryMap != null) {
            queryMap.forward(y, queries);
        }
        attention.forward(queryMap != null ? queries : y, keys, encoded, valid, u, weights, context);
        features.concat(joined, y, context);
        outputMap.forward(joined, attended);
        elementwise.activate(Activation.TANH, attended, attended);
        return attended;
    }

    /**
     * The backward pass.
     *
     * @param dAttended gradient by what {@link #forward} returned, overwritten
     * @param dy receives the gradient by y
     * @param dEncoded receives the gradient by the outputs of the encoder
     */
    void backward(Tensor y, Tensor encoded, IntTensor valid, Tensor dAttended, Tensor dy, Tensor dEncoded) {
        elementwise.activateBackward(Activation.TANH, attended, dAttended, dAttended);
        outputMap.backward(joined, dAttended, dJoined);
        features.split(dJoined, dy, dContext);
        dKeys.fill(0);
        dEncoded.fill(0);
        attention.backward(
                queryMap != null ? queries : y,
                keys,
                encoded,
                valid,
                u,
                weights,
                dContext,
                dQueries,
                dKeys,
                dEncoded,
                du);
        if (queryMap != null) {
            queryMap.backward(y, dQueries, dQueryInput);
        }
        elementwise.add(1, queryMap != null ? dQueryInput : dQueries, dy);
        keyMap.backward(encoded, dKeys, dKeyInput);
        elementwise.add(1, dKeyInput, dEncoded);
    }

    /** The weights {@code [T,N,S]} of the last forward pass. */
    Tensor weights() {
        return weights;
    }

    @Override
    public void close() {
        for (Tensor tensor : new Tensor[] {
            keys,
            dKeys,
            dKeyInput,
            queries,
            dQueries,
            dQueryInput,
            weights,
            context,
            dContext,
            joined,
            dJoined,
            attended
        }) {
            tensor.close();
        }
    }
}
