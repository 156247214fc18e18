package dev.rondo.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every kernel, whichever of them this processor and this JDK would take. */
class VectorKernelsTest {
    private static final int DEPTH = 38;
    private static final int PANEL = vectorLoops().panel();

    private interface Rows {
        void compute(
                float[] a, int aOffset, int aRow, int depth, float[] b, int bOffset, float[] c, int cOffset, int cRow);
    }

    private interface Transposed {
        void compute(float[] a, int aOffset, int depth, float[] b, int bOffset, float[] c, int cOffset, int cRow);
    }

    private record RowsKernel(int rows, Rows kernel) {}

    private record TransposedKernel(int rows, Transposed kernel) {}

    private static InnerLoops vectorLoops() {
        try {
            return (InnerLoops) Class.forName("dev.rondo.cpu.VectorLoops")
                    .getDeclaredConstructor()
                    .newInstance();
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    static Stream<RowsKernel> rowsKernels() {
        return Stream.of(
                new RowsKernel(12, WideKernels::rows12),
                new RowsKernel(8, WideKernels::rows8),
                new RowsKernel(6, NarrowKernels::rows6),
                new RowsKernel(5, NarrowKernels::rows5),
                new RowsKernel(4, NarrowKernels::rows4));
    }

    static Stream<TransposedKernel> transposedKernels() {
        return Stream.of(
                new TransposedKernel(12, WideKernels::transposed12),
                new TransposedKernel(8, WideKernels::transposed8),
                new TransposedKernel(
                        6,
                        (a, at, depth, b, bt, c, ct, row) ->
                                NarrowKernels.transposed6(a, at, 1, depth, b, bt, c, ct, row)),
                new TransposedKernel(4, NarrowKernels::transposed4));
    }

    private final Random random = new Random(7);

    private float[] values(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextFloat() - 0.5f;
        }
        return values;
    }

    /** {@code C + A B} with A from 2 on, row by row and step by step at the given distances, B from 7 on, C from 3 on. */
    private static float[] product(
            float[] a, int aRow, int aStep, int rows, int depth, float[] b, float[] c, int cRow) {
        float[] sums = c.clone();
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < PANEL; j++) {
                int at = 3 + i * cRow + j;
                for (int d = 0; d < depth; d++) {
                    sums[at] = Math.fma(a[2 + i * aRow + d * aStep], b[7 + d * PANEL + j], sums[at]);
                }
            }
        }
        return sums;
    }

    @ParameterizedTest
    @MethodSource("rowsKernels")
    void rowsTimesPanel(RowsKernel k) {
        int aRow = DEPTH + 3;
        int cRow = PANEL + 5;
        float[] a = values(2 + k.rows * aRow);
        float[] b = values(7 + DEPTH * PANEL);
        float[] c = values(3 + (k.rows + 1) * cRow);
        float[] expected = product(a, aRow, 1, k.rows, DEPTH, b, c, cRow);
        k.kernel.compute(a, 2, aRow, DEPTH, b, 7, c, 3, cRow);
        assertArrayEquals(expected, c);
    }

    @ParameterizedTest
    @MethodSource("transposedKernels")
    void transposedPanelTimesPanel(TransposedKernel k) {
        int cRow = PANEL + 5;
        // Narrow vectors have panels of fewer columns than the largest kernels take: the next rows' do in their place.
        float[] a = values(2 + DEPTH * PANEL + k.rows);
        float[] b = values(7 + DEPTH * PANEL);
        float[] c = values(3 + (k.rows + 1) * cRow);
        float[] expected = product(a, 1, PANEL, k.rows, DEPTH, b, c, cRow);
        k.kernel.compute(a, 2, DEPTH, b, 7, c, 3, cRow);
        assertArrayEquals(expected, c);
    }

    @ParameterizedTest
    @CsvSource({"true,true", "true,false", "false,true", "false,false"})
    void everyNumberOfRowsIsMadeOfKernels(boolean wide, boolean newCompiler) {
        List<Integer> kernels = wide
                ? newCompiler ? List.of(12, 8, 4, 1) : List.of(8, 4, 1)
                : newCompiler ? List.of(6, 4, 1) : List.of(5, 4, 1);
        for (int rows = 1; rows <= 40; rows++) {
            int single = 0;
            int least = leastSingle(rows, kernels);
            for (int left = rows; left > 0; ) {
                int n = VectorProducts.kernel(left, wide, newCompiler);
                assertTrue(kernels.contains(n) && n <= left, rows + " rows: a kernel of " + n + " for " + left);
                single += n == 1 ? 1 : 0;
                left -= n;
            }
            assertEquals(least, single, rows + " rows: those alone");
        }
    }

    /** The least number of rows that are left over. */
    private static int leastSingle(int rows, List<Integer> kernels) {
        int least = rows;
        for (int kernel : kernels) {
            if (kernel > 1 && kernel <= rows) {
                least = Math.min(least, leastSingle(rows - kernel, kernels));
            }
        }
        return least;
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "2", "7", "38"})
    void everyNumberOfRowsAndEveryDepth(int depth) {
        for (int rows = 1; rows <= 40; rows++) {
            int aRow = depth + 3;
            int cRow = PANEL + 5;
            float[] a = values(2 + rows * aRow);
            float[] b = values(7 + depth * PANEL);
            float[] c = values(3 + rows * cRow);
            float[] expected = product(a, aRow, 1, rows, depth, b, c, cRow);
            VectorProducts.panel(a, 2, aRow, rows, depth, b, 7, c, 3, cRow);
            assertArrayEquals(expected, c, rows + " rows");
        }
    }

    @Test
    void panelsOfWeightGradientsAreWhole() {
        for (boolean newCompiler : new boolean[] {true, false}) {
            for (int panel : new int[] {8, 16}) {
                for (int left = panel; left > 0; ) {
                    int n = VectorProducts.kernel(left, false, newCompiler);
                    assertTrue(n == 6 || n == 4, "a kernel of " + n);
                    left -= n;
                }
            }
            for (int panel : new int[] {8, 16, 32}) {
                for (int left = panel; left > 0; ) {
                    int n = VectorProducts.kernel(left, true, newCompiler);
                    assertTrue(n == 12 || n == 8 || n == 4, "a kernel of " + n);
                    left -= n;
                }
            }
        }
    }
}
