package dev.rondo.bench.task;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.model.ModelTraining;
import dev.rondo.model.SequenceWriter;
import dev.rondo.train.Adam;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Sentences about scenes that are seen as vectors, such as "a red circle above a square". A vector is a random projection of what
 * is in the scene, with noise; a part of the scenes is kept for the test, and made of parts that were seen in others.
 */
final class CaptionTask implements TextbookTask {
    private static final List<String> WORDS = List.of(
            ".",
            "a",
            "red",
            "green",
            "blue",
            "yellow",
            "circle",
            "square",
            "triangle",
            "star",
            "above",
            "below",
            "beside");
    private static final int FIRST_COLOUR = 2;
    private static final int FIRST_SHAPE = 6;
    private static final int FIRST_RELATION = 10;

    /** Four colours, and none. */
    private static final int COLOURS = 5;

    private static final int SHAPES = 4;
    private static final int RELATIONS = 3;
    private static final int PARTS = 2 * COLOURS + 2 * SHAPES + RELATIONS;

    private static final int VECTOR = 32;
    private static final double NOISE = 0.05;
    private static final int LONGEST = 8;
    private static final int ROWS = 60;
    private static final double GOOD = 0.999;
    private static final int EPOCHS = 100;

    @Override
    public String name() {
        return "caption";
    }

    @Override
    public String description() {
        return "writes sentences about scenes that are seen as vectors";
    }

    @Override
    public void run(TaskRun run) {
        RnnSpec spec = RnnSpec.of(Cell.LSTM, 24, 64);
        try (Backend scope = run.backend().scope();
                SequenceWriter model = new SequenceWriter(
                        scope, spec, WORDS.size(), SequenceWriter.Context.FIRST_INPUT, VECTOR, LONGEST, ROWS)) {
            Scenes scenes = new Scenes(scope, new Random(run.seed()));
            model.learned().initialize(run.seed());
            int size = model.learned().weights().layout().size();
            double[] own = new double[1];
            DrawnWindows windows = new DrawnWindows(run.seed(), 40, (random, loss) -> {
                scenes.draw(scenes.known, random);
                model.train(scenes.z, scenes.sentences, own[0], random.nextLong(), loss);
            });
            try (ModelTraining training =
                    new ModelTraining(model.learned(), "caption", new Adam(scope, size, 0.003), 1, windows)) {
                double known = 0;
                for (int epoch = 1; epoch <= EPOCHS && known < GOOD && !run.timeIsUp(); epoch++) {
                    // more and more of its own words, as far as a quarter
                    own[0] = Math.min(0.25, 0.02 * (epoch - 1));
                    double loss = training.trainEpoch();
                    known = matches(model, scenes, scenes.known);
                    run.progress(String.format(
                            Locale.ROOT,
                            "epoch %d  loss %.4f  written as taught %.3f  \"%s\"",
                            epoch,
                            loss,
                            known,
                            text(model.write(scenes.z)[0])));
                }
                run.figure("written as taught", known);
                run.figure("right about new scenes", matches(model, scenes, scenes.unseen));
                int[][] drawn = model.draw(scenes.z, 1, 5, run.seed());
                for (int n = 0; n < 3; n++) {
                    run.progress("drawn: \"" + text(drawn[n]) + "\", expected: \"" + text(scenes.sentences[n]) + "\"");
                }
            }
        }
    }

    /** The share of scenes about which the most probable sentence is the right one, word for word. */
    private static double matches(SequenceWriter model, Scenes scenes, List<int[]> among) {
        Random random = new Random(7);
        int right = 0;
        for (int start = 0; start + ROWS <= among.size(); start += ROWS) {
            scenes.show(among.subList(start, start + ROWS), random);
            int[][] written = model.write(scenes.z);
            for (int n = 0; n < ROWS; n++) {
                right += Arrays.equals(written[n], scenes.sentences[n]) ? 1 : 0;
            }
        }
        return (double) right / (among.size() / ROWS * ROWS);
    }

    private static String text(int[] sentence) {
        StringBuilder text = new StringBuilder();
        for (int word : sentence) {
            text.append(text.isEmpty() ? "" : " ").append(WORDS.get(word));
        }
        return text.toString();
    }

    /** All scenes: two things, each of a shape and perhaps a colour, and where they are to each other. */
    private static final class Scenes {
        final List<int[]> known;
        final List<int[]> unseen;
        final int[][] sentences = new int[ROWS][];
        final Tensor z;
        private final double[][] projection = new double[PARTS][VECTOR];

        Scenes(Backend scope, Random random) {
            List<int[]> all = new ArrayList<>();
            for (int i = 0; i < COLOURS * SHAPES * RELATIONS * COLOURS * SHAPES; i++) {
                int colour = i % COLOURS;
                int shape = i / COLOURS % SHAPES;
                int relation = i / (COLOURS * SHAPES) % RELATIONS;
                int other = i / (COLOURS * SHAPES * RELATIONS);
                all.add(new int[] {colour, shape, relation, other % COLOURS, other / COLOURS});
            }
            Collections.shuffle(all, random);
            int test = all.size() / 5;
            unseen = all.subList(0, test);
            known = all.subList(test, all.size());
            for (double[] row : projection) {
                for (int k = 0; k < VECTOR; k++) {
                    row[k] = random.nextGaussian() / 2;
                }
            }
            z = scope.tensor(ROWS, VECTOR);
        }

        /** Some scenes at random. */
        void draw(List<int[]> among, Random random) {
            List<int[]> chosen = new ArrayList<>();
            for (int n = 0; n < ROWS; n++) {
                chosen.add(among.get(random.nextInt(among.size())));
            }
            show(chosen, random);
        }

        /** The vectors and sentences of scenes. */
        void show(List<int[]> chosen, Random random) {
            float[] values = new float[ROWS * VECTOR];
            for (int n = 0; n < ROWS; n++) {
                int[] scene = chosen.get(n);
                sentences[n] = sentence(scene);
                double[][] seen = {
                    projection[scene[0]],
                    projection[COLOURS + scene[1]],
                    projection[COLOURS + SHAPES + scene[2]],
                    projection[COLOURS + SHAPES + RELATIONS + scene[3]],
                    projection[2 * COLOURS + SHAPES + RELATIONS + scene[4]]
                };
                for (int k = 0; k < VECTOR; k++) {
                    double sum = NOISE * random.nextGaussian();
                    for (double[] part : seen) {
                        sum += part[k];
                    }
                    values[n * VECTOR + k] = (float) sum;
                }
            }
            z.set(values);
        }

        private static int[] sentence(int[] scene) {
            List<Integer> words = new ArrayList<>();
            thing(words, scene[0], scene[1]);
            words.add(FIRST_RELATION + scene[2]);
            thing(words, scene[3], scene[4]);
            return words.stream().mapToInt(Integer::intValue).toArray();
        }

        private static void thing(List<Integer> words, int colour, int shape) {
            words.add(1);
            if (colour + 1 < COLOURS) {
                words.add(FIRST_COLOUR + colour);
            }
            words.add(FIRST_SHAPE + shape);
        }
    }
}
