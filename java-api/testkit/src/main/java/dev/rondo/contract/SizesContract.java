package dev.rondo.contract;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Direction;
import dev.rondo.RnnSpec;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Sizes that divide by nothing: what blocked, tiled and shared-out computations get wrong first. */
public abstract class SizesContract extends BackendContract {
    /** For subclasses. */
    protected SizesContract() {}

    private static final int STEPS = 4;
    /** Hidden size and batch. */
    private static final int[][] SIZES = {{1, 1}, {1, 65}, {33, 3}, {100, 1}, {100, 65}, {257, 3}};

    static List<RnnCase> sizes() {
        List<RnnCase> cases = new ArrayList<>();
        int seed = 0;
        for (Cell cell : Cell.values()) {
            for (int[] size : SIZES) {
                Direction direction = seed % 2 == 0 ? Direction.FORWARD : Direction.REVERSE;
                RnnSpec spec = RnnSpec.of(cell, 5, size[0]).withDirection(direction);
                RnnCase full = RnnCases.scaled(RnnCase.random(spec, STEPS, size[1], seed++));
                cases.add(full);
                int[] lengths = new int[size[1]];
                for (int n = 0; n < lengths.length; n++) {
                    lengths[n] = (n + 2) % (STEPS + 1);
                }
                cases.add(full.withLengths(lengths));
            }
        }
        return cases;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("sizes")
    void everythingEqualsTheOracleAndItself(RnnCase network) {
        RnnOutcome first = network.run(backend());
        network.run(backend()).assertSameBits(first);
        Assumptions.assumeFalse(backend().name().equals("reference"), "this is the oracle itself");
        try (Backend oracle = Backend.named("reference")) {
            network.run(oracle).assertNear(forward(), backward(), first);
        }
    }
}
