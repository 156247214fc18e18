package dev.rondo.bench.task;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.RnnSpec;
import dev.rondo.bench.task.StepLearner.Network;
import dev.rondo.bench.task.StepLearner.Sequences;
import dev.rondo.model.DeepTransitionRnn;
import dev.rondo.model.RecurrentHighwayNetwork;
import dev.rondo.model.SequenceTagger;
import dev.rondo.model.SkipStack;
import java.util.Arrays;
import java.util.Random;

/**
 * Forms of depth side by side, each with about as many weights: stacked layers, the same with skip connections, deep transitions
 * (three that Pascanu et al. 2014 name), and highways. They name at every step the sum of the digits so far, modulo 5, of which no
 * digit alone tells anything.
 */
final class DeepTask implements TextbookTask {
    private static final int DIGITS = 5;
    private static final int STEPS = 20;
    private static final int BATCH = 64;
    private static final double RATE = 0.002;
    private static final int TURN = 50;
    private static final int MOST_UPDATES = 6000;
    private static final double GOAL = 0.02;

    @Override
    public String name() {
        return "deep";
    }

    @Override
    public String description() {
        return "sums modulo " + DIGITS + " at each of " + STEPS + " digits: stacked, skip, deep transition, highway";
    }

    @Override
    public void run(TaskRun run) {
        try (Contest contest = new Contest(run, TURN, MOST_UPDATES, GOAL)) {
            Backend backend = run.backend();
            long seed = run.seed();
            enter(contest, run, "stacked", "stacked", stacked(backend, seed));
            enter(contest, run, "skip connections", "skip", skip(backend, seed));
            enter(contest, run, "deep transition", "transition", transition(backend, seed));
            enter(contest, run, "highway", "highway", highway(backend, seed));
            contest.run();
            for (Contest.Entrant entrant : contest.entrants()) {
                double[] accuracies = ((StepLearner) entrant.model).test();
                int weights = entrant.model.learned().weights().layout().size();
                run.figure(entrant.key + ".weights", weights);
                run.figure(
                        entrant.key + ".accuracy",
                        Arrays.stream(accuracies).average().orElse(0));
                run.figure(entrant.key + ".accuracy_of_last_step", accuracies[STEPS - 1]);
            }
            run.plot(
                    "deep-loss",
                    contest.chart("Sums modulo " + DIGITS + " of " + STEPS + " digits", "cross-entropy", 10)
                            .level("guess", Math.log(DIGITS))
                            .svg());
        }
    }

    private static void enter(Contest contest, TaskRun run, String name, String key, Network network) {
        Sequences sequences = new Sequences(DIGITS, STEPS, BATCH, DeepTask::draw);
        contest.enter(name, key, new StepLearner(run.backend(), network, sequences, run.seed()), RATE, 1);
    }

    private static void draw(int[] digits, int[] sums, Random random) {
        for (int i = 0; i < digits.length; i++) {
            digits[i] = random.nextInt(DIGITS);
            sums[i] = (digits[i] + (i < BATCH ? 0 : sums[i - BATCH])) % DIGITS;
        }
    }

    private static int[] full() {
        int[] lengths = new int[BATCH];
        Arrays.fill(lengths, STEPS);
        return lengths;
    }

    private static Network stacked(Backend backend, long seed) {
        RnnSpec spec = RnnSpec.of(Cell.RNN_TANH, DIGITS, 32).withLayers(2);
        SequenceTagger model = new SequenceTagger(backend, spec, DIGITS, STEPS, BATCH);
        int[] lengths = full();
        model.learned().initialize(seed);
        return new Network(
                model.learned(),
                x -> model.forward(x, lengths),
                (x, labels, loss) -> model.train(x, lengths, labels, loss),
                model::close);
    }

    private static Network skip(Backend backend, long seed) {
        SkipStack model = new SkipStack(backend, Cell.RNN_TANH, DIGITS, 31, 2, DIGITS, STEPS, BATCH);
        int[] lengths = full();
        model.learned().initialize(seed);
        return new Network(
                model.learned(),
                x -> model.forward(x, lengths),
                (x, labels, loss) -> model.train(x, lengths, labels, loss),
                model::close);
    }

    private static Network transition(Backend backend, long seed) {
        DeepTransitionRnn model = new DeepTransitionRnn(backend, DIGITS, 38, 38, DIGITS, STEPS, BATCH);
        model.learned().initialize(seed);
        return new Network(model.learned(), model::forward, model::train, model::close);
    }

    private static Network highway(Backend backend, long seed) {
        RecurrentHighwayNetwork model = new RecurrentHighwayNetwork(backend, DIGITS, 28, 2, DIGITS, STEPS, BATCH);
        model.initialize(seed);
        return new Network(model.learned(), model::forward, model::train, model::close);
    }
}
