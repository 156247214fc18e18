package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rondo.Backend;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Networks with one infinite number, against backend {@code reference}, which must be on the class path. */
public abstract class InfinityContract extends BackendContract {
    /** For subclasses. */
    protected InfinityContract() {}

    static List<RnnCase> infinite() {
        return RnnCases.infinite();
    }

    /** An infinity reaches what it reaches by the equations, and nothing else: neither other rows nor steps past the lengths. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("infinite")
    void infinitiesAndNanAreWhereTheNaiveEvaluatorHasThem(RnnCase network) {
        RnnOutcome actual = network.run(backend());
        NaiveNetwork naive = network.naive();
        checkSpecials(forward(), "y", naive.y(), actual.y());
        checkSpecials(forward(), "last.h", naive.last().h(), actual.last().h());
        checkSpecials(forward(), "last.c", naive.last().c(), actual.last().c());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("infinite")
    void infinitiesAndNanAreWhereTheOracleHasThem(RnnCase network) {
        Assumptions.assumeFalse(backend().name().equals("reference"), "this is the oracle itself");
        RnnOutcome expected;
        try (Backend oracle = Backend.named("reference")) {
            expected = network.run(oracle);
        }
        RnnOutcome actual = network.run(backend());
        checkSpecials(forward(), "y", expected.y(), actual.y());
        checkSpecials(backward(), "dx", expected.dx(), actual.dx());
        StateValues dInitial = expected.dInitial();
        checkSpecials(backward(), "dInitial.h", dInitial.h(), actual.dInitial().h());
        checkSpecials(backward(), "dInitial.c", dInitial.c(), actual.dInitial().c());
        checkSpecials(backward(), "gradients", expected.gradients(), actual.gradients());
    }

    /** NaN and infinities in the same places, everything else near. */
    private static void checkSpecials(Tolerance tolerance, String what, double[] expected, double[] actual) {
        double[] finite = expected.clone();
        double[] near = actual.clone();
        for (int i = 0; i < expected.length; i++) {
            if (!Double.isFinite(expected[i])) {
                assertEquals(expected[i], actual[i], what + "[" + i + "]");
                finite[i] = 0;
                near[i] = 0;
            }
        }
        tolerance.check(what, finite, near);
    }
}
