package dev.rondo.bench.check;

import dev.rondo.Precision;
import dev.rondo.bench.check.Check.Output;

/**
 * How much further than in float32 a result may be off in a precision that rounds the factors of products. The measure is what the
 * oracle makes of weights and inputs that were rounded like that. A mode rounds states and gradients of pre-activations too, so it
 * may be off four times as far, and by the error of one term where the measure happens to be small.
 */
public final class ModeTolerance {
    private static final double TIMES = 4;

    private ModeTolerance() {}

    /** Whether a mode rounds more than float32 does. */
    public static boolean rounds(Precision precision) {
        return precision == Precision.TF32 || precision == Precision.BF16;
    }

    /** What numbers around 1 are rounded by, at most. */
    static double unit(Precision precision) {
        return Math.scalb(1.0, -significantBits(precision));
    }

    private static int significantBits(Precision precision) {
        return switch (precision) {
            case FP32, TF32X3 -> 24;
            case TF32 -> 11;
            case BF16 -> 8;
        };
    }

    /** The nearest number that has the significant bits of a mode. */
    public static double rounded(Precision precision, double value) {
        double step = Math.scalb(1.0, Math.getExponent(value) + 1 - significantBits(precision));
        return Math.rint(value / step) * step;
    }

    /**
     * What is added to the tolerance of float32.
     *
     * @param expected what the oracle gave
     * @param measure what it gave with rounded weights and inputs
     */
    public static double beyondFloat32(Precision precision, Output expected, Output measure) {
        double difference = 0;
        double scale = 1;
        for (int k = 0; k < expected.values().length; k++) {
            difference = Math.max(difference, Math.abs(expected.values()[k] - measure.values()[k]));
            scale = Math.max(scale, Math.abs(expected.values()[k]));
        }
        return TIMES * difference + scale * 2 * unit(precision);
    }
}
