package dev.rondo.bench.task;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.IntTensor;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.bench.plot.HeatMap;
import dev.rondo.model.GlimpseNetwork;
import dev.rondo.model.ModelTraining;
import dev.rondo.train.Adam;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.IntStream;

/** The sum of the two marked digits among some: the network has to look at them, and at nothing else. */
final class GlimpseTask implements TextbookTask {
    private static final int DIGITS = 5;
    private static final int CLASSES = 2 * DIGITS - 1;
    private static final int WIDTH = DIGITS + 1;
    private static final int VECTORS = 8;
    private static final int GLIMPSES = 3;
    private static final int ROWS = 64;
    private static final double GOOD = 0.995;
    private static final int EPOCHS = 200;

    @Override
    public String name() {
        return "glimpses";
    }

    @Override
    public String description() {
        return "adds the two marked digits of a set, at which it looks one after the other";
    }

    @Override
    public void run(TaskRun run) {
        RnnSpec spec = RnnSpec.of(Cell.GRU, WIDTH, 32);
        try (Backend scope = run.backend().scope();
                GlimpseNetwork model = new GlimpseNetwork(
                        scope, spec, GlimpseNetwork.Score.ADDITIVE, 16, CLASSES, GLIMPSES, VECTORS, ROWS)) {
            Batch batch = new Batch(scope);
            model.learned().initialize(run.seed());
            int size = model.learned().weights().layout().size();
            DrawnWindows windows = new DrawnWindows(run.seed(), 50, (random, loss) -> {
                batch.draw(random);
                model.train(batch.x, batch.lengths, batch.labels, loss);
            });
            try (ModelTraining training =
                    new ModelTraining(model.learned(), "glimpses", new Adam(scope, size, 0.01), 1, windows)) {
                double accuracy = 0;
                int epoch = 0;
                while (epoch < EPOCHS && accuracy < GOOD && !run.timeIsUp()) {
                    double loss = training.trainEpoch();
                    epoch++;
                    accuracy = test(run, model, batch);
                    if (epoch % 5 == 0 || accuracy >= GOOD) {
                        run.progress(String.format(
                                Locale.ROOT, "epoch %d  loss %.4f  accuracy %.4f", epoch, loss, accuracy));
                    }
                }
                run.figure("accuracy", accuracy);
                run.figure("epochs", epoch);
                plot(run, model, batch);
            }
        }
    }

    /** The share of right sums, and how much of its glimpses went to the marked digits, on data of another seed. */
    private static double test(TaskRun run, GlimpseNetwork model, Batch batch) {
        Random random = new Random(run.seed() + 1);
        int batches = 20;
        int right = 0;
        double looked = 0;
        for (int i = 0; i < batches; i++) {
            batch.draw(random);
            float[] logits = model.forward(batch.x, batch.lengths).toFloats();
            float[] weights = model.weights().toFloats();
            for (int n = 0; n < ROWS; n++) {
                int best = 0;
                for (int v = 1; v < CLASSES; v++) {
                    best = logits[n * CLASSES + v] > logits[n * CLASSES + best] ? v : best;
                }
                right += best == batch.sums[n] ? 1 : 0;
                for (int t = 0; t < GLIMPSES; t++) {
                    for (int s = 0; s < VECTORS; s++) {
                        looked += batch.marked[n][s] ? weights[(t * ROWS + n) * VECTORS + s] : 0;
                    }
                }
            }
        }
        run.figure("share of the glimpses on the marked digits", looked / (batches * ROWS * GLIMPSES));
        return (double) right / (batches * ROWS);
    }

    /** Where the glimpses went in one of the largest sets of the last test. */
    private static void plot(TaskRun run, GlimpseNetwork model, Batch batch) {
        int n = 0;
        for (int other = 1; other < ROWS; other++) {
            n = batch.lengths[other] > batch.lengths[n] ? other : n;
        }
        float[] digits = batch.x.toFloats();
        float[] weights = model.weights().toFloats();
        List<String> names = new ArrayList<>();
        double[][] shares = new double[GLIMPSES][batch.lengths[n]];
        for (int s = 0; s < batch.lengths[n]; s++) {
            int digit = 0;
            while (digits[(s * ROWS + n) * WIDTH + digit] == 0) {
                digit++;
            }
            names.add(digit + (batch.marked[n][s] ? "*" : ""));
            for (int t = 0; t < GLIMPSES; t++) {
                shares[t][s] = weights[(t * ROWS + n) * VECTORS + s];
            }
        }
        List<String> glimpses =
                IntStream.rangeClosed(1, GLIMPSES).mapToObj(Integer::toString).toList();
        run.plot(
                "glimpses",
                new HeatMap("Where it looks for the marked digits", "glimpse", "digit", glimpses, names, shares)
                        .range(0, 1)
                        .svg());
    }

    /** Sets of different sizes, with their sums. */
    private static final class Batch {
        final Tensor x;
        final IntTensor labels;
        final int[] lengths = new int[ROWS];
        final int[] sums = new int[ROWS];
        final boolean[][] marked = new boolean[ROWS][VECTORS];

        Batch(Backend scope) {
            x = scope.tensor(VECTORS, ROWS, WIDTH);
            labels = scope.intTensor(ROWS);
        }

        void draw(Random random) {
            float[] values = new float[VECTORS * ROWS * WIDTH];
            for (int n = 0; n < ROWS; n++) {
                lengths[n] = 2 + random.nextInt(VECTORS - 1);
                sums[n] = 0;
                int first = random.nextInt(lengths[n]);
                int second = (first + 1 + random.nextInt(lengths[n] - 1)) % lengths[n];
                for (int s = 0; s < lengths[n]; s++) {
                    int digit = random.nextInt(DIGITS);
                    int at = (s * ROWS + n) * WIDTH;
                    values[at + digit] = 1;
                    marked[n][s] = s == first || s == second;
                    if (marked[n][s]) {
                        values[at + DIGITS] = 1;
                        sums[n] += digit;
                    }
                }
                for (int s = lengths[n]; s < VECTORS; s++) {
                    marked[n][s] = false;
                }
            }
            x.set(values);
            labels.set(sums);
        }
    }
}
