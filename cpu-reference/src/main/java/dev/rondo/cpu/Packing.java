package dev.rondo.cpu;

import java.util.Arrays;

/**
 * Packs matrices into the panels that {@link InnerLoops#product} reads: {@code [panels][depth][panel]}, so that the innermost
 * loop walks through memory in one line. Columns beyond the matrix are zero.
 */
final class Packing {
    /** Depth of a block of the transpose that stays in the first cache. */
    private static final int BLOCK = 16;

    private Packing() {}

    /** The number of panels for so many columns. */
    static int panels(int columns, int panel) {
        return (columns + panel - 1) / panel;
    }

    /**
     * Packs rows: the element of depth k and column j is {@code source[offset + k * row + j]}.
     *
     * @param source the matrix, row-major
     * @param offset its first element
     * @param row distance of rows
     * @param depth number of rows
     * @param columns number of columns
     * @param target receives the panels
     * @param targetOffset first element of the first panel, at the depth where this matrix begins
     * @param panelStride distance of panels
     * @param loops have the panels
     */
    static void rows(
            float[] source,
            int offset,
            int row,
            int depth,
            int columns,
            float[] target,
            int targetOffset,
            int panelStride,
            InnerLoops loops) {
        int panel = loops.panel();
        int whole = columns / panel;
        loops.pack(source, offset, row, depth, whole, target, targetOffset, panelStride);
        int rest = columns - whole * panel;
        if (rest > 0) {
            int to = targetOffset + whole * panelStride;
            for (int k = 0; k < depth; k++, to += panel) {
                System.arraycopy(source, offset + k * row + whole * panel, target, to, rest);
                Arrays.fill(target, to + rest, to + panel, 0);
            }
        }
    }

    /** The next even number: {@link InnerLoops#transposedProduct} takes two rows at a time. */
    static int even(int depth) {
        return depth + (depth & 1);
    }

    /** Makes the depth of panels even with a row of zeros. */
    static void pad(float[] target, int targetOffset, int depth, int panels, int panel) {
        if ((depth & 1) == 1) {
            int stride = (depth + 1) * panel;
            for (int to = targetOffset + depth * panel, i = 0; i < panels; i++, to += stride) {
                Arrays.fill(target, to, to + panel, 0);
            }
        }
    }

    /**
     * Packs the transpose: the element of depth k and column j is {@code source[offset + j * row + k]}.
     *
     * @param source the matrix, row-major
     * @param offset its first element
     * @param row distance of rows
     * @param depth number of columns of the source
     * @param columns number of rows of the source
     * @param target receives the panels
     * @param targetOffset first element of the first panel, at the depth where this matrix begins
     * @param panelStride distance of panels
     * @param panel columns of a panel
     */
    static void transposed(
            float[] source,
            int offset,
            int row,
            int depth,
            int columns,
            float[] target,
            int targetOffset,
            int panelStride,
            int panel) {
        for (int first = 0, to = targetOffset; first < columns; first += panel, to += panelStride) {
            int count = Math.min(panel, columns - first);
            for (int block = 0; block < depth; block += BLOCK) {
                int end = Math.min(depth, block + BLOCK);
                for (int j = 0; j < panel; j++) {
                    int from = offset + (first + j) * row;
                    for (int k = block, at = to + block * panel + j; k < end; k++, at += panel) {
                        target[at] = j < count ? source[from + k] : 0;
                    }
                }
            }
        }
    }
}
