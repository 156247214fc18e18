package dev.rondo.cpu;

import java.util.Arrays;

/** A matrix in panels of columns, {@code [panels][depth][panel]}: the innermost loop walks through memory in one line. */
final class PanelMatrix extends PackedMatrix {
    /** Depth of a block of the transpose that stays in the first cache. */
    private static final int BLOCK = 16;

    /** Copies whole panels with vectors. */
    interface PanelCopy {
        /**
         * Packs whole panels of columns.
         *
         * @param source row-major matrix
         * @param offset its first element
         * @param row distance of rows
         * @param count number of rows
         * @param panels number of panels
         * @param target receives the panels
         * @param targetOffset first element of the first panel
         * @param stride distance of panels
         */
        void copy(
                float[] source,
                int offset,
                int row,
                int count,
                int panels,
                float[] target,
                int targetOffset,
                int stride);
    }

    final int offset;
    final int stride;
    private final int panel;
    private final AlignedMemory memory;
    private final PanelCopy copy;

    PanelMatrix(AlignedMemory memory, int depth, int columns, int panel, PanelCopy copy) {
        super(depth, padded(columns, panel));
        this.panel = panel;
        this.copy = copy;
        this.stride = depth * panel;
        this.memory = memory;
        this.offset = memory.reserve(this.columns, depth, 1);
    }

    float[] data() {
        return memory.array();
    }

    private int place(int row, int column) {
        return offset + column / panel * stride + row * panel;
    }

    @Override
    void pack(float[] source, int from, int row, int count, int width, int toDepth, int toColumn) {
        int whole = width / panel;
        float[] data = data();
        int to = place(toDepth, toColumn);
        copy.copy(source, from, row, count, whole, data, to, stride);
        int rest = width - whole * panel;
        if (rest > 0) {
            to += whole * stride;
            for (int k = 0; k < count; k++, to += panel) {
                System.arraycopy(source, from + k * row + whole * panel, data, to, rest);
                Arrays.fill(data, to + rest, to + panel, 0);
            }
        }
    }

    @Override
    void packTransposed(float[] source, int from, int row, int count, int width, int toDepth, int toColumn) {
        float[] data = data();
        int to = place(toDepth, toColumn);
        for (int first = 0; first < width; first += panel, to += stride) {
            int filled = Math.min(panel, width - first);
            for (int block = 0; block < count; block += BLOCK) {
                int end = Math.min(count, block + BLOCK);
                for (int j = 0; j < panel; j++) {
                    int at = from + (first + j) * row;
                    for (int k = block, into = to + block * panel + j; k < end; k++, into += panel) {
                        data[into] = j < filled ? source[at + k] : 0;
                    }
                }
            }
        }
    }

    @Override
    void clear(int row, int width) {
        for (int column = 0, to = place(row, 0); column < width; column += panel, to += stride) {
            Arrays.fill(data(), to, to + panel, 0);
        }
    }
}
