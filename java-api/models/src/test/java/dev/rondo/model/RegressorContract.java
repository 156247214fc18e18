package dev.rondo.model;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Direction;
import dev.rondo.IntTensor;
import dev.rondo.Pooling;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.train.Adam;
import dev.rondo.train.TrainingLoop;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@link SequenceRegressor}: its gradients, and that it learns the sum of the marked numbers of a short sequence. */
public abstract class RegressorContract extends GradientsContract {
    private static final RnnSpec SPEC = RnnSpec.of(Cell.LSTM, 3, 4).withDirection(Direction.BIDIRECTIONAL);

    @ParameterizedTest
    @EnumSource
    void gradientsAreRight(Pooling.Kind kind) {
        assumeSupported(SPEC);
        check(backend -> new Answered(backend, kind));
    }

    /** Two numbers for each sequence; one row does not count. */
    private static final class Answered implements Example {
        private final SequenceRegressor model;
        private final Tensor x;
        private final Tensor targets;
        private final IntTensor mask;

        Answered(Backend backend, Pooling.Kind kind) {
            model = new SequenceRegressor(backend, SPEC, kind, 2, 4, 3);
            Random random = new Random(2);
            x = backend.tensor(4, 3, 3).set(random.doubles(4 * 3 * 3, -1, 1).toArray());
            targets = backend.tensor(3, 2).set(random.doubles(3 * 2, -1, 1).toArray());
            mask = backend.intTensor(3).set(1, 0, 1);
        }

        @Override
        public Trainable learned() {
            return model.learned();
        }

        @Override
        public void train(Tensor loss) {
            model.train(x, new int[] {4, 3, 2}, targets, mask, loss);
        }

        @Override
        public void close() {
            model.close();
            x.close();
            targets.close();
            mask.close();
        }
    }

    @Test
    void learnsTheSumOfTwoMarkedNumbers() {
        RnnSpec spec = RnnSpec.of(Cell.GRU, 2, 8);
        assumeSupported(spec);
        int steps = 5;
        int rows = 32;
        try (Backend scope = backend().scope();
                SequenceRegressor model = new SequenceRegressor(scope, spec, Pooling.Kind.LAST, 1, steps, rows)) {
            Random random = new Random(1);
            double[] inputs = new double[steps * rows * 2];
            double[] sums = new double[rows];
            for (int n = 0; n < rows; n++) {
                for (int t = 0; t < steps; t++) {
                    double number = random.nextDouble();
                    boolean marked = t == n % 2 || t == 2 + n % 3;
                    inputs[(t * rows + n) * 2] = number;
                    inputs[(t * rows + n) * 2 + 1] = marked ? 1 : 0;
                    sums[n] += marked ? number : 0;
                }
            }
            Tensor x = scope.tensor(steps, rows, 2).set(inputs);
            Tensor targets = scope.tensor(rows, 1).set(sums);
            int[] lengths = new int[rows];
            Arrays.fill(lengths, steps);
            model.learned().initialize(1);
            TrainingLoop.Task task = new TrainingLoop.Task() {
                @Override
                public int windows(int epoch) {
                    return 10;
                }

                @Override
                public void begin(int epoch) {}

                @Override
                public void window(int epoch, int window, Tensor loss) {
                    model.train(x, lengths, targets, null, loss);
                }
            };
            int size = model.learned().weights().layout().size();
            try (ModelTraining training =
                    new ModelTraining(model.learned(), "sums", new Adam(scope, size, 0.03), 1, task)) {
                double loss = Double.NaN;
                for (int epoch = 0; epoch < 15; epoch++) {
                    loss = training.trainEpoch();
                }
                double last = loss;
                assertTrue(last < 0.01, () -> "loss " + last + ", of always 1 it is 0.167");
            }
        }
    }
}
