package dev.rondo.cuda;

import dev.rondo.Cell;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The table of the cells of this backend: the only place that lists them. What each one has is in its own class. */
final class CudaCells {
    private static final Map<Cell, CudaCell> CELLS = Map.of(
            Cell.RNN_TANH, RnnCell.tanh(),
            Cell.RNN_RELU, RnnCell.relu(),
            Cell.LSTM, new LstmCell(),
            Cell.GRU, new GruCell(),
            Cell.GRU_RESET_BEFORE, new GruResetBeforeCell());

    private CudaCells() {}

    /** The cells that this backend has. */
    static Set<Cell> all() {
        return CELLS.keySet();
    }

    /** A cell; empty where this backend does not have it. */
    static Optional<CudaCell> find(Cell cell) {
        return Optional.ofNullable(CELLS.get(cell));
    }

    /** A cell that {@link #find} has found. */
    static CudaCell of(Cell cell) {
        return find(cell).orElseThrow(() -> new IllegalArgumentException("backend cuda has no kernels for " + cell));
    }
}
