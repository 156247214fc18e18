package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rondo.Backend;
import dev.rondo.BackwardCall;
import dev.rondo.Cell;
import dev.rondo.Direction;
import dev.rondo.ForwardCall;
import dev.rondo.IntTensor;
import dev.rondo.Linear;
import dev.rondo.ParameterLayout;
import dev.rondo.Parameters;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/**
 * Wrong calls. Each one is refused with an exception that names the argument, what was expected and what came; what it
 * would have written stays as it was, and the next right call gives what it always gives.
 */
public abstract class ArgumentContract extends BackendContract {
    /** For subclasses. */
    protected ArgumentContract() {}

    private static final double UNTOUCHED = 7.5;
    private static final int STEPS = 4;
    private static final int BATCH = 3;

    private RnnCase network;
    private RnnOutcome expected;
    private RnnSpec spec;
    private Rnn rnn;
    private RnnParameters weights;
    private Tensor x;
    private RnnState initial;
    private Tensor y;
    private RnnState last;
    private Tensor dy;
    private RnnState dLast;
    private Tensor dx;
    private RnnState dInitial;
    private RnnParameters gradients;

    @BeforeEach
    final void makeANetworkAndItsArguments() {
        spec = RnnSpec.of(Cell.LSTM, 3, 2).withLayers(2);
        network = RnnCase.random(spec, STEPS, BATCH, 71);
        expected = network.run(backend());
        rnn = network.rnn(backend());
        weights = network.weights(backend());
        x = (Tensor) network.input(backend());
        initial = network.initial(backend());
        y = network.y(backend()).fill(UNTOUCHED);
        last = StateValues.filled(spec, BATCH, UNTOUCHED).on(backend(), spec, BATCH);
        dy = network.dy(backend());
        dLast = network.dLast(backend());
        dx = backend().tensor(STEPS, BATCH, 3).fill(UNTOUCHED);
        dInitial = StateValues.filled(spec, BATCH, UNTOUCHED).on(backend(), spec, BATCH);
        gradients = backend().parameters(spec);
        gradients.flat().fill(UNTOUCHED);
    }

    private Tensor tensor(int... shape) {
        return backend().tensor(shape);
    }

    private TrainingPass train() {
        return rnn.call(weights, x).initial(initial).y(y).last(last).train();
    }

    private BackwardCall backwardCall(TrainingPass pass) {
        return pass.backward().dy(dy).dLast(dLast).dx(dx).dInitial(dInitial).gradients(gradients);
    }

    private void backward(TrainingPass pass) {
        backwardCall(pass).run();
    }

    /** Refused, nothing written, and still usable. */
    private void refuses(Class<? extends Exception> type, Executable call, String... words) {
        Refusal.check(type, call, words);
        requireUntouched(y);
        requireUntouched(last.h());
        requireUntouched(last.c());
        requireUntouched(dx);
        requireUntouched(dInitial.h());
        requireUntouched(dInitial.c());
        requireUntouched(gradients.flat());
        expected.assertSameBits(network.run(backend(), rnn));
    }

    private static void requireUntouched(Tensor tensor) {
        for (double element : tensor.toDoubles()) {
            assertEquals(UNTOUCHED, element);
        }
    }

    private void refusesForward(RnnParameters w, Tensor input, int[] lengths, String... words) {
        ForwardCall call =
                rnn.call(w, input).lengths(lengths).initial(initial).y(y).last(last);
        refuses(IllegalArgumentException.class, call::run, words);
        refuses(IllegalArgumentException.class, call::train, words);
    }

    @Test
    void nullArgumentsOfForward() {
        Class<NullPointerException> type = NullPointerException.class;
        refuses(type, () -> rnn.forward(weights, x, null), "y: must not be null");
        refuses(type, () -> rnn.call(null, x).y(y).last(last).train(), "weights: must not be null");
        refuses(type, () -> rnn.call(weights, null).y(y).last(last).train(), "x: must not be null");
        refuses(type, () -> rnn.step(weights, null, initial, null), "x: must not be null");
        refuses(type, () -> rnn.step(weights, x.view(0, 1, BATCH, 3), null, null), "state: must not be null");
        refuses(type, () -> rnn.step(null, x.view(0, 1, BATCH, 3), initial, null), "weights: must not be null");
    }

    @Test
    void inputsOfAnotherShape() {
        refusesForward(weights, tensor(STEPS, BATCH, 4), null, "x: expected", "[T,N,I]", "3", "[4, 3, 4]");
        refusesForward(weights, tensor(STEPS, BATCH), null, "x: expected", "[T,N,I]", "[4, 3]");
        refusesForward(weights, tensor(STEPS, BATCH, 3, 1), null, "x: expected", "[T,N,I]", "[4, 3, 3, 1]");
        refusesForward(weights, tensor(), null, "x: expected", "[T,N,I]", "[]");
        IntTensor indices = backend().intTensor(STEPS, BATCH, 3);
        refuses(
                IllegalArgumentException.class,
                () -> rnn.call(weights, indices)
                        .initial(initial)
                        .y(y)
                        .last(last)
                        .train(),
                "x: expected",
                "[T,N]",
                "[4, 3, 3]");
    }

    @Test
    void moreStepsOrRowsThanTheNetworkHasRoomFor() {
        refusesForward(weights, tensor(STEPS + 1, BATCH, 3), null, "x: expected", "maxSteps = 4", "got 5");
        refusesForward(weights, tensor(STEPS, BATCH + 1, 3), null, "x: expected", "maxBatch = 3", "got 4");
    }

    @Test
    void lengthsOutOfRange() {
        refusesForward(weights, x, new int[] {4, 5, 0}, "lengths[1]: expected 0 to", "4", "got 5");
        refusesForward(weights, x, new int[] {4, 0, -1}, "lengths[2]: expected 0 to", "4", "got -1");
        refusesForward(weights, x, new int[] {4, 4}, "lengths: expected", "3", "got 2");
        refusesForward(weights, x, new int[] {4, 4, 4, 4}, "lengths: expected", "3", "got 4");
        refusesForward(weights, x, new int[0], "lengths: expected", "3", "got 0");
    }

    @Test
    void statesOfAnotherShape() {
        RnnState small = backend().state(spec, BATCH - 1);
        RnnState shallow = backend().state(spec.withLayers(1), BATCH);
        RnnState withoutCell = new RnnState(tensor(2, BATCH, 2), null);
        Class<IllegalArgumentException> type = IllegalArgumentException.class;
        refuses(type, () -> forwardWith(small, last), "initial.h: expected", "[L*D,N,H]", "[2, 3, 2]", "[2, 2, 2]");
        refuses(type, () -> forwardWith(shallow, last), "initial.h: expected", "[2, 3, 2]", "[1, 3, 2]");
        refuses(type, () -> forwardWith(withoutCell, last), "initial.c: expected", "got null");
        refuses(type, () -> forwardWith(initial, small), "last.h: expected", "[2, 3, 2]", "[2, 2, 2]");
        refuses(type, () -> forwardWith(initial, withoutCell), "last.c: expected", "got null");
        RnnCase gru = RnnCase.random(RnnSpec.of(Cell.GRU, 3, 2).withLayers(2), STEPS, BATCH, 1);
        Rnn other = gru.rnn(backend());
        refuses(
                type,
                () -> other.call(gru.weights(backend()), x)
                        .initial(initial)
                        .y(y)
                        .train(),
                "initial.c: expected null",
                "GRU");
        other.close();
    }

    private void forwardWith(RnnState from, RnnState to) {
        rnn.call(weights, x).initial(from).y(y).last(to).train();
    }

    @Test
    void outputsOfAnotherShape() {
        refuses(
                IllegalArgumentException.class,
                () -> rnn.call(weights, x)
                        .initial(initial)
                        .y(tensor(STEPS, BATCH, 3))
                        .last(last)
                        .train(),
                "y: expected",
                "[T,N,D*H]",
                "[4, 3, 2]",
                "[4, 3, 3]");
        refuses(
                IllegalArgumentException.class,
                () -> rnn.call(weights, x)
                        .initial(initial)
                        .y(tensor(STEPS - 1, BATCH, 2))
                        .last(last)
                        .train(),
                "y: expected",
                "[3, 3, 2]");
    }

    @Test
    void weightsOfAnotherNetwork() {
        for (RnnSpec other : new RnnSpec[] {
            spec.withLayers(1), spec.withBias(false), spec.withDirection(Direction.REVERSE), RnnSpec.of(Cell.GRU, 3, 2)
        }) {
            refusesForward(backend().parameters(other), x, null, "weights: expected", "LSTM", other.toString());
        }
    }

    @Test
    void indicesOutOfRange() {
        for (int wrong : new int[] {3, -1, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            IntTensor indices = backend().intTensor(STEPS, BATCH).set(0, 1, 2, 0, wrong, 2, 0, 1, 2, 0, 1, 2);
            int[] valid = {4, 2, 1};
            refuses(
                    IllegalArgumentException.class,
                    () -> rnn.call(weights, indices)
                            .lengths(valid)
                            .initial(initial)
                            .y(y)
                            .last(last)
                            .train(),
                    "x",
                    "[1,1]",
                    "0 to 2",
                    "got " + wrong);
            TrainingPass pass = rnn.call(weights, indices)
                    .lengths(new int[] {4, 1, 4})
                    .initial(initial)
                    .train();
            pass.backward().run();
        }
    }

    @Test
    void overlappingOutputs() {
        int size = STEPS * BATCH * 2;
        Tensor all = tensor(1000).fill(0.25);
        Tensor output = all.view(100, STEPS, BATCH, 2);
        Tensor input = all.view(100 + size - 1, STEPS, BATCH, 3);
        Tensor flat = all.view(100 + size - 1, spec.layout().size());
        RnnState h = new RnnState(all.view(90, 2, BATCH, 2), tensor(2, BATCH, 2));
        RnnState c = new RnnState(tensor(2, BATCH, 2), all.view(100 + size - 1, 2, BATCH, 2));
        overlaps("y", "x", () -> rnn.call(weights, input).y(output).train());
        overlaps(
                "y",
                "weights",
                () -> rnn.call(new RnnParameters(spec, flat), x).y(output).train());
        overlaps("y", "initial", () -> rnn.call(weights, x).initial(h).y(output).train());
        overlaps("y", "last", () -> rnn.call(weights, x).y(output).last(h).train());
        overlaps("y", "initial", () -> rnn.call(weights, x).initial(c).y(output).train());
        overlaps("y", "last", () -> rnn.call(weights, x).y(output).last(c).train());
        TrainingPass pass = train();
        Tensor upstream = all.view(0, STEPS, BATCH, 2);
        overlaps(
                "dx",
                "dy",
                () -> pass.backward()
                        .dy(upstream)
                        .dx(all.view(1, STEPS, BATCH, 3))
                        .run());
        pass.backward().dy(dy).dLast(dLast).run();
        for (double element : all.toDoubles()) {
            assertEquals(0.25, element);
        }
    }

    private static void overlaps(String name, String other, Executable call) {
        Refusal.illegalArgument(call, name + ": expected memory apart from " + other, "overlap");
    }

    @Test
    void aPassIsConsumedOnce() {
        Class<IllegalStateException> type = IllegalStateException.class;
        String[] words = {"backward", "open pass", "consumed or closed"};
        TrainingPass consumed = rnn.call(weights, x).initial(initial).train();
        consumed.backward().dy(dy).dLast(dLast).run();
        refuses(type, () -> backward(consumed), words);
        consumed.close();
        TrainingPass closed = rnn.call(weights, x).initial(initial).train();
        closed.close();
        closed.close();
        refuses(type, () -> backward(closed), words);
    }

    @Test
    void aNetworkForInferenceHasNoTrainingPass() {
        try (Rnn inference = network.rnn(backend(), Purpose.INFERENCE)) {
            ForwardCall call = inference.call(weights, x).initial(initial).y(y);
            refuses(
                    IllegalStateException.class,
                    call::train,
                    "train: expected",
                    "TRAINING",
                    "got one made for INFERENCE");
        }
    }

    @Test
    void aCallOfWhichNothingIsWanted() {
        ForwardCall call = rnn.call(weights, x).initial(initial);
        refuses(IllegalArgumentException.class, call::run, "y, last: expected at least one");
    }

    @Test
    void wrongArgumentsOfBackwardKeepTheActivations() {
        TrainingPass pass = train();
        RnnState small = backend().state(spec, 1);
        RnnState withoutCell = new RnnState(tensor(2, BATCH, 2), null);
        Refusal.illegalArgument(
                () -> backwardCall(pass).dy(tensor(STEPS, BATCH, 3)).run(),
                "dy: expected",
                "[T,N,D*H]",
                "[4, 3, 2]",
                "[4, 3, 3]");
        Refusal.illegalArgument(
                () -> backwardCall(pass).dLast(small).run(), "dLast.h: expected", "[2, 3, 2]", "[2, 1, 2]");
        Refusal.illegalArgument(() -> backwardCall(pass).dLast(withoutCell).run(), "dLast.c: expected", "got null");
        Refusal.illegalArgument(
                () -> backwardCall(pass).dx(tensor(STEPS, BATCH, 2)).run(),
                "dx: expected",
                "[T,N,I]",
                "[4, 3, 3]",
                "[4, 3, 2]");
        Refusal.illegalArgument(() -> backwardCall(pass).dInitial(small).run(), "dInitial.h: expected", "[2, 3, 2]");
        RnnParameters foreign = backend().parameters(spec.withLayers(1));
        Refusal.illegalArgument(
                () -> backwardCall(pass).gradients(foreign).run(),
                "gradients: expected",
                "2 layers",
                "got those of LSTM 3 -> 2");
        Tensor closed = tensor(STEPS, BATCH, 2);
        closed.close();
        Refusal.illegalState(() -> backwardCall(pass).dy(closed).run(), "dy", "closed");
        requireUntouched(dx);
        requireUntouched(dInitial.h());
        requireUntouched(gradients.flat());
        gradients.flat().fill(0);
        backward(pass);
        assertArrayEquals(expected.dx(), dx.toDoubles());
        expected.dInitial().assertSameBits("dInitial", StateValues.of(dInitial));
        assertArrayEquals(expected.gradients(), gradients.flat().toDoubles());
    }

    @Test
    void aRefusedForwardKeepsTheActivationsOfTheLastOne() {
        TrainingPass pass = train();
        Refusal.illegalArgument(
                () -> rnn.call(weights, x).lengths(new int[] {9, 9, 9}).train(), "lengths[0]");
        gradients.flat().fill(0);
        backward(pass);
        assertArrayEquals(expected.gradients(), gradients.flat().toDoubles());
    }

    @Test
    void indicesHaveNoInputGradient() {
        IntTensor indices = backend().intTensor(STEPS, BATCH);
        TrainingPass pass = rnn.call(weights, indices).initial(initial).train();
        refuses(IllegalArgumentException.class, () -> backward(pass), "dx: expected null", "indices", "[4, 3, 3]");
    }

    @Test
    void stepsNeedAForwardNetworkAndOneStep() {
        refuses(
                IllegalArgumentException.class,
                () -> rnn.step(weights, x, initial, null),
                "x: expected T = 1",
                "got T = 4");
        refuses(IllegalArgumentException.class, () -> rnn.step(weights, tensor(), initial, null), "x: expected");
        for (Direction direction : new Direction[] {Direction.REVERSE, Direction.BIDIRECTIONAL}) {
            RnnSpec other = spec.withDirection(direction);
            try (Rnn network = backend().rnn(other, STEPS, BATCH, Purpose.INFERENCE)) {
                RnnParameters parameters = backend().parameters(other);
                RnnState state = backend().state(other, BATCH);
                Tensor one = tensor(1, BATCH, 3);
                Refusal.illegalArgument(
                        () -> network.step(parameters, one, state, null),
                        "step: expected",
                        "FORWARD",
                        direction.name());
            }
        }
    }

    @Test
    void closedTensors() {
        Class<IllegalStateException> type = IllegalStateException.class;
        Tensor closedX = tensor(STEPS, BATCH, 3);
        closedX.close();
        closedX.close();
        refuses(type, () -> rnn.call(weights, closedX).y(y).last(last).train(), "x", "closed");
        RnnParameters closedWeights = backend().parameters(spec);
        closedWeights.close();
        refuses(type, () -> rnn.call(closedWeights, x).y(y).last(last).train(), "weights", "closed");
        RnnState closedState = backend().state(spec, BATCH);
        closedState.close();
        refuses(
                type,
                () -> rnn.call(weights, x).initial(closedState).y(y).last(last).train(),
                "initial",
                "closed");
        refuses(type, () -> rnn.call(weights, x).y(y).last(closedState).train(), "last", "closed");
        refuses(type, closedX::toDoubles, "closed");
        refuses(type, closedX::toFloats, "closed");
        refuses(type, () -> closedX.set(new double[STEPS * BATCH * 3]), "closed");
        refuses(type, () -> closedX.fill(1), "closed");
        refuses(type, () -> closedX.copyFrom(x), "closed");
        refuses(type, () -> tensor(STEPS, BATCH, 3).copyFrom(closedX), "source", "closed");
        refuses(type, () -> closedX.view(0, 2).toDoubles(), "closed");
        IntTensor closedIndices = backend().intTensor(STEPS, BATCH);
        closedIndices.close();
        refuses(type, () -> rnn.call(weights, closedIndices).y(y).last(last).train(), "x", "closed");
        refuses(type, closedIndices::toInts, "closed");
    }

    @Test
    void aClosedNetwork() {
        TrainingPass pass = train();
        rnn.close();
        rnn.close();
        Refusal.illegalState(this::train, "rnn", "closed");
        Refusal.illegalState(() -> backward(pass), "rnn", "closed");
        Refusal.illegalState(() -> rnn.step(weights, x.view(0, 1, BATCH, 3), initial, null), "rnn", "closed");
    }

    @Test
    void aClosedBackend() {
        Backend other = open();
        Rnn network = other.rnn(spec, STEPS, BATCH, Purpose.INFERENCE);
        RnnParameters parameters = other.parameters(spec);
        Tensor input = other.tensor(STEPS, BATCH, 3);
        Tensor output = other.tensor(STEPS, BATCH, 2);
        Linear linear = other.linear(2, 2);
        Tensor square = other.tensor(2, 2);
        other.close();
        other.close();
        String name = other.name();
        Refusal.illegalState(() -> other.tensor(1), "backend " + name + " is closed");
        Refusal.illegalState(() -> other.intTensor(1), "backend " + name + " is closed");
        Refusal.illegalState(() -> other.rnn(spec, STEPS, BATCH, Purpose.INFERENCE), "backend " + name + " is closed");
        Refusal.illegalState(() -> other.state(spec, BATCH), "backend " + name + " is closed");
        Refusal.illegalState(() -> other.parameters(spec), "backend " + name + " is closed");
        Refusal.illegalState(() -> network.forward(parameters, input, output), "closed");
        Refusal.illegalState(() -> linear.forward(square, null, square, square.view(0, 2, 2)), "closed");
        network.close();
    }

    @Test
    void sizesThatDoNotFit() {
        Refusal.illegalArgument(() -> tensor(65536, 65536), "shape: expected", "2147483639", "[65536, 65536]");
        Refusal.illegalArgument(() -> backend().intTensor(65536, 32768), "shape: expected", "2147483639");
        int big = Integer.MAX_VALUE;
        Refusal.illegalArgument(() -> tensor(big, big, big), "shape", "2147483647");
        Refusal.illegalArgument(() -> tensor(2, 0), "shape: expected", "at least 1", "[2, 0]");
        Refusal.illegalArgument(() -> tensor(-3), "shape: expected", "at least 1", "[-3]");
        Refusal.illegalArgument(
                () -> backend().rnn(spec, big, 1, Purpose.TRAINING), "maxSteps 2147483647", "expected at most");
        Refusal.illegalArgument(
                () -> backend().rnn(spec, 65536, 65536, Purpose.TRAINING), "maxSteps 65536 with maxBatch 65536");
        Refusal.illegalArgument(
                () -> backend().rnn(spec, 0, 1, Purpose.TRAINING), "maxSteps: expected at least 1, got 0");
        Refusal.illegalArgument(
                () -> backend().rnn(spec, 1, -1, Purpose.TRAINING), "maxBatch: expected at least 1, got -1");
        Refusal.nullArgument(() -> backend().rnn(null, 1, 1, Purpose.TRAINING), "spec");
        Refusal.nullArgument(() -> backend().rnn(spec, 1, 1, null), "purpose");
        Refusal.illegalArgument(() -> backend().state(spec, 0), "batch: expected at least 1, got 0");
        Refusal.illegalArgument(() -> backend().state(spec, big), "shape: expected", "2147483639");
        Refusal.nullArgument(() -> backend().state(null, 1), "spec");
        Refusal.illegalArgument(() -> backend().linear(0, 1), "inputSize: expected at least 1, got 0");
        Refusal.illegalArgument(() -> backend().linear(1, -1), "outputSize: expected at least 1, got -1");
        Refusal.illegalArgument(() -> backend().embedding(0, 1), "vocabularySize: expected at least 1, got 0");
        Refusal.illegalArgument(() -> backend().embedding(1, 0), "embeddingSize: expected at least 1, got 0");
        Refusal.nullArgument(() -> backend().parameters((RnnSpec) null), "spec");
        Refusal.nullArgument(() -> backend().parameters((ParameterLayout) null), "layout");
    }

    @Test
    void parametersOfAnotherSize() {
        Refusal.illegalArgument(() -> new RnnParameters(spec, tensor(5)), "flat: expected", "[5]");
        Refusal.nullArgument(() -> new RnnParameters(spec, null), "flat");
        Refusal.nullArgument(() -> new RnnParameters(null, tensor(5)), "spec");
        Refusal.illegalArgument(
                () -> weights.tensor("weight_ih_l7"), "name: expected one of", "weight_hh_l1", "got weight_ih_l7");
        Refusal.nullArgument(() -> weights.tensor(null), "name");
        try (Parameters linear = backend().parameters(Linear.layout(3, 2))) {
            Refusal.illegalArgument(() -> linear.tensor("wait"), "name: expected one of [weight, bias], got wait");
        }
    }
}
