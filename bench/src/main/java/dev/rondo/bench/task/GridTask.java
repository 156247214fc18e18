package dev.rondo.bench.task;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import dev.rondo.bench.plot.LineChart;
import dev.rondo.model.GridRnn;
import dev.rondo.model.Trainable;
import java.util.Random;

/**
 * Where a mark lies from another: two marks among distracting ones in an image, of which the second lies above or below the first,
 * and left or right of it. Who looks along rows or along columns alone is right half of the time. Learnt on small images, tested on
 * larger ones too, which a network of two dimensions reads with the same weights.
 */
final class GridTask implements TextbookTask {
    private static final int SIDE = 10;
    private static final int[] TESTED = {4, 7, 10, 15, 20, 25};
    private static final int BATCH = 32;
    private static final int HIDDEN = 12;
    private static final int CHANNELS = 3;
    private static final int CLASSES = 4;
    private static final double DISTRACTING = 0.2;
    private static final int TURN = 25;
    private static final int MOST_UPDATES = 2000;
    private static final double GOAL = 0.03;

    @Override
    public String name() {
        return "grid";
    }

    @Override
    public String description() {
        return "where a mark lies from another in an image: networks of two dimensions from its four corners";
    }

    @Override
    public void run(TaskRun run) {
        try (Contest contest = new Contest(run, TURN, MOST_UPDATES, GOAL)) {
            for (Cell cell : new Cell[] {Cell.RNN_TANH, Cell.GRU}) {
                String name = cell == Cell.GRU ? "GRU" : "RNN";
                contest.enter(name, cell.key(), new Marks(run.backend(), cell, run.seed()), 0.005, 1);
            }
            contest.run();
            LineChart accuracy = new LineChart("Marks: learnt in images of side " + SIDE, "side", "accuracy");
            for (Contest.Entrant entrant : contest.entrants()) {
                double[] sides = new double[TESTED.length];
                double[] right = new double[TESTED.length];
                for (int i = 0; i < TESTED.length; i++) {
                    sides[i] = TESTED[i];
                    right[i] = ((Marks) entrant.model).test(TESTED[i]);
                    run.figure(entrant.key + ".accuracy_of_side_" + TESTED[i], right[i]);
                }
                accuracy.line(entrant.name, sides, right);
            }
            run.plot("grid-accuracy", accuracy.level("guess", 1.0 / CLASSES).svg());
            run.plot(
                    "grid-loss",
                    contest.chart("Where a mark lies from another", "cross-entropy", 10)
                            .level("guess", Math.log(CLASSES))
                            .svg());
        }
    }

    /** A network that learns it. */
    private static final class Marks implements Contest.Model {
        private final Backend backend;
        private final Cell cell;
        private final long seed;
        private final GridRnn network;
        private final Tensor x;
        private final IntTensor labels;
        private final int[] classes = new int[BATCH];

        Marks(Backend backend, Cell cell, long seed) {
            this.backend = backend;
            this.cell = cell;
            this.seed = seed;
            this.network = new GridRnn(backend, cell, CHANNELS, HIDDEN, CLASSES, SIDE, SIDE, BATCH);
            this.x = backend.tensor(SIDE, SIDE, BATCH, CHANNELS);
            this.labels = backend.intTensor(BATCH);
            learned().initialize(seed);
        }

        @Override
        public Trainable learned() {
            return network.learned();
        }

        @Override
        public void train(int update, Tensor loss) {
            x.set(draw(SIDE, classes, new Random(31 * seed + 1_000_003L * update)));
            network.train(x, labels.set(classes), loss);
        }

        /** Images {@code [R,C,N,K]}, of a class each. */
        private static float[] draw(int side, int[] classes, Random random) {
            int batch = classes.length;
            float[] pixels = new float[side * side * batch * CHANNELS];
            for (int pixel = 0; pixel < side * side * batch; pixel++) {
                pixels[pixel * CHANNELS + 2] = random.nextDouble() < DISTRACTING ? 1 : 0;
            }
            for (int n = 0; n < batch; n++) {
                int row = random.nextInt(side);
                int column = random.nextInt(side);
                int otherRow = other(row, side, random);
                int otherColumn = other(column, side, random);
                pixels[((row * side + column) * batch + n) * CHANNELS] = 1;
                pixels[((otherRow * side + otherColumn) * batch + n) * CHANNELS + 1] = 1;
                classes[n] = (otherRow > row ? 2 : 0) + (otherColumn > column ? 1 : 0);
            }
            return pixels;
        }

        private static int other(int place, int side, Random random) {
            return (place + 1 + random.nextInt(side - 1)) % side;
        }

        /** The share of right answers for images of some side, of no training. */
        double test(int side) {
            int[] expected = new int[256];
            try (Backend scope = backend.scope();
                    GridRnn larger = new GridRnn(scope, cell, CHANNELS, HIDDEN, CLASSES, side, side, expected.length)) {
                larger.learned().weights().flat().copyFrom(learned().weights().flat());
                float[] pixels = draw(side, expected, new Random(-seed - side));
                Tensor images =
                        scope.tensor(side, side, expected.length, CHANNELS).set(pixels);
                return Answers.right(larger.forward(images).toFloats(), expected);
            }
        }

        @Override
        public void close() {
            network.close();
            x.close();
            labels.close();
        }
    }
}
