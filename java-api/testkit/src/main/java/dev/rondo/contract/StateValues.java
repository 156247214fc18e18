package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.rondo.Backend;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import java.util.Arrays;

/**
 * The elements of a state, outside of any backend.
 *
 * @param h {@code [L*D,N,H]}
 * @param c the same, or without elements for a cell without a cell state
 */
record StateValues(double[] h, double[] c) {
    static StateValues filled(RnnSpec spec, int batch, double value) {
        double[] h = new double[spec.stateCount() * batch * spec.hiddenStateSize()];
        double[] c = new double[spec.stateCount() * batch * spec.cellStateSize()];
        Arrays.fill(h, value);
        Arrays.fill(c, value);
        return new StateValues(h, c);
    }

    static StateValues random(RnnSpec spec, int batch, Numbers numbers) {
        int rows = spec.stateCount() * batch;
        double[] h = numbers.uniform(rows * spec.hiddenStateSize(), 1);
        return new StateValues(h, numbers.uniform(rows * spec.cellStateSize(), 1));
    }

    static StateValues of(RnnState state) {
        Tensor c = state.c();
        return new StateValues(state.h().toDoubles(), c == null ? new double[0] : c.toDoubles());
    }

    RnnState on(Backend backend, RnnSpec spec, int batch) {
        RnnState state = backend.state(spec, batch);
        state.h().set(h);
        Tensor cellState = state.c();
        if (cellState != null) {
            cellState.set(c);
        }
        return state;
    }

    /** The states of one index {@code l*D + d}, of one row. */
    StateValues row(RnnSpec spec, int batch, int state, int n) {
        int from = (state * batch + n) * spec.hiddenSize();
        int to = from + spec.hiddenSize();
        return new StateValues(Arrays.copyOfRange(h, from, to), c.length == 0 ? c : Arrays.copyOfRange(c, from, to));
    }

    /** One layer and direction of all rows. */
    StateValues part(int stateCount, int state) {
        int size = h.length / stateCount;
        return new StateValues(
                Arrays.copyOfRange(h, state * size, (state + 1) * size),
                c.length == 0 ? c : Arrays.copyOfRange(c, state * size, (state + 1) * size));
    }

    /** With the chosen rows zero. */
    StateValues withZeroRows(RnnSpec spec, boolean[] rows) {
        StateValues copy = new StateValues(h.clone(), c.clone());
        int hidden = spec.hiddenSize();
        for (int i = 0; i < h.length; i++) {
            if (rows[i / hidden % rows.length]) {
                copy.h[i] = 0;
                if (c.length > 0) {
                    copy.c[i] = 0;
                }
            }
        }
        return copy;
    }

    void assertSameBits(String what, StateValues actual) {
        assertArrayEquals(h, actual.h, what + ".h");
        assertArrayEquals(c, actual.c, what + ".c");
    }

    void assertNear(Tolerance tolerance, String what, StateValues actual) {
        tolerance.check(what + ".h", h, actual.h);
        tolerance.check(what + ".c", c, actual.c);
    }
}
