package dev.rondo.bench.task;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Direction;
import dev.rondo.IntTensor;
import dev.rondo.RnnSpec;
import dev.rondo.bench.plot.LineChart;
import dev.rondo.model.ModelTraining;
import dev.rondo.model.SequenceTagger;
import dev.rondo.train.Adam;
import dev.rondo.train.SoftmaxCrossEntropy;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;

/**
 * A tag for each symbol that depends on both neighbours: {@code tag[t] = (x[t-1] + x[t+1]) mod K}, where nothing counts as 0. A
 * network that reads forward cannot know the second, a bidirectional one can; it has two layers, since in a single one nothing reads
 * both directions but a linear layer, which cannot add modulo K.
 */
final class TaggingTask implements TextbookTask {
    private static final int SYMBOLS = 4;
    private static final int STEPS = 16;
    private static final int ROWS = 64;
    private static final double GOOD = 0.999;

    /** A reader of one direction stays at about {@code 1 / SYMBOLS}, so it has so many epochs only. */
    private static final int ONE_WAY_EPOCHS = 10;

    private static final int EPOCHS = 60;

    @Override
    public String name() {
        return "tagging";
    }

    @Override
    public String description() {
        return "tags symbols by both neighbours, read forward and in both directions";
    }

    @Override
    public void run(TaskRun run) {
        RnnSpec forward = RnnSpec.of(Cell.LSTM, SYMBOLS, 32).withLayers(2);
        double[] oneWay = accuracies(run, "forward", forward, ONE_WAY_EPOCHS);
        double[] bothWays = accuracies(run, "bidirectional", forward.withDirection(Direction.BIDIRECTIONAL), EPOCHS);
        run.figure("accuracy forward", last(oneWay));
        run.figure("accuracy bidirectional", last(bothWays));
        run.plot(
                "accuracy",
                new LineChart("Tags by both neighbours", "epochs", "accuracy")
                        .line("forward", oneWay)
                        .line("bidirectional", bothWays)
                        .svg());
    }

    private static double last(double[] accuracies) {
        return accuracies.length == 0 ? 0 : accuracies[accuracies.length - 1];
    }

    /** The accuracy after each epoch, until it is good. */
    private static double[] accuracies(TaskRun run, String what, RnnSpec spec, int epochs) {
        try (Backend scope = run.backend().scope();
                SequenceTagger model = new SequenceTagger(scope, spec, SYMBOLS, STEPS, ROWS)) {
            Batch batch = new Batch(scope);
            model.learned().initialize(run.seed());
            int size = model.learned().weights().layout().size();
            DrawnWindows windows = new DrawnWindows(run.seed(), 50, (random, loss) -> {
                batch.draw(random);
                model.train(batch.x, batch.lengths, batch.labels, loss);
            });
            try (ModelTraining training =
                    new ModelTraining(model.learned(), "tagging", new Adam(scope, size, 0.01), 1, windows)) {
                double accuracy = 0;
                double[] accuracies = new double[0];
                for (int epoch = 1; epoch <= epochs && accuracy < GOOD && !run.timeIsUp(); epoch++) {
                    double loss = training.trainEpoch();
                    accuracy = test(model, batch, run.seed() + 1);
                    accuracies = Arrays.copyOf(accuracies, epoch);
                    accuracies[epoch - 1] = accuracy;
                    if (epoch % 5 == 0 || accuracy >= GOOD) {
                        run.progress(String.format(
                                Locale.ROOT, "%s  epoch %d  loss %.4f  accuracy %.4f", what, epoch, loss, accuracy));
                    }
                }
                return accuracies;
            }
        }
    }

    /** The share of right tags on data of another seed. */
    private static double test(SequenceTagger model, Batch batch, long seed) {
        Random random = new Random(seed);
        int right = 0;
        int all = 0;
        for (int i = 0; i < 10; i++) {
            batch.draw(random);
            float[] logits = model.forward(batch.x, batch.lengths).toFloats();
            for (int m = 0; m < STEPS * ROWS; m++) {
                if (batch.tags[m] >= 0) {
                    right += best(logits, m * SYMBOLS, SYMBOLS) == batch.tags[m] ? 1 : 0;
                    all++;
                }
            }
        }
        return (double) right / all;
    }

    private static int best(float[] logits, int start, int count) {
        int best = 0;
        for (int v = 1; v < count; v++) {
            best = logits[start + v] > logits[start + best] ? v : best;
        }
        return best;
    }

    /** Sequences of different lengths, with their tags. */
    private static final class Batch {
        final IntTensor x;
        final IntTensor labels;
        final int[] lengths = new int[ROWS];
        final int[] tags = new int[STEPS * ROWS];

        Batch(Backend scope) {
            x = scope.intTensor(STEPS, ROWS);
            labels = scope.intTensor(STEPS, ROWS);
        }

        void draw(Random random) {
            int[] symbols = new int[STEPS * ROWS];
            for (int n = 0; n < ROWS; n++) {
                lengths[n] = 4 + random.nextInt(STEPS - 3);
                for (int t = 0; t < lengths[n]; t++) {
                    symbols[t * ROWS + n] = random.nextInt(SYMBOLS);
                }
                for (int t = 0; t < STEPS; t++) {
                    int before = t > 0 ? symbols[(t - 1) * ROWS + n] : 0;
                    int after = t + 1 < lengths[n] ? symbols[(t + 1) * ROWS + n] : 0;
                    tags[t * ROWS + n] = t < lengths[n] ? (before + after) % SYMBOLS : SoftmaxCrossEntropy.MASKED;
                }
            }
            x.set(symbols);
            labels.set(tags);
        }
    }
}
