package dev.rondo.model;

import dev.rondo.Backend;
import dev.rondo.BackwardCall;
import dev.rondo.Elementwise;
import dev.rondo.ForwardCall;
import dev.rondo.IntTensor;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import dev.rondo.internal.Arguments;
import dev.rondo.train.SoftmaxCrossEntropy;
import org.jspecify.annotations.Nullable;

/**
 * Sequence to sequence of another length (Sutskever, Vinyals, Le 2014; Cho et al. 2014): an encoder reads the source, the state
 * that it ends in is the first one of a decoder, which writes the target word by word. In training the decoder is shown the
 * target's own words, one step late ("teacher forcing"). What else it sees of the source says {@link EncoderDecoderSpec.Source}.
 * {@link SequenceSearch} writes with a trained one.
 */
public final class EncoderDecoder implements AutoCloseable {
    private final EncoderDecoderSpec spec;
    private final Trainable learned;
    private final Table source;
    private final Table target;
    private final Recurrence encoder;
    private final Recurrence decoder;
    private final StateBridge bridge;
    private final Affine output;
    private final SoftmaxCrossEntropy crossEntropy;
    private final Elementwise elementwise;

    /** Where the decoder attends. */
    private final @Nullable AttentionOutput attention;

    /** Where it sees one vector, which conditions all steps. */
    private final @Nullable Summary summary;

    private final IntTensor valid;
    private final Tensor sourceVectors;
    private final Tensor dSourceVectors;
    private final Tensor encoded;
    private final Tensor dEncoded;
    private final RnnState last;
    private final Tensor targetVectors;
    private final Tensor dTargetVectors;
    private final Tensor y;
    private final Tensor dy;
    private final RnnState dInitial;
    private final Tensor attendedGradient;
    private final Tensor logits;
    private long dropoutSeed;

    /**
     * A model with weights of zero; see {@link Trainable#initialize}.
     *
     * @param backend where it runs
     * @param spec the model
     * @param sourceSteps S of every batch
     * @param targetSteps T of every batch
     * @param batch N of every batch
     */
    public EncoderDecoder(Backend backend, EncoderDecoderSpec spec, int sourceSteps, int targetSteps, int batch) {
        this(new Trainable(backend, spec.layout()), spec, sourceSteps, targetSteps, batch);
    }

    /** A model with weights that are there; they are closed with it. */
    EncoderDecoder(Trainable learned, EncoderDecoderSpec spec, int sourceSteps, int targetSteps, int batch) {
        Backend backend = learned.backend();
        this.spec = Arguments.notNull("spec", spec);
        this.learned = learned;
        this.source = learned.table("source.");
        this.encoder = learned.recurrence("encoder.", spec.encoder(), sourceSteps, batch);
        this.bridge = new StateBridge(backend, learned, spec.encoder(), spec.decoder(), batch);
        this.target = learned.table("target.");
        boolean attends = spec.source() != EncoderDecoderSpec.Source.SUMMARY;
        this.summary = attends ? null : new Summary(backend, learned, spec, batch);
        this.decoder = learned.recurrence("decoder.", spec.decoder(), targetSteps, batch);
        this.attention = attends ? new AttentionOutput(backend, learned, spec, sourceSteps, targetSteps, batch) : null;
        this.output = learned.affine("output.");
        this.crossEntropy = new SoftmaxCrossEntropy(backend);
        this.elementwise = new Elementwise(backend);
        this.valid = backend.intTensor(batch);
        this.sourceVectors = backend.tensor(sourceSteps, batch, spec.embeddingSize());
        this.dSourceVectors = backend.tensor(sourceSteps, batch, spec.embeddingSize());
        this.encoded = backend.tensor(sourceSteps, batch, spec.encoder().outputSize());
        this.dEncoded = backend.tensor(sourceSteps, batch, spec.encoder().outputSize());
        this.last = backend.state(spec.encoder(), batch);
        this.targetVectors = backend.tensor(targetSteps, batch, spec.embeddingSize());
        this.dTargetVectors = backend.tensor(targetSteps, batch, spec.embeddingSize());
        this.y = backend.tensor(targetSteps, batch, spec.hiddenSize());
        this.dy = backend.tensor(targetSteps, batch, spec.hiddenSize());
        this.dInitial = backend.state(spec.decoder(), batch);
        this.attendedGradient = backend.tensor(targetSteps, batch, spec.hiddenSize());
        this.logits = backend.tensor(targetSteps, batch, spec.targetWords());
    }

    /**
     * The weights and gradients.
     *
     * @return closed with this
     */
    public Trainable learned() {
        return learned;
    }

    /**
     * The model.
     *
     * @return its description
     */
    public EncoderDecoderSpec spec() {
        return spec;
    }

    /**
     * Seeds the dropout of the training passes that follow.
     *
     * @param seed any number
     */
    public void setDropoutSeed(long seed) {
        this.dropoutSeed = seed;
    }

    /**
     * Computes the mean cross-entropy of a batch in nats per target, and adds up its gradients.
     *
     * @param sourceWords {@code [S,N]}
     * @param sourceLengths valid steps of each source, {@code [N]}
     * @param inputs what the decoder is shown, {@code [T,N]}: the target one step late
     * @param inputLengths valid steps of each target, {@code [N]}
     * @param targets {@code [T,N]}; negative for a step that does not count
     * @param loss receives it, {@code [1]}
     */
    public void train(
            IntTensor sourceWords,
            int[] sourceLengths,
            IntTensor inputs,
            int[] inputLengths,
            IntTensor targets,
            Tensor loss) {
        valid.set(sourceLengths);
        source.forward(sourceWords, sourceVectors);
        target.forward(inputs, targetVectors);
        try (TrainingPass reading = reading(sourceLengths).train();
                TrainingPass writing = writing(inputLengths).train()) {
            Tensor attended = attended();
            output.forward(attended, logits);
            crossEntropy.apply(logits, targets, loss, logits);

            BackwardCall back =
                    decoder.backward(writing).dy(dy).dx(dTargetVectors).dInitial(dInitial);
            BackwardCall begin = encoder.backward(reading).dx(dSourceVectors);
            if (attention != null) {
                output.backward(attended, logits, attendedGradient);
                attention.backward(y, encoded, valid, attendedGradient, dy, dEncoded);
                begin.dy(dEncoded);
            } else {
                output.backward(attended, logits, dy);
            }
            if (summary != null) {
                back.dCondition(summary.dCondition());
            }
            back.run();
            RnnState dLast = bridge.backward(dInitial);
            if (summary != null) {
                summary.addBackward(dLast, elementwise);
            }
            begin.dLast(dLast).run();
        }
        target.backward(inputs, dTargetVectors);
        source.backward(sourceWords, dSourceVectors);
    }

    private ForwardCall reading(int[] lengths) {
        ForwardCall call = encoder.call(sourceVectors)
                .lengths(lengths)
                .dropoutSeed(dropoutSeed)
                .last(last);
        return attention != null ? call.y(encoded) : call;
    }

    private ForwardCall writing(int[] lengths) {
        ForwardCall call = decoder.call(targetVectors)
                .lengths(lengths)
                .dropoutSeed(~dropoutSeed)
                .initial(bridge.forward(last))
                .y(y);
        return summary != null ? call.condition(summary.forward(last)) : call;
    }

    /** What the output layer sees. */
    private Tensor attended() {
        if (attention == null) {
            return y;
        }
        attention.read(encoded);
        return attention.forward(y, encoded, valid);
    }

    /**
     * Computes the logits of targets that are given, without training.
     *
     * @param sourceWords {@code [S,N]}
     * @param sourceLengths valid steps of each source, {@code [N]}
     * @param inputs what the decoder is shown, {@code [T,N]}
     * @param inputLengths valid steps of each target, {@code [N]}
     * @return {@code [T,N,V]}, until the next call
     */
    public Tensor forward(IntTensor sourceWords, int[] sourceLengths, IntTensor inputs, int[] inputLengths) {
        valid.set(sourceLengths);
        source.forward(sourceWords, sourceVectors);
        target.forward(inputs, targetVectors);
        reading(sourceLengths).run();
        writing(inputLengths).run();
        output.forward(attended(), logits);
        return logits;
    }

    /**
     * The weights of attention of the last pass.
     *
     * @return {@code [T,N,S]}
     * @throws IllegalStateException if the model does not attend
     */
    public Tensor attentionWeights() {
        if (attention == null) {
            throw new IllegalStateException("attentionWeights: expected a model with attention, got " + spec.source());
        }
        return attention.weights();
    }

    @Override
    public void close() {
        learned.close();
        bridge.close();
        if (attention != null) {
            attention.close();
        }
        if (summary != null) {
            summary.close();
        }
        valid.close();
        last.close();
        dInitial.close();
        for (Tensor tensor : new Tensor[] {
            sourceVectors,
            dSourceVectors,
            encoded,
            dEncoded,
            targetVectors,
            dTargetVectors,
            y,
            dy,
            attendedGradient,
            logits
        }) {
            tensor.close();
        }
    }
}
