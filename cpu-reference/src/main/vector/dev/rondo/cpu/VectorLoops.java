package dev.rondo.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Inner loops with the Vector API. Loaded by name, only where the module {@code jdk.incubator.vector} is there. The property
 * {@code rondo.cpu.bits} forces a vector width.
 *
 * <p>A loop with nothing to do returns at once, before its first vector: by such calls {@link WarmUp} makes the compiler count.
 */
final class VectorLoops implements PanelLoops {
    static final VectorSpecies<Float> SPECIES = species();

    /**
     * The class of all vectors. What comes from memory or goes there is cast to it: the compiler of JDK 17 knows the class of a
     * vector from its profile at best, and where it does not, a call takes the place of an instruction and objects those of
     * vectors. The cast itself is no instruction.
     */
    @SuppressWarnings("unchecked")
    static final Class<? extends FloatVector> TYPE = (Class<? extends FloatVector>) (Class<?>) SPECIES.vectorType();

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
    public PackedMatrix matrix(AlignedMemory memory, int depth, int columns) {
        return new PanelMatrix(memory, depth, columns, PANEL, this);
    }

    @Override
    public void copy(
            float[] source, int offset, int row, int count, int panels, float[] target, int targetOffset, int stride) {
        for (int k = 0; k < count; k++) {
            int from = offset + k * row;
            int to = targetOffset + k * PANEL;
            for (int panel = 0; panel < panels; panel++, from += PANEL, to += stride) {
                store(load(source, from), target, to);
                store(load(source, from + LANES), target, to + LANES);
            }
        }
    }

    @Override
    public int block(int rows) {
        return VectorProducts.kernel(rows);
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
        PanelMatrix matrix = (PanelMatrix) b;
        float[] data = matrix.data();
        for (int panel = 0; panel < panels; panel++) {
            int from = matrix.offset + (first + panel) * matrix.stride;
            VectorProducts.panel(a, aOffset, aRow, rows, depth, data, from, c, cOffset + panel * PANEL, cRow);
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
        PanelMatrix matrix = (PanelMatrix) b;
        int stride = matrix.stride;
        int from = matrix.offset + first * stride;
        int last = (blocks - 1) * blockPanels + panels - 1;
        int p0 = 0;
        while (p0 <= last) {
            int p1 = next(p0, panels, blockPanels, last);
            int p2 = next(p1, panels, blockPanels, last);
            int p3 = next(p2, panels, blockPanels, last);
            VectorProducts.fourPanels(
                    a,
                    aOffset,
                    matrix.depth,
                    matrix.data(),
                    from + p0 * stride,
                    from + p1 * stride,
                    from + p2 * stride,
                    from + p3 * stride,
                    c,
                    cOffset + p0 * PANEL,
                    cOffset + p1 * PANEL,
                    cOffset + p2 * PANEL,
                    cOffset + p3 * PANEL);
            p0 = p3 == last ? last + 1 : next(p3, panels, blockPanels, last);
        }
    }

    /** The panel after p; the last one again after it. */
    private static int next(int p, int panels, int blockPanels, int last) {
        if (p == last) {
            return last;
        }
        return panels < blockPanels && (p + 1) % blockPanels == panels ? p + 1 + blockPanels - panels : p + 1;
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
        PanelMatrix left = (PanelMatrix) a;
        PanelMatrix right = (PanelMatrix) b;
        int even = depth + (depth & 1);
        for (int i = 0; i < rows; i += PANEL) {
            int at = left.offset + i / PANEL * left.stride;
            for (int panel = 0; panel < panels; panel++) {
                int from = right.offset + (first + panel) * right.stride;
                int to = cOffset + i * cRow + panel * PANEL;
                VectorProducts.transposedPanel(left.data(), at, even, right.data(), from, c, to, cRow);
            }
        }
    }

    @Override
    public void add(float[] target, int targetOffset, float[] source, int offset, int n) {
        if (n == 0) {
            return;
        }
        for (int j = 0; j < n; j += LANES) {
            store(load(target, targetOffset + j).add(load(source, offset + j)), target, targetOffset + j);
        }
    }

    private static FloatVector tanh(FloatVector a) {
        // Not min and max: for the sake of NaN and -0 these are several instructions each.
        FloatVector x = a.blend(Activations.LIMIT, a.compare(VectorOperators.GT, Activations.LIMIT));
        x = x.blend(-Activations.LIMIT, x.compare(VectorOperators.LT, -Activations.LIMIT));
        FloatVector u = x.mul(x);
        FloatVector p = TYPE.cast(FloatVector.broadcast(SPECIES, Activations.P6));
        p = p.fma(u, FloatVector.broadcast(SPECIES, Activations.P5));
        p = p.fma(u, FloatVector.broadcast(SPECIES, Activations.P4));
        p = p.fma(u, FloatVector.broadcast(SPECIES, Activations.P3));
        p = p.fma(u, FloatVector.broadcast(SPECIES, Activations.P2));
        p = p.fma(u, FloatVector.broadcast(SPECIES, Activations.P1));
        p = p.fma(u, FloatVector.broadcast(SPECIES, Activations.P0));
        FloatVector q = TYPE.cast(FloatVector.broadcast(SPECIES, Activations.Q3));
        q = q.fma(u, FloatVector.broadcast(SPECIES, Activations.Q2));
        q = q.fma(u, FloatVector.broadcast(SPECIES, Activations.Q1));
        q = q.fma(u, FloatVector.broadcast(SPECIES, 1));
        return x.mul(p).div(q);
    }

    private static FloatVector load(float[] array, int index) {
        return TYPE.cast(FloatVector.fromArray(SPECIES, array, index));
    }

    private static void store(FloatVector vector, float[] array, int index) {
        TYPE.cast(vector).intoArray(array, index);
    }

    private static FloatVector one() {
        return TYPE.cast(FloatVector.broadcast(SPECIES, 1));
    }

    /** The values, with 0 in place of tiny ones. */
    private static FloatVector state(FloatVector values) {
        return TYPE.cast(values.blend(0, values.abs().compare(VectorOperators.LT, TINY_STATE)));
    }

    private static FloatVector gradient(FloatVector values) {
        return TYPE.cast(values.blend(0, values.abs().compare(VectorOperators.LT, TINY_GRADIENT)));
    }

    /** {@code y * (1 - y)}. */
    private static FloatVector dSigmoid(FloatVector y) {
        return y.mul(one().sub(y));
    }

    /** {@code 1 - y^2}. */
    private static FloatVector dTanh(FloatVector y) {
        return one().sub(y.mul(y));
    }

    // Two vectors at a time, written out: a method of more than 325 bytes of bytecode (FreqInlineSize) is compiled on
    // its own. A shorter one is inlined into its caller, and a caller with several activations exceeds the compiler's
    // limit of nodes; the vectors of the last ones are then objects on the heap.

    @Override
    public void sigmoid(float[] a, int offset, int n) {
        if (n == 0) {
            return;
        }
        for (int j = offset; j < offset + n; j += 2 * LANES) {
            FloatVector x0 = TYPE.cast(FloatVector.fromArray(SPECIES, a, j)).mul(0.5f);
            x0 = x0.blend(Activations.LIMIT, x0.compare(VectorOperators.GT, Activations.LIMIT));
            x0 = x0.blend(-Activations.LIMIT, x0.compare(VectorOperators.LT, -Activations.LIMIT));
            FloatVector u0 = x0.mul(x0);
            FloatVector p0 = TYPE.cast(FloatVector.broadcast(SPECIES, Activations.P6));
            p0 = p0.fma(u0, FloatVector.broadcast(SPECIES, Activations.P5));
            p0 = p0.fma(u0, FloatVector.broadcast(SPECIES, Activations.P4));
            p0 = p0.fma(u0, FloatVector.broadcast(SPECIES, Activations.P3));
            p0 = p0.fma(u0, FloatVector.broadcast(SPECIES, Activations.P2));
            p0 = p0.fma(u0, FloatVector.broadcast(SPECIES, Activations.P1));
            p0 = p0.fma(u0, FloatVector.broadcast(SPECIES, Activations.P0));
            FloatVector q0 = TYPE.cast(FloatVector.broadcast(SPECIES, Activations.Q3));
            q0 = q0.fma(u0, FloatVector.broadcast(SPECIES, Activations.Q2));
            q0 = q0.fma(u0, FloatVector.broadcast(SPECIES, Activations.Q1));
            q0 = q0.fma(u0, FloatVector.broadcast(SPECIES, 1));
            TYPE.cast(x0.mul(p0).div(q0).mul(0.5f).add(0.5f)).intoArray(a, j);
            FloatVector x1 =
                    TYPE.cast(FloatVector.fromArray(SPECIES, a, j + LANES)).mul(0.5f);
            x1 = x1.blend(Activations.LIMIT, x1.compare(VectorOperators.GT, Activations.LIMIT));
            x1 = x1.blend(-Activations.LIMIT, x1.compare(VectorOperators.LT, -Activations.LIMIT));
            FloatVector u1 = x1.mul(x1);
            FloatVector p1 = TYPE.cast(FloatVector.broadcast(SPECIES, Activations.P6));
            p1 = p1.fma(u1, FloatVector.broadcast(SPECIES, Activations.P5));
            p1 = p1.fma(u1, FloatVector.broadcast(SPECIES, Activations.P4));
            p1 = p1.fma(u1, FloatVector.broadcast(SPECIES, Activations.P3));
            p1 = p1.fma(u1, FloatVector.broadcast(SPECIES, Activations.P2));
            p1 = p1.fma(u1, FloatVector.broadcast(SPECIES, Activations.P1));
            p1 = p1.fma(u1, FloatVector.broadcast(SPECIES, Activations.P0));
            FloatVector q1 = TYPE.cast(FloatVector.broadcast(SPECIES, Activations.Q3));
            q1 = q1.fma(u1, FloatVector.broadcast(SPECIES, Activations.Q2));
            q1 = q1.fma(u1, FloatVector.broadcast(SPECIES, Activations.Q1));
            q1 = q1.fma(u1, FloatVector.broadcast(SPECIES, 1));
            TYPE.cast(x1.mul(p1).div(q1).mul(0.5f).add(0.5f)).intoArray(a, j + LANES);
        }
    }

    @Override
    public void tanh(float[] a, int offset, int n) {
        if (n == 0) {
            return;
        }
        for (int j = offset; j < offset + n; j += 2 * LANES) {
            FloatVector x0 = state(load(a, j));
            x0 = x0.blend(Activations.LIMIT, x0.compare(VectorOperators.GT, Activations.LIMIT));
            x0 = x0.blend(-Activations.LIMIT, x0.compare(VectorOperators.LT, -Activations.LIMIT));
            FloatVector u0 = x0.mul(x0);
            FloatVector p0 = TYPE.cast(FloatVector.broadcast(SPECIES, Activations.P6));
            p0 = p0.fma(u0, FloatVector.broadcast(SPECIES, Activations.P5));
            p0 = p0.fma(u0, FloatVector.broadcast(SPECIES, Activations.P4));
            p0 = p0.fma(u0, FloatVector.broadcast(SPECIES, Activations.P3));
            p0 = p0.fma(u0, FloatVector.broadcast(SPECIES, Activations.P2));
            p0 = p0.fma(u0, FloatVector.broadcast(SPECIES, Activations.P1));
            p0 = p0.fma(u0, FloatVector.broadcast(SPECIES, Activations.P0));
            FloatVector q0 = TYPE.cast(FloatVector.broadcast(SPECIES, Activations.Q3));
            q0 = q0.fma(u0, FloatVector.broadcast(SPECIES, Activations.Q2));
            q0 = q0.fma(u0, FloatVector.broadcast(SPECIES, Activations.Q1));
            q0 = q0.fma(u0, FloatVector.broadcast(SPECIES, 1));
            TYPE.cast(x0.mul(p0).div(q0)).intoArray(a, j);
            FloatVector x1 = state(load(a, j + LANES));
            x1 = x1.blend(Activations.LIMIT, x1.compare(VectorOperators.GT, Activations.LIMIT));
            x1 = x1.blend(-Activations.LIMIT, x1.compare(VectorOperators.LT, -Activations.LIMIT));
            FloatVector u1 = x1.mul(x1);
            FloatVector p1 = TYPE.cast(FloatVector.broadcast(SPECIES, Activations.P6));
            p1 = p1.fma(u1, FloatVector.broadcast(SPECIES, Activations.P5));
            p1 = p1.fma(u1, FloatVector.broadcast(SPECIES, Activations.P4));
            p1 = p1.fma(u1, FloatVector.broadcast(SPECIES, Activations.P3));
            p1 = p1.fma(u1, FloatVector.broadcast(SPECIES, Activations.P2));
            p1 = p1.fma(u1, FloatVector.broadcast(SPECIES, Activations.P1));
            p1 = p1.fma(u1, FloatVector.broadcast(SPECIES, Activations.P0));
            FloatVector q1 = TYPE.cast(FloatVector.broadcast(SPECIES, Activations.Q3));
            q1 = q1.fma(u1, FloatVector.broadcast(SPECIES, Activations.Q2));
            q1 = q1.fma(u1, FloatVector.broadcast(SPECIES, Activations.Q1));
            q1 = q1.fma(u1, FloatVector.broadcast(SPECIES, 1));
            TYPE.cast(x1.mul(p1).div(q1)).intoArray(a, j + LANES);
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
        if (n == 0) {
            return;
        }
        for (int j = 0; j < n; j += LANES) {
            FloatVector i = load(gates, offset + j);
            FloatVector f = load(gates, offset + gate + j);
            FloatVector o = load(gates, offset + 2 * gate + j);
            FloatVector g = load(gates, offset + 3 * gate + j);
            FloatVector next = state(f.mul(load(c, cOffset + j)).add(i.mul(g)));
            store(next, cNext, nextOffset + j);
            FloatVector y = tanh(next);
            store(y, tanhC, cOffset + j);
            store(state(o.mul(y)), hNext, nextOffset + j);
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
        if (n == 0) {
            return;
        }
        for (int j = 0; j < n; j += LANES) {
            FloatVector i = load(gates, offset + j);
            FloatVector f = load(gates, offset + gate + j);
            FloatVector o = load(gates, offset + 2 * gate + j);
            FloatVector g = load(gates, offset + 3 * gate + j);
            FloatVector y = load(tanhC, cOffset + j);
            FloatVector dhNext = gradient(load(dh, dOffset + j));
            FloatVector dO = dhNext.mul(y);
            FloatVector dcAll = gradient(load(dc, dOffset + j).add(dhNext.mul(o).mul(dTanh(y))));
            FloatVector dI = dcAll.mul(g);
            FloatVector dF = dcAll.mul(load(c, cOffset + j));
            FloatVector dG = dcAll.mul(i);
            store(dcAll.mul(f), dc, dOffset + j);
            store(dI.mul(dSigmoid(i)), gates, offset + j);
            store(dF.mul(dSigmoid(f)), gates, offset + gate + j);
            store(dO.mul(dSigmoid(o)), gates, offset + 2 * gate + j);
            store(dG.mul(dTanh(g)), gates, offset + 3 * gate + j);
        }
    }

    @Override
    public void gruForward(
            float[] row, int offset, int gate, float[] h, int hOffset, float[] hNext, int hNextOffset, int n) {
        if (n == 0) {
            return;
        }
        for (int j = 0; j < n; j += LANES) {
            FloatVector r = load(row, offset + gate + j);
            FloatVector z = load(row, offset + 2 * gate + j);
            FloatVector q = load(row, offset + 3 * gate + j);
            FloatVector candidate = tanh(state(load(row, offset + j).add(r.mul(q))));
            store(candidate, row, offset + j);
            FloatVector keep = one().sub(z);
            store(state(keep.mul(candidate).add(z.mul(load(h, hOffset + j)))), hNext, hNextOffset + j);
        }
    }

    @Override
    public void gruBackward(float[] row, int offset, int gate, float[] h, int hOffset, float[] dh, int dOffset, int n) {
        if (n == 0) {
            return;
        }
        for (int j = 0; j < n; j += LANES) {
            FloatVector candidate = load(row, offset + j);
            FloatVector r = load(row, offset + gate + j);
            FloatVector z = load(row, offset + 2 * gate + j);
            FloatVector q = load(row, offset + 3 * gate + j);
            FloatVector dhNext = gradient(load(dh, dOffset + j));
            FloatVector dN = dhNext.mul(one().sub(z));
            FloatVector daN = dN.mul(dTanh(candidate));
            FloatVector dZ = dhNext.mul(load(h, hOffset + j).sub(candidate));
            FloatVector dR = daN.mul(q);
            store(daN, row, offset + j);
            store(dR.mul(dSigmoid(r)), row, offset + gate + j);
            store(dZ.mul(dSigmoid(z)), row, offset + 2 * gate + j);
            store(daN.mul(r), row, offset + 3 * gate + j);
            store(dhNext.mul(z), dh, dOffset + j);
        }
    }

    @Override
    public void multiply(float[] p, int pOffset, float[] a, int aOffset, float[] b, int bOffset, int n) {
        if (n == 0) {
            return;
        }
        for (int j = 0; j < n; j += LANES) {
            store(load(a, aOffset + j).mul(load(b, bOffset + j)), p, pOffset + j);
        }
    }

    @Override
    public void gruResetBeforeForward(
            float[] row, int offset, int gate, float[] h, int hOffset, float[] hNext, int hNextOffset, int n) {
        if (n == 0) {
            return;
        }
        for (int j = 0; j < n; j += LANES) {
            FloatVector z = load(row, offset + gate + j);
            FloatVector candidate = load(row, offset + 2 * gate + j);
            FloatVector keep = one().sub(z);
            store(state(keep.mul(candidate).add(z.mul(load(h, hOffset + j)))), hNext, hNextOffset + j);
        }
    }

    @Override
    public void gruResetBeforeBackward(
            float[] row, int offset, int gate, float[] h, int hOffset, float[] dh, int dOffset, int n) {
        if (n == 0) {
            return;
        }
        for (int j = 0; j < n; j += LANES) {
            FloatVector z = load(row, offset + gate + j);
            FloatVector candidate = load(row, offset + 2 * gate + j);
            FloatVector dhNext = gradient(load(dh, dOffset + j));
            FloatVector dN = dhNext.mul(one().sub(z));
            FloatVector dZ = dhNext.mul(load(h, hOffset + j).sub(candidate));
            store(dZ.mul(dSigmoid(z)), row, offset + gate + j);
            store(dN.mul(dTanh(candidate)), row, offset + 2 * gate + j);
            store(dhNext.mul(z), dh, dOffset + j);
        }
    }

    @Override
    public void gruResetBeforeBackwardReset(
            float[] row, int offset, float[] h, int hOffset, float[] dp, float[] dh, int dOffset, int n) {
        if (n == 0) {
            return;
        }
        for (int j = 0; j < n; j += LANES) {
            FloatVector r = load(row, offset + j);
            FloatVector dpj = gradient(load(dp, dOffset + j));
            FloatVector dR = dpj.mul(load(h, hOffset + j));
            store(dR.mul(dSigmoid(r)), row, offset + j);
            store(load(dh, dOffset + j).add(dpj.mul(r)), dh, dOffset + j);
        }
    }

    @Override
    public void rnnTanhBackward(float[] hNext, int hOffset, float[] dh, int dOffset, float[] da, int aOffset, int n) {
        if (n == 0) {
            return;
        }
        for (int j = 0; j < n; j += LANES) {
            store(gradient(load(dh, dOffset + j)).mul(dTanh(load(hNext, hOffset + j))), da, aOffset + j);
        }
    }
}
