package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.fail;

import dev.rondo.Backend;
import dev.rondo.ForwardCall;
import dev.rondo.Input;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/**
 * One training step of a network with all of its arguments, outside of any backend. They are random, and the same for
 * the same seed; a test changes what it wants to.
 */
final class RnnCase {
    /** RNN_RELU has no derivative at 0: pre-activations keep this distance, far more than the differences move them. */
    private static final double KINK_DISTANCE = 1e-4;

    final RnnSpec spec;
    final int steps;
    final int batch;
    private final long seed;
    double[] x;
    int @Nullable [] indices;
    int @Nullable [] lengths;
    double[] weights;

    @Nullable
    StateValues initial;

    double @Nullable [] dy;

    @Nullable
    StateValues dLast;

    long dropoutSeed;

    private RnnCase(RnnSpec spec, int steps, int batch, long seed) {
        Numbers numbers = new Numbers(seed);
        this.spec = spec;
        this.steps = steps;
        this.batch = batch;
        this.seed = seed;
        this.x = numbers.uniform(steps * batch * spec.inputSize(), 1);
        this.weights = numbers.uniform(spec.layout().size(), 0.7);
        this.initial = StateValues.random(spec, batch, numbers);
        this.dy = numbers.uniform(steps * batch * spec.outputSize(), 1);
        this.dLast = StateValues.random(spec, batch, numbers);
        this.dropoutSeed = seed;
    }

    static RnnCase random(RnnSpec spec, int steps, int batch, long seed) {
        return new RnnCase(spec, steps, batch, seed);
    }

    RnnCase copy() {
        return as(spec, steps);
    }

    /** The same numbers for another network or number of steps; what does not fit is for the caller to replace. */
    private RnnCase as(RnnSpec otherSpec, int otherSteps) {
        RnnCase copy = new RnnCase(otherSpec, otherSteps, batch, seed);
        copy.x = x.clone();
        copy.indices = indices == null ? null : indices.clone();
        copy.lengths = lengths == null ? null : lengths.clone();
        copy.weights = weights.clone();
        copy.initial = initial;
        copy.dy = dy == null ? null : dy.clone();
        copy.dLast = dLast;
        copy.dropoutSeed = dropoutSeed;
        return copy;
    }

    /** The same numbers for another network of the same sizes. */
    RnnCase withSpec(RnnSpec otherSpec) {
        return as(otherSpec, steps);
    }

    RnnCase withLengths(int @Nullable ... rowLengths) {
        RnnCase copy = copy();
        copy.lengths = rowLengths == null ? null : rowLengths.clone();
        return copy;
    }

    RnnCase withInitial(@Nullable StateValues state) {
        RnnCase copy = copy();
        copy.initial = state;
        return copy;
    }

    /** With indices as input; {@link #x} becomes the one-hot vectors. */
    RnnCase oneHot() {
        RnnCase copy = copy();
        int[] hot = new Numbers(seed + 1).indices(steps * batch, spec.inputSize());
        copy.indices = hot;
        copy.x = new double[x.length];
        for (int m = 0; m < hot.length; m++) {
            copy.x[m * spec.inputSize() + hot[m]] = 1;
        }
        return copy;
    }

    /** The steps {@code from} to {@code to - 1}, as a sequence of their own. */
    RnnCase part(int from, int to) {
        RnnCase part = as(spec, to - from);
        part.x = slice(x, from, to, spec.inputSize());
        part.indices = indices == null ? null : Arrays.copyOfRange(indices, from * batch, to * batch);
        part.dy = dy == null ? null : slice(dy, from, to, spec.outputSize());
        part.lengths = lengths == null
                ? null
                : Arrays.stream(lengths)
                        .map(length -> Math.max(0, Math.min(length, to) - from))
                        .toArray();
        return part;
    }

    private double[] slice(double[] values, int from, int to, int size) {
        return Arrays.copyOfRange(values, from * batch * size, to * batch * size);
    }

    /** This, or with other seeds the first one, whose pre-activations keep their distance from the kink of RNN_RELU. */
    RnnCase awayFromKink() {
        for (int attempt = 0; attempt < 100; attempt++) {
            RnnCase other = copy();
            other.weights = new Numbers(seed + 1000L * attempt).uniform(weights.length, 0.7);
            if (other.naive().distanceFromKink() >= KINK_DISTANCE) {
                return other;
            }
        }
        return fail("no pre-activations away from the kink: " + this);
    }

    int length(int n) {
        return lengths == null ? steps : lengths[n];
    }

    NaiveNetwork naive() {
        return new NaiveNetwork(this);
    }

    /** {@code <y,dy> + <h_n,dh_n> + <c_n,dc_n>} by the naive evaluator. */
    double naiveLoss() {
        NaiveNetwork network = naive();
        double loss = dy == null ? 0 : dot(network.y(), dy);
        if (dLast != null) {
            StateValues last = network.last();
            loss += dot(last.h(), dLast.h()) + dot(last.c(), dLast.c());
        }
        return loss;
    }

    /** Values of some steps, and then those of the next ones. */
    static double[] concatenated(double[] a, double[] b) {
        return DoubleStream.concat(Arrays.stream(a), Arrays.stream(b)).toArray();
    }

    static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    Rnn rnn(Backend backend) {
        return rnn(backend, Purpose.TRAINING);
    }

    /** The network, or a test that is skipped where the backend does not have it. */
    Rnn rnn(Backend backend, Purpose purpose) {
        assumeSupported(backend, spec);
        return backend.rnn(spec, steps, batch, purpose);
    }

    /** Skips the test, with the reason, where the backend does not have the network. */
    static void assumeSupported(Backend backend, RnnSpec spec) {
        Optional<String> missing = backend.unsupported(spec);
        Assumptions.assumeTrue(missing.isEmpty(), () -> missing.orElse(""));
    }

    RnnParameters weights(Backend backend) {
        RnnParameters parameters = backend.parameters(spec);
        parameters.flat().set(weights);
        return parameters;
    }

    Input input(Backend backend) {
        return indices != null
                ? backend.intTensor(steps, batch).set(indices)
                : backend.tensor(steps, batch, spec.inputSize()).set(x);
    }

    Tensor y(Backend backend) {
        return backend.tensor(steps, batch, spec.outputSize()).fill(Double.NaN);
    }

    @Nullable
    Tensor dy(Backend backend) {
        return dy == null
                ? null
                : backend.tensor(steps, batch, spec.outputSize()).set(dy);
    }

    @Nullable
    RnnState initial(Backend backend) {
        return initial == null ? null : initial.on(backend, spec, batch);
    }

    @Nullable
    RnnState dLast(Backend backend) {
        return dLast == null ? null : dLast.on(backend, spec, batch);
    }

    RnnState garbageState(Backend backend) {
        return StateValues.filled(spec, batch, Double.NaN).on(backend, spec, batch);
    }

    /** One forward and backward pass. Whatever is assigned holds NaN before. */
    RnnOutcome run(Backend backend) {
        try (Rnn rnn = rnn(backend)) {
            return run(backend, rnn);
        }
    }

    RnnOutcome run(Backend backend, Rnn rnn) {
        Tensor y = y(backend);
        RnnState last = garbageState(backend);
        Tensor dx = indices != null
                ? null
                : backend.tensor(steps, batch, spec.inputSize()).fill(Double.NaN);
        RnnState dInitial = garbageState(backend);
        RnnParameters gradients = backend.parameters(spec);
        RnnParameters parameters = weights(backend);
        Input input = input(backend);
        TrainingPass pass = rnn.call(parameters, input)
                .lengths(lengths)
                .initial(initial(backend))
                .y(y)
                .last(last)
                .dropoutSeed(dropoutSeed)
                .train();
        pass.backward()
                .dy(dy(backend))
                .dLast(dLast(backend))
                .dx(dx)
                .dInitial(dInitial)
                .gradients(gradients)
                .run();
        return new RnnOutcome(
                y.toDoubles(),
                StateValues.of(last),
                dx == null ? new double[0] : dx.toDoubles(),
                StateValues.of(dInitial),
                gradients.flat().toDoubles());
    }

    /** A forward pass only: the gradients of the outcome are empty. */
    RnnOutcome forward(Backend backend, Purpose purpose) {
        try (Rnn rnn = rnn(backend, purpose)) {
            return forward(backend, rnn, purpose);
        }
    }

    RnnOutcome forward(Backend backend, Rnn rnn, Purpose purpose) {
        Tensor y = y(backend);
        RnnState last = garbageState(backend);
        ForwardCall call = rnn.call(weights(backend), input(backend))
                .lengths(lengths)
                .initial(initial(backend))
                .y(y)
                .last(last)
                .dropoutSeed(dropoutSeed);
        if (purpose == Purpose.TRAINING) {
            call.train().close();
        } else {
            call.run();
        }
        double[] none = new double[0];
        return new RnnOutcome(y.toDoubles(), StateValues.of(last), none, new StateValues(none, none), none);
    }

    @Override
    public String toString() {
        return spec.cell() + " L" + spec.layers() + " " + spec.direction() + (spec.bias() ? "" : " without bias")
                + (spec.dropout() > 0 ? " dropout " + spec.dropout() : "") + " T" + steps + " N" + batch + " I"
                + spec.inputSize() + " H" + spec.hiddenSize()
                + (lengths == null ? "" : " lengths " + Arrays.toString(lengths))
                + (indices == null ? "" : " one-hot") + " seed " + seed;
    }
}
