package dev.rondo.bench.task;

import dev.rondo.Backend;
import dev.rondo.Pooling;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.bench.plot.LineChart;
import dev.rondo.model.SequenceRegressor;
import dev.rondo.model.Trainable;
import java.util.Arrays;
import java.util.Random;

/**
 * The adding problem (Hochreiter, Schmidhuber, "Long short-term memory", 1997, section 5.4): of a sequence of numbers from 0 to 1 two are
 * marked, one in each half, and their sum is to be said at the end. Who always says 1 has a mean squared error of 1/6.
 */
final class AddingTask implements TextbookTask {
    private static final int STEPS = 200;
    private static final int BATCH = 32;
    private static final int HIDDEN = 64;
    private static final int TURN = 25;
    private static final int MOST_UPDATES = 3000;
    private static final double GUESS = 1.0 / 6;
    private static final double GOAL = 0.005;

    @Override
    public String name() {
        return "adding";
    }

    @Override
    public String description() {
        return "the sum of two marked numbers among " + STEPS + ": plain networks, LSTM, GRU";
    }

    @Override
    public void run(TaskRun run) {
        LineChart flow = GradientFlow.chart();
        try (Contest contest = new Contest(run, TURN, MOST_UPDATES, GOAL)) {
            for (Contender contender : Contender.values()) {
                Adding model = new Adding(run.backend(), contender, run.seed());
                contest.enter(contender.title(), contender.key(), model, rate(contender), clip(contender));
                flow.line(contender.title(), GradientFlow.distances(STEPS), model.flow());
            }
            Adding regularized = new Adding(run.backend(), Contender.RNN, run.seed());
            regularized.regressor.regularized(1);
            contest.enter("RNN, gradient norm kept", "rnn_regularized", regularized, rate(Contender.RNN), 1);
            run.plot("adding-gradient", flow.svg());
            contest.run();
            for (Contest.Entrant entrant : contest.entrants()) {
                run.figure(entrant.key + ".test_error", ((Adding) entrant.model).test());
            }
            run.figure("always_1.test_error", GUESS);
            run.plot(
                    "adding-loss",
                    contest.chart("Adding problem, T = " + STEPS, "mean squared error", 1)
                            .level("always 1", GUESS)
                            .svg());
        }
    }

    private static double rate(Contender contender) {
        return switch (contender) {
            case RNN, RNN_ORTHOGONAL, RNN_IDENTITY -> 1e-3;
            case LSTM, GRU -> 5e-3;
        };
    }

    /** Rectified units explode in the first updates. */
    private static double clip(Contender contender) {
        return contender == Contender.RNN_IDENTITY ? 0.01 : 1;
    }

    /** A network that learns it. */
    static final class Adding implements Contest.Model {
        private final SequenceRegressor regressor;
        private final RnnSpec spec;
        private final Tensor x;
        private final Tensor targets;
        private final int[] lengths = new int[BATCH];
        private final double[] numbers = new double[STEPS * BATCH * 2];
        private final double[] sums = new double[BATCH];
        private final long seed;

        Adding(Backend backend, Contender contender, long seed) {
            this.seed = seed;
            this.spec = contender.spec(2, HIDDEN);
            this.regressor = new SequenceRegressor(backend, spec, Pooling.Kind.LAST, 1, STEPS, BATCH);
            this.x = backend.tensor(STEPS, BATCH, 2);
            this.targets = backend.tensor(BATCH, 1);
            Arrays.fill(lengths, STEPS);
            learned().initialize(seed);
            contender.begin(learned().weights().rnn("rnn.", spec), STEPS, new Random(seed));
        }

        Adding regularize(double factor) {
            regressor.regularized(factor);
            return this;
        }

        @Override
        public Trainable learned() {
            return regressor.learned();
        }

        /** A batch of a number; those below 0 are for tests. */
        private void draw(int number) {
            Random random = new Random(31 * seed + 1_000_003L * number);
            Arrays.fill(sums, 0);
            for (int n = 0; n < BATCH; n++) {
                int first = random.nextInt(STEPS / 2);
                int second = STEPS / 2 + random.nextInt(STEPS / 2);
                for (int t = 0; t < STEPS; t++) {
                    int at = (t * BATCH + n) * 2;
                    boolean marked = t == first || t == second;
                    numbers[at] = random.nextDouble();
                    numbers[at + 1] = marked ? 1 : 0;
                    sums[n] += marked ? numbers[at] : 0;
                }
            }
            x.set(numbers);
            targets.set(sums);
        }

        @Override
        public void train(int update, Tensor loss) {
            draw(update);
            regressor.train(x, lengths, targets, null, loss);
        }

        /** The mean squared error on batches of no training. */
        double test() {
            int batches = 20;
            double sum = 0;
            for (int i = 1; i <= batches; i++) {
                draw(-i);
                double[] answers = regressor.forward(x, lengths).toDoubles();
                for (int n = 0; n < BATCH; n++) {
                    double error = answers[n] - sums[n];
                    sum += error * error / BATCH / batches;
                }
            }
            return sum;
        }

        double[] flow() {
            draw(-1);
            return GradientFlow.measure(
                    learned().backend(),
                    learned().weights().rnn("rnn.", spec),
                    t -> x.view(t * BATCH * 2, 1, BATCH, 2),
                    STEPS,
                    BATCH,
                    new Random(seed));
        }

        @Override
        public void close() {
            regressor.close();
            x.close();
            targets.close();
        }
    }
}
