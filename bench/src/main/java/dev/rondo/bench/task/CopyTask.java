package dev.rondo.bench.task;

import dev.rondo.Backend;
import dev.rondo.IntTensor;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.bench.plot.LineChart;
import dev.rondo.model.SequenceTagger;
import dev.rondo.model.Trainable;
import java.util.Arrays;
import java.util.Random;

/**
 * The copy task (Hochreiter, Schmidhuber 1997, in the form of Arjovsky, Shah, Bengio, "Unitary evolution recurrent neural networks", 2016,
 * section 4.1): ten symbols out of eight are read, then blanks for a delay T, then a signal, after which the ten are to be said again. All
 * T + 20 outputs count; who remembers nothing has a cross-entropy of 10 ln 8 / (T + 20).
 */
final class CopyTask implements TextbookTask {
    private static final int SYMBOLS = 8;
    private static final int LENGTH = 10;
    private static final int DELAY = 100;
    private static final int STEPS = DELAY + 2 * LENGTH;
    private static final int BLANK = SYMBOLS;
    private static final int SIGNAL = SYMBOLS + 1;
    private static final int BATCH = 32;
    private static final int HIDDEN = 96;
    private static final int TURN = 50;
    private static final int MOST_UPDATES = 10000;
    private static final double GUESS = LENGTH * Math.log(SYMBOLS) / STEPS;
    private static final double GOAL = 0.01;

    @Override
    public String name() {
        return "copy";
    }

    @Override
    public String description() {
        return LENGTH + " symbols said again after " + DELAY + " blanks: plain networks, LSTM, GRU";
    }

    @Override
    public void run(TaskRun run) {
        LineChart flow = GradientFlow.chart();
        try (Contest contest = new Contest(run, TURN, MOST_UPDATES, GOAL)) {
            for (Contender contender : Contender.values()) {
                Copying model = new Copying(run.backend(), contender, run.seed());
                contest.enter(contender.title(), contender.key(), model, rate(contender), 1);
                flow.line(contender.title(), GradientFlow.distances(STEPS), model.flow());
            }
            run.plot("copy-gradient", flow.svg());
            contest.run();
            for (Contest.Entrant entrant : contest.entrants()) {
                run.figure(entrant.key + ".accuracy", ((Copying) entrant.model).test());
            }
            run.figure("memoryless.loss", GUESS);
            run.plot(
                    "copy-loss",
                    contest.chart("Copy task, T = " + DELAY, "cross-entropy", 1)
                            .level("memoryless", GUESS)
                            .svg());
        }
    }

    private static double rate(Contender contender) {
        return switch (contender) {
            case RNN, RNN_ORTHOGONAL, RNN_IDENTITY -> 1e-3;
            case LSTM -> 5e-3;
            case GRU -> 1e-2;
        };
    }

    /** A network that learns it. */
    static final class Copying implements Contest.Model {
        private final SequenceTagger tagger;
        private final RnnSpec spec;
        private final IntTensor x;
        private final IntTensor labels;
        private final int[] lengths = new int[BATCH];
        private final int[] inputs = new int[STEPS * BATCH];
        private final int[] outputs = new int[STEPS * BATCH];
        private final long seed;

        Copying(Backend backend, Contender contender, long seed) {
            this.seed = seed;
            this.spec = contender.spec(SYMBOLS + 2, HIDDEN);
            this.tagger = new SequenceTagger(backend, spec, SYMBOLS + 1, STEPS, BATCH);
            this.x = backend.intTensor(STEPS, BATCH);
            this.labels = backend.intTensor(STEPS, BATCH);
            Arrays.fill(lengths, STEPS);
            learned().initialize(seed);
            contender.begin(learned().weights().rnn("rnn.", spec), STEPS, new Random(seed));
        }

        @Override
        public Trainable learned() {
            return tagger.learned();
        }

        /** A batch of a number; those below 0 are for tests. */
        private void draw(int number) {
            Random random = new Random(31 * seed + 1_000_003L * number);
            Arrays.fill(inputs, BLANK);
            Arrays.fill(outputs, BLANK);
            for (int i = 0; i < LENGTH * BATCH; i++) {
                int symbol = random.nextInt(SYMBOLS);
                inputs[i] = symbol;
                outputs[(STEPS - LENGTH) * BATCH + i] = symbol;
            }
            Arrays.fill(inputs, (STEPS - LENGTH - 1) * BATCH, (STEPS - LENGTH) * BATCH, SIGNAL);
            x.set(inputs);
            labels.set(outputs);
        }

        @Override
        public void train(int update, Tensor loss) {
            draw(update);
            tagger.train(x, lengths, labels, loss);
        }

        /** The share of the symbols that are said again rightly, of batches of no training. */
        double test() {
            int batches = 10;
            int right = 0;
            for (int i = 1; i <= batches; i++) {
                draw(-i);
                float[] logits = tagger.forward(x, lengths).toFloats();
                for (int at = (STEPS - LENGTH) * BATCH; at < STEPS * BATCH; at++) {
                    right += best(logits, at * (SYMBOLS + 1)) == outputs[at] ? 1 : 0;
                }
            }
            return (double) right / (batches * LENGTH * BATCH);
        }

        private static int best(float[] logits, int start) {
            int best = 0;
            for (int k = 1; k <= SYMBOLS; k++) {
                best = logits[start + k] > logits[start + best] ? k : best;
            }
            return best;
        }

        double[] flow() {
            draw(-1);
            return GradientFlow.measure(
                    learned().backend(),
                    learned().weights().rnn("rnn.", spec),
                    t -> x.view(t * BATCH, 1, BATCH),
                    STEPS,
                    BATCH,
                    new Random(seed));
        }

        @Override
        public void close() {
            tagger.close();
            x.close();
            labels.close();
        }
    }
}
