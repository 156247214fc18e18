package dev.rondo.cpu;

import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Copies states, and gradients by them, between the caller's {@code [L*D,N,H]} and the padded rows of each layer. */
final class StateArrays {
    private final int hidden;
    private final boolean hasC;
    private final HostArray h = new HostArray();
    private final HostArray c = new HostArray();

    StateArrays(RnnSpec spec) {
        this.hidden = spec.hiddenSize();
        this.hasC = spec.cell().hasCellState();
    }

    private void open(@Nullable RnnState state) {
        if (state != null) {
            h.open(state.h());
            Tensor cell = state.c();
            if (cell != null) {
                c.open(cell);
            }
        }
    }

    private void close() {
        h.close();
        c.close();
    }

    /** Copies a state into slot 0; null is zero. */
    void read(@Nullable RnnState initial, CpuPass pass) {
        open(initial);
        for (int i = 0; i < pass.passes().size(); i++) {
            LayerBuffers b = pass.passes().get(i).b;
            copyIn(initial != null ? h : null, i, b, b.h);
            if (hasC) {
                copyIn(initial != null ? c : null, i, b, b.c);
            }
        }
        close();
    }

    /** Copies the state after so many steps out. */
    void write(RnnState last, CpuPass pass, int steps) {
        open(last);
        for (int i = 0; i < pass.passes().size(); i++) {
            LayerBuffers b = pass.passes().get(i).b;
            copyOut(h, i, b, b.h, b.slot(steps, 0));
            if (hasC) {
                copyOut(c, i, b, b.c, b.slot(steps, 0));
            }
        }
        writeBack(last);
    }

    /** Copies the gradient by the final state in; null is zero. */
    void readGradient(@Nullable RnnState dLast, CpuPass pass) {
        open(dLast);
        for (int i = 0; i < pass.passes().size(); i++) {
            LayerBuffers b = pass.passes().get(i).b;
            copyIn(dLast != null ? h : null, i, b, b.dh);
            copyIn(dLast != null && hasC ? c : null, i, b, b.dc);
        }
        close();
    }

    /** Copies the gradient by the initial state out. */
    void writeGradient(RnnState dInitial, CpuPass pass) {
        open(dInitial);
        for (int i = 0; i < pass.passes().size(); i++) {
            LayerBuffers b = pass.passes().get(i).b;
            copyOut(h, i, b, b.dh, 0);
            if (hasC) {
                copyOut(c, i, b, b.dc, 0);
            }
        }
        writeBack(dInitial);
    }

    private void writeBack(RnnState state) {
        h.writeBack(state.h());
        Tensor cell = state.c();
        if (cell != null) {
            c.writeBack(cell);
        }
        close();
    }

    /** Copies one layer's and direction's {@code [N,H]} into padded rows, from the first on. */
    private void copyIn(@Nullable HostArray from, int state, LayerBuffers b, float[] to) {
        for (int n = 0; n < b.batch; n++) {
            int row = n * b.padded;
            if (from == null) {
                Arrays.fill(to, row, row + b.padded, 0);
            } else {
                System.arraycopy(from.array, from.offset + (state * b.batch + n) * hidden, to, row, hidden);
                Arrays.fill(to, row + hidden, row + b.padded, 0);
            }
        }
    }

    private void copyOut(HostArray to, int state, LayerBuffers b, float[] from, int slot) {
        for (int n = 0; n < b.batch; n++) {
            int row = slot + n * b.padded;
            System.arraycopy(from, row, to.array, to.offset + (state * b.batch + n) * hidden, hidden);
        }
    }
}
