package dev.rondo.bench;

import java.io.PrintWriter;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Tells a person how far a training run is: a bar on a terminal, a line every few seconds elsewhere. */
abstract class TrainingProgress implements AutoCloseable {
    /** Called after each window: done of total units, and the figures since the last time that they were told. */
    abstract void update(double fraction, Figures figures);

    /** Called after each epoch. */
    abstract void epoch(EpochReport report);

    @Override
    public abstract void close();

    /** Where the run is. */
    interface Figures {
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

    private static final class Bar extends TrainingProgress {
        private static final int UNITS = 10_000;
        private static final long EVERY_NANOS = 500_000_000;
        private final ProgressBar bar = new ProgressBarBuilder()
                .setTaskName("train")
                .setInitialMax(UNITS)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(200)
                .hideEta()
                .setEtaFunction(state -> state.getElapsedAfterStart() == null || state.getCurrent() == 0
                        ? java.util.Optional.empty()
                        : java.util.Optional.of(state.getElapsedAfterStart()
                                .multipliedBy(UNITS - state.getCurrent())
                                .dividedBy(state.getCurrent())))
                .build();
        private long told = System.nanoTime();

        @Override
        void update(double fraction, Figures figures) {
            bar.stepTo(Math.round(fraction * UNITS));
            long now = System.nanoTime();
            if (now - told >= EVERY_NANOS) {
                told = now;
                bar.setExtraMessage(String.format(
                        Locale.ROOT,
                        " %s perplexity %.2f %,.0f tok/s",
                        figures.position(),
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
