package dev.rondo.bench.task;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.RnnSpec;
import dev.rondo.bench.plot.LineChart;
import dev.rondo.bench.task.StepLearner.Network;
import dev.rondo.bench.task.StepLearner.Sequences;
import dev.rondo.model.SequenceTagger;
import dev.rondo.model.TemporalConvolutionNetwork;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;

/**
 * Convolutions beside a recurrent network (Bai, Kolter, Koltun 2018): the first symbol is to be named again at every step. An LSTM
 * keeps it in its state. A temporal convolution network sees it as far as its receptive field reaches, and guesses from there on.
 */
final class TcnTask implements TextbookTask {
    private static final int SYMBOLS = 8;
    private static final int STEPS = 48;
    private static final int BATCH = 32;
    private static final int HIDDEN = 32;
    private static final int KERNEL = 2;
    private static final int[] DEPTHS = {3, 5};
    private static final double RATE = 0.003;
    private static final int TURN = 25;
    private static final int MOST_UPDATES = 1500;
    private static final double GOAL = 0.01;

    @Override
    public String name() {
        return "tcn";
    }

    @Override
    public String description() {
        return "the first of " + STEPS + " symbols at every step: temporal convolutions beside an LSTM";
    }

    @Override
    public void run(TaskRun run) {
        try (Contest contest = new Contest(run, TURN, MOST_UPDATES, GOAL)) {
            enter(contest, run, "LSTM", "lstm", lstm(run.backend(), run.seed()));
            for (int depth : DEPTHS) {
                TemporalConvolutionNetwork model = new TemporalConvolutionNetwork(
                        run.backend(), SYMBOLS, HIDDEN, KERNEL, depth, SYMBOLS, STEPS, BATCH);
                model.learned().initialize(run.seed());
                String name = String.format(Locale.ROOT, "TCN that sees %d steps", model.receptiveField());
                Network network = new Network(model.learned(), model::forward, model::train, model::close);
                enter(contest, run, name, "tcn" + model.receptiveField(), network);
            }
            contest.run();
            LineChart chart = new LineChart("The first of " + STEPS + " symbols", "step", "accuracy");
            double[] steps = new double[STEPS];
            Arrays.setAll(steps, t -> t + 1);
            for (Contest.Entrant entrant : contest.entrants()) {
                double[] accuracies = ((StepLearner) entrant.model).test();
                run.figure(
                        entrant.key + ".accuracy",
                        Arrays.stream(accuracies).average().orElse(0));
                run.figure(entrant.key + ".accuracy_of_last_step", accuracies[STEPS - 1]);
                chart.line(entrant.name, steps, accuracies);
            }
            run.plot("tcn-accuracy", chart.level("guess", 1.0 / SYMBOLS).svg());
            run.plot(
                    "tcn-loss",
                    contest.chart("The first of " + STEPS + " symbols", "cross-entropy", 10)
                            .level("guess", Math.log(SYMBOLS))
                            .svg());
        }
    }

    private static void enter(Contest contest, TaskRun run, String name, String key, Network network) {
        Sequences sequences = new Sequences(SYMBOLS, STEPS, BATCH, TcnTask::draw);
        contest.enter(name, key, new StepLearner(run.backend(), network, sequences, run.seed()), RATE, 1);
    }

    private static void draw(int[] symbols, int[] labels, Random random) {
        for (int i = 0; i < symbols.length; i++) {
            symbols[i] = random.nextInt(SYMBOLS);
            labels[i] = symbols[i % BATCH];
        }
    }

    private static Network lstm(Backend backend, long seed) {
        RnnSpec spec = RnnSpec.of(Cell.LSTM, SYMBOLS, HIDDEN);
        SequenceTagger model = new SequenceTagger(backend, spec, SYMBOLS, STEPS, BATCH);
        int[] lengths = new int[BATCH];
        Arrays.fill(lengths, STEPS);
        model.learned().initialize(seed);
        return new Network(
                model.learned(),
                x -> model.forward(x, lengths),
                (x, labels, loss) -> model.train(x, lengths, labels, loss),
                model::close);
    }
}
