package dev.rondo.cpu;

import dev.rondo.RnnSpec;

/** The sizes of one layer in the layout of the inner loops; the same in both directions. */
class LayerShape {
    final CpuCell cell;
    final InnerLoops loops;
    final int panel;
    final int hidden;
    final int padded;
    final int row;
    final int inputRow;

    /** x in segments of {@code segment} values, each in {@code segmentPadded} places: one for layer 0, else one a direction. */
    final int segments;

    final int segment;
    final int segmentPadded;

    /** The places of a row of x, and of a row of its gradient. */
    final int xRow;

    final int xPadded;

    LayerShape(RnnSpec spec, int layer, InnerLoops loops) {
        this.loops = loops;
        this.cell = CpuCell.of(spec.cell(), loops, spec.hiddenSize());
        this.panel = loops.panel();
        this.hidden = spec.hiddenSize();
        this.padded = cell.padded;
        this.row = cell.row;
        this.inputRow = cell.inputBlocks() * padded;
        this.segments = layer == 0 ? 1 : spec.directions();
        this.segment = layer == 0 ? spec.inputSize() : hidden;
        this.segmentPadded = layer == 0 ? spec.inputSize() : padded;
        this.xRow = Sizes.product("a row of the input", segments, segmentPadded, 1);
        this.xPadded = PackedMatrix.padded(xRow, panel);
    }

    /** The same sizes. */
    LayerShape(LayerShape shape) {
        this.loops = shape.loops;
        this.cell = shape.cell;
        this.panel = shape.panel;
        this.hidden = shape.hidden;
        this.padded = shape.padded;
        this.row = shape.row;
        this.inputRow = shape.inputRow;
        this.segments = shape.segments;
        this.segment = shape.segment;
        this.segmentPadded = shape.segmentPadded;
        this.xRow = shape.xRow;
        this.xPadded = shape.xPadded;
    }

    /** Multiplications of a step of one row with the recurrent weights. */
    long recurrentWeights() {
        return (long) row * padded;
    }
}
