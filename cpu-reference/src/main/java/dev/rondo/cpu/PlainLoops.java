package dev.rondo.cpu;

/** Inner loops in plain Java, in a form that the JIT compiler can turn into vector instructions. */
final class PlainLoops implements InnerLoops {
    private static final int PANEL = 16;

    @Override
    public String description() {
        return "plain loops";
    }

    @Override
    public int panel() {
        return PANEL;
    }

    @Override
    public void product(
            float[] a,
            int aOffset,
            int aRow,
            int rows,
            int depth,
            float[] b,
            int bOffset,
            int panels,
            float[] c,
            int cOffset,
            int cRow) {
        for (int panel = 0; panel < panels; panel++) {
            int bPanel = bOffset + panel * depth * PANEL;
            int cPanel = cOffset + panel * PANEL;
            for (int i = 0; i < rows; i++) {
                row(a, aOffset + i * aRow, 1, depth, b, bPanel, c, cPanel + i * cRow);
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
        for (int block = 0; block < blocks; block++) {
            int panel = block * blockPanels;
            int from = b.offset() + (first + panel) * b.stride();
            product(a, aOffset, 0, 1, b.depth(), b.data(), from, panels, c, cOffset + panel * PANEL, 0);
        }
    }

    @Override
    public void transposedProduct(
            float[] a, int aOffset, int depth, float[] b, int bOffset, int panels, float[] c, int cOffset, int cRow) {
        for (int panel = 0; panel < panels; panel++) {
            int bPanel = bOffset + panel * depth * PANEL;
            int cPanel = cOffset + panel * PANEL;
            for (int i = 0; i < PANEL; i++) {
                row(a, aOffset + i, PANEL, depth, b, bPanel, c, cPanel + i * cRow);
            }
        }
    }

    /** One row of C in one panel; four steps of depth at a time, so that C is loaded and stored less often. */
    private static void row(
            float[] a, int aOffset, int aDepth, int depth, float[] b, int bOffset, float[] c, int cOffset) {
        int k = 0;
        int bk = bOffset;
        for (; k <= depth - 4; k += 4, bk += 4 * PANEL) {
            float a0 = a[aOffset + k * aDepth];
            float a1 = a[aOffset + (k + 1) * aDepth];
            float a2 = a[aOffset + (k + 2) * aDepth];
            float a3 = a[aOffset + (k + 3) * aDepth];
            for (int j = 0; j < PANEL; j++) {
                float sum = Math.fma(a0, b[bk + j], c[cOffset + j]);
                sum = Math.fma(a1, b[bk + PANEL + j], sum);
                sum = Math.fma(a2, b[bk + 2 * PANEL + j], sum);
                c[cOffset + j] = Math.fma(a3, b[bk + 3 * PANEL + j], sum);
            }
        }
        for (; k < depth; k++, bk += PANEL) {
            float a0 = a[aOffset + k * aDepth];
            for (int j = 0; j < PANEL; j++) {
                c[cOffset + j] = Math.fma(a0, b[bk + j], c[cOffset + j]);
            }
        }
    }

    @Override
    public void pack(
            float[] source,
            int offset,
            int row,
            int depth,
            int panels,
            float[] target,
            int targetOffset,
            int panelStride) {
        for (int k = 0; k < depth; k++) {
            for (int panel = 0; panel < panels; panel++) {
                int from = offset + k * row + panel * PANEL;
                System.arraycopy(source, from, target, targetOffset + panel * panelStride + k * PANEL, PANEL);
            }
        }
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
            a[j] = Activations.tanh(a[j]);
        }
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
            float next = f * c[cOffset + j] + i * g;
            cNext[nextOffset + j] = next;
            tanhC[cOffset + j] = Activations.tanh(next);
            hNext[nextOffset + j] = o * tanhC[cOffset + j];
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
            float dO = dh[dOffset + j] * y;
            float dcAll = dc[dOffset + j] + dh[dOffset + j] * o * (1 - y * y);
            float dI = dcAll * g;
            float dF = dcAll * c[cOffset + j];
            float dG = dcAll * i;
            dc[dOffset + j] = dcAll * f;
            gates[offset + j] = dI * i * (1 - i);
            gates[offset + gate + j] = dF * f * (1 - f);
            gates[offset + 2 * gate + j] = dO * o * (1 - o);
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
            float candidate = Activations.tanh(row[offset + j] + r * q);
            row[offset + j] = candidate;
            hNext[hNextOffset + j] = (1 - z) * candidate + z * h[hOffset + j];
        }
    }

    @Override
    public void gruBackward(float[] row, int offset, int gate, float[] h, int hOffset, float[] dh, int dOffset, int n) {
        for (int j = 0; j < n; j++) {
            float candidate = row[offset + j];
            float r = row[offset + gate + j];
            float z = row[offset + 2 * gate + j];
            float q = row[offset + 3 * gate + j];
            float dN = dh[dOffset + j] * (1 - z);
            float daN = dN * (1 - candidate * candidate);
            float dZ = dh[dOffset + j] * (h[hOffset + j] - candidate);
            float dR = daN * q;
            float dQ = daN * r;
            row[offset + j] = daN;
            row[offset + gate + j] = dR * r * (1 - r);
            row[offset + 2 * gate + j] = dZ * z * (1 - z);
            row[offset + 3 * gate + j] = dQ;
            dh[dOffset + j] *= z;
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
            hNext[hNextOffset + j] = (1 - z) * candidate + z * h[hOffset + j];
        }
    }

    @Override
    public void gruResetBeforeBackward(
            float[] row, int offset, int gate, float[] h, int hOffset, float[] dh, int dOffset, int n) {
        for (int j = 0; j < n; j++) {
            float z = row[offset + gate + j];
            float candidate = row[offset + 2 * gate + j];
            float dN = dh[dOffset + j] * (1 - z);
            float dZ = dh[dOffset + j] * (h[hOffset + j] - candidate);
            row[offset + gate + j] = dZ * z * (1 - z);
            row[offset + 2 * gate + j] = dN * (1 - candidate * candidate);
            dh[dOffset + j] *= z;
        }
    }

    @Override
    public void gruResetBeforeBackwardReset(
            float[] row, int offset, float[] h, int hOffset, float[] dp, float[] dh, int dOffset, int n) {
        for (int j = 0; j < n; j++) {
            float r = row[offset + j];
            float dR = dp[dOffset + j] * h[hOffset + j];
            row[offset + j] = dR * r * (1 - r);
            dh[dOffset + j] += dp[dOffset + j] * r;
        }
    }

    @Override
    public void rnnTanhBackward(float[] hNext, int hOffset, float[] dh, int dOffset, float[] da, int aOffset, int n) {
        for (int j = 0; j < n; j++) {
            float y = hNext[hOffset + j];
            da[aOffset + j] = dh[dOffset + j] * (1 - y * y);
        }
    }
}
