package dev.rondo.cpu;

import java.util.concurrent.atomic.AtomicReferenceArray;

/** Inner loops in plain Java, in a form that the JIT compiler can turn into vector instructions. */
class PlainLoops implements InnerLoops {
    private static final int PANEL = 16;

    /** Products in progress at a time whose scratch is kept; more make their own. */
    private static final int KEPT = 64;

    private final AtomicReferenceArray<PlainProducts> idle = new AtomicReferenceArray<>(KEPT);

    @Override
    public String description() {
        return "plain loops";
    }

    @Override
    public int panel() {
        return PANEL;
    }

    @Override
    public PackedMatrix matrix(AlignedMemory memory, int depth, int columns) {
        return new RowMatrix(depth, columns, PANEL, PlainProducts.LEAST);
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
        PlainProducts products = take();
        products.columns((RowMatrix) b, first * PANEL, panels * PANEL);
        for (int i = 0; i < rows; i += PlainProducts.ROWS) {
            int count = Math.min(PlainProducts.ROWS, rows - i);
            products.load(c, cOffset + i * cRow, cRow, count);
            for (int k = 0; k < depth; k += PlainProducts.DEPTH) {
                products.factors(a, aOffset + i * aRow + k, aRow, 1, count, Math.min(PlainProducts.DEPTH, depth - k));
                products.multiply(k, depth);
            }
            products.store(c, cOffset + i * cRow, cRow, count);
        }
        products.done();
        giveBack(products);
    }

    private PlainProducts take() {
        for (int i = 0; i < KEPT; i++) {
            PlainProducts products = idle.get(i) == null ? null : idle.getAndSet(i, null);
            if (products != null) {
                return products;
            }
        }
        return new PlainProducts();
    }

    private void giveBack(PlainProducts products) {
        for (int i = 0; i < KEPT; i++) {
            if (idle.get(i) == null && idle.compareAndSet(i, null, products)) {
                return;
            }
        }
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
        if (panels == blockPanels) {
            product(a, aOffset, 0, 1, b.depth, b, first, blocks * panels, c, cOffset, 0);
            return;
        }
        for (int block = 0; block < blocks; block++) {
            int panel = block * blockPanels;
            product(a, aOffset, 0, 1, b.depth, b, first + panel, panels, c, cOffset + panel * PANEL, 0);
        }
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
        float[][] left = ((RowMatrix) a).rows;
        PlainProducts products = take();
        products.columns((RowMatrix) b, first * PANEL, panels * PANEL);
        for (int i = 0; i < rows; i += PlainProducts.ROWS) {
            products.load(c, cOffset + i * cRow, cRow, PlainProducts.ROWS);
            for (int k = 0; k < depth; k += PlainProducts.DEPTH) {
                products.factors(left, k, i, Math.min(PlainProducts.DEPTH, depth - k));
                products.multiply(k, depth);
            }
            products.store(c, cOffset + i * cRow, cRow, PlainProducts.ROWS);
        }
        products.done();
        giveBack(products);
    }

    @Override
    public void add(float[] target, int targetOffset, float[] source, int offset, int n) {
        for (int j = 0; j < n; j++) {
            target[targetOffset + j] += source[offset + j];
        }
    }

    @Override
    public void sigmoid(float[] a, int offset, int n) {
        for (int j = offset; j < offset + n; j++) {
            a[j] = Activations.sigmoid(a[j]);
        }
    }

    @Override
    public void tanh(float[] a, int offset, int n) {
        for (int j = offset; j < offset + n; j++) {
            a[j] = Activations.tanh(state(a[j]));
        }
    }

    /** The value, or 0 in place of a tiny one. NaN and infinities stay. */
    private static float state(float value) {
        return Math.abs(value) < TINY_STATE ? 0 : value;
    }

    private static float gradient(float value) {
        return Math.abs(value) < TINY_GRADIENT ? 0 : value;
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
        for (int j = 0; j < n; j++) {
            float i = gates[offset + j];
            float f = gates[offset + gate + j];
            float o = gates[offset + 2 * gate + j];
            float g = gates[offset + 3 * gate + j];
            float next = state(f * c[cOffset + j] + i * g);
            cNext[nextOffset + j] = next;
            tanhC[cOffset + j] = Activations.tanh(next);
            hNext[nextOffset + j] = state(o * tanhC[cOffset + j]);
        }
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
        for (int j = 0; j < n; j++) {
            float i = gates[offset + j];
            float f = gates[offset + gate + j];
            float o = gates[offset + 2 * gate + j];
            float g = gates[offset + 3 * gate + j];
            float y = tanhC[cOffset + j];
            float dhNext = gradient(dh[dOffset + j]);
            float dO = dhNext * y;
            float dcAll = gradient(dc[dOffset + j] + dhNext * o * (1 - y * y));
            float dI = dcAll * g;
            float dF = dcAll * c[cOffset + j];
            float dG = dcAll * i;
            dc[dOffset + j] = dcAll * f;
            gates[offset + j] = dI * (i * (1 - i));
            gates[offset + gate + j] = dF * (f * (1 - f));
            gates[offset + 2 * gate + j] = dO * (o * (1 - o));
            gates[offset + 3 * gate + j] = dG * (1 - g * g);
        }
    }

    @Override
    public void gruForward(
            float[] row, int offset, int gate, float[] h, int hOffset, float[] hNext, int hNextOffset, int n) {
        for (int j = 0; j < n; j++) {
            float r = row[offset + gate + j];
            float z = row[offset + 2 * gate + j];
            float q = row[offset + 3 * gate + j];
            float candidate = Activations.tanh(state(row[offset + j] + r * q));
            row[offset + j] = candidate;
            hNext[hNextOffset + j] = state((1 - z) * candidate + z * h[hOffset + j]);
        }
    }

    @Override
    public void gruBackward(float[] row, int offset, int gate, float[] h, int hOffset, float[] dh, int dOffset, int n) {
        for (int j = 0; j < n; j++) {
            float candidate = row[offset + j];
            float r = row[offset + gate + j];
            float z = row[offset + 2 * gate + j];
            float q = row[offset + 3 * gate + j];
            float dhNext = gradient(dh[dOffset + j]);
            float dN = dhNext * (1 - z);
            float daN = dN * (1 - candidate * candidate);
            float dZ = dhNext * (h[hOffset + j] - candidate);
            float dR = daN * q;
            float dQ = daN * r;
            row[offset + j] = daN;
            row[offset + gate + j] = dR * (r * (1 - r));
            row[offset + 2 * gate + j] = dZ * (z * (1 - z));
            row[offset + 3 * gate + j] = dQ;
            dh[dOffset + j] = dhNext * z;
        }
    }

    @Override
    public void multiply(float[] p, int pOffset, float[] a, int aOffset, float[] b, int bOffset, int n) {
        for (int j = 0; j < n; j++) {
            p[pOffset + j] = a[aOffset + j] * b[bOffset + j];
        }
    }

    @Override
    public void gruResetBeforeForward(
            float[] row, int offset, int gate, float[] h, int hOffset, float[] hNext, int hNextOffset, int n) {
        for (int j = 0; j < n; j++) {
            float z = row[offset + gate + j];
            float candidate = row[offset + 2 * gate + j];
            hNext[hNextOffset + j] = state((1 - z) * candidate + z * h[hOffset + j]);
        }
    }

    @Override
    public void gruResetBeforeBackward(
            float[] row, int offset, int gate, float[] h, int hOffset, float[] dh, int dOffset, int n) {
        for (int j = 0; j < n; j++) {
            float z = row[offset + gate + j];
            float candidate = row[offset + 2 * gate + j];
            float dhNext = gradient(dh[dOffset + j]);
            float dN = dhNext * (1 - z);
            float dZ = dhNext * (h[hOffset + j] - candidate);
            row[offset + gate + j] = dZ * (z * (1 - z));
            row[offset + 2 * gate + j] = dN * (1 - candidate * candidate);
            dh[dOffset + j] = dhNext * z;
        }
    }

    @Override
    public void gruResetBeforeBackwardReset(
            float[] row, int offset, float[] h, int hOffset, float[] dp, float[] dh, int dOffset, int n) {
        for (int j = 0; j < n; j++) {
            float r = row[offset + j];
            float dpj = gradient(dp[dOffset + j]);
            float dR = dpj * h[hOffset + j];
            row[offset + j] = dR * (r * (1 - r));
            dh[dOffset + j] += dpj * r;
        }
    }

    @Override
    public void rnnTanhBackward(float[] hNext, int hOffset, float[] dh, int dOffset, float[] da, int aOffset, int n) {
        for (int j = 0; j < n; j++) {
            float y = hNext[hOffset + j];
            da[aOffset + j] = gradient(dh[dOffset + j]) * (1 - y * y);
        }
    }
}
