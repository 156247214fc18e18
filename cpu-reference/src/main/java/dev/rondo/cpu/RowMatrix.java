package dev.rondo.cpu;

import java.util.Arrays;

/**
 * A matrix with an array for each row. The JIT compiler turns a loop over such rows into vector instructions; where they lie
 * in one array it does not, because it cannot see that they do not overlap what is written.
 */
final class RowMatrix extends PackedMatrix {
    final float[][] rows;

    private final int panel;

    RowMatrix(int depth, int columns, int panel) {
        super(depth, padded(columns, panel));
        this.panel = panel;
        this.rows = new float[depth][];
        for (int k = 0; k < depth; k++) {
            rows[k] = Sizes.floats("packed weights", 1, 1, this.columns);
        }
    }

    @Override
    void pack(float[] source, int offset, int row, int count, int width, int toDepth, int toColumn) {
        for (int k = 0; k < count; k++) {
            float[] to = rows[toDepth + k];
            System.arraycopy(source, offset + k * row, to, toColumn, width);
            Arrays.fill(to, toColumn + width, toColumn + padded(width, panel), 0);
        }
    }

    @Override
    void packTransposed(float[] source, int offset, int row, int count, int width, int toDepth, int toColumn) {
        for (int j = 0; j < width; j++) {
            for (int k = 0; k < count; k++) {
                rows[toDepth + k][toColumn + j] = source[offset + j * row + k];
            }
        }
        for (int k = 0; k < count; k++) {
            Arrays.fill(rows[toDepth + k], toColumn + width, toColumn + padded(width, panel), 0);
        }
    }

    @Override
    void clear(int row, int width) {
        Arrays.fill(rows[row], 0, width, 0);
    }
}
