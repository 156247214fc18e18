package dev.rondo.bench.train;

import dev.rondo.model.CharacterTraining;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Trains until a limit, saves now and then, and keeps the figures of each epoch. */
final class TrainingRun implements TrainingProgress.Figures {
    private final CharacterTraining training;
    private final Optional<Path> save;
    private final double saveEverySeconds;
    private final long start = System.nanoTime();
    private double savedAt;

    private int epochLimit;
    private int toldWindow;
    private double toldSum;
    private long tokens;

    TrainingRun(CharacterTraining training, Optional<Path> save, double saveEverySeconds) {
        this.training = training;
        this.save = save;
        this.saveEverySeconds = saveEverySeconds;
    }

    /**
     * Trains.
     *
     * @param epochs ends when so many epochs are done, those before this run included
     * @param seconds ends when so much time has passed
     * @param progress is told after every window and every epoch
     * @return the figures of every epoch of this run, and of a part of one at its end
     * @throws IOException if a new file cannot be written before the first window, or any file after the last; in
     *     between that is a warning
     * @throws DivergenceException if the perplexity, a weight or what the optimizer keeps becomes infinite or NaN
     */
    List<EpochReport> train(int epochs, double seconds, TrainingProgress progress)
            throws IOException, DivergenceException {
        epochLimit = epochs;
        if (save.isPresent() && Files.notExists(save.get())) {
            save(); // tells now, not after hours, whether it can be written; a file of before is worth more than that
        }
        List<EpochReport> reports = new ArrayList<>();
        int firstEpoch = training.epoch();
        int firstWindow = training.window();
        toldWindow = firstWindow;
        toldSum = firstWindow > 0 ? training.epochLoss() * firstWindow : 0;
        while (training.epoch() < epochs && elapsed() < seconds) {
            double begun = elapsed();
            int begunWindow = training.window();
            int windows = training.windowsInEpoch();
            while (training.window() < windows && (training.window() == begunWindow || elapsed() < seconds)) {
                training.trainWindow();
                tokens += training.tokensInWindow();
                double done = (training.epoch() - firstEpoch + (training.window() - firstWindow) / (double) windows)
                        / Math.max(1e-9, epochs - firstEpoch - firstWindow / (double) windows);
                progress.update(Math.min(1, Math.max(done, elapsed() / seconds)), this);
                if (elapsed() - savedAt >= saveEverySeconds) {
                    saveOrWarn(progress);
                }
            }
            boolean complete = training.window() == windows;
            long trained = (long) (training.window() - begunWindow) * training.tokensInWindow();
            requireSound();
            EpochReport report =
                    new EpochReport(training.epoch() + 1, complete, training.epochLoss(), trained, elapsed() - begun);
            reports.add(report);
            if (complete) {
                training.nextEpoch();
                toldWindow = 0;
                toldSum = 0;
                progress.epoch(report);
            }
        }
        save();
        return reports;
    }

    /** A loss so large that its perplexity overflows is lost as surely as one that overflowed itself. */
    private void requireSound() throws DivergenceException {
        Optional<String> overflow = training.overflow();
        if (overflow.isPresent()) {
            throw diverged(overflow.get());
        }
        double loss = training.window() > 0 ? training.epochLoss() : 0;
        if (Double.isInfinite(Math.exp(loss))) {
            throw diverged("the loss is " + loss);
        }
    }

    private DivergenceException diverged(String what) {
        return new DivergenceException("the training diverged: " + what + " in epoch " + (training.epoch() + 1)
                + "; try a smaller --lr or --clip");
    }

    /** Never replaces a sound file by one of a run that has diverged. */
    private void save() throws IOException, DivergenceException {
        if (save.isPresent()) {
            requireSound();
            training.save(save.get());
        }
        savedAt = elapsed();
    }

    /** A disk that is full for a while does not end a long run; the next save tries again. */
    private void saveOrWarn(TrainingProgress progress) throws DivergenceException {
        try {
            save();
        } catch (IOException e) {
            savedAt = elapsed();
            progress.warn("not saved, the training goes on: " + e.getMessage());
        }
    }

    private double elapsed() {
        return (System.nanoTime() - start) * 1e-9;
    }

    @Override
    public String epoch() {
        return "epoch " + (training.epoch() + 1) + (epochLimit < Integer.MAX_VALUE ? "/" + epochLimit : "");
    }

    @Override
    public String position() {
        return epoch() + " window " + training.window() + "/" + training.windowsInEpoch();
    }

    @Override
    public double recentLoss() {
        double sum = training.epochLoss() * training.window();
        double recent = (sum - toldSum) / Math.max(1, training.window() - toldWindow);
        toldSum = sum;
        toldWindow = training.window();
        return recent;
    }

    @Override
    public double tokensPerSecond() {
        return tokens / elapsed();
    }
}
