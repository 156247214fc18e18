package dev.rondo.bench.task;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.IntTensor;
import dev.rondo.Pooling;
import dev.rondo.RnnSpec;
import dev.rondo.model.ModelTraining;
import dev.rondo.model.SequenceClassifier;
import dev.rondo.train.Adam;
import java.util.Locale;
import java.util.Random;

/**
 * One label for a sequence: which of four symbols, among as many others, comes most often. The outputs of the network become one
 * vector in each of three ways.
 */
final class ClassifyTask implements TextbookTask {
    private static final int STEPS = 24;
    private static final int SHORTEST = 5;
    private static final int ROWS = 64;
    private static final int CLASSES = 4;
    private static final int SYMBOLS = 8;
    private static final double GOOD = 0.995;
    private static final int EPOCHS = 60;

    @Override
    public String name() {
        return "classify";
    }

    @Override
    public String description() {
        return "names the symbol that comes most often in a sequence, from its last output, the mean or the maximum of all";
    }

    @Override
    public void run(TaskRun run) {
        for (Pooling.Kind kind : Pooling.Kind.values()) {
            learn(run, kind);
        }
    }

    private static void learn(TaskRun run, Pooling.Kind kind) {
        String key = kind.name().toLowerCase(Locale.ROOT);
        RnnSpec spec = RnnSpec.of(Cell.GRU, SYMBOLS, 48);
        try (Backend scope = run.backend().scope();
                SequenceClassifier model = new SequenceClassifier(scope, spec, kind, CLASSES, STEPS, ROWS)) {
            Batch batch = new Batch(scope);
            model.learned().initialize(run.seed());
            int size = model.learned().weights().layout().size();
            DrawnWindows windows = new DrawnWindows(run.seed(), 50, (random, loss) -> {
                batch.draw(random);
                model.train(batch.x, batch.lengths, batch.labels, loss);
            });
            try (ModelTraining training =
                    new ModelTraining(model.learned(), "classify", new Adam(scope, size, 0.005), 1, windows)) {
                double accuracy = 0;
                int epoch = 0;
                while (epoch < EPOCHS && accuracy < GOOD && !run.timeIsUp()) {
                    double loss = training.trainEpoch();
                    epoch++;
                    accuracy = test(model, batch, run.seed() + 1);
                    if (epoch % 5 == 0 || accuracy >= GOOD) {
                        run.progress(String.format(
                                Locale.ROOT, "%s: epoch %d  loss %.4f  accuracy %.4f", key, epoch, loss, accuracy));
                    }
                }
                run.figure(key + ".accuracy", accuracy);
                run.figure(key + ".epochs", epoch);
            }
        }
    }

    /** The share of right answers on data of another seed. */
    private static double test(SequenceClassifier model, Batch batch, long seed) {
        Random random = new Random(seed);
        int right = 0;
        int batches = 20;
        for (int i = 0; i < batches; i++) {
            batch.draw(random);
            float[] logits = model.forward(batch.x, batch.lengths).toFloats();
            for (int n = 0; n < ROWS; n++) {
                int best = 0;
                for (int c = 1; c < CLASSES; c++) {
                    best = logits[n * CLASSES + c] > logits[n * CLASSES + best] ? c : best;
                }
                right += best == batch.answers[n] ? 1 : 0;
            }
        }
        return (double) right / (batches * ROWS);
    }

    /** Sequences of different lengths, with their labels. */
    private static final class Batch {
        final IntTensor x;
        final IntTensor labels;
        final int[] lengths = new int[ROWS];
        final int[] answers = new int[ROWS];

        Batch(Backend scope) {
            x = scope.intTensor(STEPS, ROWS);
            labels = scope.intTensor(ROWS);
        }

        void draw(Random random) {
            int[] symbols = new int[STEPS * ROWS];
            for (int n = 0; n < ROWS; n++) {
                answers[n] = -1;
                while (answers[n] < 0) {
                    int[] counts = new int[SYMBOLS];
                    lengths[n] = SHORTEST + random.nextInt(STEPS - SHORTEST + 1);
                    for (int t = 0; t < lengths[n]; t++) {
                        int symbol = random.nextInt(SYMBOLS);
                        symbols[t * ROWS + n] = symbol;
                        counts[symbol]++;
                    }
                    answers[n] = single(counts);
                }
            }
            x.set(symbols);
            labels.set(answers);
        }

        /** The class that comes most often; -1 if two come as often. */
        private static int single(int[] counts) {
            int best = 0;
            boolean shared = false;
            for (int c = 1; c < CLASSES; c++) {
                shared = counts[c] == counts[best] || counts[c] < counts[best] && shared;
                best = counts[c] > counts[best] ? c : best;
            }
            return shared ? -1 : best;
        }
    }
}
