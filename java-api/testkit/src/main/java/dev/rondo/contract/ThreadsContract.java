package dev.rondo.contract;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Direction;
import dev.rondo.Purpose;
import dev.rondo.RnnSpec;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The number of threads changes no bit, with fewer rows than threads and with more; for a backend that takes threads. */
public abstract class ThreadsContract {
    /** For subclasses. */
    protected ThreadsContract() {}

    /**
     * The backend under test.
     *
     * @param threads how many threads it has
     * @return a new one
     */
    protected abstract Backend open(int threads);

    static List<RnnCase> cases() {
        List<RnnCase> cases = new ArrayList<>();
        for (Cell cell : Cell.values()) {
            // Large enough that a few threads have something to do for a batch of one.
            int hidden = cell.gates() == 1 ? 300 : 170;
            RnnSpec spec = RnnSpec.of(cell, 70, hidden);
            cases.add(RnnCase.random(spec, 9, 1, 1));
            cases.add(RnnCase.random(spec, 7, 1, 2).oneHot());
            cases.add(RnnCase.random(spec, 7, 2, 3).withLengths(4, 7));
            cases.add(RnnCase.random(spec, 5, 7, 4));
            // Longer than the steps that inference keeps.
            cases.add(RnnCase.random(spec, 100, 3, 7));
            cases.add(RnnCase.random(RnnSpec.of(cell, 9, 16), 100, 5, 8));
            cases.add(RnnCase.random(RnnSpec.of(cell, 9, 16), 100, 3, 9));
            RnnSpec stack = spec.withLayers(2).withDirection(Direction.BIDIRECTIONAL);
            cases.add(RnnCase.random(stack, 6, 1, 5).withLengths(5));
            cases.add(RnnCase.random(stack.withDropout(0.3), 5, 2, 6));
        }
        return cases;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void theNumberOfThreadsChangesNoBit(RnnCase network) {
        RnnOutcome alone;
        try (Backend one = open(1)) {
            alone = network.run(one);
        }
        for (int threads = 2; threads <= 5; threads++) {
            try (Backend several = open(threads)) {
                alone.assertSameBits(network.run(several));
                if (network.spec.dropout() == 0) {
                    alone.assertSameForward(network.forward(several, Purpose.INFERENCE));
                }
            }
        }
    }
}
