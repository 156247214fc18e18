package dev.rondo.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ActivationsTest {
    private static final int COUNT = 1 << 21;

    static Stream<InnerLoops> loops() throws ReflectiveOperationException {
        InnerLoops vector = (InnerLoops) Class.forName("dev.rondo.cpu.VectorLoops")
                .getDeclaredConstructor()
                .newInstance();
        return Stream.of(new PlainLoops(), vector);
    }

    /** Evenly from -20 to 20, where the functions bend. */
    private static float[] points() {
        float[] x = new float[COUNT];
        for (int i = 0; i < COUNT; i++) {
            x[i] = -20 + 40f * i / (COUNT - 1);
        }
        return x;
    }

    @ParameterizedTest
    @MethodSource("loops")
    void tanhIsWithinItsStatedError(InnerLoops loops) {
        float[] x = points();
        float[] y = x.clone();
        loops.tanh(y, 0, COUNT);
        for (int i = 0; i < COUNT; i++) {
            double error = Math.abs(y[i] - Math.tanh(x[i]));
            assertTrue(error <= 3.5e-7 && Math.abs(y[i]) <= 1, "tanh(" + x[i] + ") = " + y[i]);
        }
    }

    @ParameterizedTest
    @MethodSource("loops")
    void sigmoidIsWithinItsStatedError(InnerLoops loops) {
        float[] x = points();
        float[] y = x.clone();
        loops.sigmoid(y, 0, COUNT);
        for (int i = 0; i < COUNT; i++) {
            double error = Math.abs(y[i] - 1 / (1 + Math.exp(-x[i])));
            assertTrue(error <= 2e-7 && y[i] >= 0 && y[i] <= 1, "sigmoid(" + x[i] + ") = " + y[i]);
        }
    }

    @ParameterizedTest
    @MethodSource("loops")
    void extremesSaturateAndNanStays(InnerLoops loops) {
        List<Float> extremes =
                List.of(Float.NEGATIVE_INFINITY, -1e30f, -100f, 100f, 1e30f, Float.POSITIVE_INFINITY, Float.NaN);
        float[] tanh = new float[loops.panel()];
        float[] sigmoid = new float[loops.panel()];
        for (int i = 0; i < extremes.size(); i++) {
            tanh[i] = extremes.get(i);
            sigmoid[i] = extremes.get(i);
        }
        loops.tanh(tanh, 0, tanh.length);
        loops.sigmoid(sigmoid, 0, sigmoid.length);
        for (int i = 0; i < extremes.size(); i++) {
            double x = extremes.get(i);
            // Exactly, except that exp in double does not come to 0 before -745.
            assertEquals((float) Math.tanh(x), tanh[i]);
            assertEquals((float) (0.5 + 0.5 * Math.tanh(0.5 * x)), sigmoid[i]);
        }
    }

    /** Also beyond the limits of the ratio, and where it comes to 1: every float32 there. */
    @ParameterizedTest
    @MethodSource("loops")
    void tanhComesToOneAndNotBeyond(InnerLoops loops) {
        int first = Float.floatToIntBits(7.5f);
        float[] x = new float[(Float.floatToIntBits(8.5f) - first) / loops.panel() * loops.panel()];
        for (int i = 0; i < x.length; i++) {
            x[i] = Float.intBitsToFloat(first + i);
        }
        loops.tanh(x, 0, x.length);
        float largest = 0;
        for (float y : x) {
            largest = Math.max(largest, y);
        }
        assertEquals(1f, largest);
        assertEquals(1f, x[x.length - 1]);
    }

    @ParameterizedTest
    @MethodSource("loops")
    void everyPlaceOfAVectorComputesTheSame(InnerLoops loops) {
        float[] x = new float[4 * loops.panel()];
        Arrays.fill(x, 0.7f);
        loops.tanh(x, 0, x.length);
        for (float y : x) {
            assertEquals(x[0], y);
        }
    }

    @Test
    void expIsWithinItsStatedError() {
        for (int i = 0; i < COUNT; i++) {
            float x = -87f * i / (COUNT - 1);
            double expected = Math.exp(x);
            double error = Math.abs(Activations.exp(x) - expected) / expected;
            assertTrue(error <= 3e-7, "exp(" + x + ") is off by " + error);
        }
        assertEquals(1f, Activations.exp(0));
        assertEquals(0f, Activations.exp(Float.NEGATIVE_INFINITY));
        assertEquals(0f, Activations.exp(-88f));
        assertTrue(Float.isNaN(Activations.exp(Float.NaN)));
    }
}
