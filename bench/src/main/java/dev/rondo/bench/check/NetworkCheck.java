package dev.rondo.bench.check;

import dev.rondo.Cell;
import dev.rondo.Direction;
import dev.rondo.ForwardCall;
import dev.rondo.Input;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import dev.rondo.Weight;
import dev.rondo.WeightRole;
import dev.rondo.bench.check.Check.Output;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A recurrent network in inference and in training: outputs, final states and every gradient. The numbers are random and the
 * same every time; weights are at most {@code 1/sqrt(H)}, so that results are of unit scale.
 *
 * @param spec the network
 * @param sizes T, N and what the network has too
 * @param uneven whether the rows have lengths of their own; their padding is NaN
 * @param oneHot whether the input are indices
 */
public record NetworkCheck(RnnSpec spec, Sizes sizes, boolean uneven, boolean oneHot) {
    /** T steps, N rows, input size I, hidden size H. */
    record Sizes(int steps, int batch, int inputs, int hidden) {}

    /** For every cell, direction, number of layers and pattern of lengths: 1, primes, and one off a multiple of 32. */
    private static final List<Sizes> EVERYWHERE = List.of(
            new Sizes(1, 1, 1, 1),
            new Sizes(1, 4, 3, 32),
            new Sizes(7, 3, 5, 13),
            new Sizes(5, 1, 31, 33),
            new Sizes(3, 65, 2, 31),
            new Sizes(17, 5, 7, 37));
    /** The most steps for which the tolerances hold. */
    private static final Sizes LONG = new Sizes(64, 2, 3, 65);

    private static final Sizes WIDE = new Sizes(3, 2, 33, 257);
    private static final Sizes SMALL = new Sizes(7, 3, 5, 13);

    /** Every network that {@code rondo verify} runs. */
    public static List<Check> all() {
        List<Check> checks = new ArrayList<>();
        for (Cell cell : Cell.values()) {
            for (Direction direction : Direction.values()) {
                for (int layers = 1; layers <= 2; layers++) {
                    for (Sizes sizes : EVERYWHERE) {
                        RnnSpec spec = of(cell, sizes).withLayers(layers).withDirection(direction);
                        checks.add(new NetworkCheck(spec, sizes, false, false).check());
                        checks.add(new NetworkCheck(spec, sizes, true, false).check());
                    }
                }
                checks.add(new NetworkCheck(of(cell, SMALL).withDirection(direction), SMALL, true, true).check());
            }
            RnnSpec small = of(cell, SMALL);
            checks.add(new NetworkCheck(small.withBias(false), SMALL, false, false).check());
            checks.add(new NetworkCheck(small.withLayers(3).withDropout(0.4), SMALL, true, false).check());
            checks.add(new NetworkCheck(of(cell, LONG), LONG, false, false).check());
            RnnSpec both = of(cell, LONG).withLayers(2).withDirection(Direction.BIDIRECTIONAL);
            checks.add(new NetworkCheck(both, LONG, true, false).check());
            checks.add(new NetworkCheck(of(cell, WIDE), WIDE, false, false).check());
        }
        return checks;
    }

    /** One forward layer of a cell with the sizes that all networks have: what is looked at before a benchmark. */
    public static List<Check> beforeTiming(Cell cell) {
        return EVERYWHERE.stream()
                .map(sizes -> new NetworkCheck(of(cell, sizes), sizes, false, false).check())
                .toList();
    }

    private static RnnSpec of(Cell cell, Sizes sizes) {
        return RnnSpec.of(cell, sizes.inputs, sizes.hidden);
    }

    Check check() {
        return new Check(spec.cell().name(), toString(), spec, this::compute);
    }

    private List<Output> compute(Workspace workspace) {
        Numbers numbers = new Numbers(seed());
        int @Nullable [] lengths = lengths();
        RnnParameters weights = workspace.own(workspace.backend().parameters(spec));
        double bound = 1 / Math.sqrt(spec.hiddenSize());
        weights.flat()
                .set(workspace.rounded(
                        numbers.uniform(Math.toIntExact(weights.flat().size()), bound)));
        Input x = oneHot
                ? workspace.indices(
                        numbers.indices(sizes.steps * sizes.batch, spec.inputSize()), sizes.steps, sizes.batch)
                : sequence(workspace, numbers, spec.inputSize(), lengths);
        Tensor dy = sequence(workspace, numbers, spec.outputSize(), lengths);
        RnnState initial = state(workspace, numbers);
        RnnState dLast = state(workspace, numbers);

        List<Output> outputs = new ArrayList<>();
        Rnn rnn = workspace.own(workspace.backend().rnn(spec, sizes.steps, sizes.batch, Purpose.TRAINING));
        TrainingPass pass = null;
        for (Purpose purpose : List.of(Purpose.INFERENCE, Purpose.TRAINING)) {
            Tensor y = workspace.unset(sizes.steps, sizes.batch, spec.outputSize());
            RnnState last = workspace.unsetState(spec, sizes.batch);
            ForwardCall call = rnn.call(weights, x)
                    .lengths(lengths)
                    .initial(initial)
                    .y(y)
                    .last(last)
                    .dropoutSeed(7);
            if (purpose == Purpose.TRAINING) {
                pass = workspace.own(call.train());
            } else {
                call.run();
            }
            String suffix = purpose == Purpose.INFERENCE ? " of inference" : "";
            outputs.add(Output.forward("y", "y" + suffix, y));
            outputs.add(Output.forward("h_n", "h_n" + suffix, last.h()));
            Tensor c = last.c();
            if (c != null) {
                outputs.add(Output.forward("c_n", "c_n" + suffix, c));
            }
        }
        Tensor dx = oneHot ? null : workspace.unset(sizes.steps, sizes.batch, spec.inputSize());
        RnnState dInitial = workspace.unsetState(spec, sizes.batch);
        RnnParameters gradients = workspace.own(workspace.backend().parameters(spec));
        Objects.requireNonNull(pass)
                .backward()
                .dy(dy)
                .dLast(dLast)
                .dx(dx)
                .dInitial(dInitial)
                .gradients(gradients)
                .run();
        if (dx != null) {
            outputs.add(Output.backward("dx", "dx", dx));
        }
        for (Weight weight : spec.weights()) {
            String name = weight.name();
            outputs.add(Output.backward(letter(weight.role()), name + " of the gradients", gradients.tensor(name)));
        }
        outputs.add(Output.backward("dh0", "dh0", dInitial.h()));
        Tensor dc = dInitial.c();
        if (dc != null) {
            outputs.add(Output.backward("dc0", "dc0", dc));
        }
        return outputs;
    }

    private static String letter(WeightRole role) {
        return switch (role) {
            case INPUT -> "dW";
            case RECURRENT -> "dU";
            case BIAS_INPUT, BIAS_RECURRENT -> "db";
            default -> "d" + role.stem();
        };
    }

    private long seed() {
        return Arrays.hashCode(new int[] {sizes.steps, sizes.batch, sizes.inputs, sizes.hidden, spec.layers()});
    }

    private int @Nullable [] lengths() {
        if (!uneven) {
            return null;
        }
        int t = sizes.steps;
        int[] pattern = {(t + 1) / 2, t, 0, 1, t - 1};
        int[] lengths = new int[sizes.batch];
        Arrays.setAll(lengths, n -> pattern[n % pattern.length]);
        return lengths;
    }

    /** {@code [T,N,size]}, with NaN past the lengths. */
    private Tensor sequence(Workspace workspace, Numbers numbers, int size, int @Nullable [] lengths) {
        double[] values = numbers.uniform(sizes.steps * sizes.batch * size, 1);
        if (lengths != null) {
            for (int n = 0; n < sizes.batch; n++) {
                for (int t = lengths[n]; t < sizes.steps; t++) {
                    int row = (t * sizes.batch + n) * size;
                    Arrays.fill(values, row, row + size, Double.NaN);
                }
            }
        }
        return workspace.tensor(values, sizes.steps, sizes.batch, size);
    }

    private RnnState state(Workspace workspace, Numbers numbers) {
        RnnState state = workspace.state(spec, sizes.batch);
        int size = Math.toIntExact(state.h().size());
        state.h().set(numbers.uniform(size, 1));
        Tensor c = state.c();
        if (c != null) {
            c.set(numbers.uniform(size, 1));
        }
        return state;
    }

    /** Such as {@code T7 N3 I5 H13 L2 bidirectional, uneven lengths}. */
    @Override
    public String toString() {
        return "T" + sizes.steps + " N" + sizes.batch + " I" + sizes.inputs + " H" + sizes.hidden + " L" + spec.layers()
                + " " + spec.direction().name().toLowerCase(Locale.ROOT)
                + (spec.bias() ? "" : ", no bias")
                + (spec.dropout() > 0 ? ", dropout " + spec.dropout() : "")
                + (uneven ? ", uneven lengths" : "")
                + (oneHot ? ", one-hot" : "");
    }
}
