// Written by KernelWriter, among the tests of this module: change the tables there, not this file.
package dev.rondo.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Kernels of {@link VectorProducts} for processors with 16 vector registers: 6 rows by 2 vectors are 12 sums, which leaves 2
 * registers for a row of B and one for an element of A. With more, sums go to the stack and back in each step.
 *
 * <p>Whether that happens is decided by the JIT compiler's order of instructions: it likes to load ahead. What it does with one
 * step of the depth at a time or two, and with a constant or a variable distance, differs from kernel to kernel and from
 * JDK to JDK by a factor of two, so the forms here are chosen by measurement ({@code bench/README.md}). On JDK 25 these are
 * 6 rows with one step, on JDK 17 5 rows with two, and 4 rows with two on both. Where there are two steps, the depth is even.
 */
final class NarrowKernels {
    private static final VectorSpecies<Float> SPECIES = VectorLoops.SPECIES;
    private static final int LANES = SPECIES.length();
    private static final int PANEL = 2 * LANES;
    private static final Class<? extends FloatVector> TYPE = VectorLoops.TYPE;

    private NarrowKernels() {}

    static void rows6(
            float[] a, int aOffset, int aRow, int depth, float[] b, int bOffset, float[] c, int cOffset, int cRow) {
        if (depth == 0) {
            return;
        }
        int a0 = aOffset;
        int a1 = aOffset + aRow;
        int a2 = aOffset + 2 * aRow;
        int a3 = aOffset + 3 * aRow;
        int a4 = aOffset + 4 * aRow;
        int a5 = aOffset + 5 * aRow;
        int c0 = cOffset;
        int c1 = cOffset + cRow;
        int c2 = cOffset + 2 * cRow;
        int c3 = cOffset + 3 * cRow;
        int c4 = cOffset + 4 * cRow;
        int c5 = cOffset + 5 * cRow;
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
        for (int k = 0, bk = bOffset; k < depth; k++, bk += PANEL) {
            FloatVector b0 = TYPE.cast(FloatVector.fromArray(SPECIES, b, bk));
            FloatVector b1 = TYPE.cast(FloatVector.fromArray(SPECIES, b, bk + LANES));
            FloatVector x = FloatVector.broadcast(SPECIES, a[a0 + k]);
            s0a = b0.fma(x, s0a);
            s0b = b1.fma(x, s0b);
            x = FloatVector.broadcast(SPECIES, a[a1 + k]);
            s1a = b0.fma(x, s1a);
            s1b = b1.fma(x, s1b);
            x = FloatVector.broadcast(SPECIES, a[a2 + k]);
            s2a = b0.fma(x, s2a);
            s2b = b1.fma(x, s2b);
            x = FloatVector.broadcast(SPECIES, a[a3 + k]);
            s3a = b0.fma(x, s3a);
            s3b = b1.fma(x, s3b);
            x = FloatVector.broadcast(SPECIES, a[a4 + k]);
            s4a = b0.fma(x, s4a);
            s4b = b1.fma(x, s4b);
            x = FloatVector.broadcast(SPECIES, a[a5 + k]);
            s5a = b0.fma(x, s5a);
            s5b = b1.fma(x, s5b);
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
    }

    static void rows5(
            float[] a, int aOffset, int aRow, int depth, float[] b, int bOffset, float[] c, int cOffset, int cRow) {
        if (depth == 0) {
            return;
        }
        int a0 = aOffset;
        int a1 = aOffset + aRow;
        int a2 = aOffset + 2 * aRow;
        int a3 = aOffset + 3 * aRow;
        int a4 = aOffset + 4 * aRow;
        int c0 = cOffset;
        int c1 = cOffset + cRow;
        int c2 = cOffset + 2 * cRow;
        int c3 = cOffset + 3 * cRow;
        int c4 = cOffset + 4 * cRow;
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
        for (int k = 0, bk = bOffset; k < depth; k += 2, bk += 2 * PANEL) {
            FloatVector b0 = TYPE.cast(FloatVector.fromArray(SPECIES, b, bk));
            FloatVector b1 = TYPE.cast(FloatVector.fromArray(SPECIES, b, bk + LANES));
            FloatVector x = FloatVector.broadcast(SPECIES, a[a0 + k]);
            s0a = b0.fma(x, s0a);
            s0b = b1.fma(x, s0b);
            x = FloatVector.broadcast(SPECIES, a[a1 + k]);
            s1a = b0.fma(x, s1a);
            s1b = b1.fma(x, s1b);
            x = FloatVector.broadcast(SPECIES, a[a2 + k]);
            s2a = b0.fma(x, s2a);
            s2b = b1.fma(x, s2b);
            x = FloatVector.broadcast(SPECIES, a[a3 + k]);
            s3a = b0.fma(x, s3a);
            s3b = b1.fma(x, s3b);
            x = FloatVector.broadcast(SPECIES, a[a4 + k]);
            s4a = b0.fma(x, s4a);
            s4b = b1.fma(x, s4b);
            b0 = TYPE.cast(FloatVector.fromArray(SPECIES, b, bk + PANEL));
            b1 = TYPE.cast(FloatVector.fromArray(SPECIES, b, bk + PANEL + LANES));
            x = FloatVector.broadcast(SPECIES, a[a0 + k + 1]);
            s0a = b0.fma(x, s0a);
            s0b = b1.fma(x, s0b);
            x = FloatVector.broadcast(SPECIES, a[a1 + k + 1]);
            s1a = b0.fma(x, s1a);
            s1b = b1.fma(x, s1b);
            x = FloatVector.broadcast(SPECIES, a[a2 + k + 1]);
            s2a = b0.fma(x, s2a);
            s2b = b1.fma(x, s2b);
            x = FloatVector.broadcast(SPECIES, a[a3 + k + 1]);
            s3a = b0.fma(x, s3a);
            s3b = b1.fma(x, s3b);
            x = FloatVector.broadcast(SPECIES, a[a4 + k + 1]);
            s4a = b0.fma(x, s4a);
            s4b = b1.fma(x, s4b);
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
    }

    static void rows4(
            float[] a, int aOffset, int aRow, int depth, float[] b, int bOffset, float[] c, int cOffset, int cRow) {
        if (depth == 0) {
            return;
        }
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
        for (int k = 0, bk = bOffset; k < depth; k += 2, bk += 2 * PANEL) {
            FloatVector b0 = TYPE.cast(FloatVector.fromArray(SPECIES, b, bk));
            FloatVector b1 = TYPE.cast(FloatVector.fromArray(SPECIES, b, bk + LANES));
            FloatVector x = FloatVector.broadcast(SPECIES, a[a0 + k]);
            s0a = b0.fma(x, s0a);
            s0b = b1.fma(x, s0b);
            x = FloatVector.broadcast(SPECIES, a[a1 + k]);
            s1a = b0.fma(x, s1a);
            s1b = b1.fma(x, s1b);
            x = FloatVector.broadcast(SPECIES, a[a2 + k]);
            s2a = b0.fma(x, s2a);
            s2b = b1.fma(x, s2b);
            x = FloatVector.broadcast(SPECIES, a[a3 + k]);
            s3a = b0.fma(x, s3a);
            s3b = b1.fma(x, s3b);
            b0 = TYPE.cast(FloatVector.fromArray(SPECIES, b, bk + PANEL));
            b1 = TYPE.cast(FloatVector.fromArray(SPECIES, b, bk + PANEL + LANES));
            x = FloatVector.broadcast(SPECIES, a[a0 + k + 1]);
            s0a = b0.fma(x, s0a);
            s0b = b1.fma(x, s0b);
            x = FloatVector.broadcast(SPECIES, a[a1 + k + 1]);
            s1a = b0.fma(x, s1a);
            s1b = b1.fma(x, s1b);
            x = FloatVector.broadcast(SPECIES, a[a2 + k + 1]);
            s2a = b0.fma(x, s2a);
            s2b = b1.fma(x, s2b);
            x = FloatVector.broadcast(SPECIES, a[a3 + k + 1]);
            s3a = b0.fma(x, s3a);
            s3b = b1.fma(x, s3b);
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

    /**
     * The distance of columns, which is 1, is a parameter: the compiler of JDK 25 counts the registers for addresses, and
     * with few of them it loads ahead until the vectors do not fit. The method is too large to be inlined where it is called.
     */
    static void transposed6(
            float[] a, int aOffset, int aColumn, int depth, float[] b, int bOffset, float[] c, int cOffset, int cRow) {
        if (depth == 0) {
            return;
        }
        int a0 = aOffset;
        int a1 = aOffset + aColumn;
        int a2 = aOffset + 2 * aColumn;
        int a3 = aOffset + 3 * aColumn;
        int a4 = aOffset + 4 * aColumn;
        int a5 = aOffset + 5 * aColumn;
        int c0 = cOffset;
        int c1 = cOffset + cRow;
        int c2 = cOffset + 2 * cRow;
        int c3 = cOffset + 3 * cRow;
        int c4 = cOffset + 4 * cRow;
        int c5 = cOffset + 5 * cRow;
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
        for (int k = 0; k < depth * PANEL; k += PANEL) {
            FloatVector b0 = TYPE.cast(FloatVector.fromArray(SPECIES, b, bOffset + k));
            FloatVector b1 = TYPE.cast(FloatVector.fromArray(SPECIES, b, bOffset + k + LANES));
            FloatVector x = FloatVector.broadcast(SPECIES, a[a0 + k]);
            s0a = b0.fma(x, s0a);
            s0b = b1.fma(x, s0b);
            x = FloatVector.broadcast(SPECIES, a[a1 + k]);
            s1a = b0.fma(x, s1a);
            s1b = b1.fma(x, s1b);
            x = FloatVector.broadcast(SPECIES, a[a2 + k]);
            s2a = b0.fma(x, s2a);
            s2b = b1.fma(x, s2b);
            x = FloatVector.broadcast(SPECIES, a[a3 + k]);
            s3a = b0.fma(x, s3a);
            s3b = b1.fma(x, s3b);
            x = FloatVector.broadcast(SPECIES, a[a4 + k]);
            s4a = b0.fma(x, s4a);
            s4b = b1.fma(x, s4b);
            x = FloatVector.broadcast(SPECIES, a[a5 + k]);
            s5a = b0.fma(x, s5a);
            s5b = b1.fma(x, s5b);
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
    }

    static void transposed4(
            float[] a, int aOffset, int depth, float[] b, int bOffset, float[] c, int cOffset, int cRow) {
        if (depth == 0) {
            return;
        }
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
        for (int k = 0, ak = aOffset, bk = bOffset; k < depth; k += 2, ak += 2 * PANEL, bk += 2 * PANEL) {
            FloatVector b0 = TYPE.cast(FloatVector.fromArray(SPECIES, b, bk));
            FloatVector b1 = TYPE.cast(FloatVector.fromArray(SPECIES, b, bk + LANES));
            FloatVector x = FloatVector.broadcast(SPECIES, a[ak]);
            s0a = b0.fma(x, s0a);
            s0b = b1.fma(x, s0b);
            x = FloatVector.broadcast(SPECIES, a[ak + 1]);
            s1a = b0.fma(x, s1a);
            s1b = b1.fma(x, s1b);
            x = FloatVector.broadcast(SPECIES, a[ak + 2]);
            s2a = b0.fma(x, s2a);
            s2b = b1.fma(x, s2b);
            x = FloatVector.broadcast(SPECIES, a[ak + 3]);
            s3a = b0.fma(x, s3a);
            s3b = b1.fma(x, s3b);
            b0 = TYPE.cast(FloatVector.fromArray(SPECIES, b, bk + PANEL));
            b1 = TYPE.cast(FloatVector.fromArray(SPECIES, b, bk + PANEL + LANES));
            x = FloatVector.broadcast(SPECIES, a[ak + PANEL]);
            s0a = b0.fma(x, s0a);
            s0b = b1.fma(x, s0b);
            x = FloatVector.broadcast(SPECIES, a[ak + PANEL + 1]);
            s1a = b0.fma(x, s1a);
            s1b = b1.fma(x, s1b);
            x = FloatVector.broadcast(SPECIES, a[ak + PANEL + 2]);
            s2a = b0.fma(x, s2a);
            s2b = b1.fma(x, s2b);
            x = FloatVector.broadcast(SPECIES, a[ak + PANEL + 3]);
            s3a = b0.fma(x, s3a);
            s3b = b1.fma(x, s3b);
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
}
