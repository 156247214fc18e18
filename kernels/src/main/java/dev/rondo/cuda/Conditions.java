package dev.rondo.cuda;

import dev.rondo.cuda.CudaCell.Group;

/**
 * A vector that conditions every step of the first layer: it is added to what the gates get from the input, {@code [N,D*G*H]} with
 * the gates as in W. Addresses are those of a direction's first gate.
 */
final class Conditions {
    private Conditions() {}

    /** Adds it to the gates of all steps of the window, which hold {@code W x + b}. */
    static void add(LayerPass pass, long condition) {
        for (Group group : pass.cell().input()) {
            int width = group.count() * pass.hidden();
            pass.launch(Kernel.COPY_COLUMNS)
                    .pointer(condition + 4L * group.gate() * pass.hidden())
                    .integer(pass.conditionRow())
                    .integer(pass.batch())
                    .pointer(pass.gates(0) + 4L * group.block() * pass.hidden())
                    .integer(pass.gateRow())
                    .integer(pass.rows())
                    .integer(width)
                    .flag(true)
                    .linear((long) pass.rows() * width);
        }
    }

    /** The gradient by it, after {@link LayerPass#backward}: the gradients by the gates, 0 past the lengths, over all steps. */
    static void gradient(LayerPass pass, long dCondition) {
        for (Group group : pass.cell().input()) {
            int width = group.count() * pass.hidden();
            pass.launch(Kernel.SUM_COLUMNS)
                    .pointer(pass.gates(0) + 4L * group.block() * pass.hidden())
                    .integer(pass.gateRow())
                    .integer(pass.rows())
                    .pointer(dCondition + 4L * group.gate() * pass.hidden())
                    .integer(pass.conditionRow())
                    .integer(pass.batch())
                    .integer(width)
                    .flag(false)
                    .linear((long) pass.batch() * width);
        }
    }
}
