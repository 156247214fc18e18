package dev.rondo.cpu;

/**
 * Plain loops over matrices in panels, with the bits of the vector loops: every element of a product is one chain of fused
 * multiply-adds over the depth, here as there. They compute while the vector loops are not compiled yet. Eight columns at a time
 * are as many independent sums as hide the latency of a fused multiply-add.
 */
final class PlainPanelLoops extends PlainLoops implements PanelLoops {
    private static final int COLUMNS = 8;

    private final int panel;

    /**
     * Makes them.
     *
     * @param panel columns of a panel, a multiple of 8
     */
    PlainPanelLoops(int panel) {
        this.panel = panel;
    }

    @Override
    public int panel() {
        return panel;
    }

    @Override
    public int block(int rows) {
        return rows;
    }

    @Override
    public PackedMatrix matrix(AlignedMemory memory, int depth, int columns) {
        return new PanelMatrix(memory, depth, columns, panel, this);
    }

    @Override
    public void copy(
            float[] source, int offset, int row, int count, int panels, float[] target, int targetOffset, int stride) {
        for (int k = 0; k < count; k++) {
            int from = offset + k * row;
            int to = targetOffset + k * panel;
            for (int i = 0; i < panels; i++, from += panel, to += stride) {
                System.arraycopy(source, from, target, to, panel);
            }
        }
    }

    @Override
    public void product(
            float[] a,
            int aOffset,
            int aRow,
            int rows,
            int depth,
            PackedMatrix b,
            int first,
            int panels,
            float[] c,
            int cOffset,
            int cRow) {
        PanelMatrix matrix = (PanelMatrix) b;
        float[] data = matrix.data();
        for (int i = 0; i < panels; i++) {
            int from = matrix.offset + (first + i) * matrix.stride;
            for (int row = 0; row < rows; row++) {
                panel(a, aOffset + row * aRow, 1, depth, data, from, c, cOffset + row * cRow + i * panel);
            }
        }
    }

    @Override
    public void rowProduct(
            float[] a,
            int aOffset,
            PackedMatrix b,
            int first,
            int panels,
            int blocks,
            int blockPanels,
            float[] c,
            int cOffset) {
        for (int block = 0; block < blocks; block++) {
            int skipped = block * blockPanels;
            product(a, aOffset, 0, 1, b.depth, b, first + skipped, panels, c, cOffset + skipped * panel, 0);
        }
    }

    @Override
    public void transposedProduct(
            PackedMatrix a,
            int rows,
            int depth,
            PackedMatrix b,
            int first,
            int panels,
            float[] c,
            int cOffset,
            int cRow) {
        PanelMatrix left = (PanelMatrix) a;
        PanelMatrix right = (PanelMatrix) b;
        int even = depth + (depth & 1);
        for (int row = 0; row < rows; row++) {
            int at = left.offset + row / panel * left.stride + row % panel;
            for (int i = 0; i < panels; i++) {
                int from = right.offset + (first + i) * right.stride;
                panel(left.data(), at, panel, even, right.data(), from, c, cOffset + row * cRow + i * panel);
            }
        }
    }

    /** One row of C and one panel; the factors lie {@code aStep} apart. */
    private void panel(float[] a, int aOffset, int aStep, int depth, float[] b, int bOffset, float[] c, int cOffset) {
        for (int j = 0; j < panel; j += COLUMNS) {
            columns(a, aOffset, aStep, depth, b, bOffset + j, panel, c, cOffset + j);
        }
    }

    private static void columns(
            float[] a, int aOffset, int aStep, int depth, float[] b, int bOffset, int bRow, float[] c, int cOffset) {
        float s0 = c[cOffset];
        float s1 = c[cOffset + 1];
        float s2 = c[cOffset + 2];
        float s3 = c[cOffset + 3];
        float s4 = c[cOffset + 4];
        float s5 = c[cOffset + 5];
        float s6 = c[cOffset + 6];
        float s7 = c[cOffset + 7];
        for (int k = 0, at = aOffset, bt = bOffset; k < depth; k++, at += aStep, bt += bRow) {
            float x = a[at];
            s0 = Math.fma(x, b[bt], s0);
            s1 = Math.fma(x, b[bt + 1], s1);
            s2 = Math.fma(x, b[bt + 2], s2);
            s3 = Math.fma(x, b[bt + 3], s3);
            s4 = Math.fma(x, b[bt + 4], s4);
            s5 = Math.fma(x, b[bt + 5], s5);
            s6 = Math.fma(x, b[bt + 6], s6);
            s7 = Math.fma(x, b[bt + 7], s7);
        }
        c[cOffset] = s0;
        c[cOffset + 1] = s1;
        c[cOffset + 2] = s2;
        c[cOffset + 3] = s3;
        c[cOffset + 4] = s4;
        c[cOffset + 5] = s5;
        c[cOffset + 6] = s6;
        c[cOffset + 7] = s7;
    }
}
