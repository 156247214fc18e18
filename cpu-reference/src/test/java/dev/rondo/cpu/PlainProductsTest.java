package dev.rondo.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.lang.ref.WeakReference;
import org.junit.jupiter.api.Test;

class PlainProductsTest {
    private static RowMatrix matrix(int columns) {
        return (RowMatrix) new PlainLoops().matrix(new AlignedMemory("B"), 3, columns);
    }

    /** The product of one row, over which the matrix is forgotten. */
    private static WeakReference<float[][]> multiply() {
        RowMatrix b = matrix(16);
        new PlainLoops().product(new float[] {1, 2, 3}, 0, 3, 1, 3, b, 0, 1, new float[16], 0, 16);
        return new WeakReference<>(b.rows);
    }

    @Test
    void noMatrixIsKeptAfterAProduct() {
        WeakReference<float[][]> rows = multiply();
        for (int i = 0; i < 100 && rows.get() != null; i++) {
            System.gc();
        }
        assertNull(rows.get());
    }

    @Test
    void aNarrowMatrixTakesNoMoreColumnsThanItsPanels() {
        assertEquals(32, matrix(17).rows[0].length);
    }
}
