package dev.rondo.bench.task;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.model.ModelTraining;
import dev.rondo.model.SequenceAutoencoder;
import dev.rondo.model.SequenceWriter;
import dev.rondo.train.Adam;
import dev.rondo.train.Initializers;
import java.util.Locale;
import java.util.Random;

/**
 * Sequences that all say the same few things: each has a topic, and each of its words is one of the topic's, or sometimes any. An
 * autoencoder writes held-out sequences again from a latent vector; beside it a decoder of the same size that has none, and must guess
 * the topic from the words before.
 */
final class VaeTask implements TextbookTask {
    private static final int WORDS = 40;
    private static final int TOPICS = 32;
    private static final int OF_TOPIC = 3;
    private static final int SHORTEST = 4;
    private static final int LONGEST = 9;
    private static final int ROWS = 64;
    private static final int EMBEDDING = 24;
    private static final int HIDDEN = 64;
    private static final int LATENT = 8;
    private static final int EPOCHS = 80;
    private static final int WARMING = 40;
    private static final double WEIGHT = 0.5;
    private static final int TESTS = 10;

    /** Words 0 and 1 are {@link SequenceAutoencoder#END} and {@link SequenceAutoencoder#HIDDEN}. */
    private static final int FIRST = 2;

    @Override
    public String name() {
        return "vae";
    }

    @Override
    public String description() {
        return "writes sequences again from a latent vector, beside a decoder without one";
    }

    @Override
    public void run(TaskRun run) {
        RnnSpec spec = RnnSpec.of(Cell.GRU, EMBEDDING, HIDDEN);
        int[][] topics = topics(run.seed());
        try (Backend scope = run.backend().scope();
                SequenceAutoencoder latent = new SequenceAutoencoder(
                        scope, Cell.GRU, WORDS + FIRST, EMBEDDING, HIDDEN, LATENT, LONGEST + 1, ROWS);
                SequenceWriter plain = new SequenceWriter(
                        scope, spec, WORDS + FIRST, SequenceWriter.Context.NONE, 1, LONGEST + 1, ROWS)) {
            Tensor noise = scope.tensor(ROWS, LATENT);
            latent.learned().initialize(run.seed());
            plain.learned().initialize(run.seed());
            int[] epoch = {0};
            DrawnWindows forLatent = new DrawnWindows(run.seed(), 50, (random, loss) -> {
                int[][] sequences = drawn(topics, random);
                Initializers.gaussian(noise, 1, random);
                double weight = WEIGHT * Math.min(1, (epoch[0] + 1.0) / WARMING);
                latent.train(sequences, noise, weight, 0.3, random.nextLong(), loss);
            });
            DrawnWindows forPlain = new DrawnWindows(
                    run.seed(), 50, (random, loss) -> plain.train(null, drawn(topics, random), 0, 0, loss));
            int latentSize = latent.learned().weights().layout().size();
            int plainSize = plain.learned().weights().layout().size();
            try (ModelTraining one = new ModelTraining(
                            latent.learned(), "vae", new Adam(scope, latentSize, 0.003), 5, forLatent);
                    ModelTraining other = new ModelTraining(
                            plain.learned(), "plain", new Adam(scope, plainSize, 0.003), 5, forPlain)) {
                while (epoch[0] < EPOCHS && !run.timeIsUp()) {
                    double loss = one.trainEpoch();
                    double without = other.trainEpoch();
                    epoch[0]++;
                    if (epoch[0] % 10 == 0) {
                        run.progress(String.format(
                                Locale.ROOT,
                                "epoch %d  loss %.4f with a latent vector, %.4f without",
                                epoch[0],
                                loss,
                                without));
                    }
                }
            }
            test(run, scope, latent, plain, topics);
        }
    }

    private static void test(
            TaskRun run, Backend scope, SequenceAutoencoder latent, SequenceWriter plain, int[][] topics) {
        Random random = new Random(run.seed() + 1);
        double with = 0;
        double without = 0;
        int right = 0;
        int words = 0;
        try (Tensor loss = scope.tensor(1)) {
            for (int i = 0; i < TESTS; i++) {
                int[][] sequences = drawn(topics, random);
                latent.reconstruct(sequences, loss);
                with += loss.toDoubles()[0] / TESTS;
                without += crossEntropy(plain, sequences) / TESTS;
                int[][] written = latent.decode(latent.encode(sequences));
                for (int n = 0; n < sequences.length; n++) {
                    words += sequences[n].length;
                    for (int t = 0; t < Math.min(written[n].length, sequences[n].length); t++) {
                        right += written[n][t] == sequences[n][t] ? 1 : 0;
                    }
                }
            }
        }
        run.figure("with a latent vector, nats a word", with);
        run.figure("without, nats a word", without);
        run.figure("words written again in their places", (double) right / words);
    }

    /** Nats a word of sequences, each word after those before it. */
    private static double crossEntropy(SequenceWriter plain, int[][] sequences) {
        float[] logits = plain.forward(null, sequences).toFloats();
        int classes = WORDS + FIRST;
        double sum = 0;
        int count = 0;
        for (int n = 0; n < sequences.length; n++) {
            for (int t = 0; t <= sequences[n].length; t++) {
                int at = (t * ROWS + n) * classes;
                int word = t < sequences[n].length ? sequences[n][t] : SequenceWriter.END;
                double total = 0;
                for (int v = 0; v < classes; v++) {
                    total += Math.exp(logits[at + v]);
                }
                sum += Math.log(total) - logits[at + word];
                count++;
            }
        }
        return sum / count;
    }

    /** The words of each topic. */
    private static int[][] topics(long seed) {
        Random random = new Random(~seed);
        int[][] topics = new int[TOPICS][];
        for (int i = 0; i < TOPICS; i++) {
            topics[i] = random.ints(OF_TOPIC, FIRST, FIRST + WORDS).toArray();
        }
        return topics;
    }

    /** The words of a topic in a cycle that starts anywhere; one of ten is another word. */
    private static int[][] drawn(int[][] topics, Random random) {
        int[][] sequences = new int[ROWS][];
        for (int n = 0; n < ROWS; n++) {
            int[] topic = topics[random.nextInt(TOPICS)];
            int start = random.nextInt(OF_TOPIC);
            sequences[n] = new int[SHORTEST + random.nextInt(LONGEST - SHORTEST + 1)];
            for (int t = 0; t < sequences[n].length; t++) {
                boolean other = random.nextInt(10) == 0;
                sequences[n][t] = other ? FIRST + random.nextInt(WORDS) : topic[(start + t) % OF_TOPIC];
            }
        }
        return sequences;
    }
}
