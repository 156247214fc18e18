package dev.rondo.bench.measure;

import java.util.Arrays;

/** Whether times have come to rest: the medians of the last two handfuls agree. */
final class Steadiness {
    private static final int HANDFUL = 5;

    /** Medians agree within so much of the smaller one. */
    private static final double NEAR = 0.05;

    private final double[] last = new double[2 * HANDFUL];
    private int count;

    /** Takes the next time. */
    void add(double time) {
        last[count % last.length] = time;
        count++;
    }

    /** Whether they have, as far as is known. */
    boolean isSteady() {
        if (count < last.length) {
            return false;
        }
        double[] ordered = new double[last.length];
        Arrays.setAll(ordered, i -> last[(count + i) % last.length]);
        double before = median(Arrays.copyOfRange(ordered, 0, HANDFUL));
        double after = median(Arrays.copyOfRange(ordered, HANDFUL, last.length));
        return Math.abs(after - before) <= NEAR * Math.min(before, after);
    }

    private static double median(double[] times) {
        Arrays.sort(times);
        return times[times.length / 2];
    }
}
