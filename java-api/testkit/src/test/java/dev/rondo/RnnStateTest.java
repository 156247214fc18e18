package dev.rondo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.rondo.contract.Refusal;
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
        Refusal.illegalArgument(() -> new RnnState(h, tensor(1, 2, 3)), "c: expected", "[1, 2, 2]", "[1, 2, 3]");
        Refusal.illegalArgument(() -> new RnnState(h, h.view(0, 1, 2, 2)), "c: expected memory apart from h");
        RnnState state = new RnnState(h, null);
        RnnState withCell = new RnnState(tensor(1, 2, 2), tensor(1, 2, 2));
        Refusal.illegalArgument(() -> state.copyFrom(withCell), "source: expected no cell state, got one");
        Refusal.illegalArgument(() -> withCell.copyFrom(state), "source: expected a cell state, got none");
        Refusal.illegalArgument(() -> state.copyFrom(new RnnState(tensor(1, 2, 3), null)), "expected 4", "got 6");
        Refusal.nullArgument(() -> state.copyFrom(null), "source");
        Refusal.nullArgument(() -> state.zeroRows(null), "rows");
        Refusal.illegalArgument(() -> state.zeroRows(new boolean[3]), "rows: expected 2", "got 3");
        assertArrayEquals(new double[] {1, 1, 1, 1}, h.toDoubles());
        state.close();
        Refusal.illegalState(state::zero, "closed");
        Refusal.illegalState(() -> state.zeroRows(new boolean[] {true, true}), "closed");
    }
}
