package dev.rondo.cpu;

import java.util.Arrays;

/** {@link dev.rondo.Cell#GRU_RESET_BEFORE}: the reset gate acts before the product. Internal row: r, z, n; p is kept apart. */
final class GruResetBeforeCell extends CpuCell {
    GruResetBeforeCell(InnerLoops loops, int hidden) {
        super(loops, hidden, 3, new Part(0, 2, false), new Part(2, 1, true));
    }

    @Override
    int inputBlock(int gate) {
        return gate;
    }

    @Override
    int recurrentBlock(int gate) {
        return gate;
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
            loops.sigmoid(b.rows, a, 2 * padded);
            loops.multiply(b.p, b.slot(s, n), b.rows, a, b.h, b.slot(s, n), padded);
        }
        b.recurrentProduct(1, s, first, end, b.p);
        for (int n = first; n < end; n++) {
            int a = b.row(s, n);
            loops.tanh(b.rows, a + 2 * padded, padded);
            loops.gruResetBeforeForward(b.rows, a, b.h, b.slot(s, n), b.h, b.slot(s + 1, n), padded);
        }
    }

    @Override
    void backward(LayerBuffers b, int s, int first, int end) {
        for (int n = first; n < end; n++) {
            int a = b.row(s, n);
            if (s < b.lengths[n]) {
                loops.gruResetBeforeBackward(b.rows, a, b.h, b.slot(s, n), b.dh, n * padded, padded);
            } else {
                Arrays.fill(b.rows, a, a + row, 0);
            }
        }
        Arrays.fill(b.dp, first * padded, end * padded, 0);
        b.recurrentProductBackward(1, s, first, end, b.dp);
        for (int n = first; n < end; n++) {
            if (s < b.lengths[n]) {
                loops.gruResetBeforeBackwardReset(
                        b.rows, b.row(s, n), b.h, b.slot(s, n), b.dp, b.dh, n * padded, padded);
            }
        }
        b.recurrentProductBackward(0, s, first, end, b.dh);
    }
}
