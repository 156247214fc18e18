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
 * The parity of bits: whether a sequence of 1 to T bits has an odd number of ones. Each bit changes the answer, so nothing may be
 * forgotten.
 */
final class ClassifyTask implements TextbookTask {
    private static final int STEPS = 16;
    private static final int ROWS = 64;
    private static final int CLASSES = 2;
    private static final double GOOD = 0.999;
    private static final int EPOCHS = 400;

    @Override
    public String name() {
        return "parity";
    }

    @Override
    public String description() {
        return "says whether a sequence of bits has an odd number of ones";
    }

    @Override
    public void run(TaskRun run) {
        RnnSpec spec = RnnSpec.of(Cell.LSTM, 2, 32);
        try (Backend scope = run.backend().scope();
                SequenceClassifier model =
                        new SequenceClassifier(scope, spec, Pooling.Kind.LAST, CLASSES, STEPS, ROWS)) {
            Batch batch = new Batch(scope);
            model.learned().initialize(run.seed());
            int size = model.learned().weights().layout().size();
            DrawnWindows windows = new DrawnWindows(run.seed(), 50, (random, loss) -> {
                batch.draw(random);
                model.train(batch.x, batch.lengths, batch.labels, loss);
            });
            try (ModelTraining training =
                    new ModelTraining(model.learned(), "parity", new Adam(scope, size, 0.01), 1, windows)) {
                double accuracy = 0;
                int epoch = 0;
                while (epoch < EPOCHS && accuracy < GOOD && !run.timeIsUp()) {
                    double loss = training.trainEpoch();
                    epoch++;
                    accuracy = test(model, batch, run.seed() + 1);
                    if (epoch % 5 == 0 || accuracy >= GOOD) {
                        run.progress(String.format(
                                Locale.ROOT, "epoch %d  loss %.4f  accuracy %.4f", epoch, loss, accuracy));
                    }
                }
                run.figure("accuracy", accuracy);
                run.figure("epochs", epoch);
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
                int answer = logits[2 * n + 1] > logits[2 * n] ? 1 : 0;
                right += answer == batch.parity[n] ? 1 : 0;
            }
        }
        return (double) right / (batches * ROWS);
    }

    /** Sequences of different lengths, with their parity. */
    private static final class Batch {
        final IntTensor x;
        final IntTensor labels;
        final int[] lengths = new int[ROWS];
        final int[] parity = new int[ROWS];

        Batch(Backend scope) {
            x = scope.intTensor(STEPS, ROWS);
            labels = scope.intTensor(ROWS);
        }

        void draw(Random random) {
            int[] bits = new int[STEPS * ROWS];
            for (int n = 0; n < ROWS; n++) {
                lengths[n] = 1 + random.nextInt(STEPS);
                parity[n] = 0;
                for (int t = 0; t < lengths[n]; t++) {
                    int bit = random.nextInt(2);
                    bits[t * ROWS + n] = bit;
                    parity[n] ^= bit;
                }
            }
            x.set(bits);
            labels.set(parity);
        }
    }
}
