package dev.rondo.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The products of {@link VectorLoops}, as a sequence of kernels for some rows each. A kernel keeps a block of C in registers, as
 * many rows by 2 vectors as the processor has registers for: {@link WideKernels} 12 rows with 32 registers,
 * {@link NarrowKernels} 6 rows with 16. Every sum runs over the depth from 0 upwards, whatever the block.
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
 * most. With 16 registers it does not schedule 6 rows well, and 5 are faster.
 */
final class VectorProducts {
    private static final VectorSpecies<Float> SPECIES = VectorLoops.SPECIES;
    private static final int LANES = SPECIES.length();
    private static final int PANEL = 2 * LANES;
    private static final Class<? extends FloatVector> TYPE = VectorLoops.TYPE;

    /** Whether the processor has 32 vector registers; x86 is taken to have 16 unless the vectors have 512 bits. */
    private static final boolean WIDE = SPECIES.vectorBitSize() >= 512 || !isX86(System.getProperty("os.arch", ""));

    /** Whether the compiler is one that can do with the largest kernels. */
    private static final boolean NEW_COMPILER = Runtime.version().feature() >= 25;

    private VectorProducts() {}

    private static boolean isX86(String architecture) {
        return architecture.equals("amd64") || architecture.equals("x86_64") || architecture.equals("x86");
    }

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
        for (int n = kernel(rows); n > 1; n = kernel(rows - i)) {
            int at = aOffset + i * aRow;
            int ct = cOffset + i * cRow;
            switch (n) {
                case 12 -> WideKernels.rows12(a, at, aRow, pairs, b, bOffset, c, ct, cRow);
                case 8 -> WideKernels.rows8(a, at, aRow, pairs, b, bOffset, c, ct, cRow);
                case 6 -> NarrowKernels.rows6(a, at, aRow, pairs, b, bOffset, c, ct, cRow);
                case 5 -> NarrowKernels.rows5(a, at, aRow, pairs, b, bOffset, c, ct, cRow);
                case 4 -> NarrowKernels.rows4(a, at, aRow, pairs, b, bOffset, c, ct, cRow);
                default -> throw new AssertionError(n);
            }
            i += n;
        }
        if (pairs < depth) {
            for (int j = 0; j < i; j++) {
                rows1(a, aOffset + j * aRow + pairs, 1, b, bOffset + pairs * PANEL, c, cOffset + j * cRow);
            }
        }
        for (; i < rows; i++) {
            rows1(a, aOffset + i * aRow, depth, b, bOffset, c, cOffset + i * cRow);
        }
    }

    /** The number of rows of the kernel that begins a block of so many, with this processor and compiler. */
    static int kernel(int rows) {
        return kernel(rows, WIDE, NEW_COMPILER);
    }

    /** The number of rows of the kernel that begins a block of so many. */
    static int kernel(int rows, boolean wide, boolean newCompiler) {
        if (rows < 4) {
            return 1;
        }
        if (wide) {
            // 16 is 8 and 8, not 12 and 4.
            return newCompiler && rows >= 12 && rows != 16 ? 12 : rows >= 8 ? 8 : 4;
        }
        if (newCompiler) {
            // 8 is 4 and 4, not 6 and single rows.
            return rows >= 10 || rows == 6 || rows == 7 ? 6 : 4;
        }
        // 4, 8, 12 and 16 are fours, 13 is 4, 5 and 4.
        return rows == 4 || rows == 8 || rows == 12 || rows == 13 || rows == 16 ? 4 : 5;
    }

    /** One panel of {@link InnerLoops#transposedProduct}. */
    static void transposedPanel(
            float[] a, int aOffset, int depth, float[] b, int bOffset, float[] c, int cOffset, int cRow) {
        for (int i = 0, n; i < PANEL; i += n) {
            n = kernel(PANEL - i);
            int ct = cOffset + i * cRow;
            switch (n) {
                case 12 -> WideKernels.transposed12(a, aOffset + i, depth, b, bOffset, c, ct, cRow);
                case 8 -> WideKernels.transposed8(a, aOffset + i, depth, b, bOffset, c, ct, cRow);
                case 6 -> NarrowKernels.transposed6(a, aOffset + i, 1, depth, b, bOffset, c, ct, cRow);
                case 4 -> NarrowKernels.transposed4(a, aOffset + i, depth, b, bOffset, c, ct, cRow);
                default -> throw new AssertionError(n);
            }
        }
    }

    private static void rows1(float[] a, int aOffset, int depth, float[] b, int bOffset, float[] c, int cOffset) {
        if (depth == 0) {
            return;
        }
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
        if (depth == 0) {
            return;
        }
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
}
