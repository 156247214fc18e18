package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rondo.Rnn;
import dev.rondo.RnnOption;
import dev.rondo.RnnParameters;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Outputs and gradients of {@link Rnn} against {@link NaiveNetwork}: its outputs, and the central differences of its
 * loss by every element of every tensor. The differences are taken in double for every backend.
 */
public abstract class GradientContract extends BackendContract {
    /** For subclasses. */
    protected GradientContract() {}

    static List<RnnCase> all() {
        return RnnCases.all();
    }

    static List<RnnCase> withOptions() {
        return RnnCases.withOptions();
    }

    static List<RnnCase> oneHot() {
        return RnnCases.oneHot();
    }

    static List<RnnCase> everyCell() {
        return RnnCases.everyCell();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("all")
    void everyTensorOfEveryNetwork(RnnCase network) {
        checkAgainstDifferences(network);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("withOptions")
    void everyTensorWithEveryOption(RnnCase network) {
        checkAgainstDifferences(network);
    }

    @Test
    void everyOptionHasACase() {
        Set<RnnOption> options = EnumSet.noneOf(RnnOption.class);
        withOptions().forEach(one -> options.addAll(one.spec.options()));
        assertEquals(EnumSet.allOf(RnnOption.class), options);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("oneHot")
    void oneHotInput(RnnCase network) {
        checkAgainstDifferences(network);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("everyCell")
    void withoutGradientByTheOutputs(RnnCase network) {
        network.dy = null;
        checkAgainstDifferences(network);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("everyCell")
    void withoutGradientByTheLastState(RnnCase network) {
        network.dLast = null;
        checkAgainstDifferences(network);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("everyCell")
    void withoutInitialState(RnnCase network) {
        RnnCase without = network.withInitial(null).awayFromKink();
        RnnCase fromZero = without.withInitial(StateValues.filled(network.spec, network.batch, 0));
        fromZero.run(backend()).assertSameBits(without.run(backend()));
        checkAgainstDifferences(fromZero);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("everyCell")
    void withoutAnyGradientEverythingIsZero(RnnCase network) {
        network.dy = null;
        network.dLast = null;
        RnnOutcome actual = network.run(backend());
        assertArrayEquals(new double[actual.dx().length], absolute(actual.dx()));
        assertArrayEquals(new double[actual.gradients().length], absolute(actual.gradients()));
    }

    private static double[] absolute(double... values) {
        return Arrays.stream(values).map(Math::abs).toArray();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("everyCell")
    void whatIsNotWantedDoesNotChangeTheRest(RnnCase network) {
        RnnOutcome all = network.run(backend());
        RnnParameters weights = network.weights(backend());
        Tensor dx = backend().tensor(network.steps, network.batch, network.spec.inputSize());
        RnnState dInitial = network.garbageState(backend());
        RnnParameters gradients = backend().parameters(network.spec);
        try (Rnn rnn = network.rnn(backend())) {
            for (int wanted = 0; wanted < 3; wanted++) {
                TrainingPass pass = rnn.call(weights, network.input(backend()))
                        .initial(network.initial(backend()))
                        .train();
                pass.backward()
                        .dy(network.dy(backend()))
                        .dLast(network.dLast(backend()))
                        .dx(wanted == 0 ? dx : null)
                        .dInitial(wanted == 1 ? dInitial : null)
                        .gradients(wanted == 2 ? gradients : null)
                        .run();
            }
        }
        assertArrayEquals(all.dx(), dx.toDoubles());
        all.dInitial().assertSameBits("dInitial", StateValues.of(dInitial));
        assertArrayEquals(all.gradients(), gradients.flat().toDoubles());
    }

    private void checkAgainstDifferences(RnnCase network) {
        RnnOutcome actual = network.run(backend());
        NaiveNetwork naive = network.naive();
        forward().check("y", naive.y(), actual.y());
        naive.last().assertNear(forward(), "last", actual.last());

        double[] byWeights = Differences.of(network.weights, network::naiveLoss);
        network.spec.layout().entries().forEach(entry -> {
            int from = entry.offset();
            int to = from + entry.size();
            differences()
                    .check(
                            "d" + entry.name(),
                            Arrays.copyOfRange(byWeights, from, to),
                            Arrays.copyOfRange(actual.gradients(), from, to));
        });
        if (network.indices == null) {
            differences().check("dx", Differences.of(network.x, network::naiveLoss), actual.dx());
        }
        StateValues initial = network.initial;
        if (initial != null) {
            differences()
                    .check(
                            "dh0",
                            Differences.of(initial.h(), network::naiveLoss),
                            actual.dInitial().h());
            differences()
                    .check(
                            "dc0",
                            Differences.of(initial.c(), network::naiveLoss),
                            actual.dInitial().c());
        }
        assertEquals(network.weights.length, actual.gradients().length);
    }
}
