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
    void forward(LayerBuffers b, int s, int first, int end) {
        b.recurrentProduct(0, s, first, end, b.h);
        for (int n = first; n < end; n++) {
            int a = b.row(s, n);
            if (relu) {
                for (int j = a; j < a + padded; j++) {
                    b.rows[j] = Math.max(0, b.rows[j]);
                }
            } else {
                loops.tanh(b.rows, a, padded);
            }
            System.arraycopy(b.rows, a, b.h, b.slot(s + 1, n), padded);
        }
    }

    @Override
    void backward(LayerBuffers b, int s, int first, int end) {
        for (int n = first; n < end; n++) {
            int a = b.row(s, n);
            int d = n * padded;
            if (s >= b.lengths[n]) {
                Arrays.fill(b.rows, a, a + row, 0);
                continue;
            }
            if (relu) {
                for (int j = 0; j < padded; j++) {
                    b.rows[a + j] = b.rows[a + j] > 0 ? b.dh[d + j] : 0;
                }
            } else {
                loops.rnnTanhBackward(b.h, b.slot(s + 1, n), b.dh, d, b.rows, a, padded);
            }
            Arrays.fill(b.dh, d, d + padded, 0);
        }
        b.recurrentProductBackward(0, s, first, end, b.dh);
    }
}
