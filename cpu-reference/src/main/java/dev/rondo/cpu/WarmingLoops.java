package dev.rondo.cpu;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The vector loops, each from the moment on at which it is compiled, and plain loops of the same bits until then. A vector that
 * the JIT compiler has not turned into a register yet is an object, and such a loop takes 20 to 500 times as long. {@link WarmUp} calls the
 * vector loops, in a thread of its own, those first that were wanted, and switches one after the other on.
 */
final class WarmingLoops implements PanelLoops {
    private final PanelLoops vector;
    private final PanelLoops plain;
    private final AtomicReferenceArray<PanelLoops> chosen;
    private final AtomicIntegerArray wanted = new AtomicIntegerArray(Loop.values().length);
    private final Loop[] products = Loop.products();

    WarmingLoops(PanelLoops vector) {
        this.vector = vector;
        this.plain = new PlainPanelLoops(vector.panel());
        PanelLoops[] first = new PanelLoops[Loop.values().length];
        Arrays.fill(first, plain);
        this.chosen = new AtomicReferenceArray<>(first);
    }

    PanelLoops vector() {
        return vector;
    }

    PanelLoops plain() {
        return plain;
    }

    private PanelLoops of(Loop loop) {
        PanelLoops loops = chosen.getOpaque(loop.ordinal());
        if (loops == plain && !isWanted(loop)) {
            wanted.setOpaque(loop.ordinal(), 1);
        }
        return loops;
    }

    /** Whether the loop was called and the plain one computed. */
    boolean isWanted(Loop loop) {
        return wanted.getOpaque(loop.ordinal()) != 0;
    }

    /** Whether the vector loop is in use. */
    boolean isWarm(Loop loop) {
        return chosen.getOpaque(loop.ordinal()) == vector;
    }

    /** Uses the vector loop from now on. */
    void use(Loop loop) {
        chosen.setOpaque(loop.ordinal(), vector);
    }

    @Override
    public String description() {
        return vector.description();
    }

    @Override
    public int panel() {
        return vector.panel();
    }

    @Override
    public int block(int rows) {
        return vector.block(rows);
    }

    @Override
    public PackedMatrix matrix(AlignedMemory memory, int depth, int columns) {
        return new PanelMatrix(memory, depth, columns, vector.panel(), this);
    }

    @Override
    public void copy(
            float[] source, int offset, int row, int count, int panels, float[] target, int targetOffset, int stride) {
        of(Loop.COPY).copy(source, offset, row, count, panels, target, targetOffset, stride);
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
        if (areProductsWarm()) {
            vector.product(a, aOffset, aRow, rows, depth, b, first, panels, c, cOffset, cRow);
            return;
        }
        // As the vector loops do it, but each kernel by whom it is to be had.
        for (int i = 0; i < panels; i++) {
            int ct = cOffset + i * panel();
            for (int row = 0, n; row < rows; row += n) {
                n = vector.block(rows - row);
                of(Loop.product(n))
                        .product(a, aOffset + row * aRow, aRow, n, depth, b, first + i, 1, c, ct + row * cRow, cRow);
            }
        }
    }

    private boolean areProductsWarm() {
        for (Loop loop : products) {
            if (!isWarm(loop)) {
                return false;
            }
        }
        return true;
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
        of(Loop.ROW_PRODUCT).rowProduct(a, aOffset, b, first, panels, blocks, blockPanels, c, cOffset);
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
        of(Loop.TRANSPOSED_PRODUCT).transposedProduct(a, rows, depth, b, first, panels, c, cOffset, cRow);
    }

    @Override
    public void add(float[] target, int targetOffset, float[] source, int offset, int n) {
        of(Loop.ADD).add(target, targetOffset, source, offset, n);
    }

    @Override
    public void sigmoid(float[] a, int offset, int n) {
        of(Loop.SIGMOID).sigmoid(a, offset, n);
    }

    @Override
    public void tanh(float[] a, int offset, int n) {
        of(Loop.TANH).tanh(a, offset, n);
    }

    @Override
    public void lstmForward(
            float[] gates,
            int offset,
            int gate,
            float[] c,
            int cOffset,
            float[] cNext,
            float[] hNext,
            int nextOffset,
            float[] tanhC,
            int n) {
        of(Loop.LSTM_FORWARD).lstmForward(gates, offset, gate, c, cOffset, cNext, hNext, nextOffset, tanhC, n);
    }

    @Override
    public void lstmBackward(
            float[] gates,
            int offset,
            int gate,
            float[] c,
            float[] tanhC,
            int cOffset,
            float[] dh,
            float[] dc,
            int dOffset,
            int n) {
        of(Loop.LSTM_BACKWARD).lstmBackward(gates, offset, gate, c, tanhC, cOffset, dh, dc, dOffset, n);
    }

    @Override
    public void gruForward(
            float[] row, int offset, int gate, float[] h, int hOffset, float[] hNext, int hNextOffset, int n) {
        of(Loop.GRU_FORWARD).gruForward(row, offset, gate, h, hOffset, hNext, hNextOffset, n);
    }

    @Override
    public void gruBackward(float[] row, int offset, int gate, float[] h, int hOffset, float[] dh, int dOffset, int n) {
        of(Loop.GRU_BACKWARD).gruBackward(row, offset, gate, h, hOffset, dh, dOffset, n);
    }

    @Override
    public void multiply(float[] p, int pOffset, float[] a, int aOffset, float[] b, int bOffset, int n) {
        of(Loop.MULTIPLY).multiply(p, pOffset, a, aOffset, b, bOffset, n);
    }

    @Override
    public void gruResetBeforeForward(
            float[] row, int offset, int gate, float[] h, int hOffset, float[] hNext, int hNextOffset, int n) {
        of(Loop.GRU_RESET_BEFORE_FORWARD).gruResetBeforeForward(row, offset, gate, h, hOffset, hNext, hNextOffset, n);
    }

    @Override
    public void gruResetBeforeBackward(
            float[] row, int offset, int gate, float[] h, int hOffset, float[] dh, int dOffset, int n) {
        of(Loop.GRU_RESET_BEFORE_BACKWARD).gruResetBeforeBackward(row, offset, gate, h, hOffset, dh, dOffset, n);
    }

    @Override
    public void gruResetBeforeBackwardReset(
            float[] row, int offset, float[] h, int hOffset, float[] dp, float[] dh, int dOffset, int n) {
        of(Loop.GRU_RESET_BEFORE_BACKWARD_RESET)
                .gruResetBeforeBackwardReset(row, offset, h, hOffset, dp, dh, dOffset, n);
    }

    @Override
    public void rnnTanhBackward(float[] hNext, int hOffset, float[] dh, int dOffset, float[] da, int aOffset, int n) {
        of(Loop.RNN_TANH_BACKWARD).rnnTanhBackward(hNext, hOffset, dh, dOffset, da, aOffset, n);
    }
}
