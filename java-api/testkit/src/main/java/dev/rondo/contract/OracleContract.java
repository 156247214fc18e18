package dev.rondo.contract;

import dev.rondo.Backend;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Larger networks, with odd sizes, against backend {@code reference}, which must be on the class path. */
public abstract class OracleContract extends BackendContract {
    /** For subclasses. */
    protected OracleContract() {}

    static List<RnnCase> large() {
        return RnnCases.large();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("large")
    void outputsEqualThoseOfTheNaiveEvaluator(RnnCase network) {
        RnnOutcome actual = network.run(backend());
        NaiveNetwork naive = network.naive();
        forward().check("y", naive.y(), actual.y());
        naive.last().assertNear(forward(), "last", actual.last());
    }

    static List<RnnCase> longSequences() {
        return RnnCases.longSequences();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("longSequences")
    void errorsGrowNoFasterThanRounding(RnnCase network) {
        Assumptions.assumeFalse(backend().name().equals("reference"), "this is the oracle itself");
        Tolerance forward = Tolerance.growth(isDouble(), false, network);
        Tolerance backward = Tolerance.growth(isDouble(), true, network);
        try (Backend oracle = Backend.named("reference")) {
            network.run(oracle).assertNear(forward, backward, network.run(backend()));
        }
        report(network.spec.cell() + ": " + forward);
        report(network.spec.cell() + ": " + backward);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("large")
    void everythingEqualsTheOracle(RnnCase network) {
        Assumptions.assumeFalse(backend().name().equals("reference"), "this is the oracle itself");
        try (Backend oracle = Backend.named("reference")) {
            network.run(oracle).assertNear(forward(), backward(), network.run(backend()));
        }
    }
}
