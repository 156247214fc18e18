package dev.rondo.bench.train;

import java.io.PrintWriter;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressState;

/** Tells a person how far a training run is: a bar on a terminal, a line every few seconds elsewhere. */
abstract class TrainingProgress implements AutoCloseable {
    private static final int LEAST_BAR = 5;
    private static final int LARGEST_BAR = 40;

    /** Called after each window: done of total units, and the figures since the last time that they were told. */
    abstract void update(double fraction, Figures figures);

    /** Called after each epoch. */
    abstract void epoch(EpochReport report);

    /** Called when something went wrong that does not end the run. */
    void warn(String text) {
        System.err.println("rondo: " + text);
    }

    @Override
    public abstract void close();

    /** Where the run is. */
    interface Figures {
        /** Such as {@code epoch 2/8}. */
        String epoch();

        /** Such as {@code epoch 2/8 window 146/526}. */
        String position();

        /** Mean loss over the windows since the last call. */
        double recentLoss();

        double tokensPerSecond();
    }

    static TrainingProgress of(PrintWriter out, boolean terminal) {
        return terminal ? new Bar() : new Lines(out);
    }

    static String figures(double loss, double tokensPerSecond) {
        return String.format(
                Locale.ROOT, "loss %.4f  perplexity %.3f  %,.0f tokens/s", loss, Math.exp(loss), tokensPerSecond);
    }

    /** Reads 1:05 or 2:01:05. */
    static String clock(double seconds) {
        long s = Math.round(seconds);
        return s < 3600
                ? String.format(Locale.ROOT, "%d:%02d", s / 60, s % 60)
                : String.format(Locale.ROOT, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
    }

    /**
     * A line for a terminal: {@code  42% [=====       ] ETA 1:23  epoch 2/8  perplexity 9.97  284,888 tokens/s}.
     *
     * @param fraction how much is done, 0 to 1
     * @param seconds how long it took
     * @param text what else there is to say
     * @param columns width of the terminal
     */
    static String line(double fraction, double seconds, String text, int columns) {
        String percent = String.format(Locale.ROOT, "%3.0f%% [", Math.floor(100 * fraction));
        String rest = "] ETA " + (fraction > 0 ? clock(seconds / fraction * (1 - fraction)) : "?") + "  " + text;
        int width = Math.max(LEAST_BAR, Math.min(LARGEST_BAR, columns - percent.length() - rest.length()));
        int done = (int) (fraction * width);
        String line = percent + "=".repeat(done) + " ".repeat(width - done) + rest;
        return line.substring(0, Math.min(line.length(), columns));
    }

    private static final class Bar extends TrainingProgress {
        private static final int UNITS = 10_000;
        private static final long EVERY_NANOS = 500_000_000;
        private final ProgressBar bar = new ProgressBarBuilder()
                .setTaskName("train")
                .setInitialMax(UNITS)
                .setUpdateIntervalMillis(200)
                .setRenderer(Bar::render)
                .build();
        private long told = System.nanoTime();

        private static String render(ProgressState state, int columns) {
            double seconds = state.getTotalElapsed().toMillis() * 1e-3;
            return line(state.getNormalizedProgress(), seconds, state.getExtraMessage(), columns);
        }

        @Override
        void update(double fraction, Figures figures) {
            bar.stepTo(Math.round(fraction * UNITS));
            long now = System.nanoTime();
            if (now - told >= EVERY_NANOS) {
                told = now;
                bar.setExtraMessage(String.format(
                        Locale.ROOT,
                        "%s  perplexity %.2f  %,.0f tokens/s",
                        figures.epoch(),
                        Math.exp(figures.recentLoss()),
                        figures.tokensPerSecond()));
            }
        }

        @Override
        void epoch(EpochReport report) {
            // the bar goes on
        }

        @Override
        public void close() {
            bar.close();
        }
    }

    private static final class Lines extends TrainingProgress {
        private static final long EVERY_NANOS = 5_000_000_000L;
        private final PrintWriter out;
        private final long start = System.nanoTime();
        private long told = start;
        private double fraction;

        Lines(PrintWriter out) {
            this.out = out;
        }

        @Override
        void update(double done, Figures figures) {
            fraction = done;
            if (due()) {
                out.printf(
                        "%s  %s%s%n",
                        figures.position(), figures(figures.recentLoss(), figures.tokensPerSecond()), eta());
                out.flush();
            }
        }

        @Override
        void epoch(EpochReport report) {
            if (due()) {
                out.printf("epoch %d  %s%s%n", report.epoch(), figures(report.loss(), report.tokensPerSecond()), eta());
                out.flush();
            }
        }

        private boolean due() {
            long now = System.nanoTime();
            boolean due = now - told >= EVERY_NANOS;
            told = due ? now : told;
            return due;
        }

        private String eta() {
            double seconds = (System.nanoTime() - start) * 1e-9;
            return fraction > 0 ? "  ETA " + clock(seconds / fraction * (1 - fraction)) : "";
        }

        @Override
        public void close() {
            out.flush();
        }
    }
}
