package dev.rondo.cpu;

import java.util.Arrays;

/** {@link dev.rondo.Cell#RNN_TANH} and {@link dev.rondo.Cell#RNN_RELU}. */
final class RnnCell extends CpuCell {
    private final boolean relu;

    RnnCell(InnerLoops loops, int hidden, boolean relu) {
        super(loops, hidden, 1, new Part(0, 1, false));
        this.relu = relu;
    }

    @Override
    int inputBlock(int gate) {
        return 0;
    }

    @Override
    int recurrentBlock(int gate) {
        return 0;
    }

    @Override
    int inputBlocks() {
        return 1;
    }

    @Override
    void forward(LayerBuffers b, int s, Share share) {
        int units = share.to - share.from;
        b.recurrentProduct(0, s, share, b.h);
        for (int n = share.first; n < share.end; n++) {
            int a = b.row(s, n) + share.from;
            if (relu) {
                for (int j = a; j < a + units; j++) {
                    b.rows[j] = b.rows[j] < InnerLoops.TINY_STATE ? 0 : b.rows[j];
                }
            } else {
                loops.tanh(b.rows, a, units);
            }
            System.arraycopy(b.rows, a, b.h, b.slot(s + 1, n) + share.from, units);
        }
    }

    @Override
    void backward(LayerBuffers b, int s, Share share) {
        int units = share.to - share.from;
        for (int n = share.first; n < share.end; n++) {
            int a = b.row(s, n);
            int d = b.slot(0, n) + share.from;
            if (s >= b.lengths[n]) {
                clear(b.rows, a, share);
                continue;
            }
            if (relu) {
                for (int j = 0; j < units; j++) {
                    int at = a + share.from + j;
                    float dh = Math.abs(b.dh[d + j]) < InnerLoops.TINY_GRADIENT ? 0 : b.dh[d + j];
                    b.rows[at] = (b.rows[at] > 0 ? 1 : 0) * dh;
                }
            } else {
                loops.rnnTanhBackward(b.h, b.slot(s + 1, n) + share.from, b.dh, d, b.rows, a + share.from, units);
            }
            clearPadding(b.rows, a, share);
            Arrays.fill(b.dh, d, d + units, 0);
        }
        share.meet();
        b.recurrentProductBackward(0, s, share, b.dh);
    }
}
