package dev.rondo.bench.task;

import dev.rondo.Tensor;
import dev.rondo.bench.plot.LineChart;
import dev.rondo.model.ModelTraining;
import dev.rondo.model.Trainable;
import dev.rondo.train.Adam;
import dev.rondo.train.TrainingLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Several networks that learn the same task on the same data, in turns of some updates each, until all have learnt it or the time is
 * over. The data of each update are new, so the loss is that of data that the network has not seen.
 */
final class Contest implements AutoCloseable {
    private static final double SECONDS_BETWEEN_LINES = 2;

    private final TaskRun run;
    private final int turn;
    private final int mostUpdates;
    private final double goal;
    private final List<Entrant> entrants = new ArrayList<>();

    /** A network that learns. */
    interface Model extends AutoCloseable {
        /** What it learns; drawn before the contest. */
        Trainable learned();

        /** Computes the loss and the gradients of the batch of an update. */
        void train(int update, Tensor loss);

        @Override
        void close();
    }

    /** What became of a network. */
    final class Entrant {
        final String name;
        final String key;
        final Model model;
        private final ModelTraining training;
        private final List<Double> losses = new ArrayList<>();
        private double seconds;
        private boolean learnt;

        private Entrant(String name, String key, Model model, double rate, double clip) {
            this.name = name;
            this.key = key;
            this.model = model;
            Trainable learned = model.learned();
            int size = learned.weights().layout().size();
            TrainingLoop.Task task = new TrainingLoop.Task() {
                @Override
                public int windows(int epoch) {
                    return turn;
                }

                @Override
                public void begin(int epoch) {}

                @Override
                public void window(int epoch, int window, Tensor loss) {
                    model.train(epoch * turn + window, loss);
                }
            };
            this.training = new ModelTraining(learned, "contest", new Adam(learned.backend(), size, rate), clip, task);
        }

        private void takeTurn() {
            long start = System.nanoTime();
            double loss = training.trainEpoch();
            seconds += (System.nanoTime() - start) / 1e9;
            losses.add(loss);
            learnt = loss < goal;
        }

        /** Whether the mean loss of a turn was below the goal. */
        boolean learnt() {
            return learnt;
        }

        int updates() {
            return losses.size() * turn;
        }

        /** The time of its own turns. */
        double seconds() {
            return seconds;
        }

        /** The mean loss of each turn. */
        List<Double> losses() {
            return losses;
        }

        /** The mean loss of the last turn. */
        double loss() {
            return losses.isEmpty() ? Double.NaN : losses.get(losses.size() - 1);
        }
    }

    /**
     * A contest without entrants.
     *
     * @param turn updates of a turn
     * @param mostUpdates after so many updates a network has failed
     * @param goal a network whose mean loss of a turn is below it has learnt the task
     */
    Contest(TaskRun run, int turn, int mostUpdates, double goal) {
        this.run = run;
        this.turn = turn;
        this.mostUpdates = mostUpdates;
        this.goal = goal;
    }

    /** A network more, trained by Adam with clipped gradients; closed with this. */
    void enter(String name, String key, Model model, double rate, double clip) {
        entrants.add(new Entrant(name, key, model, rate, clip));
    }

    List<Entrant> entrants() {
        return entrants;
    }

    /** Lets them learn. */
    void run() {
        boolean goesOn = true;
        long told = System.nanoTime();
        while (goesOn) {
            goesOn = false;
            StringBuilder line = new StringBuilder();
            for (Entrant entrant : entrants) {
                boolean stays = !entrant.learnt && entrant.updates() < mostUpdates && Double.isFinite(lossOf(entrant));
                if (stays && !run.timeIsUp()) {
                    entrant.takeTurn();
                    goesOn = true;
                    line.append(String.format(Locale.ROOT, "  %s %.4f", entrant.name, entrant.loss()));
                    if (entrant.learnt) {
                        run.progress(String.format(
                                Locale.ROOT,
                                "%s has learnt it: %d updates, %.1f seconds of its own",
                                entrant.name,
                                entrant.updates(),
                                entrant.seconds));
                    }
                }
            }
            if (goesOn && (System.nanoTime() - told) / 1e9 > SECONDS_BETWEEN_LINES) {
                int updates = entrants.stream().mapToInt(Entrant::updates).max().orElse(0);
                run.progress(updates + " updates, loss:" + line);
                told = System.nanoTime();
            }
        }
        for (Entrant entrant : entrants) {
            run.figure(entrant.key + ".learnt", entrant.learnt ? 1 : 0);
            run.figure(entrant.key + ".updates", entrant.updates());
            run.figure(entrant.key + ".seconds", entrant.seconds);
            run.figure(entrant.key + ".loss", entrant.loss());
        }
    }

    private static double lossOf(Entrant entrant) {
        return entrant.losses.isEmpty() ? 0 : entrant.loss();
    }

    /** The losses of all, a point for each turn; what is above the top, as after an exploding gradient, is drawn there. */
    LineChart chart(String title, String loss, double top) {
        LineChart chart = new LineChart(title, "updates", loss).logarithmicY();
        for (Entrant entrant : entrants) {
            double[] updates = new double[entrant.losses.size()];
            for (int i = 0; i < updates.length; i++) {
                updates[i] = (i + 1.0) * turn;
            }
            double[] losses = entrant.losses.stream()
                    .mapToDouble(value -> Math.min(value, top))
                    .toArray();
            chart.line(entrant.name, updates, losses);
        }
        return chart;
    }

    @Override
    public void close() {
        for (Entrant entrant : entrants) {
            entrant.training.close();
            entrant.model.close();
        }
    }
}
