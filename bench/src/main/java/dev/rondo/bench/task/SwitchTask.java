package dev.rondo.bench.task;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.bench.plot.LineChart;
import dev.rondo.model.GaussianSequenceModel;
import dev.rondo.model.ModelTraining;
import dev.rondo.model.StateSpaceModel;
import dev.rondo.train.Adam;
import dev.rondo.train.Initializers;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Numbers around 1 or around -1, by a hidden switch that turns at random: what comes next is one of two, which a single Gaussian can only
 * put between them. A state-space model has a latent vector for the switch. The likelihood under the true process is the limit of both.
 */
final class SwitchTask implements TextbookTask {
    private static final int STEPS = 30;
    private static final int ROWS = 64;
    private static final int HIDDEN = 32;
    private static final int LATENT = 2;
    private static final double NOISE = 0.2;
    private static final double TURNS = 0.25;
    private static final int EPOCHS = 60;
    private static final int WARMING = 20;
    private static final int TESTS = 20;

    @Override
    public String name() {
        return "switch";
    }

    @Override
    public String description() {
        return "numbers of a process with a hidden switch: the bound of a state-space model beside an LSTM's likelihood";
    }

    @Override
    public void run(TaskRun run) {
        RnnSpec spec = RnnSpec.of(Cell.LSTM, 1, HIDDEN);
        try (Backend scope = run.backend().scope();
                StateSpaceModel latent = new StateSpaceModel(scope, 1, LATENT, HIDDEN, STEPS, ROWS);
                GaussianSequenceModel plain = new GaussianSequenceModel(scope, spec, STEPS, ROWS)) {
            Tensor x = scope.tensor(STEPS, ROWS, 1);
            Tensor noise = scope.tensor(STEPS, ROWS, LATENT);
            latent.learned().initialize(run.seed());
            plain.learned().initialize(run.seed());
            int[] epoch = {0};
            DrawnWindows forLatent = new DrawnWindows(run.seed(), 50, (random, loss) -> {
                x.set(drawn(random));
                Initializers.gaussian(noise, 1, random);
                latent.train(x, noise, Math.min(1, (epoch[0] + 1.0) / WARMING), loss);
            });
            DrawnWindows forPlain = new DrawnWindows(run.seed(), 50, (random, loss) -> {
                x.set(drawn(random));
                plain.train(x, loss);
            });
            int latentSize = latent.learned().weights().layout().size();
            int plainSize = plain.learned().weights().layout().size();
            List<Double> bounds = new ArrayList<>();
            List<Double> likelihoods = new ArrayList<>();
            try (ModelTraining one = new ModelTraining(
                            latent.learned(), "switch", new Adam(scope, latentSize, 0.003), 5, forLatent);
                    ModelTraining other = new ModelTraining(
                            plain.learned(), "plain", new Adam(scope, plainSize, 0.003), 5, forPlain)) {
                while (epoch[0] < EPOCHS && !run.timeIsUp()) {
                    one.trainEpoch();
                    other.trainEpoch();
                    epoch[0]++;
                    bounds.add(test(scope, latent, run.seed() + 1));
                    likelihoods.add(test(scope, plain, run.seed() + 1));
                    if (epoch[0] % 10 == 0) {
                        run.progress(String.format(
                                Locale.ROOT,
                                "epoch %d  bound %.4f  plain LSTM %.4f nats a step",
                                epoch[0],
                                bounds.get(epoch[0] - 1),
                                likelihoods.get(epoch[0] - 1)));
                    }
                }
            }
            double truth = truth(run.seed() + 1);
            run.figure("state-space model, bound, nats a step", test(scope, latent, run.seed() + 1));
            run.figure("plain LSTM, nats a step", test(scope, plain, run.seed() + 1));
            run.figure("true process, nats a step", truth);
            run.plot(
                    "switch",
                    new LineChart("A process with a hidden switch", "epoch", "nats a step, held out")
                            .line("state-space model (bound)", array(bounds))
                            .line("plain LSTM", array(likelihoods))
                            .level("true process", truth)
                            .svg());
        }
    }

    private static double[] array(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /** Sequences {@code [T,N,1]}. */
    private static double[] drawn(Random random) {
        double[] x = new double[STEPS * ROWS];
        for (int n = 0; n < ROWS; n++) {
            int side = random.nextBoolean() ? 1 : -1;
            for (int t = 0; t < STEPS; t++) {
                side = random.nextDouble() < TURNS ? -side : side;
                x[t * ROWS + n] = side + NOISE * random.nextGaussian();
            }
        }
        return x;
    }

    /** The negative bound on held-out sequences, over draws of the latent vectors. */
    private static double test(Backend backend, StateSpaceModel model, long seed) {
        Random random = new Random(seed);
        double sum = 0;
        try (Tensor x = backend.tensor(STEPS, ROWS, 1);
                Tensor noise = backend.tensor(STEPS, ROWS, LATENT);
                Tensor loss = backend.tensor(1)) {
            for (int i = 0; i < TESTS; i++) {
                x.set(drawn(random));
                Initializers.gaussian(noise, 1, new Random(~seed + i));
                model.bound(x, noise, loss);
                sum += loss.toDoubles()[0];
            }
        }
        return sum / TESTS;
    }

    private static double test(Backend backend, GaussianSequenceModel model, long seed) {
        Random random = new Random(seed);
        double sum = 0;
        try (Tensor x = backend.tensor(STEPS, ROWS, 1);
                Tensor loss = backend.tensor(1)) {
            for (int i = 0; i < TESTS; i++) {
                model.loss(x.set(drawn(random)), loss);
                sum += loss.toDoubles()[0];
            }
        }
        return sum / TESTS;
    }

    /** The negative log-likelihood of the same sequences under the process that drew them, by the forward algorithm. */
    private static double truth(long seed) {
        Random random = new Random(seed);
        double sum = 0;
        for (int i = 0; i < TESTS; i++) {
            double[] x = drawn(random);
            for (int n = 0; n < ROWS; n++) {
                double up = 0.5; // probability of the upper side, given what came before
                for (int t = 0; t < STEPS; t++) {
                    double before = up * (1 - TURNS) + (1 - up) * TURNS;
                    double above = before * density(x[t * ROWS + n] - 1);
                    double below = (1 - before) * density(x[t * ROWS + n] + 1);
                    sum -= Math.log(above + below);
                    up = above / (above + below);
                }
            }
        }
        return sum / (TESTS * STEPS * ROWS);
    }

    private static double density(double difference) {
        return Math.exp(-0.5 * difference * difference / (NOISE * NOISE)) / (NOISE * Math.sqrt(2 * Math.PI));
    }
}
