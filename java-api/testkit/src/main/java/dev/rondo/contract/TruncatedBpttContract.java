package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rondo.Cell;
import dev.rondo.Direction;
import dev.rondo.Purpose;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.spi.Dropout;
import dev.rondo.train.BpttCheckpoint;
import dev.rondo.train.Checkpoint;
import dev.rondo.train.CheckpointFile;
import dev.rondo.train.TruncatedBptt;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * {@link TruncatedBptt} against the definition of BPTT(k2; k1): the loss of each advance, as a function of the weights,
 * with the state k2 steps before its end held constant.
 */
public abstract class TruncatedBpttContract extends BackendContract {
    /** For subclasses. */
    protected TruncatedBpttContract() {}

    private static final int BATCH = 2;

    /**
     * A batch of streams and how they are cut.
     *
     * @param network all steps of the streams
     * @param resets by advance, the rows that start anew
     */
    record Streams(RnnCase network, int k1, int k2, boolean[][] resets) {
        static Streams random(RnnSpec spec, int advances, int k1, int k2, long seed) {
            RnnCase network = RnnCase.random(spec, advances * k1, BATCH, seed).awayFromKink();
            return new Streams(network, k1, k2, new boolean[advances][BATCH]);
        }

        Streams oneHot() {
            return new Streams(network.oneHot().awayFromKink(), k1, k2, resets);
        }

        Streams withResets(long seed) {
            Numbers numbers = new Numbers(seed);
            boolean[][] random = new boolean[resets.length][];
            Arrays.setAll(random, j -> numbers.coins(BATCH));
            return new Streams(network, k1, k2, random);
        }

        int advances() {
            return resets.length;
        }

        RnnCase advance(int j) {
            return network.part(j * k1, (j + 1) * k1);
        }

        /** The states before every step, the rows that start there not yet zeroed; the last one is that of the end. */
        List<StateValues> states() {
            List<StateValues> states = new ArrayList<>(List.of(network.initial));
            for (int t = 0; t < network.steps; t++) {
                states.add(walk(t, t + 1, states.get(t), 0).state);
            }
            return states;
        }

        /** The loss of advance j, from the state before the step k2 steps before its end. */
        double loss(int j, List<StateValues> states) {
            int end = (j + 1) * k1;
            int start = Math.max(0, end - k2);
            return walk(start, end, states.get(start), end - k1).loss;
        }

        private record Walk(StateValues state, double loss) {}

        /** Runs some steps, a piece between resets at a time; the loss is that of the outputs from a step on. */
        private Walk walk(int from, int to, StateValues state, int lossFrom) {
            StateValues now = state;
            double loss = 0;
            int t = from;
            while (t < to) {
                int pieceEnd = Math.min(to, (t / k1 + 1) * k1);
                boolean[] none = new boolean[BATCH];
                now = now.withZeroRows(network.spec, t % k1 == 0 ? resets[t / k1] : none);
                RnnCase piece = network.part(t, pieceEnd).withInitial(now);
                NaiveNetwork naive = piece.naive();
                if (t >= lossFrom) {
                    loss += RnnCase.dot(naive.y(), piece.dy);
                }
                now = naive.last();
                t = pieceEnd;
            }
            return new Walk(now, loss);
        }

        @Override
        public String toString() {
            return "k1 " + k1 + " k2 " + k2 + " " + network
                    + (Arrays.deepToString(resets).contains("true") ? " resets " + Arrays.deepToString(resets) : "");
        }
    }

    static Stream<Streams> cuts() {
        int[][] lengths = {{2, 4}, {2, 3}, {2, 5}, {3, 4}, {2, 2}, {1, 1}, {1, 3}, {2, 8}, {2, 11}};
        List<Streams> all = new ArrayList<>();
        long seed = 1;
        for (Cell cell : Cell.values()) {
            for (int layers = 1; layers <= 2; layers++) {
                for (int[] k : lengths) {
                    RnnSpec spec = RnnSpec.of(cell, 3, 2).withLayers(layers);
                    Streams dense = Streams.random(spec, 4, k[0], k[1], seed++);
                    all.add(dense);
                    all.add(dense.withResets(seed));
                    all.add(layers == 1 ? dense.oneHot() : dense.oneHot().withResets(seed));
                }
            }
        }
        return all.stream();
    }

    private TruncatedBptt open(Streams streams) {
        assumeSupported(streams.network.spec);
        TruncatedBptt bptt = new TruncatedBptt(backend(), streams.network.spec, BATCH, streams.k1, streams.k2);
        bptt.state().copyFrom(streams.network.initial(backend()));
        return bptt;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cuts")
    void gradientsOfEveryAdvance(Streams streams) {
        RnnCase network = streams.network;
        List<StateValues> states = streams.states();
        RnnParameters weights = network.weights(backend());
        RnnParameters gradients = backend().parameters(network.spec);
        double[] expected = new double[network.weights.length];
        try (TruncatedBptt bptt = open(streams)) {
            for (int j = 0; j < streams.advances(); j++) {
                int number = j;
                RnnCase advance = streams.advance(j);
                Tensor y = bptt.forward(weights, advance.input(backend()), streams.resets[j]);
                StateValues before = states.get(j * streams.k1).withZeroRows(network.spec, streams.resets[j]);
                forward().check("y", advance.withInitial(before).naive().y(), y.toDoubles());
                states.get((j + 1) * streams.k1).assertNear(forward(), "state", StateValues.of(bptt.state()));

                double[] dx = new double[network.x.length];
                List<Integer> ages = new ArrayList<>();
                TruncatedBptt.InputGradient collect = (age, chunk) -> {
                    ages.add(age);
                    double[] part = chunk.toDoubles();
                    System.arraycopy(part, 0, dx, (number - age) * part.length, part.length);
                };
                bptt.backward(advance.dy(backend()), gradients, network.indices == null ? collect : null);

                double[] byWeights = Differences.of(network.weights, () -> streams.loss(number, states));
                Arrays.setAll(expected, i -> expected[i] + byWeights[i]);
                differences()
                        .check(
                                "gradients up to advance " + j,
                                expected,
                                gradients.flat().toDoubles());
                if (network.indices == null) {
                    double[] byInput = Differences.of(network.x, () -> streams.loss(number, states));
                    differences().check("dx of advance " + j, byInput, dx);
                    int chunks = Math.min(j + 1, (streams.k2 - 1) / streams.k1 + 1);
                    assertEquals(Stream.iterate(0, age -> age + 1).limit(chunks).toList(), ages);
                }
            }
        }
    }

    static Stream<Streams> uncut() {
        return cuts().filter(streams -> streams.k2 >= streams.network.steps);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("uncut")
    void aWindowAsLongAsTheStreamIsFullBptt(Streams streams) {
        Streams whole = new Streams(streams.network, streams.k1, streams.k2, new boolean[streams.advances()][BATCH]);
        RnnCase network = whole.network;
        network.dLast = null;
        backward().check("gradients", network.run(backend()).gradients(), run(whole).gradients);
    }

    static Stream<Streams> withoutResets() {
        return cuts().filter(streams -> !Arrays.deepToString(streams.resets).contains("true"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("withoutResets")
    void outputsAndStateEqualOneRun(Streams streams) {
        RnnOutcome whole = streams.network.forward(backend(), Purpose.INFERENCE);
        Run actual = run(streams);
        assertArrayEquals(whole.y(), actual.y);
        whole.last().assertSameBits("state", actual.state);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("withoutResets")
    void withEqualWindowsTheChunksAreIndependent(Streams streams) {
        Streams chunked = new Streams(streams.network, streams.k1, streams.k1, streams.resets);
        double[] expected = new double[streams.network.weights.length];
        StateValues state = streams.network.initial;
        for (int j = 0; j < streams.advances(); j++) {
            RnnCase chunk = streams.advance(j).withInitial(state);
            chunk.dLast = null;
            RnnOutcome outcome = chunk.run(backend());
            state = outcome.last();
            Arrays.setAll(expected, i -> expected[i] + outcome.gradients()[i]);
        }
        backward().check("gradients", expected, run(chunked).gradients);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cuts")
    void aRowThatStartsAnewForgetsEverything(Streams streams) {
        int reset = 2;
        boolean[][] resets = new boolean[streams.advances()][BATCH];
        Arrays.fill(resets[reset], true);
        Streams interrupted = new Streams(streams.network, streams.k1, streams.k2, resets);
        RnnCase rest = streams.network.part(reset * streams.k1, streams.network.steps);
        Streams fresh = new Streams(
                rest.withInitial(StateValues.filled(rest.spec, BATCH, 0)),
                streams.k1,
                streams.k2,
                new boolean[streams.advances() - reset][BATCH]);
        Streams before = new Streams(
                streams.network.part(0, reset * streams.k1), streams.k1, streams.k2, new boolean[reset][BATCH]);
        Run first = run(before);
        Run second = run(fresh);
        Run both = run(interrupted);
        second.state.assertSameBits("state", both.state);
        double[] sum = first.gradients.clone();
        Arrays.setAll(sum, i -> sum[i] + second.gradients[i]);
        backward().check("gradients", sum, both.gradients);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("withoutResets")
    void resetStartsAnew(Streams streams) {
        Run expected = run(streams);
        RnnParameters weights = streams.network.weights(backend());
        RnnParameters gradients = backend().parameters(streams.network.spec);
        try (TruncatedBptt bptt = open(streams)) {
            for (int j = 0; j < 3; j++) {
                bptt.forward(weights, streams.advance(j).input(backend()), null);
            }
            bptt.reset();
            StateValues.filled(streams.network.spec, BATCH, 0).assertSameBits("state", StateValues.of(bptt.state()));
            bptt.state().copyFrom(streams.network.initial(backend()));
            expected.assertSameBits(run(streams, bptt, weights, gradients));
        }
    }

    private record Run(double[] y, StateValues state, double[] gradients) {
        void assertSameBits(Run actual) {
            assertArrayEquals(y, actual.y);
            state.assertSameBits("state", actual.state);
            assertArrayEquals(gradients, actual.gradients);
        }
    }

    private Run run(Streams streams) {
        try (TruncatedBptt bptt = open(streams)) {
            RnnSpec spec = streams.network.spec;
            return run(
                    streams, bptt, streams.network.weights(backend()), backend().parameters(spec));
        }
    }

    private Run run(Streams streams, TruncatedBptt bptt, RnnParameters weights, RnnParameters gradients) {
        double[] y = new double[streams.network.dy.length];
        for (int j = 0; j < streams.advances(); j++) {
            RnnCase advance = streams.advance(j);
            double[] part = bptt.forward(weights, advance.input(backend()), streams.resets[j])
                    .toDoubles();
            System.arraycopy(part, 0, y, j * part.length, part.length);
            bptt.backward(advance.dy(backend()), gradients);
        }
        return new Run(y, StateValues.of(bptt.state()), gradients.flat().toDoubles());
    }

    /** The seed of the j-th advance is the j-th of those that {@link Dropout#bits} draws; a replay keeps its mask. */
    @ParameterizedTest(name = "{0}")
    @EnumSource
    void dropoutKeepsItsMaskWhenAChunkIsRunAgain(Cell cell) {
        RnnSpec spec = RnnSpec.of(cell, 3, 2).withLayers(2).withDropout(0.4);
        Streams streams = Streams.random(spec, 3, 2, 4, 900 + cell.ordinal());
        RnnCase network = streams.network;
        RnnParameters weights = network.weights(backend());
        RnnParameters gradients = backend().parameters(spec);
        try (TruncatedBptt bptt = open(streams)) {
            bptt.setDropoutSeed(5);
            for (int j = 0; j < 2; j++) {
                bptt.forward(weights, streams.advance(j).input(backend()), null);
            }
            bptt.backward(streams.advance(1).dy(backend()), gradients);
        }
        double[] expected = Differences.of(network.weights, () -> {
            RnnCase first = streams.advance(0);
            first.dropoutSeed = Dropout.bits(5, 0);
            RnnCase second = streams.advance(1).withInitial(first.naive().last());
            second.dropoutSeed = Dropout.bits(5, 1);
            return RnnCase.dot(second.naive().y(), second.dy);
        });
        differences().check("gradients", expected, gradients.flat().toDoubles());
    }

    @ParameterizedTest(name = "{0}")
    @EnumSource
    void theInputIsCopied(Cell cell) {
        Streams streams = Streams.random(RnnSpec.of(cell, 3, 2), 3, 2, 4, 700 + cell.ordinal());
        Run expected = run(streams);
        RnnParameters weights = streams.network.weights(backend());
        RnnParameters gradients = backend().parameters(streams.network.spec);
        try (TruncatedBptt bptt = open(streams)) {
            for (int j = 0; j < streams.advances(); j++) {
                RnnCase advance = streams.advance(j);
                Tensor x = (Tensor) advance.input(backend());
                bptt.forward(weights, x, null);
                x.fill(Double.NaN);
                bptt.backward(advance.dy(backend()), gradients);
            }
        }
        assertArrayEquals(expected.gradients, gradients.flat().toDoubles());
    }

    @ParameterizedTest(name = "{0}")
    @EnumSource
    void advancesWithoutABackwardPassOnlyCarryTheState(Cell cell) {
        Streams streams = Streams.random(RnnSpec.of(cell, 3, 2).withLayers(2), 4, 2, 3, 800 + cell.ordinal());
        List<StateValues> states = streams.states();
        RnnParameters weights = streams.network.weights(backend());
        RnnParameters gradients = backend().parameters(streams.network.spec);
        int last = streams.advances() - 1;
        try (TruncatedBptt bptt = open(streams)) {
            for (int j = 0; j <= last; j++) {
                bptt.forward(weights, streams.advance(j).input(backend()), null);
            }
            bptt.backward(streams.advance(last).dy(backend()), gradients);
            RnnState state = bptt.state();
            states.get(streams.network.steps).assertNear(forward(), "state", StateValues.of(state));
        }
        double[] expected = Differences.of(streams.network.weights, () -> streams.loss(last, states));
        differences().check("gradients", expected, gradients.flat().toDoubles());
    }

    /** Kept here, since every other direction is refused. */
    static Stream<Direction> otherDirections() {
        return Stream.of(Direction.REVERSE, Direction.BIDIRECTIONAL);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("otherDirections")
    void otherDirectionsAreRefused(Direction direction) {
        RnnSpec spec = RnnSpec.of(Cell.GRU, 3, 2).withDirection(direction);
        Refusal.illegalArgument(
                () -> new TruncatedBptt(backend(), spec, BATCH, 2, 4), "spec", "FORWARD", direction.name());
    }

    @ParameterizedTest
    @EnumSource
    void theLastChunkOfAStreamMayBeShorter(Cell cell) {
        RnnCase network = RnnCase.random(RnnSpec.of(cell, 3, 2), 8, BATCH, 95).awayFromKink();
        RnnCase lossOfTheEnd = network.copy();
        Arrays.fill(lossOfTheEnd.dy, 0, 6 * BATCH * 2, 0);
        lossOfTheEnd.dLast = null;
        double[] expected = lossOfTheEnd.run(backend()).gradients();
        RnnParameters weights = network.weights(backend());
        RnnParameters gradients = backend().parameters(network.spec);
        try (TruncatedBptt bptt = new TruncatedBptt(backend(), network.spec, BATCH, 3, 9)) {
            bptt.start(network.initial(backend()));
            bptt.forward(weights, network.part(0, 3).input(backend()), null);
            bptt.forward(weights, network.part(3, 6).input(backend()), null);
            Tensor y = bptt.forward(weights, network.part(6, 8).input(backend()), null);
            assertArrayEquals(new int[] {2, BATCH, 2}, y.shape());
            bptt.backward(network.part(6, 8).dy(backend()), gradients, (age, dx) -> {
                assertEquals(age == 0 ? 2 : 3, dx.dimension(0));
            });
            // The next stream goes on in whole chunks.
            bptt.reset();
            bptt.forward(weights, network.part(0, 3).input(backend()), null);
        }
        backward().check("gradients", expected, gradients.flat().toDoubles());
    }

    @Test
    void wrongStatesToStartFromAreNamed() {
        RnnSpec spec = RnnSpec.of(Cell.LSTM, 3, 2);
        try (TruncatedBptt bptt = new TruncatedBptt(backend(), spec, BATCH, 1, 1)) {
            RnnState wide = backend().state(RnnSpec.of(Cell.LSTM, 3, 4), BATCH);
            Refusal.illegalArgument(() -> bptt.start(wide), "state.h: expected", "[1, 2, 2]", "[1, 2, 4]");
            RnnState withoutCell = backend().state(RnnSpec.of(Cell.GRU, 3, 2), BATCH);
            Refusal.illegalArgument(() -> bptt.start(withoutCell), "state.c: expected one", "LSTM", "got null");
            Refusal.nullArgument(() -> bptt.start(null), "state");
        }
    }

    /** A checkpoint after a shorter chunk carries the stream over, with the seeds of the dropout. */
    @ParameterizedTest
    @EnumSource
    void aRestoredStreamGoesOnBitForBit(Cell cell, @TempDir Path folder) throws IOException {
        RnnSpec spec = RnnSpec.of(cell, 3, 2).withLayers(2).withDropout(0.4);
        assumeSupported(spec);
        RnnCase network = RnnCase.random(spec, 8, BATCH, 96);
        RnnParameters weights = network.weights(backend());
        Path file = folder.resolve("stream.safetensors");
        boolean[] secondAnew = {false, true};
        try (TruncatedBptt bptt = new TruncatedBptt(backend(), spec, BATCH, 3, 9);
                TruncatedBptt restored = new TruncatedBptt(backend(), spec, BATCH, 3, 9)) {
            bptt.setDropoutSeed(7);
            bptt.forward(weights, network.part(0, 3).input(backend()), null);
            bptt.forward(weights, network.part(3, 5).input(backend()), secondAnew);
            Checkpoint checkpoint = new Checkpoint("stream-1");
            BpttCheckpoint.put(bptt, checkpoint);
            checkpoint.write(file);
            restored.setDropoutSeed(7);
            try (CheckpointFile content = CheckpointFile.open(file, "stream-1")) {
                BpttCheckpoint.restore(restored, content);
            }
            assertEquals(2, restored.advances());
            RnnCase end = network.part(5, 8);
            RnnParameters expected = backend().parameters(spec);
            RnnParameters actual = backend().parameters(spec);
            double[] y = bptt.forward(weights, end.input(backend()), null).toDoubles();
            bptt.backward(end.dy(backend()), expected);
            assertArrayEquals(
                    y, restored.forward(weights, end.input(backend()), null).toDoubles());
            restored.backward(end.dy(backend()), actual);
            assertArrayEquals(expected.flat().toDoubles(), actual.flat().toDoubles());
        }
    }

    @Test
    void theSeedOfTheDropoutStaysWhileAGradientReachesAnAdvance() {
        RnnCase network = RnnCase.random(RnnSpec.of(Cell.LSTM, 3, 2), 2, BATCH, 97);
        try (TruncatedBptt bptt = new TruncatedBptt(backend(), network.spec, BATCH, 2, 4)) {
            bptt.forward(network.weights(backend()), network.input(backend()), null);
            Refusal.illegalState(() -> bptt.setDropoutSeed(5), "setDropoutSeed", "got 1");
            List<TruncatedBptt.Advance> history = bptt.history();
            Refusal.illegalArgument(
                    () -> bptt.restore(history, bptt.state(), 0), "advances", "history.size() = 1", "got 0");
            bptt.reset();
            bptt.setDropoutSeed(5);
            assertEquals(0, bptt.advances());
        }
    }
}
