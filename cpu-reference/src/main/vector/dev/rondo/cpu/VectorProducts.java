package dev.rondo.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The products of {@link VectorLoops}. Each kernel keeps a block of C in registers, 12 rows by 2 vectors where there are as
 * many rows: 24 sums hide the latency of a fused multiply-add, and for each vector of B that is loaded there are 12 of them.
 * Two steps of the depth at a time halve the arithmetic of addresses, which otherwise takes as many places in the pipeline as
 * the products. Every sum runs over the depth from 0 upwards, whatever the block.
 *
 * <p>The kernels are written out because the JIT compiler keeps vectors in registers only as local variables, never as the
 * elements of an array. For the same reason there are no helper methods: with them the compiler comes to its limit of inlining
 * ({@code NodeCountInliningCutoff}) in the middle of a kernel, and puts the rest of the vectors on the heap.
 *
 * <p>What a method is called on is cast to the class of all vectors ({@link VectorLoops#TYPE}). For a variable that changes in
 * a loop the compiler of JDK 17 knows the class from its profile at best; with two threads it often does not, and then a store
 * is a call and its vector an object, made anew in each turn of the loop.
 *
 * <p>That compiler also fails with the kernels of 12 rows, for their size, with the same consequence; so there 8 rows are the
 * most.
 */
final class VectorProducts {
    private static final VectorSpecies<Float> SPECIES = VectorLoops.SPECIES;
    private static final int LANES = SPECIES.length();
    private static final int PANEL = 2 * LANES;
    private static final Class<? extends FloatVector> TYPE = VectorLoops.TYPE;

    private static final boolean TWELVE_ROWS = Runtime.version().feature() >= 25;

    private VectorProducts() {}

    /** One panel of {@link InnerLoops#product}. */
    static void panel(
            float[] a,
            int aOffset,
            int aRow,
            int rows,
            int depth,
            float[] b,
            int bOffset,
            float[] c,
            int cOffset,
            int cRow) {
        int pairs = depth & ~1;
        int i = 0;
        while (rows - i >= 8) {
            int at = aOffset + i * aRow;
            int ct = cOffset + i * cRow;
            // 16 is 8 and 8, not 12 and 4.
            if (TWELVE_ROWS && rows - i >= 12 && rows - i != 16) {
                rows12(a, at, aRow, pairs, b, bOffset, c, ct, cRow);
                i += 12;
            } else {
                rows8(a, at, aRow, pairs, b, bOffset, c, ct, cRow);
                i += 8;
            }
        }
        if (pairs < depth && i > 0) {
            for (int j = 0; j < i; j += 4) {
                rows4(a, aOffset + j * aRow + pairs, aRow, 1, b, bOffset + pairs * PANEL, c, cOffset + j * cRow, cRow);
            }
        }
        for (; rows - i >= 4; i += 4) {
            rows4(a, aOffset + i * aRow, aRow, depth, b, bOffset, c, cOffset + i * cRow, cRow);
        }
        for (; i < rows; i++) {
            rows1(a, aOffset + i * aRow, depth, b, bOffset, c, cOffset + i * cRow);
        }
    }

    /** One panel of {@link InnerLoops#transposedProduct}. */
    static void transposedPanel(
            float[] a, int aOffset, int depth, float[] b, int bOffset, float[] c, int cOffset, int cRow) {
        int i = 0;
        for (; TWELVE_ROWS && PANEL - i >= 12 && PANEL - i != 16; i += 12) {
            transposed12(a, aOffset + i, depth, b, bOffset, c, cOffset + i * cRow, cRow);
        }
        for (; i < PANEL; i += 8) {
            transposed8(a, aOffset + i, depth, b, bOffset, c, cOffset + i * cRow, cRow);
        }
    }

    private static void rows12(
            float[] a, int aOffset, int aRow, int depth, float[] b, int bOffset, float[] c, int cOffset, int cRow) {
        int a0 = aOffset;
        int a1 = aOffset + aRow;
        int a2 = aOffset + 2 * aRow;
        int a3 = aOffset + 3 * aRow;
        int a4 = aOffset + 4 * aRow;
        int a5 = aOffset + 5 * aRow;
        int a6 = aOffset + 6 * aRow;
        int a7 = aOffset + 7 * aRow;
        int a8 = aOffset + 8 * aRow;
        int a9 = aOffset + 9 * aRow;
        int a10 = aOffset + 10 * aRow;
        int a11 = aOffset + 11 * aRow;
        int c0 = cOffset;
        int c1 = cOffset + cRow;
        int c2 = cOffset + 2 * cRow;
        int c3 = cOffset + 3 * cRow;
        int c4 = cOffset + 4 * cRow;
        int c5 = cOffset + 5 * cRow;
        int c6 = cOffset + 6 * cRow;
        int c7 = cOffset + 7 * cRow;
        int c8 = cOffset + 8 * cRow;
        int c9 = cOffset + 9 * cRow;
        int c10 = cOffset + 10 * cRow;
        int c11 = cOffset + 11 * cRow;
        FloatVector s0a = FloatVector.fromArray(SPECIES, c, c0);
        FloatVector s0b = FloatVector.fromArray(SPECIES, c, c0 + LANES);
        FloatVector s1a = FloatVector.fromArray(SPECIES, c, c1);
        FloatVector s1b = FloatVector.fromArray(SPECIES, c, c1 + LANES);
        FloatVector s2a = FloatVector.fromArray(SPECIES, c, c2);
        FloatVector s2b = FloatVector.fromArray(SPECIES, c, c2 + LANES);
        FloatVector s3a = FloatVector.fromArray(SPECIES, c, c3);
        FloatVector s3b = FloatVector.fromArray(SPECIES, c, c3 + LANES);
        FloatVector s4a = FloatVector.fromArray(SPECIES, c, c4);
        FloatVector s4b = FloatVector.fromArray(SPECIES, c, c4 + LANES);
        FloatVector s5a = FloatVector.fromArray(SPECIES, c, c5);
        FloatVector s5b = FloatVector.fromArray(SPECIES, c, c5 + LANES);
        FloatVector s6a = FloatVector.fromArray(SPECIES, c, c6);
        FloatVector s6b = FloatVector.fromArray(SPECIES, c, c6 + LANES);
        FloatVector s7a = FloatVector.fromArray(SPECIES, c, c7);
        FloatVector s7b = FloatVector.fromArray(SPECIES, c, c7 + LANES);
        FloatVector s8a = FloatVector.fromArray(SPECIES, c, c8);
        FloatVector s8b = FloatVector.fromArray(SPECIES, c, c8 + LANES);
        FloatVector s9a = FloatVector.fromArray(SPECIES, c, c9);
        FloatVector s9b = FloatVector.fromArray(SPECIES, c, c9 + LANES);
        FloatVector s10a = FloatVector.fromArray(SPECIES, c, c10);
        FloatVector s10b = FloatVector.fromArray(SPECIES, c, c10 + LANES);
        FloatVector s11a = FloatVector.fromArray(SPECIES, c, c11);
        FloatVector s11b = FloatVector.fromArray(SPECIES, c, c11 + LANES);
        for (int k = 0, bk = bOffset; k < depth; k += 2, bk += 2 * PANEL) {
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, bk);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, bk + LANES);
            FloatVector x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a0 + k]));
            s0a = x.fma(b0, s0a);
            s0b = x.fma(b1, s0b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a1 + k]));
            s1a = x.fma(b0, s1a);
            s1b = x.fma(b1, s1b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a2 + k]));
            s2a = x.fma(b0, s2a);
            s2b = x.fma(b1, s2b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a3 + k]));
            s3a = x.fma(b0, s3a);
            s3b = x.fma(b1, s3b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a4 + k]));
            s4a = x.fma(b0, s4a);
            s4b = x.fma(b1, s4b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a5 + k]));
            s5a = x.fma(b0, s5a);
            s5b = x.fma(b1, s5b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a6 + k]));
            s6a = x.fma(b0, s6a);
            s6b = x.fma(b1, s6b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a7 + k]));
            s7a = x.fma(b0, s7a);
            s7b = x.fma(b1, s7b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a8 + k]));
            s8a = x.fma(b0, s8a);
            s8b = x.fma(b1, s8b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a9 + k]));
            s9a = x.fma(b0, s9a);
            s9b = x.fma(b1, s9b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a10 + k]));
            s10a = x.fma(b0, s10a);
            s10b = x.fma(b1, s10b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a11 + k]));
            s11a = x.fma(b0, s11a);
            s11b = x.fma(b1, s11b);
            b0 = FloatVector.fromArray(SPECIES, b, bk + PANEL);
            b1 = FloatVector.fromArray(SPECIES, b, bk + PANEL + LANES);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a0 + k + 1]));
            s0a = x.fma(b0, s0a);
            s0b = x.fma(b1, s0b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a1 + k + 1]));
            s1a = x.fma(b0, s1a);
            s1b = x.fma(b1, s1b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a2 + k + 1]));
            s2a = x.fma(b0, s2a);
            s2b = x.fma(b1, s2b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a3 + k + 1]));
            s3a = x.fma(b0, s3a);
            s3b = x.fma(b1, s3b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a4 + k + 1]));
            s4a = x.fma(b0, s4a);
            s4b = x.fma(b1, s4b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a5 + k + 1]));
            s5a = x.fma(b0, s5a);
            s5b = x.fma(b1, s5b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a6 + k + 1]));
            s6a = x.fma(b0, s6a);
            s6b = x.fma(b1, s6b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a7 + k + 1]));
            s7a = x.fma(b0, s7a);
            s7b = x.fma(b1, s7b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a8 + k + 1]));
            s8a = x.fma(b0, s8a);
            s8b = x.fma(b1, s8b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a9 + k + 1]));
            s9a = x.fma(b0, s9a);
            s9b = x.fma(b1, s9b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a10 + k + 1]));
            s10a = x.fma(b0, s10a);
            s10b = x.fma(b1, s10b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a11 + k + 1]));
            s11a = x.fma(b0, s11a);
            s11b = x.fma(b1, s11b);
        }
        TYPE.cast(s0a).intoArray(c, c0);
        TYPE.cast(s0b).intoArray(c, c0 + LANES);
        TYPE.cast(s1a).intoArray(c, c1);
        TYPE.cast(s1b).intoArray(c, c1 + LANES);
        TYPE.cast(s2a).intoArray(c, c2);
        TYPE.cast(s2b).intoArray(c, c2 + LANES);
        TYPE.cast(s3a).intoArray(c, c3);
        TYPE.cast(s3b).intoArray(c, c3 + LANES);
        TYPE.cast(s4a).intoArray(c, c4);
        TYPE.cast(s4b).intoArray(c, c4 + LANES);
        TYPE.cast(s5a).intoArray(c, c5);
        TYPE.cast(s5b).intoArray(c, c5 + LANES);
        TYPE.cast(s6a).intoArray(c, c6);
        TYPE.cast(s6b).intoArray(c, c6 + LANES);
        TYPE.cast(s7a).intoArray(c, c7);
        TYPE.cast(s7b).intoArray(c, c7 + LANES);
        TYPE.cast(s8a).intoArray(c, c8);
        TYPE.cast(s8b).intoArray(c, c8 + LANES);
        TYPE.cast(s9a).intoArray(c, c9);
        TYPE.cast(s9b).intoArray(c, c9 + LANES);
        TYPE.cast(s10a).intoArray(c, c10);
        TYPE.cast(s10b).intoArray(c, c10 + LANES);
        TYPE.cast(s11a).intoArray(c, c11);
        TYPE.cast(s11b).intoArray(c, c11 + LANES);
    }

    private static void rows8(
            float[] a, int aOffset, int aRow, int depth, float[] b, int bOffset, float[] c, int cOffset, int cRow) {
        int a0 = aOffset;
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
        FloatVector s0a = FloatVector.fromArray(SPECIES, c, c0);
        FloatVector s0b = FloatVector.fromArray(SPECIES, c, c0 + LANES);
        FloatVector s1a = FloatVector.fromArray(SPECIES, c, c1);
        FloatVector s1b = FloatVector.fromArray(SPECIES, c, c1 + LANES);
        FloatVector s2a = FloatVector.fromArray(SPECIES, c, c2);
        FloatVector s2b = FloatVector.fromArray(SPECIES, c, c2 + LANES);
        FloatVector s3a = FloatVector.fromArray(SPECIES, c, c3);
        FloatVector s3b = FloatVector.fromArray(SPECIES, c, c3 + LANES);
        FloatVector s4a = FloatVector.fromArray(SPECIES, c, c4);
        FloatVector s4b = FloatVector.fromArray(SPECIES, c, c4 + LANES);
        FloatVector s5a = FloatVector.fromArray(SPECIES, c, c5);
        FloatVector s5b = FloatVector.fromArray(SPECIES, c, c5 + LANES);
        FloatVector s6a = FloatVector.fromArray(SPECIES, c, c6);
        FloatVector s6b = FloatVector.fromArray(SPECIES, c, c6 + LANES);
        FloatVector s7a = FloatVector.fromArray(SPECIES, c, c7);
        FloatVector s7b = FloatVector.fromArray(SPECIES, c, c7 + LANES);
        for (int k = 0, bk = bOffset; k < depth; k += 2, bk += 2 * PANEL) {
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, bk);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, bk + LANES);
            FloatVector x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a0 + k]));
            s0a = x.fma(b0, s0a);
            s0b = x.fma(b1, s0b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a1 + k]));
            s1a = x.fma(b0, s1a);
            s1b = x.fma(b1, s1b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a2 + k]));
            s2a = x.fma(b0, s2a);
            s2b = x.fma(b1, s2b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a3 + k]));
            s3a = x.fma(b0, s3a);
            s3b = x.fma(b1, s3b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a4 + k]));
            s4a = x.fma(b0, s4a);
            s4b = x.fma(b1, s4b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a5 + k]));
            s5a = x.fma(b0, s5a);
            s5b = x.fma(b1, s5b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a6 + k]));
            s6a = x.fma(b0, s6a);
            s6b = x.fma(b1, s6b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a7 + k]));
            s7a = x.fma(b0, s7a);
            s7b = x.fma(b1, s7b);
            b0 = FloatVector.fromArray(SPECIES, b, bk + PANEL);
            b1 = FloatVector.fromArray(SPECIES, b, bk + PANEL + LANES);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a0 + k + 1]));
            s0a = x.fma(b0, s0a);
            s0b = x.fma(b1, s0b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a1 + k + 1]));
            s1a = x.fma(b0, s1a);
            s1b = x.fma(b1, s1b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a2 + k + 1]));
            s2a = x.fma(b0, s2a);
            s2b = x.fma(b1, s2b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a3 + k + 1]));
            s3a = x.fma(b0, s3a);
            s3b = x.fma(b1, s3b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a4 + k + 1]));
            s4a = x.fma(b0, s4a);
            s4b = x.fma(b1, s4b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a5 + k + 1]));
            s5a = x.fma(b0, s5a);
            s5b = x.fma(b1, s5b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a6 + k + 1]));
            s6a = x.fma(b0, s6a);
            s6b = x.fma(b1, s6b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a7 + k + 1]));
            s7a = x.fma(b0, s7a);
            s7b = x.fma(b1, s7b);
        }
        TYPE.cast(s0a).intoArray(c, c0);
        TYPE.cast(s0b).intoArray(c, c0 + LANES);
        TYPE.cast(s1a).intoArray(c, c1);
        TYPE.cast(s1b).intoArray(c, c1 + LANES);
        TYPE.cast(s2a).intoArray(c, c2);
        TYPE.cast(s2b).intoArray(c, c2 + LANES);
        TYPE.cast(s3a).intoArray(c, c3);
        TYPE.cast(s3b).intoArray(c, c3 + LANES);
        TYPE.cast(s4a).intoArray(c, c4);
        TYPE.cast(s4b).intoArray(c, c4 + LANES);
        TYPE.cast(s5a).intoArray(c, c5);
        TYPE.cast(s5b).intoArray(c, c5 + LANES);
        TYPE.cast(s6a).intoArray(c, c6);
        TYPE.cast(s6b).intoArray(c, c6 + LANES);
        TYPE.cast(s7a).intoArray(c, c7);
        TYPE.cast(s7b).intoArray(c, c7 + LANES);
    }

    private static void rows4(
            float[] a, int aOffset, int aRow, int depth, float[] b, int bOffset, float[] c, int cOffset, int cRow) {
        int a0 = aOffset;
        int a1 = aOffset + aRow;
        int a2 = aOffset + 2 * aRow;
        int a3 = aOffset + 3 * aRow;
        int c0 = cOffset;
        int c1 = cOffset + cRow;
        int c2 = cOffset + 2 * cRow;
        int c3 = cOffset + 3 * cRow;
        FloatVector s0a = FloatVector.fromArray(SPECIES, c, c0);
        FloatVector s0b = FloatVector.fromArray(SPECIES, c, c0 + LANES);
        FloatVector s1a = FloatVector.fromArray(SPECIES, c, c1);
        FloatVector s1b = FloatVector.fromArray(SPECIES, c, c1 + LANES);
        FloatVector s2a = FloatVector.fromArray(SPECIES, c, c2);
        FloatVector s2b = FloatVector.fromArray(SPECIES, c, c2 + LANES);
        FloatVector s3a = FloatVector.fromArray(SPECIES, c, c3);
        FloatVector s3b = FloatVector.fromArray(SPECIES, c, c3 + LANES);
        for (int k = 0, bk = bOffset; k < depth; k++, bk += PANEL) {
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, bk);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, bk + LANES);
            FloatVector x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a0 + k]));
            s0a = x.fma(b0, s0a);
            s0b = x.fma(b1, s0b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a1 + k]));
            s1a = x.fma(b0, s1a);
            s1b = x.fma(b1, s1b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a2 + k]));
            s2a = x.fma(b0, s2a);
            s2b = x.fma(b1, s2b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[a3 + k]));
            s3a = x.fma(b0, s3a);
            s3b = x.fma(b1, s3b);
        }
        TYPE.cast(s0a).intoArray(c, c0);
        TYPE.cast(s0b).intoArray(c, c0 + LANES);
        TYPE.cast(s1a).intoArray(c, c1);
        TYPE.cast(s1b).intoArray(c, c1 + LANES);
        TYPE.cast(s2a).intoArray(c, c2);
        TYPE.cast(s2b).intoArray(c, c2 + LANES);
        TYPE.cast(s3a).intoArray(c, c3);
        TYPE.cast(s3b).intoArray(c, c3 + LANES);
    }

    private static void rows1(float[] a, int aOffset, int depth, float[] b, int bOffset, float[] c, int cOffset) {
        FloatVector s0 = FloatVector.fromArray(SPECIES, c, cOffset);
        FloatVector s1 = FloatVector.fromArray(SPECIES, c, cOffset + LANES);
        for (int k = 0, bk = bOffset; k < depth; k++, bk += PANEL) {
            FloatVector x = TYPE.cast(FloatVector.broadcast(SPECIES, a[aOffset + k]));
            s0 = x.fma(FloatVector.fromArray(SPECIES, b, bk), s0);
            s1 = x.fma(FloatVector.fromArray(SPECIES, b, bk + LANES), s1);
        }
        TYPE.cast(s0).intoArray(c, cOffset);
        TYPE.cast(s1).intoArray(c, cOffset + LANES);
    }

    /**
     * One row and four panels: eight independent sums hide the latency of a fused multiply-add. A panel may be given more than
     * once.
     */
    static void fourPanels(
            float[] a,
            int aOffset,
            int depth,
            float[] b,
            int b0,
            int b1,
            int b2,
            int b3,
            float[] c,
            int c0,
            int c1,
            int c2,
            int c3) {
        FloatVector s0a = FloatVector.fromArray(SPECIES, c, c0);
        FloatVector s0b = FloatVector.fromArray(SPECIES, c, c0 + LANES);
        FloatVector s1a = FloatVector.fromArray(SPECIES, c, c1);
        FloatVector s1b = FloatVector.fromArray(SPECIES, c, c1 + LANES);
        FloatVector s2a = FloatVector.fromArray(SPECIES, c, c2);
        FloatVector s2b = FloatVector.fromArray(SPECIES, c, c2 + LANES);
        FloatVector s3a = FloatVector.fromArray(SPECIES, c, c3);
        FloatVector s3b = FloatVector.fromArray(SPECIES, c, c3 + LANES);
        for (int k = 0; k < depth; k++) {
            FloatVector x = TYPE.cast(FloatVector.broadcast(SPECIES, a[aOffset + k]));
            int at = k * PANEL;
            s0a = x.fma(FloatVector.fromArray(SPECIES, b, b0 + at), s0a);
            s0b = x.fma(FloatVector.fromArray(SPECIES, b, b0 + at + LANES), s0b);
            s1a = x.fma(FloatVector.fromArray(SPECIES, b, b1 + at), s1a);
            s1b = x.fma(FloatVector.fromArray(SPECIES, b, b1 + at + LANES), s1b);
            s2a = x.fma(FloatVector.fromArray(SPECIES, b, b2 + at), s2a);
            s2b = x.fma(FloatVector.fromArray(SPECIES, b, b2 + at + LANES), s2b);
            s3a = x.fma(FloatVector.fromArray(SPECIES, b, b3 + at), s3a);
            s3b = x.fma(FloatVector.fromArray(SPECIES, b, b3 + at + LANES), s3b);
        }
        TYPE.cast(s0a).intoArray(c, c0);
        TYPE.cast(s0b).intoArray(c, c0 + LANES);
        TYPE.cast(s1a).intoArray(c, c1);
        TYPE.cast(s1b).intoArray(c, c1 + LANES);
        TYPE.cast(s2a).intoArray(c, c2);
        TYPE.cast(s2b).intoArray(c, c2 + LANES);
        TYPE.cast(s3a).intoArray(c, c3);
        TYPE.cast(s3b).intoArray(c, c3 + LANES);
    }

    private static void transposed12(
            float[] a, int aOffset, int depth, float[] b, int bOffset, float[] c, int cOffset, int cRow) {
        int c0 = cOffset;
        int c1 = cOffset + cRow;
        int c2 = cOffset + 2 * cRow;
        int c3 = cOffset + 3 * cRow;
        int c4 = cOffset + 4 * cRow;
        int c5 = cOffset + 5 * cRow;
        int c6 = cOffset + 6 * cRow;
        int c7 = cOffset + 7 * cRow;
        int c8 = cOffset + 8 * cRow;
        int c9 = cOffset + 9 * cRow;
        int c10 = cOffset + 10 * cRow;
        int c11 = cOffset + 11 * cRow;
        FloatVector s0a = FloatVector.fromArray(SPECIES, c, c0);
        FloatVector s0b = FloatVector.fromArray(SPECIES, c, c0 + LANES);
        FloatVector s1a = FloatVector.fromArray(SPECIES, c, c1);
        FloatVector s1b = FloatVector.fromArray(SPECIES, c, c1 + LANES);
        FloatVector s2a = FloatVector.fromArray(SPECIES, c, c2);
        FloatVector s2b = FloatVector.fromArray(SPECIES, c, c2 + LANES);
        FloatVector s3a = FloatVector.fromArray(SPECIES, c, c3);
        FloatVector s3b = FloatVector.fromArray(SPECIES, c, c3 + LANES);
        FloatVector s4a = FloatVector.fromArray(SPECIES, c, c4);
        FloatVector s4b = FloatVector.fromArray(SPECIES, c, c4 + LANES);
        FloatVector s5a = FloatVector.fromArray(SPECIES, c, c5);
        FloatVector s5b = FloatVector.fromArray(SPECIES, c, c5 + LANES);
        FloatVector s6a = FloatVector.fromArray(SPECIES, c, c6);
        FloatVector s6b = FloatVector.fromArray(SPECIES, c, c6 + LANES);
        FloatVector s7a = FloatVector.fromArray(SPECIES, c, c7);
        FloatVector s7b = FloatVector.fromArray(SPECIES, c, c7 + LANES);
        FloatVector s8a = FloatVector.fromArray(SPECIES, c, c8);
        FloatVector s8b = FloatVector.fromArray(SPECIES, c, c8 + LANES);
        FloatVector s9a = FloatVector.fromArray(SPECIES, c, c9);
        FloatVector s9b = FloatVector.fromArray(SPECIES, c, c9 + LANES);
        FloatVector s10a = FloatVector.fromArray(SPECIES, c, c10);
        FloatVector s10b = FloatVector.fromArray(SPECIES, c, c10 + LANES);
        FloatVector s11a = FloatVector.fromArray(SPECIES, c, c11);
        FloatVector s11b = FloatVector.fromArray(SPECIES, c, c11 + LANES);
        for (int k = 0, ak = aOffset, bk = bOffset; k < depth; k += 2, ak += 2 * PANEL, bk += 2 * PANEL) {
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, bk);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, bk + LANES);
            FloatVector x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak]));
            s0a = x.fma(b0, s0a);
            s0b = x.fma(b1, s0b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + 1]));
            s1a = x.fma(b0, s1a);
            s1b = x.fma(b1, s1b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + 2]));
            s2a = x.fma(b0, s2a);
            s2b = x.fma(b1, s2b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + 3]));
            s3a = x.fma(b0, s3a);
            s3b = x.fma(b1, s3b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + 4]));
            s4a = x.fma(b0, s4a);
            s4b = x.fma(b1, s4b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + 5]));
            s5a = x.fma(b0, s5a);
            s5b = x.fma(b1, s5b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + 6]));
            s6a = x.fma(b0, s6a);
            s6b = x.fma(b1, s6b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + 7]));
            s7a = x.fma(b0, s7a);
            s7b = x.fma(b1, s7b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + 8]));
            s8a = x.fma(b0, s8a);
            s8b = x.fma(b1, s8b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + 9]));
            s9a = x.fma(b0, s9a);
            s9b = x.fma(b1, s9b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + 10]));
            s10a = x.fma(b0, s10a);
            s10b = x.fma(b1, s10b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + 11]));
            s11a = x.fma(b0, s11a);
            s11b = x.fma(b1, s11b);
            b0 = FloatVector.fromArray(SPECIES, b, bk + PANEL);
            b1 = FloatVector.fromArray(SPECIES, b, bk + PANEL + LANES);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + PANEL]));
            s0a = x.fma(b0, s0a);
            s0b = x.fma(b1, s0b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + PANEL + 1]));
            s1a = x.fma(b0, s1a);
            s1b = x.fma(b1, s1b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + PANEL + 2]));
            s2a = x.fma(b0, s2a);
            s2b = x.fma(b1, s2b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + PANEL + 3]));
            s3a = x.fma(b0, s3a);
            s3b = x.fma(b1, s3b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + PANEL + 4]));
            s4a = x.fma(b0, s4a);
            s4b = x.fma(b1, s4b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + PANEL + 5]));
            s5a = x.fma(b0, s5a);
            s5b = x.fma(b1, s5b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + PANEL + 6]));
            s6a = x.fma(b0, s6a);
            s6b = x.fma(b1, s6b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + PANEL + 7]));
            s7a = x.fma(b0, s7a);
            s7b = x.fma(b1, s7b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + PANEL + 8]));
            s8a = x.fma(b0, s8a);
            s8b = x.fma(b1, s8b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + PANEL + 9]));
            s9a = x.fma(b0, s9a);
            s9b = x.fma(b1, s9b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + PANEL + 10]));
            s10a = x.fma(b0, s10a);
            s10b = x.fma(b1, s10b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + PANEL + 11]));
            s11a = x.fma(b0, s11a);
            s11b = x.fma(b1, s11b);
        }
        TYPE.cast(s0a).intoArray(c, c0);
        TYPE.cast(s0b).intoArray(c, c0 + LANES);
        TYPE.cast(s1a).intoArray(c, c1);
        TYPE.cast(s1b).intoArray(c, c1 + LANES);
        TYPE.cast(s2a).intoArray(c, c2);
        TYPE.cast(s2b).intoArray(c, c2 + LANES);
        TYPE.cast(s3a).intoArray(c, c3);
        TYPE.cast(s3b).intoArray(c, c3 + LANES);
        TYPE.cast(s4a).intoArray(c, c4);
        TYPE.cast(s4b).intoArray(c, c4 + LANES);
        TYPE.cast(s5a).intoArray(c, c5);
        TYPE.cast(s5b).intoArray(c, c5 + LANES);
        TYPE.cast(s6a).intoArray(c, c6);
        TYPE.cast(s6b).intoArray(c, c6 + LANES);
        TYPE.cast(s7a).intoArray(c, c7);
        TYPE.cast(s7b).intoArray(c, c7 + LANES);
        TYPE.cast(s8a).intoArray(c, c8);
        TYPE.cast(s8b).intoArray(c, c8 + LANES);
        TYPE.cast(s9a).intoArray(c, c9);
        TYPE.cast(s9b).intoArray(c, c9 + LANES);
        TYPE.cast(s10a).intoArray(c, c10);
        TYPE.cast(s10b).intoArray(c, c10 + LANES);
        TYPE.cast(s11a).intoArray(c, c11);
        TYPE.cast(s11b).intoArray(c, c11 + LANES);
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
        FloatVector s0a = FloatVector.fromArray(SPECIES, c, c0);
        FloatVector s0b = FloatVector.fromArray(SPECIES, c, c0 + LANES);
        FloatVector s1a = FloatVector.fromArray(SPECIES, c, c1);
        FloatVector s1b = FloatVector.fromArray(SPECIES, c, c1 + LANES);
        FloatVector s2a = FloatVector.fromArray(SPECIES, c, c2);
        FloatVector s2b = FloatVector.fromArray(SPECIES, c, c2 + LANES);
        FloatVector s3a = FloatVector.fromArray(SPECIES, c, c3);
        FloatVector s3b = FloatVector.fromArray(SPECIES, c, c3 + LANES);
        FloatVector s4a = FloatVector.fromArray(SPECIES, c, c4);
        FloatVector s4b = FloatVector.fromArray(SPECIES, c, c4 + LANES);
        FloatVector s5a = FloatVector.fromArray(SPECIES, c, c5);
        FloatVector s5b = FloatVector.fromArray(SPECIES, c, c5 + LANES);
        FloatVector s6a = FloatVector.fromArray(SPECIES, c, c6);
        FloatVector s6b = FloatVector.fromArray(SPECIES, c, c6 + LANES);
        FloatVector s7a = FloatVector.fromArray(SPECIES, c, c7);
        FloatVector s7b = FloatVector.fromArray(SPECIES, c, c7 + LANES);
        for (int k = 0, ak = aOffset, bk = bOffset; k < depth; k += 2, ak += 2 * PANEL, bk += 2 * PANEL) {
            FloatVector b0 = FloatVector.fromArray(SPECIES, b, bk);
            FloatVector b1 = FloatVector.fromArray(SPECIES, b, bk + LANES);
            FloatVector x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak]));
            s0a = x.fma(b0, s0a);
            s0b = x.fma(b1, s0b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + 1]));
            s1a = x.fma(b0, s1a);
            s1b = x.fma(b1, s1b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + 2]));
            s2a = x.fma(b0, s2a);
            s2b = x.fma(b1, s2b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + 3]));
            s3a = x.fma(b0, s3a);
            s3b = x.fma(b1, s3b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + 4]));
            s4a = x.fma(b0, s4a);
            s4b = x.fma(b1, s4b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + 5]));
            s5a = x.fma(b0, s5a);
            s5b = x.fma(b1, s5b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + 6]));
            s6a = x.fma(b0, s6a);
            s6b = x.fma(b1, s6b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + 7]));
            s7a = x.fma(b0, s7a);
            s7b = x.fma(b1, s7b);
            b0 = FloatVector.fromArray(SPECIES, b, bk + PANEL);
            b1 = FloatVector.fromArray(SPECIES, b, bk + PANEL + LANES);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + PANEL]));
            s0a = x.fma(b0, s0a);
            s0b = x.fma(b1, s0b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + PANEL + 1]));
            s1a = x.fma(b0, s1a);
            s1b = x.fma(b1, s1b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + PANEL + 2]));
            s2a = x.fma(b0, s2a);
            s2b = x.fma(b1, s2b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + PANEL + 3]));
            s3a = x.fma(b0, s3a);
            s3b = x.fma(b1, s3b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + PANEL + 4]));
            s4a = x.fma(b0, s4a);
            s4b = x.fma(b1, s4b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + PANEL + 5]));
            s5a = x.fma(b0, s5a);
            s5b = x.fma(b1, s5b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + PANEL + 6]));
            s6a = x.fma(b0, s6a);
            s6b = x.fma(b1, s6b);
            x = TYPE.cast(FloatVector.broadcast(SPECIES, a[ak + PANEL + 7]));
            s7a = x.fma(b0, s7a);
            s7b = x.fma(b1, s7b);
        }
        TYPE.cast(s0a).intoArray(c, c0);
        TYPE.cast(s0b).intoArray(c, c0 + LANES);
        TYPE.cast(s1a).intoArray(c, c1);
        TYPE.cast(s1b).intoArray(c, c1 + LANES);
        TYPE.cast(s2a).intoArray(c, c2);
        TYPE.cast(s2b).intoArray(c, c2 + LANES);
        TYPE.cast(s3a).intoArray(c, c3);
        TYPE.cast(s3b).intoArray(c, c3 + LANES);
        TYPE.cast(s4a).intoArray(c, c4);
        TYPE.cast(s4b).intoArray(c, c4 + LANES);
        TYPE.cast(s5a).intoArray(c, c5);
        TYPE.cast(s5b).intoArray(c, c5 + LANES);
        TYPE.cast(s6a).intoArray(c, c6);
        TYPE.cast(s6b).intoArray(c, c6 + LANES);
        TYPE.cast(s7a).intoArray(c, c7);
        TYPE.cast(s7b).intoArray(c, c7 + LANES);
    }
}
