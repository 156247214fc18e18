package dev.rondo.bench.task;

import dev.rondo.Backend;
import dev.rondo.IntTensor;
import dev.rondo.Pooling;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.bench.plot.LineChart;
import dev.rondo.model.SequenceClassifier;
import dev.rondo.model.Trainable;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;

/**
 * Parity: whether a sequence of bits has an odd number of ones (Hochreiter, Schmidhuber 1997, and before them Minsky, Papert, "Perceptrons",
 * 1969). One state of two values and an exclusive or at each step are all that is needed, and no single bit tells anything. Learnt on
 * sequences of 1 to 40 bits, tested on longer ones too.
 */
final class ParityTask implements TextbookTask {
    private static final int STEPS = 40;
    private static final int BATCH = 64;
    private static final int HIDDEN = 32;
    private static final int TURN = 50;
    private static final int MOST_UPDATES = 15000;
    private static final double GOAL = 0.005;
    private static final int[] TESTED = {1, 2, 5, 10, 20, 40, 60, 80, 100, 150, 200};

    @Override
    public String name() {
        return "parity";
    }

    @Override
    public String description() {
        return "an odd number of ones among up to " + STEPS + " bits, and among more: plain networks, LSTM, GRU";
    }

    @Override
    public void run(TaskRun run) {
        try (Contest contest = new Contest(run, TURN, MOST_UPDATES, GOAL)) {
            for (Contender contender : Contender.values()) {
                Parity model = new Parity(run.backend(), contender, run.seed());
                contest.enter(contender.title(), contender.key(), model, rate(contender), 1);
            }
            contest.run();
            LineChart accuracy = new LineChart("Parity: learnt with up to " + STEPS + " bits", "bits", "accuracy");
            for (Contest.Entrant entrant : contest.entrants()) {
                double[] lengths = new double[TESTED.length];
                double[] right = new double[TESTED.length];
                for (int i = 0; i < TESTED.length; i++) {
                    lengths[i] = TESTED[i];
                    right[i] = ((Parity) entrant.model).test(TESTED[i]);
                    if (TESTED[i] == STEPS || TESTED[i] == TESTED[TESTED.length - 1]) {
                        String name = String.format(Locale.ROOT, "%s.accuracy_of_%d_bits", entrant.key, TESTED[i]);
                        run.figure(name, right[i]);
                    }
                }
                accuracy.line(entrant.name, lengths, right);
            }
            run.plot("parity-accuracy", accuracy.level("guess", 0.5).svg());
            run.plot(
                    "parity-loss",
                    contest.chart("Parity of 1 to " + STEPS + " bits", "cross-entropy", 1)
                            .level("guess", Math.log(2))
                            .svg());
        }
    }

    private static double rate(Contender contender) {
        return switch (contender) {
            case RNN, RNN_ORTHOGONAL, RNN_IDENTITY -> 3e-3;
            case LSTM, GRU -> 1e-2;
        };
    }

    /** A network that learns it. */
    static final class Parity implements Contest.Model {
        private final SequenceClassifier classifier;
        private final Backend backend;
        private final RnnSpec spec;
        private final IntTensor x;
        private final IntTensor labels;
        private final int[] bits = new int[STEPS * BATCH];
        private final int[] lengths = new int[BATCH];
        private final long seed;

        Parity(Backend backend, Contender contender, long seed) {
            this.backend = backend;
            this.seed = seed;
            this.spec = contender.spec(2, HIDDEN);
            this.classifier = new SequenceClassifier(backend, spec, Pooling.Kind.LAST, 2, STEPS, BATCH);
            this.x = backend.intTensor(STEPS, BATCH);
            this.labels = backend.intTensor(BATCH);
            learned().initialize(seed);
            contender.begin(learned().weights().rnn("rnn.", spec), STEPS, new Random(seed));
        }

        @Override
        public Trainable learned() {
            return classifier.learned();
        }

        @Override
        public void train(int update, Tensor loss) {
            Random random = new Random(31 * seed + 1_000_003L * update);
            for (int n = 0; n < BATCH; n++) {
                lengths[n] = 1 + random.nextInt(STEPS);
            }
            labels.set(draw(bits, lengths, random));
            classifier.train(x.set(bits), lengths, labels, loss);
        }

        /** Fills {@code [T,N]} bits; returns the parities of the first ones of each row. */
        private static int[] draw(int[] bits, int[] lengths, Random random) {
            int[] parities = new int[lengths.length];
            for (int i = 0; i < bits.length; i++) {
                bits[i] = random.nextInt(2);
                int row = i % lengths.length;
                parities[row] ^= i / lengths.length < lengths[row] ? bits[i] : 0;
            }
            return parities;
        }

        /** The share of right answers for sequences of some length, of no training. */
        double test(int length) {
            int rows = 512;
            int[] tested = new int[length * rows];
            int[] all = new int[rows];
            Arrays.fill(all, length);
            int[] parities = draw(tested, all, new Random(-seed - length));
            try (Backend scope = backend.scope();
                    SequenceClassifier longer =
                            new SequenceClassifier(scope, spec, Pooling.Kind.LAST, 2, length, rows)) {
                longer.learned().weights().flat().copyFrom(learned().weights().flat());
                IntTensor inputs = scope.intTensor(length, rows).set(tested);
                float[] logits = longer.forward(inputs, all).toFloats();
                int right = 0;
                for (int n = 0; n < rows; n++) {
                    right += (logits[2 * n + 1] > logits[2 * n] ? 1 : 0) == parities[n] ? 1 : 0;
                }
                return (double) right / rows;
            }
        }

        @Override
        public void close() {
            classifier.close();
            x.close();
            labels.close();
        }
    }
}
