package dev.rondo.cpu;

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
    void forward(LayerBuffers b, int s, Share share) {
        int from = share.from;
        int units = share.to - from;
        b.recurrentProduct(0, s, share, b.h);
        for (int n = share.first; n < share.end; n++) {
            int a = b.row(s, n);
            int h = b.slot(s, n) + from;
            sigmoid(b.rows, a + padded, 2, share);
            loops.gruForward(b.rows, a + from, padded, b.h, h, b.h, b.slot(s + 1, n) + from, units);
        }
    }

    @Override
    void backward(LayerBuffers b, int s, Share share) {
        int from = share.from;
        int units = share.to - from;
        for (int n = share.first; n < share.end; n++) {
            int a = b.row(s, n);
            if (s < b.lengths[n]) {
                int h = b.slot(s, n) + from;
                loops.gruBackward(b.rows, a + from, padded, b.h, h, b.dh, b.slot(0, n) + from, units);
                clearPadding(b.rows, a, share);
            } else {
                clear(b.rows, a, share);
            }
        }
        share.meet();
        b.recurrentProductBackward(0, s, share, b.dh);
    }
}
