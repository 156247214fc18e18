package dev.rondo.bench.plot;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** An axis of a chart: which values it spans, where each one stands, and its ticks at round numbers. */
final class Axis {
    /** A marked value; as a power of ten, if {@code isPower}. */
    record Tick(double value, String text, boolean isPower) {}

    private static final double[] ROUND = {1, 2, 5, 10};
    private static final int MOST_DECADES = 7;

    private final boolean logarithmic;
    private final double low;
    private final double high;
    private final List<Tick> ticks;
    private final List<Double> fine = new ArrayList<>();

    /**
     * An axis over values.
     *
     * @param low the least, above 0 if logarithmic
     * @param high the largest
     * @param wholeTicks whether it begins and ends at a tick
     */
    Axis(boolean logarithmic, double low, double high, boolean wholeTicks) {
        this.logarithmic = logarithmic;
        if (logarithmic) {
            double least = low;
            double most = high > low ? high : low * 10;
            this.ticks = Math.log10(most / least) < 1.5 ? roundInDecade(least, most) : powers(least, most);
            this.low = wholeTicks ? ticks.get(0).value : least;
            this.high = wholeTicks ? ticks.get(ticks.size() - 1).value : most;
        } else {
            double most = high > low ? high : low + 1;
            double step = step(most - low);
            this.ticks = round(low, most, step);
            this.low = wholeTicks ? ticks.get(0).value : low;
            this.high = wholeTicks ? ticks.get(ticks.size() - 1).value : most;
        }
        ticks.removeIf(tick -> tick.value < this.low * (logarithmic ? 0.999 : 1) || tick.value > this.high * 1.0001);
    }

    /** A round distance of ticks, four to eight over a span. */
    private static double step(double span) {
        double power = Math.pow(10, Math.floor(Math.log10(span / 6)));
        for (double factor : ROUND) {
            if (factor * power >= span / 7) {
                return factor * power;
            }
        }
        return 10 * power;
    }

    private static List<Tick> round(double low, double high, double step) {
        int decimals = Math.max(0, (int) Math.ceil(-Math.log10(step) - 1e-9));
        List<Tick> ticks = new ArrayList<>();
        long last = (long) Math.ceil(high / step - 1e-9);
        for (long i = (long) Math.floor(low / step + 1e-9); i <= last; i++) {
            double value = i * step;
            String text = Math.max(Math.abs(low), Math.abs(high)) >= 1e7
                    ? String.format(Locale.ROOT, "%.1e", value)
                    : String.format(Locale.ROOT, "%,." + decimals + "f", value);
            ticks.add(new Tick(value, text, false));
        }
        return ticks;
    }

    /** 1, 2, 5 of each decade: for a span of little more than one. */
    private static List<Tick> roundInDecade(double low, double high) {
        List<Tick> all = new ArrayList<>();
        int last = (int) Math.ceil(Math.log10(high));
        for (int decade = (int) Math.floor(Math.log10(low)); decade <= last; decade++) {
            for (double factor : new double[] {1, 2, 5}) {
                double value = factor * Math.pow(10, decade);
                all.add(new Tick(value, String.format(Locale.ROOT, "%,." + Math.max(0, -decade) + "f", value), false));
            }
        }
        while (all.size() > 2 && all.get(1).value <= low * 1.0001) {
            all.remove(0);
        }
        while (all.size() > 2 && all.get(all.size() - 2).value >= high * 0.9999) {
            all.remove(all.size() - 1);
        }
        return all;
    }

    private List<Tick> powers(double low, double high) {
        int first = (int) Math.floor(Math.log10(low) + 1e-9);
        int last = (int) Math.ceil(Math.log10(high) - 1e-9);
        int stride = (int) Math.ceil((last - first) / (double) MOST_DECADES);
        boolean plain = first >= -3 && last <= 5;
        List<Tick> all = new ArrayList<>();
        for (int decade = last; decade > first - stride; decade -= stride) {
            double value = Math.pow(10, decade);
            String text = String.format(Locale.ROOT, "%,." + Math.max(0, -decade) + "f", value);
            all.add(0, new Tick(value, plain ? text : Integer.toString(decade), !plain));
        }
        if (last - first <= 4) {
            for (int decade = first; decade < last; decade++) {
                for (int factor = 2; factor < 10; factor++) {
                    fine.add(factor * Math.pow(10, decade));
                }
            }
        }
        return all;
    }

    double low() {
        return low;
    }

    double high() {
        return high;
    }

    List<Tick> ticks() {
        return ticks;
    }

    /** More values that deserve a faint line, without a number. */
    List<Double> fine() {
        return fine.stream().filter(value -> value > low && value < high).toList();
    }

    /** Whether a value can be shown. */
    boolean has(double value) {
        return Double.isFinite(value) && (!logarithmic || value > 0);
    }

    /** Where a value stands: 0 at the low end, 1 at the high one. */
    double at(double value) {
        return logarithmic ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
    }
}
