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
    void forward(LayerBuffers b, int s, int first, int end) {
        b.recurrentProduct(0, s, first, end, b.h);
        for (int n = first; n < end; n++) {
            int a = b.row(s, n);
            loops.sigmoid(b.rows, a, 3 * padded);
            loops.tanh(b.rows, a + 3 * padded, padded);
            loops.lstmForward(b.rows, a, b.c, b.slot(s, n), b.c, b.h, b.slot(s + 1, n), b.tanhC, padded);
        }
    }

    @Override
    void backward(LayerBuffers b, int s, int first, int end) {
        for (int n = first; n < end; n++) {
            int a = b.row(s, n);
            int d = n * padded;
            if (s < b.lengths[n]) {
                loops.lstmBackward(b.rows, a, b.c, b.tanhC, b.slot(s, n), b.dh, b.dc, d, padded);
                Arrays.fill(b.dh, d, d + padded, 0);
            } else {
                Arrays.fill(b.rows, a, a + row, 0);
            }
        }
        b.recurrentProductBackward(0, s, first, end, b.dh);
    }
}
