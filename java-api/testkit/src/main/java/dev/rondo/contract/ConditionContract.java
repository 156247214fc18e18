package dev.rondo.contract;

import dev.rondo.Cell;
import dev.rondo.Direction;
import dev.rondo.Features;
import dev.rondo.ForwardCall;
import dev.rondo.Input;
import dev.rondo.IntTensor;
import dev.rondo.Linear;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import dev.rondo.Weight;
import dev.rondo.WeightRole;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * {@link ForwardCall#condition}: a network of x that is conditioned by {@code z W^T} computes what one of {@code [x ; z]} computes, whose
 * further input weights are W.
 */
public abstract class ConditionContract extends BackendContract {
    /** For subclasses. */
    protected ConditionContract() {}

    private static final int STEPS = 4;
    private static final int ROWS = 3;
    private static final int INPUTS = 3;
    private static final int EXTRA = 2;
    private static final int[] LENGTHS = {4, 0, 2};

    static List<RnnSpec> specs() {
        List<RnnSpec> specs = new ArrayList<>();
        for (Cell cell : Cell.values()) {
            specs.add(RnnSpec.of(cell, INPUTS, 5).withDirection(Direction.BIDIRECTIONAL));
            specs.add(RnnSpec.of(cell, INPUTS, 17).withLayers(2));
            specs.add(
                    RnnSpec.of(cell, INPUTS, 4).withDirection(Direction.REVERSE).withBias(false));
        }
        return specs;
    }

    private static RnnSpec larger(RnnSpec spec) {
        return RnnSpec.of(spec.cell(), INPUTS + EXTRA, spec.hiddenSize())
                .withLayers(spec.layers())
                .withDirection(spec.direction())
                .withBias(spec.bias());
    }

    private Tensor tensor(double[] values, int... shape) {
        return backend().tensor(shape).set(values);
    }

    /** Copies weights or gradients of the network of x and the further ones to those of the network of both, or back. */
    private static void join(RnnSpec spec, RnnParameters small, Tensor extra, RnnParameters large, boolean back) {
        double[] further = extra.toDoubles();
        for (Weight weight : spec.weights()) {
            Tensor one = small.tensor(weight.name());
            Tensor other = large.tensor(weight.name());
            if (weight.layer() > 0 || weight.role() != WeightRole.INPUT) {
                (back ? one : other).copyFrom(back ? other : one);
                continue;
            }
            double[] from = one.toDoubles();
            double[] to = other.toDoubles();
            for (int i = 0; i < spec.gateRows(); i++) {
                for (int k = 0; k < INPUTS + EXTRA; k++) {
                    int at = i * (INPUTS + EXTRA) + k;
                    int row = weight.direction() * spec.gateRows() + i;
                    if (k < INPUTS && back) {
                        from[i * INPUTS + k] = to[at];
                    } else if (k < INPUTS) {
                        to[at] = from[i * INPUTS + k];
                    } else if (back) {
                        further[row * EXTRA + k - INPUTS] = to[at];
                    } else {
                        to[at] = further[row * EXTRA + k - INPUTS];
                    }
                }
            }
            (back ? one : other).set(back ? from : to);
        }
        if (back) {
            extra.set(further);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("specs")
    void isAFurtherInputAtEveryStep(RnnSpec spec) {
        assumeSupported(spec);
        int gates = spec.directions() * spec.gateRows();
        Numbers numbers = new Numbers(spec.hiddenSize());
        RnnSpec both = larger(spec);
        Tensor x = tensor(numbers.uniform(STEPS * ROWS * INPUTS, 1), STEPS, ROWS, INPUTS);
        Tensor z = tensor(numbers.uniform(ROWS * EXTRA, 1), ROWS, EXTRA);
        Tensor extra = tensor(numbers.uniform(gates * EXTRA, 0.7), gates, EXTRA);
        Tensor dy = tensor(numbers.uniform(STEPS * ROWS * spec.outputSize(), 1), STEPS, ROWS, spec.outputSize());
        RnnParameters weights = backend().parameters(spec);
        weights.flat().set(numbers.uniform(spec.layout().size(), 0.7));
        RnnParameters largeWeights = backend().parameters(both);
        join(spec, weights, extra, largeWeights, false);

        Features features = new Features(backend());
        Tensor repeated = backend().tensor(STEPS, ROWS, EXTRA);
        Tensor xz = backend().tensor(STEPS, ROWS, INPUTS + EXTRA);
        features.repeat(z, repeated);
        features.concat(xz, x, repeated);
        Tensor expected = backend().tensor(STEPS, ROWS, spec.outputSize());
        RnnParameters largeGradients = backend().parameters(both);
        Tensor dxz = backend().tensor(STEPS, ROWS, INPUTS + EXTRA);
        try (Rnn rnn = backend().rnn(both, STEPS, ROWS, Purpose.TRAINING);
                TrainingPass pass =
                        rnn.call(largeWeights, xz).lengths(LENGTHS).y(expected).train()) {
            pass.backward().dy(dy).dx(dxz).gradients(largeGradients).run();
        }
        Tensor dx = backend().tensor(STEPS, ROWS, INPUTS);
        Tensor dRepeated = backend().tensor(STEPS, ROWS, EXTRA);
        Tensor dz = backend().tensor(ROWS, EXTRA);
        features.split(dxz, dx, dRepeated);
        features.sum(dRepeated, dz);
        RnnParameters gradients = backend().parameters(spec);
        Tensor dExtra = backend().tensor(gates, EXTRA);
        join(spec, gradients, dExtra, largeGradients, true);

        Linear map = backend().linear(EXTRA, gates);
        Tensor condition = backend().tensor(ROWS, gates);
        map.forward(extra, null, z, condition);
        Tensor y = backend().tensor(STEPS, ROWS, spec.outputSize()).fill(Double.NaN);
        Tensor actualDx = backend().tensor(STEPS, ROWS, INPUTS).fill(Double.NaN);
        Tensor dCondition = backend().tensor(ROWS, gates).fill(Double.NaN);
        RnnParameters actual = backend().parameters(spec);
        try (Rnn rnn = backend().rnn(spec, STEPS, ROWS, Purpose.TRAINING);
                TrainingPass pass = rnn.call(weights, x)
                        .lengths(LENGTHS)
                        .condition(condition)
                        .y(y)
                        .train()) {
            pass.backward()
                    .dy(dy)
                    .dx(actualDx)
                    .dCondition(dCondition)
                    .gradients(actual)
                    .run();
        }
        forward().check("y", expected.toDoubles(), y.toDoubles());
        backward().check("dx", dx.toDoubles(), actualDx.toDoubles());
        backward()
                .check("gradients", gradients.flat().toDoubles(), actual.flat().toDoubles());
        Tensor actualDz = backend().tensor(ROWS, EXTRA);
        Tensor actualDExtra = backend().tensor(gates, EXTRA);
        map.backward(extra, z, dCondition, actualDz, actualDExtra, null);
        backward().check("dz", dz.toDoubles(), actualDz.toDoubles());
        backward().check("dW", dExtra.toDoubles(), actualDExtra.toDoubles());
    }

    /** A prepared call takes the values as they are when it runs; with indices as input too, in inference. */
    @Test
    void valuesMayChangeBetweenRuns() {
        RnnSpec spec = RnnSpec.of(Cell.LSTM, INPUTS, 6);
        assumeSupported(spec);
        RnnParameters weights = backend().parameters(spec);
        weights.flat().set(new Numbers(2).uniform(spec.layout().size(), 0.5));
        IntTensor indices = backend().intTensor(STEPS, ROWS).set(new Numbers(3).indices(STEPS * ROWS, INPUTS));
        double[] hot = new double[STEPS * ROWS * INPUTS];
        for (int m = 0; m < STEPS * ROWS; m++) {
            hot[m * INPUTS + indices.toInts()[m]] = 1;
        }
        Tensor dense = tensor(hot, STEPS, ROWS, INPUTS);
        Tensor condition = backend().tensor(ROWS, spec.gateRows());
        Tensor y = backend().tensor(STEPS, ROWS, spec.outputSize());
        Tensor plain = backend().tensor(STEPS, ROWS, spec.outputSize());
        try (Rnn rnn = backend().rnn(spec, STEPS, ROWS, Purpose.INFERENCE)) {
            rnn.forward(weights, dense, plain);
            for (Input x : List.of(dense, indices)) {
                ForwardCall call =
                        rnn.call(weights, x).condition(condition.fill(0)).y(y);
                call.run();
                forward().check("condition of zero", plain.toDoubles(), y.toDoubles());
                double[] first = with(spec, weights, dense, condition.set(new Numbers(4).uniform(condition.size(), 1)));
                call.run();
                forward().check("first values", first, y.toDoubles());
                double[] second =
                        with(spec, weights, dense, condition.set(new Numbers(5).uniform(condition.size(), 1)));
                call.run();
                forward().check("second values", second, y.toDoubles());
                call.condition(null).run();
                forward().check("no condition any more", plain.toDoubles(), y.toDoubles());
            }
        }
    }

    /** The outputs of a network with the condition in its bias, row by row. */
    private double[] with(RnnSpec spec, RnnParameters weights, Tensor x, Tensor condition) {
        double[] values = condition.toDoubles();
        double[] input = x.toDoubles();
        double[] outputs = new double[STEPS * ROWS * spec.outputSize()];
        RnnParameters changed = backend().parameters(spec);
        try (Rnn rnn = backend().rnn(spec, STEPS, 1, Purpose.INFERENCE)) {
            for (int n = 0; n < ROWS; n++) {
                changed.flat().copyFrom(weights.flat());
                double[] bias = changed.tensor("bias_ih_l0").toDoubles();
                for (int i = 0; i < bias.length; i++) {
                    bias[i] += values[n * bias.length + i];
                }
                changed.tensor("bias_ih_l0").set(bias);
                double[] row = new double[STEPS * INPUTS];
                for (int t = 0; t < STEPS; t++) {
                    System.arraycopy(input, (t * ROWS + n) * INPUTS, row, t * INPUTS, INPUTS);
                }
                Tensor y = backend().tensor(STEPS, 1, spec.outputSize());
                rnn.forward(changed, tensor(row, STEPS, 1, INPUTS), y);
                for (int t = 0; t < STEPS; t++) {
                    System.arraycopy(
                            y.toDoubles(),
                            t * spec.outputSize(),
                            outputs,
                            (t * ROWS + n) * spec.outputSize(),
                            spec.outputSize());
                }
            }
        }
        return outputs;
    }

    @Test
    void wrongConditionsAreNamed() {
        RnnSpec spec = RnnSpec.of(Cell.GRU, INPUTS, 4);
        assumeSupported(spec);
        RnnParameters weights = backend().parameters(spec);
        Tensor x = backend().tensor(STEPS, ROWS, INPUTS);
        Tensor y = backend().tensor(STEPS, ROWS, 4);
        try (Rnn rnn = backend().rnn(spec, STEPS, ROWS, Purpose.TRAINING)) {
            ForwardCall call = rnn.call(weights, x).y(y);
            Refusal.illegalArgument(
                    () -> call.condition(backend().tensor(ROWS, 4)).run(),
                    "condition: expected shape [N,D*G*H] = [3, 12], got [3, 4]");
            Tensor condition = backend().tensor(ROWS, 12);
            Refusal.illegalArgument(
                    () -> rnn.call(weights, x)
                            .y(condition.view(0, 3, 3, 4))
                            .condition(condition)
                            .run(),
                    "y: expected");
            try (TrainingPass pass = rnn.call(weights, x).y(y).train()) {
                Refusal.illegalArgument(
                        () -> pass.backward()
                                .dy(y)
                                .dCondition(backend().tensor(ROWS, 3))
                                .run(),
                        "dCondition: expected shape [N,D*G*H]");
            }
        }
    }
}
