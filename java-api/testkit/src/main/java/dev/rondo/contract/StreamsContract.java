package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.rondo.Cell;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Many streams over one set of weights: their states are rows of one state, of which those with input make a batch. */
public abstract class StreamsContract extends BackendContract {
    /** For subclasses. */
    protected StreamsContract() {}

    private static final int STREAMS = 9;
    private static final int INPUT = 3;
    private static final int HIDDEN = 5;
    private static final int MOST = 4;

    @ParameterizedTest
    @EnumSource
    void streamsInBatchesEqualStreamsAlone(Cell cell) {
        RnnSpec spec = RnnSpec.of(cell, INPUT, HIDDEN).withLayers(2);
        assumeSupported(spec);
        RnnCase numbers = RnnCase.random(spec, 1, 1, 31);
        RnnParameters weights = numbers.weights(backend());
        RnnState pool = backend().state(spec, STREAMS);
        RnnState[] alone = new RnnState[STREAMS];
        for (int n = 0; n < STREAMS; n++) {
            alone[n] = backend().state(spec, 1);
        }
        Random random = new Random(5);
        Tensor oneX = backend().tensor(1, 1, INPUT);
        Tensor oneY = backend().tensor(1, 1, HIDDEN);
        try (Rnn rnn = backend().rnn(spec, 1, MOST, Purpose.INFERENCE)) {
            for (int round = 0; round < 12; round++) {
                int[] rows = random.ints(0, STREAMS)
                        .distinct()
                        .limit(1 + round % MOST)
                        .toArray();
                double[] x = random.doubles((long) rows.length * INPUT, -1, 1).toArray();
                Tensor y = backend().tensor(1, rows.length, HIDDEN);
                rnn.step(weights, backend().tensor(1, rows.length, INPUT).set(x), pool, rows, y);
                double[] together = y.toDoubles();
                for (int n = 0; n < rows.length; n++) {
                    oneX.set(Arrays.copyOfRange(x, n * INPUT, (n + 1) * INPUT));
                    rnn.step(weights, oneX, alone[rows[n]], oneY);
                    double[] part = Arrays.copyOfRange(together, n * HIDDEN, (n + 1) * HIDDEN);
                    forward().check("stream " + rows[n] + " in round " + round, oneY.toDoubles(), part);
                }
            }
        }
        RnnState row = backend().state(spec, 1);
        for (int n = 0; n < STREAMS; n++) {
            row.gather(pool, n);
            StateValues.of(alone[n]).assertNear(forward(), "state of stream " + n, StateValues.of(row));
        }
    }

    @ParameterizedTest
    @EnumSource
    void wrongRowsChangeNothing(Cell cell) {
        RnnSpec spec = RnnSpec.of(cell, INPUT, HIDDEN);
        assumeSupported(spec);
        RnnParameters weights = RnnCase.random(spec, 1, 1, 32).weights(backend());
        RnnState pool = backend().state(spec, 3);
        pool.h().fill(0.25);
        double[] before = pool.h().toDoubles();
        Tensor x = backend().tensor(1, 2, INPUT);
        try (Rnn rnn = backend().rnn(spec, 1, MOST, Purpose.INFERENCE)) {
            Refusal.illegalArgument(
                    () -> rnn.step(weights, x, pool, new int[] {0}, null), "rows: expected N = 2", "got 1");
            Refusal.illegalArgument(
                    () -> rnn.step(weights, x, pool, new int[] {0, 3}, null), "rows[1]: expected 0 to 2, got 3");
            Refusal.illegalArgument(
                    () -> rnn.step(weights, x, pool, new int[] {1, 1}, null), "rows[1]: expected each row once");
            Refusal.nullArgument(() -> rnn.step(weights, x, pool, null, null), "rows");
            Refusal.nullArgument(() -> rnn.step(weights, x, null, new int[] {0, 1}, null), "pool");
            assertArrayEquals(before, pool.h().toDoubles());
        }
    }
}
