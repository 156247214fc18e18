package dev.rondo.bench.check;

import dev.rondo.Precision;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What one call of a layer that is timed has computed.
 *
 * @param y the output
 * @param dx the gradient by the input; null in inference
 * @param gradients the gradient by the weights; null in inference
 */
public record LayerResults(float[] y, float @Nullable [] dx, float @Nullable [] gradients) {
    private static final double ALLOWED_IN_FLOAT32 = 2e-5;
    /** In units of the last place of what a precision rounds to. */
    private static final double ALLOWED_UNITS = 16;

    /** The largest difference, as a share of what is allowed. */
    public record Difference(String tensor, double difference, double allowed, double share) {
        /** Whether it is within what is allowed; NaN is not. */
        public boolean isAllowed() {
            return share <= 1;
        }

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%s differs by %.1e, allowed %.1e", tensor, difference, allowed);
        }
    }

    /**
     * Compares with other results; gradients that one of them lacks are left out.
     *
     * @param precision in which both were computed
     */
    public Difference difference(LayerResults other, Precision precision) {
        Difference worst = difference("y", y, other.y, precision);
        if (dx != null && other.dx != null) {
            worst = worse(worst, difference("dx", dx, other.dx, precision));
        }
        if (gradients != null && other.gradients != null) {
            worst = worse(worst, difference("the gradient of the weights", gradients, other.gradients, precision));
        }
        return worst;
    }

    private static Difference worse(Difference one, Difference other) {
        return !(other.share <= one.share) ? other : one;
    }

    /** Relative to the largest element, if that is above 1. */
    private static Difference difference(String tensor, float[] expected, float[] actual, Precision precision) {
        if (expected.length != actual.length) {
            throw new IllegalStateException(
                    tensor + ": expected " + expected.length + " elements, got " + actual.length);
        }
        double largest = 0;
        double scale = 1;
        for (int i = 0; i < expected.length; i++) {
            largest = Math.max(largest, Math.abs((double) expected[i] - actual[i]));
            scale = Math.max(scale, Math.abs(expected[i]));
        }
        double allowed = scale
                * (ModeTolerance.rounds(precision)
                        ? ALLOWED_UNITS * ModeTolerance.unit(precision)
                        : ALLOWED_IN_FLOAT32);
        return new Difference(tensor, largest, allowed, largest / allowed);
    }
}
