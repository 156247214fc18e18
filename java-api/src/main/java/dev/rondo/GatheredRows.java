package dev.rondo;

import org.jspecify.annotations.Nullable;

/** Room for the states of up to so many rows, that are used as a state of any number of rows up to it. */
final class GatheredRows implements AutoCloseable {
    private final RnnSpec spec;
    private final Tensor h;
    private final @Nullable Tensor c;
    private final @Nullable RnnState[] states;

    GatheredRows(Backend backend, RnnSpec spec, int maxBatch) {
        this.spec = spec;
        this.h = backend.tensor(spec.stateCount(), maxBatch, spec.hiddenStateSize());
        try {
            this.c =
                    spec.cellStateSize() > 0 ? backend.tensor(spec.stateCount(), maxBatch, spec.cellStateSize()) : null;
        } catch (RuntimeException | Error e) {
            h.close();
            throw e;
        }
        this.states = new RnnState[maxBatch + 1];
    }

    /** A state of so many rows, the same object for the same number. */
    RnnState first(int rows) {
        RnnState state = states[rows];
        if (state == null) {
            Tensor cells = c == null ? null : c.view(0, spec.stateCount(), rows, spec.cellStateSize());
            state = new RnnState(h.view(0, spec.stateCount(), rows, spec.hiddenStateSize()), cells);
            states[rows] = state;
        }
        return state;
    }

    @Override
    public void close() {
        h.close();
        if (c != null) {
            c.close();
        }
    }
}
