package dev.rondo.cuda;

import dev.rondo.cuda.CudaCell.Group;

/**
 * The gradients of the weights of one layer and direction, as products over all steps and rows once the time loop is done:
 * {@code dW = da^T x}, {@code dU = da^T h}, and sums for the biases.
 */
final class WeightGradients {
    private final CudaKernels backend;
    private final LayerPass pass;
    private final LayerBuffers b;
    private final CudaCell cell;
    private final int hidden;

    WeightGradients(CudaKernels backend, LayerPass pass) {
        this.backend = backend;
        this.pass = pass;
        this.b = pass.buffers();
        this.cell = pass.cell();
        this.hidden = pass.hidden();
    }

    /** The elements of {@link GradientBuffers#sums} that gradients over so many rows need. */
    long sumElements(int rows) {
        long elements = 0;
        for (Group group : cell.input()) {
            elements = Math.max(elements, sumElements(rows, group.count() * hidden, pass.inputs()));
        }
        for (Group group : cell.recurrent()) {
            elements = Math.max(elements, sumElements(rows, group.count() * hidden, hidden));
        }
        return elements;
    }

    private long sumElements(int rows, int width, int columns) {
        return Math.max(
                backend.products().scratchElements(width, columns, rows), ColumnSums.scratchElements(rows, width));
    }

    /**
     * Adds the gradients, after {@link LayerPass#backward}.
     *
     * @param gradients the flat vector
     * @param sums scratch
     */
    void addTo(long gradients, long sums) {
        if (pass.lengths() != 0) {
            clearStatesPastLengths();
        }
        for (Group group : cell.input()) {
            long da = b.gates.at((long) group.block() * hidden);
            int width = group.count() * hidden;
            long dw = pass.parts().w(gradients, group.gate());
            if (pass.isIndices()) {
                scatterRows(da, width, dw);
            } else {
                backend.products()
                        .addTransposed(
                                da,
                                pass.gateRow(),
                                pass.x(),
                                pass.inputs(),
                                dw,
                                pass.inputs(),
                                width,
                                pass.inputs(),
                                pass.rows(),
                                sums);
            }
            addBias(group, pass.parts().inputBias(gradients, group.gate()), sums);
        }
        for (int i = 0; i < cell.recurrent().size(); i++) {
            Group group = cell.recurrent().get(i);
            long da = b.gates.at((long) group.block() * hidden);
            long du = pass.parts().u(gradients, group.gate());
            long states = i == 0 ? pass.h(0) : pass.p(0);
            int width = group.count() * hidden;
            backend.products()
                    .addTransposed(da, pass.gateRow(), states, hidden, du, hidden, width, hidden, pass.rows(), sums);
            addBias(group, pass.parts().recurrentBias(gradients, group.gate()), sums);
        }
    }

    private void scatterRows(long da, int width, long dw) {
        pass.launch(Kernel.SCATTER_ADD_ROWS)
                .pointer(da)
                .integer(pass.gateRow())
                .pointer(pass.x())
                .integer(pass.rows())
                .integer(width)
                .integer(pass.inputs())
                .pointer(dw)
                .wide(1)
                .wide(pass.inputs())
                .grid(Math.min(pass.inputs(), 65535), Math.min(65535, (width + 255L) / 256), 1, Launcher.THREADS, 1);
    }

    /** There the gradients are zero, and zero times an infinite state would be NaN. */
    private void clearStatesPastLengths() {
        pass.launch(Kernel.ROWS_TO_STEPS)
                .pointer(pass.h(0))
                .integer(hidden)
                .pointer(pass.lengths())
                .flag(false)
                .integer(pass.steps())
                .integer(pass.batch())
                .integer(hidden)
                .pointer(pass.h(0))
                .linear((long) pass.rows() * hidden);
    }

    private void addBias(Group group, long target, long sums) {
        if (target != 0) {
            ColumnSums.add(
                    backend.launcher(),
                    b.gates.at((long) group.block() * hidden),
                    pass.gateRow(),
                    pass.rows(),
                    group.count() * hidden,
                    target,
                    sums);
        }
    }
}
