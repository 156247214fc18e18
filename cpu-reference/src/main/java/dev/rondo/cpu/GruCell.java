package dev.rondo.cpu;

import java.util.Arrays;

/**
 * {@link dev.rondo.Cell#GRU}: the reset gate acts after the product. Internal row: n, r, z, q, so that {@code W x + b} is
 * the first three blocks and {@code U h + u} the last three.
 */
final class GruCell extends CpuCell {
    private static final int[] INPUT = {1, 2, 0};
    private static final int[] RECURRENT = {1, 2, 3};

    GruCell(InnerLoops loops, int hidden) {
        super(loops, hidden, 4, new Part(1, 3, false));
    }

    @Override
    int inputBlock(int gate) {
        return INPUT[gate];
    }

    @Override
    int recurrentBlock(int gate) {
        return RECURRENT[gate];
    }

    @Override
    int inputBlocks() {
        return 3;
    }

    @Override
    void forward(LayerBuffers b, int s, int first, int end) {
        b.recurrentProduct(0, s, first, end, b.h);
        for (int n = first; n < end; n++) {
            int a = b.row(s, n);
            loops.sigmoid(b.rows, a + padded, 2 * padded);
            loops.gruForward(b.rows, a, b.h, b.slot(s, n), b.h, b.slot(s + 1, n), padded);
        }
    }

    @Override
    void backward(LayerBuffers b, int s, int first, int end) {
        for (int n = first; n < end; n++) {
            int a = b.row(s, n);
            if (s < b.lengths[n]) {
                loops.gruBackward(b.rows, a, b.h, b.slot(s, n), b.dh, n * padded, padded);
            } else {
                Arrays.fill(b.rows, a, a + row, 0);
            }
        }
        b.recurrentProductBackward(0, s, first, end, b.dh);
    }
}
