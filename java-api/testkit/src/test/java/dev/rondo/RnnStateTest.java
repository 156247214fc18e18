package dev.rondo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rondo.contract.Refusal;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RnnStateTest {
    private static Tensor tensor(int... shape) {
        int size = 1;
        for (int dimension : shape) {
            size *= dimension;
        }
        return Tensor.wrap(new float[size], shape).fill(1);
    }

    @Test
    void chosenRowsAreZeroed() {
        Tensor h = tensor(2, 3, 2);
        Tensor all = tensor(20);
        Tensor c = all.view(4, 2, 3, 2);
        new RnnState(h, c).zeroRows(new boolean[] {true, false, true});
        double[] expected = {0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0};
        assertArrayEquals(expected, h.toDoubles());
        assertArrayEquals(expected, c.toDoubles());
        assertArrayEquals(new double[] {1, 1, 1, 1}, all.view(0, 4).toDoubles());
        assertArrayEquals(new double[] {1, 1, 1, 1}, all.view(16, 4).toDoubles());
    }

    @Test
    void statesAreCopiedAndZeroed() {
        RnnState one = new RnnState(tensor(1, 2, 2), tensor(1, 2, 2));
        RnnState two = new RnnState(tensor(1, 2, 2), tensor(1, 2, 2).fill(3)).zero();
        assertArrayEquals(new double[4], two.c().toDoubles());
        two.copyFrom(one);
        assertArrayEquals(new double[] {1, 1, 1, 1}, two.h().toDoubles());
        assertArrayEquals(new double[] {1, 1, 1, 1}, two.c().toDoubles());
    }

    @Test
    void wrongArgumentsAreRefused() {
        Tensor h = tensor(1, 2, 2);
        Refusal.nullArgument(() -> new RnnState(null, null), "h");
        Refusal.illegalArgument(() -> new RnnState(tensor(2, 2), null), "h: expected", "[L*D,N,H]", "[2, 2]");
        Refusal.illegalArgument(() -> new RnnState(h, tensor(1, 3, 2)), "c: expected", "[1, 2, any]", "[1, 3, 2]");
        Refusal.illegalArgument(() -> new RnnState(h, h.view(0, 1, 2, 2)), "c: expected memory apart from h");
        RnnState state = new RnnState(h, null);
        RnnState withCell = new RnnState(tensor(1, 2, 2), tensor(1, 2, 2));
        Refusal.illegalArgument(() -> state.copyFrom(withCell), "source: expected no cell state, got one");
        Refusal.illegalArgument(() -> withCell.copyFrom(state), "source: expected a cell state, got none");
        Refusal.illegalArgument(
                () -> state.copyFrom(new RnnState(tensor(1, 2, 3), null)), "source.h: expected", "[1, 2, 3]");
        Refusal.nullArgument(() -> state.copyFrom(null), "source");
        Refusal.nullArgument(() -> state.zeroRows(null), "rows");
        Refusal.illegalArgument(() -> state.zeroRows(new boolean[3]), "rows: expected 2", "got 3");
        assertArrayEquals(new double[] {1, 1, 1, 1}, h.toDoubles());
        state.close();
        Refusal.illegalState(state::zero, "closed");
        Refusal.illegalState(() -> state.zeroRows(new boolean[] {true, true}), "closed");
    }

    private static RnnState counted(int batch) {
        Tensor h = tensor(2, batch, 2);
        Tensor c = tensor(2, batch, 3);
        double[] hs = new double[h.size()];
        double[] cs = new double[c.size()];
        for (int s = 0; s < 2; s++) {
            for (int n = 0; n < batch; n++) {
                for (int j = 0; j < 3; j++) {
                    if (j < 2) {
                        hs[(s * batch + n) * 2 + j] = 100 * s + 10 * n + j;
                    }
                    cs[(s * batch + n) * 3 + j] = 1000 + 100 * s + 10 * n + j;
                }
            }
        }
        return new RnnState(h.set(hs), c.set(cs));
    }

    @Test
    void rowsAreGatheredAndScattered() {
        RnnState pool = counted(4);
        RnnState batch = new RnnState(tensor(2, 2, 2), tensor(2, 2, 3));
        batch.gather(pool, 3, 1);
        assertArrayEquals(
                new double[] {30, 31, 10, 11, 130, 131, 110, 111}, batch.h().toDoubles());
        assertArrayEquals(
                new double[] {1030, 1031, 1032, 1010, 1011, 1012, 1130, 1131, 1132, 1110, 1111, 1112},
                batch.c().toDoubles());
        pool.zero();
        batch.scatter(pool, 0, 2);
        assertArrayEquals(
                new double[] {30, 31, 0, 0, 10, 11, 0, 0, 130, 131, 0, 0, 110, 111, 0, 0},
                pool.h().toDoubles());
        float[] row = new float[11];
        assertEquals(10, pool.rowSize());
        pool.readRow(2, row, 1);
        assertArrayEquals(new float[] {0, 10, 11, 110, 111, 1010, 1011, 1012, 1110, 1111, 1112}, row);
        pool.writeRow(3, row, 1);
        RnnState other = counted(4).zero();
        other.copyRow(1, pool, 3);
        float[] copied = new float[11];
        other.readRow(1, copied, 1);
        assertArrayEquals(row, copied);
        other.zeroRow(1);
        assertArrayEquals(new double[24], other.c().toDoubles());
    }

    @Test
    void ofManyRowsEachIsNamedOnceToo() {
        RnnState pool = counted(100);
        RnnState batch = counted(40);
        int[] rows = IntStream.range(0, 40).map(n -> 99 - n).toArray();
        batch.scatter(pool, rows);
        rows[37] = rows[5];
        Refusal.illegalArgument(() -> batch.scatter(pool, rows), "rows[37]: expected each row once, got 94", "rows[5]");
    }

    @Test
    void rowsThatAreNotThereAreRefused() {
        RnnState pool = counted(4);
        RnnState batch = new RnnState(tensor(2, 2, 2), tensor(2, 2, 3));
        Refusal.illegalArgument(() -> batch.gather(pool, 0), "rows: expected N = 2", "got 1");
        Refusal.illegalArgument(() -> batch.gather(pool, 0, 4), "rows[1]: expected 0 to 3, got 4");
        Refusal.illegalArgument(() -> batch.scatter(pool, -1, 0), "rows[0]: expected 0 to 3, got -1");
        Refusal.illegalArgument(() -> batch.scatter(pool, 2, 2), "rows[1]: expected each row once", "rows[0]");
        Refusal.illegalArgument(() -> batch.gather(batch, 0, 1), "source: expected another state");
        Refusal.illegalArgument(() -> batch.gather(new RnnState(tensor(2, 4, 2), null), 0, 1), "a cell state");
        Refusal.illegalArgument(() -> pool.copyRow(4, batch, 0), "row: expected 0 to 3, got 4");
        Refusal.illegalArgument(() -> pool.copyRow(0, batch, 2), "sourceRow: expected 0 to 1, got 2");
        Refusal.illegalArgument(() -> pool.readRow(0, new float[9], 0), "target", "9 elements", "count 10");
        Refusal.illegalArgument(() -> pool.zeroRow(-1), "row: expected 0 to 3, got -1");
        Refusal.nullArgument(() -> batch.gather(null, 0, 1), "source");
    }
}
