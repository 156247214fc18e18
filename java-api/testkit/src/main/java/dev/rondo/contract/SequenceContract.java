package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.rondo.Backend;
import dev.rondo.Input;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What holds between two calls of a network, whatever it computes: splitting, permuting, padding, repeating,
 * accumulating. No oracle is needed. "The same" is bit for bit.
 */
public abstract class SequenceContract extends BackendContract {
    /** For subclasses. */
    protected SequenceContract() {}

    static List<RnnCase> all() {
        return RnnCases.all();
    }

    static List<RnnCase> forwardInTime() {
        return RnnCases.forwardInTime();
    }

    static Stream<RnnCase> uneven() {
        return Stream.concat(RnnCases.all().stream(), RnnCases.oneHot().stream())
                .filter(network -> network.lengths != null);
    }

    static List<RnnCase> oneHot() {
        return RnnCases.oneHot();
    }

    static List<RnnCase> withDropout() {
        return RnnCases.withDropout();
    }

    static List<RnnCase> everyCell() {
        return RnnCases.everyCell();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("forwardInTime")
    void splitSequenceEqualsOneRun(RnnCase network) {
        for (Purpose purpose : Purpose.values()) {
            RnnOutcome whole = network.forward(backend(), purpose);
            for (int split = 1; split < network.steps; split++) {
                RnnOutcome begin = network.part(0, split).forward(backend(), purpose);
                RnnOutcome end = network.part(split, network.steps)
                        .withInitial(begin.last())
                        .forward(backend(), purpose);
                assertArrayEquals(whole.y(), RnnCase.concatenated(begin.y(), end.y()), purpose + " split at " + split);
                whole.last().assertSameBits(purpose + " split at " + split, end.last());
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("everyCell")
    void stepsEqualOneRun(RnnCase dense) {
        for (RnnCase network : List.of(dense, dense.oneHot())) {
            RnnOutcome whole = network.forward(backend(), Purpose.INFERENCE);
            RnnParameters weights = network.weights(backend());
            RnnState state = network.initial(backend());
            double[] y = new double[0];
            try (Rnn rnn = network.rnn(backend())) {
                for (int t = 0; t < network.steps; t++) {
                    RnnCase step = network.part(t, t + 1);
                    Tensor output = step.y(backend());
                    rnn.step(weights, step.input(backend()), state, output);
                    y = RnnCase.concatenated(y, output.toDoubles());
                }
            }
            assertArrayEquals(whole.y(), y);
            whole.last().assertSameBits("state", StateValues.of(state));
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("all")
    void trainingAndInferenceGiveTheSameOutputs(RnnCase network) {
        network.forward(backend(), Purpose.TRAINING).assertSameForward(network.forward(backend(), Purpose.INFERENCE));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("all")
    void permutedRowsGivePermutedResults(RnnCase network) {
        int[] order = {2, 0, 1};
        RnnOutcome expected = network.run(backend());
        RnnOutcome actual = permuted(network, order).run(backend());
        RnnSpec spec = network.spec;
        assertArrayEquals(rows(expected.y(), spec.outputSize(), order), actual.y(), "y");
        assertArrayEquals(rows(expected.dx(), spec.inputSize(), order), actual.dx(), "dx");
        rows(expected.last(), spec, order).assertSameBits("last", actual.last());
        rows(expected.dInitial(), spec, order).assertSameBits("dInitial", actual.dInitial());
        backward().check("gradients", expected.gradients(), actual.gradients());
    }

    private static RnnCase permuted(RnnCase network, int... order) {
        RnnCase permuted = network.copy();
        int[] lengths = network.lengths;
        if (lengths != null) {
            permuted.lengths = Arrays.stream(order).map(n -> lengths[n]).toArray();
        }
        permuted.x = rows(network.x, network.spec.inputSize(), order);
        permuted.dy = rows(network.dy, network.spec.outputSize(), order);
        permuted.initial = rows(network.initial, network.spec, order);
        permuted.dLast = rows(network.dLast, network.spec, order);
        return permuted;
    }

    private static StateValues rows(StateValues state, RnnSpec spec, int... order) {
        return new StateValues(rows(state.h(), spec.hiddenSize(), order), rows(state.c(), spec.hiddenSize(), order));
    }

    /** {@code [.,N,size]} with row n taken from row {@code order[n]}. */
    private static double[] rows(double[] values, int size, int... order) {
        double[] permuted = new double[values.length];
        for (int i = 0; i < values.length / size; i++) {
            int from = i / order.length * order.length + order[i % order.length];
            System.arraycopy(values, from * size, permuted, i * size, size);
        }
        return permuted;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("all")
    void aRowDoesNotDependOnTheOthers(RnnCase network) {
        RnnOutcome together = network.run(backend());
        RnnCase changed = network.copy();
        int input = network.spec.inputSize();
        for (int t = 0; t < network.steps; t++) {
            Arrays.fill(changed.x, t * 3 * input, (t * 3 + 2) * input, 0.25);
        }
        RnnOutcome actual = changed.run(backend());
        int[] lastRow = {2, 2, 2};
        assertArrayEquals(
                rows(together.y(), network.spec.outputSize(), lastRow),
                rows(actual.y(), network.spec.outputSize(), lastRow));
        assertArrayEquals(rows(together.dx(), input, lastRow), rows(actual.dx(), input, lastRow));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("uneven")
    void whatStandsInThePaddingHasNoInfluence(RnnCase network) {
        RnnOutcome clean = network.run(backend());
        for (double garbage : new double[] {1e30, Double.NaN, Double.NEGATIVE_INFINITY}) {
            RnnCase dirty = network.copy();
            fillPadding(dirty, dirty.x, garbage);
            fillPadding(dirty, dirty.dy, garbage);
            if (dirty.indices != null) {
                fillPadding(dirty, dirty.indices, garbage > 0 ? Integer.MAX_VALUE : -7);
            }
            clean.assertSameBits(dirty.run(backend()));
        }
    }

    private static void fillPadding(RnnCase network, double[] values, double garbage) {
        int size = values.length / (network.steps * network.batch);
        for (int n = 0; n < network.batch; n++) {
            for (int t = network.length(n); t < network.steps; t++) {
                int from = (t * network.batch + n) * size;
                Arrays.fill(values, from, from + size, garbage);
            }
        }
    }

    private static void fillPadding(RnnCase network, int[] values, int garbage) {
        for (int n = 0; n < network.batch; n++) {
            for (int t = network.length(n); t < network.steps; t++) {
                values[t * network.batch + n] = garbage;
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("uneven")
    void outputsAndInputGradientsAreZeroPastTheLengths(RnnCase network) {
        RnnOutcome actual = network.run(backend());
        requireZeroPadding(network, "y", actual.y());
        requireZeroPadding(network, "dx", actual.dx());
    }

    private static void requireZeroPadding(RnnCase network, String what, double[] values) {
        double[] zeroed = values.clone();
        if (values.length > 0) {
            fillPadding(network, zeroed, 0);
        }
        assertArrayEquals(zeroed, values, what);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("uneven")
    void aRowOfLengthZeroKeepsItsStateAndItsGradient(RnnCase network) {
        RnnOutcome actual = network.run(backend());
        for (int n = 0; n < network.batch; n++) {
            for (int state = 0; state < network.spec.stateCount() && network.length(n) == 0; state++) {
                row(network, network.initial, state, n).assertSameBits("last", row(network, actual.last(), state, n));
                row(network, network.dLast, state, n)
                        .assertSameBits("dInitial", row(network, actual.dInitial(), state, n));
            }
        }
    }

    private static StateValues row(RnnCase network, StateValues values, int state, int n) {
        return values.row(network.spec, network.batch, state, n);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("everyCell")
    void anAllEmptyBatchKeepsItsState(RnnCase dense) {
        RnnCase network = dense.withLengths(0, 0, 0);
        RnnOutcome actual = network.run(backend());
        assertArrayEquals(new double[actual.y().length], actual.y());
        network.initial.assertSameBits("last", actual.last());
        network.dLast.assertSameBits("dInitial", actual.dInitial());
        assertArrayEquals(new double[actual.gradients().length], actual.gradients());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("uneven")
    void lengthsEqualSeparateRuns(RnnCase network) {
        RnnOutcome together = network.forward(backend(), Purpose.INFERENCE);
        for (int n = 0; n < network.batch; n++) {
            int length = network.length(n);
            if (length > 0) {
                int[] row = IntStream.generate(() -> 0).limit(network.batch).toArray();
                row[n] = length;
                RnnOutcome alone = network.withLengths(row).forward(backend(), Purpose.INFERENCE);
                RnnOutcome cut = network.withLengths(row).part(0, length).forward(backend(), Purpose.INFERENCE);
                for (int state = 0; state < network.spec.stateCount(); state++) {
                    StateValues expected = row(network, together.last(), state, n);
                    expected.assertSameBits("alone", row(network, alone.last(), state, n));
                    expected.assertSameBits("cut", row(network, cut.last(), state, n));
                }
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("oneHot")
    void indicesEqualOneHotVectors(RnnCase network) {
        RnnCase vectors = network.copy();
        vectors.indices = null;
        RnnOutcome expected = vectors.run(backend());
        RnnOutcome actual = network.run(backend());
        expected.assertSameForward(actual);
        expected.dInitial().assertSameBits("dInitial", actual.dInitial());
        assertArrayEquals(expected.gradients(), actual.gradients(), "gradients");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("all")
    void theSameCallGivesTheSameBits(RnnCase network) {
        RnnOutcome first = network.run(backend());
        try (Rnn rnn = network.rnn(backend())) {
            first.assertSameBits(network.run(backend(), rnn));
            first.assertSameBits(network.run(backend(), rnn));
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("everyCell")
    void aSmallCallAfterALargeOneIsNotDisturbed(RnnCase network) {
        RnnCase small = network.part(1, 3);
        try (Rnn rnn = network.rnn(backend())) {
            RnnOutcome before = small.run(backend(), rnn);
            network.run(backend(), rnn);
            before.assertSameBits(small.run(backend(), rnn));
            before.assertNear(forward(), backward(), small.run(backend()));
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("everyCell")
    void networksDoNotDisturbEachOther(RnnCase network) {
        RnnOutcome expected = network.run(backend());
        RnnCase other = network.oneHot();
        RnnOutcome otherExpected = other.run(backend());
        RnnParameters weights = network.weights(backend());
        Input x = network.input(backend());
        Input otherX = other.input(backend());
        RnnParameters gradients = backend().parameters(network.spec);
        RnnParameters otherGradients = backend().parameters(network.spec);
        try (Rnn one = network.rnn(backend());
                Rnn two = other.rnn(backend())) {
            TrainingPass pass =
                    one.call(weights, x).initial(network.initial(backend())).train();
            TrainingPass otherPass = two.call(weights, otherX)
                    .initial(network.initial(backend()))
                    .train();
            pass.backward()
                    .dy(network.dy(backend()))
                    .dLast(network.dLast(backend()))
                    .gradients(gradients)
                    .run();
            otherPass
                    .backward()
                    .dy(network.dy(backend()))
                    .dLast(network.dLast(backend()))
                    .gradients(otherGradients)
                    .run();
        }
        assertArrayEquals(expected.gradients(), gradients.flat().toDoubles());
        assertArrayEquals(otherExpected.gradients(), otherGradients.flat().toDoubles());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("all")
    void weightGradientsAreAdded(RnnCase network) {
        double[] once = network.run(backend()).gradients();
        double[] before = new Numbers(77).uniform(once.length, 1);
        RnnParameters gradients = backend().parameters(network.spec);
        gradients.flat().set(before);
        RnnParameters weights = network.weights(backend());
        Input x = network.input(backend());
        try (Rnn rnn = network.rnn(backend())) {
            for (int time = 1; time <= 2; time++) {
                TrainingPass pass = rnn.call(weights, x)
                        .lengths(network.lengths)
                        .initial(network.initial(backend()))
                        .train();
                pass.backward()
                        .dy(network.dy(backend()))
                        .dLast(network.dLast(backend()))
                        .gradients(gradients)
                        .run();
                for (int i = 0; i < once.length; i++) {
                    before[i] += once[i];
                }
                backward()
                        .check(
                                "gradients of pass " + time,
                                before,
                                gradients.flat().toDoubles());
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("all")
    void statesMayBeUpdatedInPlace(RnnCase network) {
        RnnOutcome expected = network.run(backend());
        RnnParameters weights = network.weights(backend());
        RnnState state = network.initial(backend());
        RnnState dState = network.dLast(backend());
        try (Rnn rnn = network.rnn(backend())) {
            TrainingPass pass = rnn.call(weights, network.input(backend()))
                    .lengths(network.lengths)
                    .initial(state)
                    .last(state)
                    .train();
            expected.last().assertSameBits("state", StateValues.of(state));
            pass.backward()
                    .dy(network.dy(backend()))
                    .dLast(dState)
                    .dInitial(dState)
                    .run();
            expected.dInitial().assertSameBits("dState", StateValues.of(dState));
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("all")
    void whatIsReadIsNotChanged(RnnCase network) {
        RnnParameters weights = network.weights(backend());
        Tensor x = (Tensor) network.input(backend());
        RnnState initial = network.initial(backend());
        Tensor dy = network.dy(backend());
        RnnState dLast = network.dLast(backend());
        int[] lengths = network.lengths == null ? null : network.lengths.clone();
        try (Rnn rnn = network.rnn(backend())) {
            TrainingPass pass =
                    rnn.call(weights, x).lengths(lengths).initial(initial).train();
            pass.backward()
                    .dy(dy)
                    .dLast(dLast)
                    .gradients(backend().parameters(network.spec))
                    .run();
        }
        assertArrayEquals(network.weights, weights.flat().toDoubles());
        assertArrayEquals(network.x, x.toDoubles());
        assertArrayEquals(network.dy, dy.toDoubles());
        network.initial.assertSameBits("initial", StateValues.of(initial));
        network.dLast.assertSameBits("dLast", StateValues.of(dLast));
        assertArrayEquals(network.lengths, lengths);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("all")
    void lengthsAndStatesMayChangeBeforeTheBackwardPass(RnnCase network) {
        RnnOutcome expected = network.run(backend());
        RnnParameters weights = network.weights(backend());
        Input x = network.input(backend());
        RnnState initial = network.initial(backend());
        int[] lengths = network.lengths == null ? new int[] {4, 4, 4} : network.lengths.clone();
        RnnParameters gradients = backend().parameters(network.spec);
        try (Rnn rnn = network.rnn(backend())) {
            Tensor y = network.y(backend());
            TrainingPass pass =
                    rnn.call(weights, x).lengths(lengths).initial(initial).y(y).train();
            Arrays.fill(lengths, 2);
            initial.zero();
            y.fill(Double.NaN);
            pass.backward()
                    .dy(network.dy(backend()))
                    .dLast(network.dLast(backend()))
                    .gradients(gradients)
                    .run();
        }
        assertArrayEquals(expected.gradients(), gradients.flat().toDoubles());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("withDropout")
    void dropoutDependsOnTheSeedOnly(RnnCase network) {
        RnnOutcome first = network.run(backend());
        try (Rnn rnn = network.rnn(backend())) {
            network.forward(backend(), rnn, Purpose.TRAINING);
            first.assertSameBits(network.run(backend(), rnn));
            network.dropoutSeed++;
            double[] other = network.run(backend(), rnn).y();
            network.dropoutSeed--;
            assertFalse(Arrays.equals(first.y(), other), "another seed, another mask");
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("withDropout")
    void inferenceHasNoDropout(RnnCase network) {
        RnnCase without = network.withSpec(network.spec.withDropout(0));
        without.forward(backend(), Purpose.INFERENCE).assertSameForward(network.forward(backend(), Purpose.INFERENCE));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("everyCell")
    void weightsFitANetworkThatDiffersInTheDropout(RnnCase network) {
        RnnSpec other = network.spec.withDropout(0.5);
        assumeSupported(other);
        RnnParameters weights = network.weights(backend());
        Tensor y = network.y(backend());
        try (Rnn rnn = backend().rnn(other, network.steps, network.batch, Purpose.INFERENCE)) {
            rnn.call(weights, network.input(backend()))
                    .initial(network.initial(backend()))
                    .y(y)
                    .run();
        }
        assertArrayEquals(network.forward(backend(), Purpose.INFERENCE).y(), y.toDoubles());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("everyCell")
    void everythingMayBeAViewOfOneTensor(RnnCase network) {
        RnnOutcome expected = network.forward(backend(), Purpose.INFERENCE);
        int xSize = network.x.length;
        int ySize = expected.y().length;
        int weightSize = network.weights.length;
        int stateSize = expected.last().h().length;
        Backend backend = backend();
        Tensor all =
                backend.tensor(5 + xSize + ySize + weightSize + 2 * stateSize).fill(Double.NaN);
        Tensor x = all.view(3, network.steps, network.batch, network.spec.inputSize())
                .set(network.x);
        Tensor y = all.view(3 + xSize, network.steps, network.batch, network.spec.outputSize());
        Tensor flat = all.view(3 + xSize + ySize, weightSize).set(network.weights);
        int[] shape = {network.spec.stateCount(), network.batch, network.spec.hiddenSize()};
        Tensor h = all.view(3 + xSize + ySize + weightSize, shape);
        Tensor c = all.view(3 + xSize + ySize + weightSize + stateSize, shape);
        RnnState last = new RnnState(h, network.spec.cell().hasCellState() ? c : null);
        try (Rnn rnn = network.rnn(backend)) {
            RnnParameters weights = new RnnParameters(network.spec, flat);
            rnn.call(weights, x)
                    .initial(network.initial(backend))
                    .y(y)
                    .last(last)
                    .run();
        }
        assertArrayEquals(expected.y(), y.toDoubles());
        expected.last().assertSameBits("last", StateValues.of(last));
        double[] elements = all.toDoubles();
        assertEquals(Double.NaN, elements[2]);
        assertEquals(Double.NaN, elements[elements.length - 1]);
    }
}
