package dev.rondo.bench.check;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * An output of a case that is not what it should be, with its worst element.
 *
 * @param output name of the output
 * @param index index of the element
 * @param expected what the case says
 * @param actual what the backend gave
 * @param atol largest accepted difference
 * @param wrong number of elements that differ by more
 * @param size number of elements
 */
public record Mismatch(
        String output, List<Integer> index, double expected, double actual, double atol, int wrong, int size) {

    /**
     * Compares an output, element by element. An element is right unless {@code !(|actual - expected| <= atol)}, so NaN is
     * wrong; an expected NaN calls for NaN, an expected infinity for the same infinity.
     */
    public static Optional<Mismatch> between(CaseTensor expected, double[] actual, double atol) {
        if (actual.length != expected.values().length) {
            throw new IllegalArgumentException(expected.name() + ": expected " + expected.values().length
                    + " elements from the backend, got " + actual.length);
        }
        int wrong = 0;
        int worst = -1;
        for (int k = 0; k < actual.length; k++) {
            if (!agree(expected.values()[k], actual[k], atol)) {
                wrong++;
                boolean worse = worst < 0
                        || Double.compare(
                                        difference(expected.values()[k], actual[k]),
                                        difference(expected.values()[worst], actual[worst]))
                                > 0;
                worst = worse ? k : worst;
            }
        }
        if (wrong == 0) {
            return Optional.empty();
        }
        List<Integer> index = Arrays.stream(expected.index(worst)).boxed().toList();
        return Optional.of(new Mismatch(
                expected.name(), index, expected.values()[worst], actual[worst], atol, wrong, actual.length));
    }

    private static boolean agree(double expected, double actual, double atol) {
        if (Double.isNaN(expected)) {
            return Double.isNaN(actual);
        }
        return expected == actual || Math.abs(actual - expected) <= atol && Double.isFinite(expected);
    }

    /** How far the worst element is off; NaN, which counts as more than infinity, where one of the two is NaN. */
    public double difference() {
        return difference(expected, actual);
    }

    private static double difference(double expected, double actual) {
        return Math.abs(actual - expected);
    }

    /** Such as {@code Y[2,0,1] expected 0.1, got 0.3, difference 0.2 > atol 1.0E-5 (4 of 24 elements)}. */
    @Override
    public String toString() {
        return output + index.toString().replace(" ", "") + " expected " + expected + ", got " + actual
                + ", difference " + difference() + (difference() > atol ? " > atol " : ", atol ") + atol + " (" + wrong
                + " of " + size + " elements)";
    }
}
