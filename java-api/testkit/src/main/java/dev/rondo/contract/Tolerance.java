package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.Locale;

/**
 * How far a result may lie from the expected one, and how much of that has been used so far.
 *
 * <p>At unit scale float32 may be off by 1e-5 forward, PyTorch's default for tensors of float32, and by 5e-5 backward,
 * its bound for its own recurrent kernels against those of cuDNN. They are 168 and 839 times the rounding error 2^-24
 * of one operation; float64, with 2^-53, may use as many roundings. A tensor with elements above 1 is compared at the
 * scale of its largest one.
 */
final class Tolerance {
    private static final double FLOAT_FORWARD = 1e-5;
    private static final double FLOAT_BACKWARD = 5e-5;
    private static final double DOUBLE_PER_FLOAT = 0x1p-53 / 0x1p-24;

    /**
     * What central differences with {@link Differences#STEP} leave: rounding 2^-53 / step and the cubic term, with
     * room.
     */
    private static final double DIFFERENCES_ABSOLUTE = 1e-8;

    private static final double DIFFERENCES_RELATIVE = 1e-8;

    private final String name;
    private final double absolute;
    private final double relative;
    private double largestShare;
    private String where = "";

    private Tolerance(String name, double absolute, double relative) {
        this.name = name;
        this.absolute = absolute;
        this.relative = relative;
    }

    static Tolerance forward(boolean isDouble) {
        return new Tolerance("forward", FLOAT_FORWARD * (isDouble ? DOUBLE_PER_FLOAT : 1), 0);
    }

    static Tolerance backward(boolean isDouble) {
        return new Tolerance("backward", FLOAT_BACKWARD * (isDouble ? DOUBLE_PER_FLOAT : 1), 0);
    }

    /**
     * What rounding may add up to over many steps: {@code 4 ceil(log2(n T)) eps} forward, twice that backward, with n the terms
     * that meet in one step, {@code 2 G + 1} forward, and {@code (2 G + 1) max(G H, N)} backward. It is the law that oneDNN's
     * tests of recurrent layers use (benchdnn), there for norms, here for every element.
     */
    static Tolerance growth(boolean isDouble, boolean backward, RnnCase network) {
        int gates = network.spec.cell().gates();
        double terms = 2.0 * gates + 1;
        if (backward) {
            terms *= Math.max(gates * network.spec.hiddenSize(), network.batch);
        }
        double eps = isDouble ? 0x1p-52 : 0x1p-23;
        double allowed = 4 * Math.ceil(Math.log(terms * network.steps) / Math.log(2)) * eps * (backward ? 2 : 1);
        return new Tolerance((backward ? "backward" : "forward") + " over " + network.steps + " steps", allowed, 0);
    }

    static Tolerance differences(boolean isDouble) {
        return new Tolerance("differences", DIFFERENCES_ABSOLUTE + backward(isDouble).absolute, DIFFERENCES_RELATIVE);
    }

    /** Fails unless every element is near the expected one; NaN is near nothing. */
    void check(String what, double[] expected, double[] actual) {
        assertEquals(expected.length, actual.length, () -> what + ": number of elements");
        double scale = 1;
        for (double element : expected) {
            scale = Math.max(scale, Math.abs(element));
        }
        for (int i = 0; i < expected.length; i++) {
            double allowed = absolute * scale + relative * Math.abs(expected[i]);
            double difference = Math.abs(expected[i] - actual[i]);
            if (!(difference <= allowed)) {
                fail(what + "[" + i + "]: expected " + expected[i] + ", got " + actual[i] + ", off by " + difference
                        + ", allowed " + allowed);
            }
            if (difference / allowed > largestShare) {
                largestShare = difference / allowed;
                where = what;
            }
        }
    }

    /** The same for one number. */
    void check(String what, double expected, double actual) {
        check(what, new double[] {expected}, new double[] {actual});
    }

    boolean isUsed() {
        return largestShare > 0;
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "tolerance %s %.2g (relative %.0g), largest share used %.2g%% by %s",
                name,
                absolute,
                relative,
                100 * largestShare,
                where);
    }
}
