package dev.rondo.cpu;

import java.util.Arrays;

/** {@link dev.rondo.Cell#LSTM}. Internal row: i, f, o, g, so that one loop serves the three sigmoids. */
final class LstmCell extends CpuCell {
    private static final int[] BLOCK = {0, 1, 3, 2};

    LstmCell(InnerLoops loops, int hidden) {
        super(loops, hidden, 4, new Part(0, 4, false));
    }

    @Override
    int inputBlock(int gate) {
        return BLOCK[gate];
    }

    @Override
    int recurrentBlock(int gate) {
        return BLOCK[gate];
    }

    @Override
    int inputBlocks() {
        return 4;
    }

    @Override
    void forward(LayerBuffers b, int s, Share share) {
        int from = share.from;
        int units = share.to - from;
        b.recurrentProduct(0, s, share, b.h);
        for (int n = share.first; n < share.end; n++) {
            int a = b.row(s, n);
            int h = b.slot(s, n) + from;
            sigmoid(b.rows, a, 3, share);
            loops.tanh(b.rows, a + 3 * padded + from, units);
            loops.lstmForward(b.rows, a + from, padded, b.c, h, b.c, b.h, b.slot(s + 1, n) + from, b.tanhC, units);
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
                int c = b.slot(s, n) + from;
                loops.lstmBackward(b.rows, a + from, padded, b.c, b.tanhC, c, b.dh, b.dc, d, units);
                clearPadding(b.rows, a, share);
                Arrays.fill(b.dh, d, d + units, 0);
            } else {
                clear(b.rows, a, share);
            }
        }
        share.meet();
        b.recurrentProductBackward(0, s, share, b.dh);
    }
}
