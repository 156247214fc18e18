package dev.rondo.cuda;

import dev.rondo.Backend;
import dev.rondo.ForwardCall;
import dev.rondo.Input;
import dev.rondo.IntTensor;
import dev.rondo.Linear;
import dev.rondo.Parameters;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import dev.rondo.train.Adam;
import dev.rondo.train.GradientClipping;
import dev.rondo.train.SoftmaxCrossEntropy;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A training step with all that it needs: network, linear layer, loss, clipping, optimizer. Every run starts from the same numbers,
 * so every run gives the same bits.
 */
final class TrainingStep implements AutoCloseable {
    private static final int CLASSES = 5;

    private final Deque<AutoCloseable> open = new ArrayDeque<>();
    private final RnnSpec spec;
    private final float[] startWeights;
    private final float[] startLinear;
    private final int @Nullable [] lengths;
    private final Rnn rnn;
    private final Linear linear;
    private final SoftmaxCrossEntropy crossEntropy;
    private final Input x;
    private final IntTensor targets;
    private final RnnState initial;
    private final RnnState last;
    private final RnnState dInitial;
    private final RnnParameters weights;
    private final RnnParameters gradients;
    private final Parameters linearWeights;
    private final Parameters linearGradients;
    private final Tensor y;
    private final Tensor logits;
    private final Tensor dy;
    private final @Nullable Tensor dx;
    private final Tensor loss;
    private final GradientClipping clipping;
    private final Adam optimizer;

    /**
     * Makes everything, or nothing where something fails.
     *
     * @param isIndices whether the input is indices
     * @param rowLengths valid steps of each row; null for all
     */
    TrainingStep(Backend backend, RnnSpec spec, int steps, int batch, boolean isIndices, int @Nullable [] rowLengths) {
        this.spec = spec;
        this.lengths = rowLengths;
        Random random = new Random(7);
        startWeights = floats(random, spec.layout().size());
        startLinear = floats(random, Linear.layout(spec.outputSize(), CLASSES).size());
        try {
            rnn = own(backend.rnn(spec, steps, batch, Purpose.TRAINING));
            linear = backend.linear(spec.outputSize(), CLASSES);
            crossEntropy = new SoftmaxCrossEntropy(backend);
            if (isIndices) {
                x = own(backend.intTensor(steps, batch))
                        .set(random.ints(steps * batch, 0, spec.inputSize()).toArray());
                dx = null;
            } else {
                x = own(backend.tensor(steps, batch, spec.inputSize()))
                        .set(floats(random, steps * batch * spec.inputSize()));
                dx = own(backend.tensor(steps, batch, spec.inputSize()));
            }
            targets = own(backend.intTensor(steps, batch))
                    .set(random.ints(steps * batch, -1, CLASSES).toArray());
            initial = own(backend.state(spec, batch));
            initial.h().set(floats(random, initial.h().size()));
            last = own(backend.state(spec, batch));
            dInitial = own(backend.state(spec, batch));
            weights = own(backend.parameters(spec));
            gradients = own(backend.parameters(spec));
            linearWeights = own(backend.parameters(Linear.layout(spec.outputSize(), CLASSES)));
            linearGradients = own(backend.parameters(Linear.layout(spec.outputSize(), CLASSES)));
            y = own(backend.tensor(steps, batch, spec.outputSize()));
            logits = own(backend.tensor(steps, batch, CLASSES));
            dy = own(backend.tensor(steps, batch, spec.outputSize()));
            loss = own(backend.tensor(1));
            clipping = own(new GradientClipping(backend));
            optimizer = own(new Adam(backend, startWeights.length, 0.01));
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private <T extends AutoCloseable> T own(T part) {
        open.push(part);
        return part;
    }

    private static float[] floats(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (random.nextFloat() - 0.5f) * 0.8f;
        }
        return values;
    }

    /** Sets the numbers that a step starts from. */
    void reset() {
        weights.flat().set(startWeights);
        linearWeights.flat().set(startLinear);
        optimizer.setUpdates(0);
        optimizer.state().values().forEach(vector -> vector.fill(0));
    }

    /** The step itself, without a result on the host. */
    void train() {
        gradients.flat().fill(0);
        linearGradients.flat().fill(0);
        ForwardCall call = rnn.call(weights, x)
                .lengths(lengths)
                .initial(initial)
                .y(y)
                .last(last)
                .dropoutSeed(3);
        try (TrainingPass pass = call.train()) {
            Tensor weight = linearWeights.tensor("weight");
            linear.forward(weight, linearWeights.tensor("bias"), y, logits);
            crossEntropy.apply(logits, targets, loss, logits);
            linear.backward(weight, y, logits, dy, linearGradients.tensor("weight"), linearGradients.tensor("bias"));
            pass.backward()
                    .dy(dy)
                    .dLast(last)
                    .dx(dx)
                    .dInitial(dInitial)
                    .gradients(gradients)
                    .run();
        }
        clipping.byGlobalNorm(gradients.flat(), 0.05);
        optimizer.update(weights.flat(), gradients.flat());
    }

    /** The loss of the last step. */
    float loss() {
        return loss.toFloats()[0];
    }

    /** Resets, trains, and gives a hash of everything that the step computed. */
    String run() {
        reset();
        train();
        return hash();
    }

    /** SHA-256 of all results. */
    String hash() {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            add(sha, y);
            add(sha, last);
            add(sha, logits);
            add(sha, loss);
            add(sha, dy);
            add(sha, dx);
            add(sha, dInitial);
            add(sha, gradients.flat());
            add(sha, linearGradients.flat());
            add(sha, weights.flat());
            return HexFormat.of().formatHex(sha.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private void add(MessageDigest sha, RnnState state) {
        add(sha, state.h());
        add(sha, spec.cell().hasCellState() ? state.c() : null);
    }

    private static void add(MessageDigest sha, @Nullable Tensor tensor) {
        if (tensor != null) {
            float[] values = tensor.toFloats();
            ByteBuffer bytes = ByteBuffer.allocate(4 * values.length);
            bytes.asFloatBuffer().put(values);
            sha.update(bytes);
        }
    }

    /** The network. */
    Rnn rnn() {
        return rnn;
    }

    /** The outputs. */
    Tensor y() {
        return y;
    }

    /** The weights of the network. */
    RnnParameters weights() {
        return weights;
    }

    @Override
    public void close() {
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (Exception e) {
                throw new AssertionError("close does not throw", e);
            }
        }
    }
}
