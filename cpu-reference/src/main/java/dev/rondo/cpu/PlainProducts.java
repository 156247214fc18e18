package dev.rondo.cpu;

import java.util.Arrays;

/**
 * The products of {@link PlainLoops}: 4 rows of C, each in an array of its own, and 4 rows of B at a time. What becomes of
 * such a loop is up to the JIT compiler. On JDK 17 it makes vector instructions of 4 rows by 2 and not of 2 by 4, on JDK 25 of
 * both, and 2 by 4 is the faster one; with more it gives up. Both need some hundred columns, for a loop begins and ends with
 * single elements. Every sum runs over the depth from 0 upwards, one fused multiply-add after the other.
 *
 * <p>An object belongs to one product at a time.
 */
final class PlainProducts {
    /** Rows of C at a time. */
    static final int ROWS = 4;

    /** Rows of B at a time. */
    static final int DEPTH = 4;

    private static final boolean TWO_BY_FOUR = Runtime.version().feature() >= 25;

    /** Columns below which vector instructions are not reached: narrower matrices are computed with columns to spare. */
    static final int LEAST = TWO_BY_FOUR ? 128 : 192;

    private static final float[][] NONE = new float[0][];

    private final float[] factors = new float[ROWS * DEPTH];
    private final float[][] c = new float[ROWS][];
    private float[] zeros = new float[0];

    /** The matrix of the product in progress; none is kept after it. */
    private float[][] b = NONE;

    private int from;
    private int width;

    /** The columns that are computed: the ones that are wanted, and more where these are few. */
    private int first;

    private int end;

    /** Chooses columns of B. */
    void columns(RowMatrix matrix, int firstColumn, int columns) {
        b = matrix.rows;
        from = firstColumn;
        width = columns;
        int all = b.length == 0 ? LEAST : b[0].length;
        first = Math.max(0, Math.min(from, all - Math.max(LEAST, columns)));
        end = first + Math.max(LEAST, from + columns - first);
        if (zeros.length < all) {
            zeros = new float[all];
            for (int i = 0; i < ROWS; i++) {
                c[i] = new float[all];
            }
        }
    }

    /** Ends a product. */
    void done() {
        b = NONE;
    }

    /** Takes rows of C. */
    void load(float[] source, int offset, int row, int count) {
        for (int i = 0; i < ROWS; i++) {
            Arrays.fill(c[i], first, end, 0);
            if (i < count) {
                System.arraycopy(source, offset + i * row, c[i], from, width);
            }
        }
    }

    /** Gives rows of C back. */
    void store(float[] target, int offset, int row, int count) {
        for (int i = 0; i < count; i++) {
            System.arraycopy(c[i], from, target, offset + i * row, width);
        }
    }

    /** The factors of some rows of C and of B: {@code a[offset + i * row + k * step]}, 0 for those that are missing. */
    void factors(float[] a, int offset, int row, int step, int rows, int depth) {
        for (int i = 0; i < ROWS; i++) {
            for (int k = 0; k < DEPTH; k++) {
                factors[i * DEPTH + k] = i < rows && k < depth ? a[offset + i * row + k * step] : 0;
            }
        }
    }

    /** The factors from a transposed matrix. */
    void factors(float[][] a, int row, int column, int depth) {
        for (int k = 0; k < DEPTH; k++) {
            for (int i = 0; i < ROWS; i++) {
                factors[i * DEPTH + k] = k < depth ? a[row + k][column + i] : 0;
            }
        }
    }

    /** Multiplies rows k to k + 3 of B, of so many. */
    void multiply(int k, int depth) {
        float[] b0 = b[k];
        float[] b1 = k + 1 < depth ? b[k + 1] : zeros;
        float[] b2 = k + 2 < depth ? b[k + 2] : zeros;
        float[] b3 = k + 3 < depth ? b[k + 3] : zeros;
        if (TWO_BY_FOUR) {
            twoByFour(factors, 0, b0, b1, b2, b3, c[0], c[1], first, end);
            twoByFour(factors, 2 * DEPTH, b0, b1, b2, b3, c[2], c[3], first, end);
        } else {
            fourByTwo(factors, 0, b0, b1, c[0], c[1], c[2], c[3], first, end);
            fourByTwo(factors, 2, b2, b3, c[0], c[1], c[2], c[3], first, end);
        }
    }

    private static void twoByFour(
            float[] a,
            int at,
            float[] b0,
            float[] b1,
            float[] b2,
            float[] b3,
            float[] c0,
            float[] c1,
            int first,
            int end) {
        float a00 = a[at];
        float a01 = a[at + 1];
        float a02 = a[at + 2];
        float a03 = a[at + 3];
        float a10 = a[at + DEPTH];
        float a11 = a[at + DEPTH + 1];
        float a12 = a[at + DEPTH + 2];
        float a13 = a[at + DEPTH + 3];
        for (int j = first; j < end; j++) {
            float x0 = b0[j];
            float x1 = b1[j];
            float x2 = b2[j];
            float x3 = b3[j];
            c0[j] = Math.fma(a03, x3, Math.fma(a02, x2, Math.fma(a01, x1, Math.fma(a00, x0, c0[j]))));
            c1[j] = Math.fma(a13, x3, Math.fma(a12, x2, Math.fma(a11, x1, Math.fma(a10, x0, c1[j]))));
        }
    }

    private static void fourByTwo(
            float[] a,
            int at,
            float[] b0,
            float[] b1,
            float[] c0,
            float[] c1,
            float[] c2,
            float[] c3,
            int first,
            int end) {
        float a00 = a[at];
        float a01 = a[at + 1];
        float a10 = a[at + DEPTH];
        float a11 = a[at + DEPTH + 1];
        float a20 = a[at + 2 * DEPTH];
        float a21 = a[at + 2 * DEPTH + 1];
        float a30 = a[at + 3 * DEPTH];
        float a31 = a[at + 3 * DEPTH + 1];
        for (int j = first; j < end; j++) {
            float x0 = b0[j];
            float x1 = b1[j];
            c0[j] = Math.fma(a01, x1, Math.fma(a00, x0, c0[j]));
            c1[j] = Math.fma(a11, x1, Math.fma(a10, x0, c1[j]));
            c2[j] = Math.fma(a21, x1, Math.fma(a20, x0, c2[j]));
            c3[j] = Math.fma(a31, x1, Math.fma(a30, x0, c3[j]));
        }
    }
}
