package dev.rondo.bench.check;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MismatchTest {
    @ParameterizedTest
    @CsvSource({
        "1, 1, true",
        "1, 1.1, true",
        "1, 0.9, true",
        "1, 1.2, false",
        "1, NaN, false",
        "1, Infinity, false",
        "NaN, NaN, true",
        "NaN, 1, false",
        "NaN, Infinity, false",
        "Infinity, Infinity, true",
        "-Infinity, -Infinity, true",
        "Infinity, -Infinity, false",
        "Infinity, 1e300, false",
        "Infinity, NaN, false",
    })
    void oneElement(double expected, double actual, boolean right) {
        assertEquals(
                right,
                Mismatch.between(tensor(expected), new double[] {actual}, 0.125).isEmpty());
    }

    @Test
    void namesTheWorstElement() {
        Mismatch mismatch = Mismatch.between(tensor(1, 2, 3, 4), new double[] {1, 2.5, 5, 4.25}, 0.125)
                .orElseThrow();
        assertEquals(List.of(1, 0), mismatch.index());
        assertEquals(
                "Y[1,0] expected 3.0, got 5.0, difference 2.0 > atol 0.125 (3 of 4 elements)", mismatch.toString());
    }

    @Test
    void nothingIsWorseThanNaN() {
        Mismatch mismatch = Mismatch.between(
                        tensor(1, 2, 3, 4), new double[] {9, 2, Double.NaN, Double.POSITIVE_INFINITY}, 0.125)
                .orElseThrow();
        assertEquals("Y[1,0] expected 3.0, got NaN, difference NaN, atol 0.125 (3 of 4 elements)", mismatch.toString());
    }

    private static CaseTensor tensor(double... values) {
        int[] shape = values.length == 4 ? new int[] {2, 2} : new int[] {1};
        return new CaseTensor("Y", "float32", shape, values, 1);
    }
}
