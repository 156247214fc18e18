package dev.rondo.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Inner loops with the Vector API. Loaded by name, only where the module {@code jdk.incubator.vector} is there. The property
 * {@code rondo.cpu.bits} forces a vector width.
 *
 * <p>The product keeps a block of C in registers, 8 rows by 2 vectors where there are as many rows: 16 sums, more than enough
 * to hide the latency of a fused multiply-add, and few enough for the JIT compilers of JDK 17 and 25 to keep all of them in
 * registers. Every sum runs over the depth from 0 upwards, whatever the block.
 */
final class VectorLoops implements InnerLoops {
    private static final VectorSpecies<Float> SPECIES = species();
    private static final int LANES = SPECIES.length();
    private static final int PANEL = 2 * LANES;

    private static VectorSpecies<Float> species() {
        String bits = System.getProperty("rondo.cpu.bits", "preferred");
        return bits.equals("preferred")
                ? FloatVector.SPECIES_PREFERRED
                : VectorSpecies.of(float.class, VectorShape.forBitSize(Integer.parseInt(bits)));
    }

    @Override
    public String description() {
        return "Vector API, " + LANES + " floats wide";
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
        int panel = 0;
        if (rows == 1) {
            for (; panel <= panels - 4; panel += 4) {
                row1(a, aOffset, depth, b, bOffset + panel * depth * PANEL, c, cOffset + panel * PANEL);
            }
        }
        for (; panel < panels; panel++) {
            int bp = bOffset + panel * depth * PANEL;
            int cp = cOffset + panel * PANEL;
            int i = 0;
            for (; i <= rows - 8; i += 8) {
                rows8(a, aOffset + i * aRow, aRow, depth, b, bp, c, cp + i * cRow, cRow);
            }
            for (; i <= rows - 4; i += 4) {
                rows4(a, aOffset + i * aRow, aRow, depth, b, bp, c, cp + i * cRow, cRow);
            }
            for (; i <= rows - 2; i += 2) {
                rows2(a, aOffset + i * aRow, aRow, depth, b, bp, c, cp + i * cRow, cRow);
            }
            for (; i < rows; i++) {
                rows1(a, aOffset + i * aRow, aRow, depth, b, bp, c, cp + i * cRow, cRow);
            }
        }
    }

    @Override
    public void transposedProduct(
            float[] a,
            int aOffset,
            int depth,
            float[] b,
            int bOffset,
            int panels,
            float[] c,
            int cOffset,
            int cRow) {
        for (int panel = 0; panel < panels; panel++) {
            transposed8(a, aOffset, depth, b, bOffset + panel * depth * PANEL, c, cOffset + panel * PANEL, cRow);
        }
    }

    private static void rows8(
            float[] a, int aOffset, int aRow, int depth, float[] b, int bOffset, float[] c, int cOffset, int cRow) {
        int a1 = aOffset + aRow;
        int a2 = aOffset + 2 * aRow;
        int a3 = aOffset + 3 * aRow;
        int a4 = aOffset + 4 * aRow;
        int a5 = aOffset + 5 * aRow;
        int a6 = aOffset + 6 * aRow;
        int a7 = aOffset + 7 * aRow;
        int c0 = cOffset;
        int c1 = cOffset + cRow;
        int c2 = cOffset + 2 * cRow;
        int c3 = cOffset + 3 * cRow;
        int c4 = cOffset + 4 * cRow;
        int c5 = cOffset + 5 * cRow;
        int c6 = cOffset + 6 * cRow;
        int c7 = cOffset + 7 * cRow;
        FloatVector c00 = load(c, c0);
        FloatVector c01 = load(c, c0 + LANES);
        FloatVector c10 = load(c, c1);
        FloatVector c11 = load(c, c1 + LANES);
        FloatVector c20 = load(c, c2);
        FloatVector c21 = load(c, c2 + LANES);
        FloatVector c30 = load(c, c3);
        FloatVector c31 = load(c, c3 + LANES);
        FloatVector c40 = load(c, c4);
        FloatVector c41 = load(c, c4 + LANES);
        FloatVector c50 = load(c, c5);
        FloatVector c51 = load(c, c5 + LANES);
        FloatVector c60 = load(c, c6);
        FloatVector c61 = load(c, c6 + LANES);
        FloatVector c70 = load(c, c7);
        FloatVector c71 = load(c, c7 + LANES);
        for (int k = 0, bk = bOffset; k < depth; k++, bk += PANEL) {
            FloatVector b0 = load(b, bk);
            FloatVector b1 = load(b, bk + LANES);
            FloatVector x = FloatVector.broadcast(SPECIES, a[aOffset + k]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = FloatVector.broadcast(SPECIES, a[a1 + k]);
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            x = FloatVector.broadcast(SPECIES, a[a2 + k]);
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            x = FloatVector.broadcast(SPECIES, a[a3 + k]);
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            x = FloatVector.broadcast(SPECIES, a[a4 + k]);
            c40 = x.fma(b0, c40);
            c41 = x.fma(b1, c41);
            x = FloatVector.broadcast(SPECIES, a[a5 + k]);
            c50 = x.fma(b0, c50);
            c51 = x.fma(b1, c51);
            x = FloatVector.broadcast(SPECIES, a[a6 + k]);
            c60 = x.fma(b0, c60);
            c61 = x.fma(b1, c61);
            x = FloatVector.broadcast(SPECIES, a[a7 + k]);
            c70 = x.fma(b0, c70);
            c71 = x.fma(b1, c71);
        }
        c00.intoArray(c, c0);
        c01.intoArray(c, c0 + LANES);
        c10.intoArray(c, c1);
        c11.intoArray(c, c1 + LANES);
        c20.intoArray(c, c2);
        c21.intoArray(c, c2 + LANES);
        c30.intoArray(c, c3);
        c31.intoArray(c, c3 + LANES);
        c40.intoArray(c, c4);
        c41.intoArray(c, c4 + LANES);
        c50.intoArray(c, c5);
        c51.intoArray(c, c5 + LANES);
        c60.intoArray(c, c6);
        c61.intoArray(c, c6 + LANES);
        c70.intoArray(c, c7);
        c71.intoArray(c, c7 + LANES);
    }

    private static void rows4(
            float[] a, int aOffset, int aRow, int depth, float[] b, int bOffset, float[] c, int cOffset, int cRow) {
        int a1 = aOffset + aRow;
        int a2 = aOffset + 2 * aRow;
        int a3 = aOffset + 3 * aRow;
        int c0 = cOffset;
        int c1 = cOffset + cRow;
        int c2 = cOffset + 2 * cRow;
        int c3 = cOffset + 3 * cRow;
        FloatVector c00 = load(c, c0);
        FloatVector c01 = load(c, c0 + LANES);
        FloatVector c10 = load(c, c1);
        FloatVector c11 = load(c, c1 + LANES);
        FloatVector c20 = load(c, c2);
        FloatVector c21 = load(c, c2 + LANES);
        FloatVector c30 = load(c, c3);
        FloatVector c31 = load(c, c3 + LANES);
        for (int k = 0, bk = bOffset; k < depth; k++, bk += PANEL) {
            FloatVector b0 = load(b, bk);
            FloatVector b1 = load(b, bk + LANES);
            FloatVector x = FloatVector.broadcast(SPECIES, a[aOffset + k]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = FloatVector.broadcast(SPECIES, a[a1 + k]);
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            x = FloatVector.broadcast(SPECIES, a[a2 + k]);
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            x = FloatVector.broadcast(SPECIES, a[a3 + k]);
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
        }
        c00.intoArray(c, c0);
        c01.intoArray(c, c0 + LANES);
        c10.intoArray(c, c1);
        c11.intoArray(c, c1 + LANES);
        c20.intoArray(c, c2);
        c21.intoArray(c, c2 + LANES);
        c30.intoArray(c, c3);
        c31.intoArray(c, c3 + LANES);
    }

    private static void rows2(
            float[] a, int aOffset, int aRow, int depth, float[] b, int bOffset, float[] c, int cOffset, int cRow) {
        int a1 = aOffset + aRow;
        int c0 = cOffset;
        int c1 = cOffset + cRow;
        FloatVector c00 = load(c, c0);
        FloatVector c01 = load(c, c0 + LANES);
        FloatVector c10 = load(c, c1);
        FloatVector c11 = load(c, c1 + LANES);
        for (int k = 0, bk = bOffset; k < depth; k++, bk += PANEL) {
            FloatVector b0 = load(b, bk);
            FloatVector b1 = load(b, bk + LANES);
            FloatVector x = FloatVector.broadcast(SPECIES, a[aOffset + k]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = FloatVector.broadcast(SPECIES, a[a1 + k]);
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
        }
        c00.intoArray(c, c0);
        c01.intoArray(c, c0 + LANES);
        c10.intoArray(c, c1);
        c11.intoArray(c, c1 + LANES);
    }

    private static void rows1(
            float[] a, int aOffset, int aRow, int depth, float[] b, int bOffset, float[] c, int cOffset, int cRow) {
        int c0 = cOffset;
        FloatVector c00 = load(c, c0);
        FloatVector c01 = load(c, c0 + LANES);
        for (int k = 0, bk = bOffset; k < depth; k++, bk += PANEL) {
            FloatVector b0 = load(b, bk);
            FloatVector b1 = load(b, bk + LANES);
            FloatVector x = FloatVector.broadcast(SPECIES, a[aOffset + k]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
        }
        c00.intoArray(c, c0);
        c01.intoArray(c, c0 + LANES);
    }

    private static void transposed8(
            float[] a, int aOffset, int depth, float[] b, int bOffset, float[] c, int cOffset, int cRow) {
        int c0 = cOffset;
        int c1 = cOffset + cRow;
        int c2 = cOffset + 2 * cRow;
        int c3 = cOffset + 3 * cRow;
        int c4 = cOffset + 4 * cRow;
        int c5 = cOffset + 5 * cRow;
        int c6 = cOffset + 6 * cRow;
        int c7 = cOffset + 7 * cRow;
        FloatVector c00 = load(c, c0);
        FloatVector c01 = load(c, c0 + LANES);
        FloatVector c10 = load(c, c1);
        FloatVector c11 = load(c, c1 + LANES);
        FloatVector c20 = load(c, c2);
        FloatVector c21 = load(c, c2 + LANES);
        FloatVector c30 = load(c, c3);
        FloatVector c31 = load(c, c3 + LANES);
        FloatVector c40 = load(c, c4);
        FloatVector c41 = load(c, c4 + LANES);
        FloatVector c50 = load(c, c5);
        FloatVector c51 = load(c, c5 + LANES);
        FloatVector c60 = load(c, c6);
        FloatVector c61 = load(c, c6 + LANES);
        FloatVector c70 = load(c, c7);
        FloatVector c71 = load(c, c7 + LANES);
        for (int k = 0, bk = bOffset; k < depth; k++, bk += PANEL) {
            FloatVector b0 = load(b, bk);
            FloatVector b1 = load(b, bk + LANES);
            FloatVector x = FloatVector.broadcast(SPECIES, a[aOffset + k * BLOCK]);
            c00 = x.fma(b0, c00);
            c01 = x.fma(b1, c01);
            x = FloatVector.broadcast(SPECIES, a[aOffset + k * BLOCK + 1]);
            c10 = x.fma(b0, c10);
            c11 = x.fma(b1, c11);
            x = FloatVector.broadcast(SPECIES, a[aOffset + k * BLOCK + 2]);
            c20 = x.fma(b0, c20);
            c21 = x.fma(b1, c21);
            x = FloatVector.broadcast(SPECIES, a[aOffset + k * BLOCK + 3]);
            c30 = x.fma(b0, c30);
            c31 = x.fma(b1, c31);
            x = FloatVector.broadcast(SPECIES, a[aOffset + k * BLOCK + 4]);
            c40 = x.fma(b0, c40);
            c41 = x.fma(b1, c41);
            x = FloatVector.broadcast(SPECIES, a[aOffset + k * BLOCK + 5]);
            c50 = x.fma(b0, c50);
            c51 = x.fma(b1, c51);
            x = FloatVector.broadcast(SPECIES, a[aOffset + k * BLOCK + 6]);
            c60 = x.fma(b0, c60);
            c61 = x.fma(b1, c61);
            x = FloatVector.broadcast(SPECIES, a[aOffset + k * BLOCK + 7]);
            c70 = x.fma(b0, c70);
            c71 = x.fma(b1, c71);
        }
        c00.intoArray(c, c0);
        c01.intoArray(c, c0 + LANES);
        c10.intoArray(c, c1);
        c11.intoArray(c, c1 + LANES);
        c20.intoArray(c, c2);
        c21.intoArray(c, c2 + LANES);
        c30.intoArray(c, c3);
        c31.intoArray(c, c3 + LANES);
        c40.intoArray(c, c4);
        c41.intoArray(c, c4 + LANES);
        c50.intoArray(c, c5);
        c51.intoArray(c, c5 + LANES);
        c60.intoArray(c, c6);
        c61.intoArray(c, c6 + LANES);
        c70.intoArray(c, c7);
        c71.intoArray(c, c7 + LANES);
    }

    /** One row and four panels: eight independent sums hide the latency of an addition. */
    private static void row1(
            float[] a, int aOffset, int depth, float[] b, int bOffset, float[] c, int cOffset) {
        int next = depth * PANEL;
        FloatVector c0 = FloatVector.fromArray(SPECIES, c, cOffset + 0 * LANES);
        FloatVector c1 = FloatVector.fromArray(SPECIES, c, cOffset + 1 * LANES);
        FloatVector c2 = FloatVector.fromArray(SPECIES, c, cOffset + 2 * LANES);
        FloatVector c3 = FloatVector.fromArray(SPECIES, c, cOffset + 3 * LANES);
        FloatVector c4 = FloatVector.fromArray(SPECIES, c, cOffset + 4 * LANES);
        FloatVector c5 = FloatVector.fromArray(SPECIES, c, cOffset + 5 * LANES);
        FloatVector c6 = FloatVector.fromArray(SPECIES, c, cOffset + 6 * LANES);
        FloatVector c7 = FloatVector.fromArray(SPECIES, c, cOffset + 7 * LANES);
        for (int k = 0, bk = bOffset; k < depth; k++, bk += PANEL) {
            FloatVector ai = FloatVector.broadcast(SPECIES, a[aOffset + k]);
            c0 = ai.fma(FloatVector.fromArray(SPECIES, b, bk), c0);
            c1 = ai.fma(FloatVector.fromArray(SPECIES, b, bk + LANES), c1);
            c2 = ai.fma(FloatVector.fromArray(SPECIES, b, bk + next), c2);
            c3 = ai.fma(FloatVector.fromArray(SPECIES, b, bk + next + LANES), c3);
            c4 = ai.fma(FloatVector.fromArray(SPECIES, b, bk + 2 * next), c4);
            c5 = ai.fma(FloatVector.fromArray(SPECIES, b, bk + 2 * next + LANES), c5);
            c6 = ai.fma(FloatVector.fromArray(SPECIES, b, bk + 3 * next), c6);
            c7 = ai.fma(FloatVector.fromArray(SPECIES, b, bk + 3 * next + LANES), c7);
        }
        c0.intoArray(c, cOffset + 0 * LANES);
        c1.intoArray(c, cOffset + 1 * LANES);
        c2.intoArray(c, cOffset + 2 * LANES);
        c3.intoArray(c, cOffset + 3 * LANES);
        c4.intoArray(c, cOffset + 4 * LANES);
        c5.intoArray(c, cOffset + 5 * LANES);
        c6.intoArray(c, cOffset + 6 * LANES);
        c7.intoArray(c, cOffset + 7 * LANES);
    }

    private static FloatVector tanh(FloatVector a) {
        FloatVector x = a.min(Activations.LIMIT).max(-Activations.LIMIT);
        FloatVector u = x.mul(x);
        FloatVector p = FloatVector.broadcast(SPECIES, Activations.P6);
        p = p.fma(u, FloatVector.broadcast(SPECIES, Activations.P5));
        p = p.fma(u, FloatVector.broadcast(SPECIES, Activations.P4));
        p = p.fma(u, FloatVector.broadcast(SPECIES, Activations.P3));
        p = p.fma(u, FloatVector.broadcast(SPECIES, Activations.P2));
        p = p.fma(u, FloatVector.broadcast(SPECIES, Activations.P1));
        p = p.fma(u, FloatVector.broadcast(SPECIES, Activations.P0));
        FloatVector q = FloatVector.broadcast(SPECIES, Activations.Q3);
        q = q.fma(u, FloatVector.broadcast(SPECIES, Activations.Q2));
        q = q.fma(u, FloatVector.broadcast(SPECIES, Activations.Q1));
        q = q.fma(u, FloatVector.broadcast(SPECIES, 1));
        return x.mul(p).div(q);
    }

    private static FloatVector load(float[] array, int index) {
        return FloatVector.fromArray(SPECIES, array, index);
    }

    /** {@code y * (1 - y)}. */
    private static FloatVector dSigmoid(FloatVector y) {
        return y.mul(FloatVector.broadcast(SPECIES, 1).sub(y));
    }

    /** {@code 1 - y^2}. */
    private static FloatVector dTanh(FloatVector y) {
        return FloatVector.broadcast(SPECIES, 1).sub(y.mul(y));
    }

    @Override
    public void sigmoid(float[] a, int offset, int n) {
        for (int j = offset; j < offset + n; j += LANES) {
            tanh(load(a, j).mul(0.5f)).mul(0.5f).add(0.5f).intoArray(a, j);
        }
    }

    @Override
    public void tanh(float[] a, int offset, int n) {
        for (int j = offset; j < offset + n; j += LANES) {
            tanh(load(a, j)).intoArray(a, j);
        }
    }

    @Override
    public void lstmForward(
            float[] gates,
            int offset,
            float[] c,
            int cOffset,
            float[] cNext,
            float[] hNext,
            int nextOffset,
            float[] tanhC,
            int n) {
        for (int j = 0; j < n; j += LANES) {
            FloatVector i = load(gates, offset + j);
            FloatVector f = load(gates, offset + n + j);
            FloatVector o = load(gates, offset + 2 * n + j);
            FloatVector g = load(gates, offset + 3 * n + j);
            FloatVector next = f.mul(load(c, cOffset + j)).add(i.mul(g));
            next.intoArray(cNext, nextOffset + j);
            FloatVector y = tanh(next);
            y.intoArray(tanhC, cOffset + j);
            o.mul(y).intoArray(hNext, nextOffset + j);
        }
    }

    @Override
    public void lstmBackward(
            float[] gates,
            int offset,
            float[] c,
            float[] tanhC,
            int cOffset,
            float[] dh,
            float[] dc,
            int dOffset,
            int n) {
        for (int j = 0; j < n; j += LANES) {
            FloatVector i = load(gates, offset + j);
            FloatVector f = load(gates, offset + n + j);
            FloatVector o = load(gates, offset + 2 * n + j);
            FloatVector g = load(gates, offset + 3 * n + j);
            FloatVector y = load(tanhC, cOffset + j);
            FloatVector dhNext = load(dh, dOffset + j);
            FloatVector dO = dhNext.mul(y);
            FloatVector dcAll = load(dc, dOffset + j).add(dhNext.mul(o).mul(dTanh(y)));
            FloatVector dI = dcAll.mul(g);
            FloatVector dF = dcAll.mul(load(c, cOffset + j));
            FloatVector dG = dcAll.mul(i);
            dcAll.mul(f).intoArray(dc, dOffset + j);
            dI.mul(dSigmoid(i)).intoArray(gates, offset + j);
            dF.mul(dSigmoid(f)).intoArray(gates, offset + n + j);
            dO.mul(dSigmoid(o)).intoArray(gates, offset + 2 * n + j);
            dG.mul(dTanh(g)).intoArray(gates, offset + 3 * n + j);
        }
    }

    @Override
    public void gruForward(float[] row, int offset, float[] h, int hOffset, float[] hNext, int hNextOffset, int n) {
        for (int j = 0; j < n; j += LANES) {
            FloatVector r = load(row, offset + n + j);
            FloatVector z = load(row, offset + 2 * n + j);
            FloatVector q = load(row, offset + 3 * n + j);
            FloatVector candidate = tanh(load(row, offset + j).add(r.mul(q)));
            candidate.intoArray(row, offset + j);
            FloatVector keep = FloatVector.broadcast(SPECIES, 1).sub(z);
            keep.mul(candidate).add(z.mul(load(h, hOffset + j))).intoArray(hNext, hNextOffset + j);
        }
    }

    @Override
    public void gruBackward(float[] row, int offset, float[] h, int hOffset, float[] dh, int dOffset, int n) {
        for (int j = 0; j < n; j += LANES) {
            FloatVector candidate = load(row, offset + j);
            FloatVector r = load(row, offset + n + j);
            FloatVector z = load(row, offset + 2 * n + j);
            FloatVector q = load(row, offset + 3 * n + j);
            FloatVector dhNext = load(dh, dOffset + j);
            FloatVector dN = dhNext.mul(FloatVector.broadcast(SPECIES, 1).sub(z));
            FloatVector daN = dN.mul(dTanh(candidate));
            FloatVector dZ = dhNext.mul(load(h, hOffset + j).sub(candidate));
            FloatVector dR = daN.mul(q);
            daN.intoArray(row, offset + j);
            dR.mul(dSigmoid(r)).intoArray(row, offset + n + j);
            dZ.mul(dSigmoid(z)).intoArray(row, offset + 2 * n + j);
            daN.mul(r).intoArray(row, offset + 3 * n + j);
            dhNext.mul(z).intoArray(dh, dOffset + j);
        }
    }

    @Override
    public void multiply(float[] p, int pOffset, float[] a, int aOffset, float[] b, int bOffset, int n) {
        for (int j = 0; j < n; j += LANES) {
            load(a, aOffset + j).mul(load(b, bOffset + j)).intoArray(p, pOffset + j);
        }
    }

    @Override
    public void gruResetBeforeForward(
            float[] row, int offset, float[] h, int hOffset, float[] hNext, int hNextOffset, int n) {
        for (int j = 0; j < n; j += LANES) {
            FloatVector z = load(row, offset + n + j);
            FloatVector candidate = load(row, offset + 2 * n + j);
            FloatVector keep = FloatVector.broadcast(SPECIES, 1).sub(z);
            keep.mul(candidate).add(z.mul(load(h, hOffset + j))).intoArray(hNext, hNextOffset + j);
        }
    }

    @Override
    public void gruResetBeforeBackward(
            float[] row, int offset, float[] h, int hOffset, float[] dh, int dOffset, int n) {
        for (int j = 0; j < n; j += LANES) {
            FloatVector z = load(row, offset + n + j);
            FloatVector candidate = load(row, offset + 2 * n + j);
            FloatVector dhNext = load(dh, dOffset + j);
            FloatVector dN = dhNext.mul(FloatVector.broadcast(SPECIES, 1).sub(z));
            FloatVector dZ = dhNext.mul(load(h, hOffset + j).sub(candidate));
            dZ.mul(dSigmoid(z)).intoArray(row, offset + n + j);
            dN.mul(dTanh(candidate)).intoArray(row, offset + 2 * n + j);
            dhNext.mul(z).intoArray(dh, dOffset + j);
        }
    }

    @Override
    public void gruResetBeforeBackwardReset(
            float[] row, int offset, float[] h, int hOffset, float[] dp, float[] dh, int dOffset, int n) {
        for (int j = 0; j < n; j += LANES) {
            FloatVector r = load(row, offset + j);
            FloatVector dpj = load(dp, dOffset + j);
            FloatVector dR = dpj.mul(load(h, hOffset + j));
            dR.mul(dSigmoid(r)).intoArray(row, offset + j);
            load(dh, dOffset + j).add(dpj.mul(r)).intoArray(dh, dOffset + j);
        }
    }

    @Override
    public void rnnTanhBackward(float[] hNext, int hOffset, float[] dh, int dOffset, float[] da, int aOffset, int n) {
        for (int j = 0; j < n; j += LANES) {
            load(dh, dOffset + j).mul(dTanh(load(hNext, hOffset + j))).intoArray(da, aOffset + j);
        }
    }
}
