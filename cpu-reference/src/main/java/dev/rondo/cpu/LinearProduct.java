package dev.rondo.cpu;

import dev.rondo.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One call's product of rows with the weights of a linear layer, forward or backward. It is cut into tiles: some rows by all
 * columns, or where rows are few by some panels of columns. An element is computed in the same way in any tile.
 */
final class LinearProduct implements Workers.Piece {
    /** Rows of a tile: they stay in the second cache while all columns are computed. */
    private static final int ROWS = 96;

    /** Multiplications that are worth a tile. */
    private static final long TILE = 200_000;

    private static final float[] NONE = new float[0];

    private final InnerLoops loops;
    private final Workers workers;
    private final int panel;
    private final Spares<Scratch> scratch;
    private final LinearWeights.Form form;
    private final PackedCache.Use<LinearWeights> use;
    private final HostArray a = new HostArray();
    private final HostArray c = new HostArray();
    private final HostArray bias = new HostArray();
    private final PackedMatrix none;
    private PackedMatrix matrix;
    private boolean biased;
    private int rows;
    private int depth;
    private int columns;
    private int tilePanels;
    private int tilesAcross;

    /** Room of one thread for a tile of the result whose columns are not whole panels. */
    static final class Scratch {
        private float[] values = NONE;

        float[] atLeast(int size) {
            values = values.length >= size ? values : Sizes.floats("scratch of a linear layer", 1, 1, size);
            return values;
        }
    }

    LinearProduct(InnerLoops loops, Workers workers, PackedCache cache, Spares<Scratch> scratch) {
        this.loops = loops;
        this.workers = workers;
        this.panel = loops.panel();
        this.scratch = scratch;
        this.form = new LinearWeights.Form(loops);
        this.use = new PackedCache.Use<>(cache, workers, form);
        this.none = loops.matrix(new AlignedMemory("nothing"), 0, 0);
        this.matrix = none;
    }

    /**
     * Computes {@code result = left W^T + bias}, or backward {@code result = left W}.
     *
     * @param weight {@code [O,I]}
     * @param biasTensor {@code [O]}, or null
     * @param left rows of I values, backward of O
     * @param result receives rows of O values, backward of I
     */
    void run(boolean backward, Tensor weight, @Nullable Tensor biasTensor, Tensor left, Tensor result) {
        form.set(weight.dimension(0), weight.dimension(1), backward);
        depth = weight.dimension(backward ? 0 : 1);
        columns = weight.dimension(backward ? 1 : 0);
        rows = left.size() / depth;
        try {
            matrix = use.open(weight).matrix;
            a.open(left);
            c.open(result);
            biased = biasTensor != null;
            if (biasTensor != null) {
                bias.open(biasTensor);
            }
            workers.pieces((long) rows * depth * columns, tiles(), this);
            c.writeBack(result);
        } finally {
            matrix = none;
            use.close();
            a.close();
            bias.close();
            c.close();
        }
    }

    private int tiles() {
        int panels = matrix.columns / panel;
        int high = (rows + ROWS - 1) / ROWS;
        tilePanels = panels;
        if (high < 2 * workers.count()) {
            long perPanel = (long) Math.min(rows, ROWS) * depth * panel;
            // Fours, since the product of one row takes four panels at a time.
            tilePanels = (int) Math.min(panels, (TILE / perPanel + 4) / 4 * 4);
        }
        tilesAcross = (panels + tilePanels - 1) / tilePanels;
        return high * tilesAcross;
    }

    @Override
    public void run(int tile) {
        int first = tile / tilesAcross * ROWS;
        int count = Math.min(ROWS, rows - first);
        int panels = matrix.columns / panel;
        int firstPanel = tile % tilesAcross * tilePanels;
        int tiled = Math.min(tilePanels, panels - firstPanel);
        int column = firstPanel * panel;
        int width = Math.min(columns - column, tiled * panel);
        int to = c.offset + first * columns + column;
        if (columns == matrix.columns) {
            product(first, count, firstPanel, tiled, width, c.array, to, columns);
            return;
        }
        Scratch spare = scratch.borrow();
        int row = tiled * panel;
        float[] values = spare.atLeast(count * row);
        product(first, count, firstPanel, tiled, width, values, 0, row);
        for (int m = 0; m < count; m++) {
            System.arraycopy(values, m * row, c.array, to + m * columns, width);
        }
        scratch.giveBack(spare);
    }

    private void product(
            int first, int count, int firstPanel, int panels, int width, float[] target, int to, int targetRow) {
        for (int m = 0; m < count; m++) {
            int at = to + m * targetRow;
            if (biased) {
                System.arraycopy(bias.array, bias.offset + firstPanel * panel, target, at, width);
                Arrays.fill(target, at + width, at + panels * panel, 0);
            } else {
                Arrays.fill(target, at, at + panels * panel, 0);
            }
        }
        int from = a.offset + first * depth;
        if (count == 1) {
            loops.rowProduct(a.array, from, matrix, firstPanel, panels, 1, panels, target, to);
        } else {
            loops.product(a.array, from, depth, count, depth, matrix, firstPanel, panels, target, to, targetRow);
        }
    }
}
