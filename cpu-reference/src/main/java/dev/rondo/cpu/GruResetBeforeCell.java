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
    void forward(LayerBuffers b, int s, Share share) {
        int from = share.from;
        int units = share.to - from;
        b.recurrentProduct(0, s, share, b.h);
        for (int n = share.first; n < share.end; n++) {
            int a = b.row(s, n);
            int h = b.slot(s, n) + from;
            sigmoid(b.rows, a, 2, share);
            loops.multiply(b.p, h, b.rows, a + from, b.h, h, units);
        }
        share.meet();
        b.recurrentProduct(1, s, share, b.p);
        for (int n = share.first; n < share.end; n++) {
            int a = b.row(s, n) + from;
            int h = b.slot(s, n) + from;
            loops.tanh(b.rows, a + 2 * padded, units);
            loops.gruResetBeforeForward(b.rows, a, padded, b.h, h, b.h, b.slot(s + 1, n) + from, units);
        }
    }

    @Override
    void backward(LayerBuffers b, int s, Share share) {
        int from = share.from;
        int units = share.to - from;
        for (int n = share.first; n < share.end; n++) {
            int a = b.row(s, n);
            int d = b.slot(0, n) + from;
            if (s < b.lengths[n]) {
                loops.gruResetBeforeBackward(b.rows, a + from, padded, b.h, b.slot(s, n) + from, b.dh, d, units);
                clearPadding(b.rows, a, share);
            } else {
                clear(b.rows, a, share);
            }
            Arrays.fill(b.dp, d, d + units, 0);
        }
        share.meet();
        b.recurrentProductBackward(1, s, share, b.dp);
        for (int n = share.first; n < share.end; n++) {
            if (s < b.lengths[n]) {
                int a = b.row(s, n);
                int h = b.slot(s, n) + from;
                loops.gruResetBeforeBackwardReset(b.rows, a + from, b.h, h, b.dp, b.dh, b.slot(0, n) + from, units);
                clearPadding(b.rows, a, share);
            }
        }
        share.meet();
        b.recurrentProductBackward(0, s, share, b.dh);
    }
}
