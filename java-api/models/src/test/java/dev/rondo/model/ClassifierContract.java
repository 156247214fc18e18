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
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@link SequenceClassifier}: its gradients, and that it learns whether an even number of ones was read. */
public abstract class ClassifierContract extends GradientsContract {
    private static final RnnSpec SPEC = RnnSpec.of(Cell.GRU, 5, 4).withDirection(Direction.BIDIRECTIONAL);

    @ParameterizedTest
    @EnumSource
    void gradientsAreRight(Pooling.Kind kind) {
        assumeSupported(SPEC);
        check(backend -> new Labelled(backend, kind));
    }

    private static final class Labelled implements Example {
        private final SequenceClassifier model;
        private final IntTensor x;
        private final IntTensor labels;

        Labelled(Backend backend, Pooling.Kind kind) {
            model = new SequenceClassifier(backend, SPEC, kind, 3, 4, 3);
            x = backend.intTensor(4, 3).set(0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1);
            labels = backend.intTensor(3).set(2, 0, -1);
        }

        @Override
        public Trainable learned() {
            return model.learned();
        }

        @Override
        public void train(Tensor loss) {
            model.train(x, new int[] {4, 2, 3}, labels, loss);
        }

        @Override
        public void close() {
            model.close();
            x.close();
            labels.close();
        }
    }

    @Test
    void learnsTheParityOfShortSequences() {
        RnnSpec spec = RnnSpec.of(Cell.LSTM, 2, 8);
        assumeSupported(spec);
        int steps = 4;
        int rows = 32;
        try (Backend scope = backend().scope();
                SequenceClassifier model = new SequenceClassifier(scope, spec, Pooling.Kind.LAST, 2, steps, rows)) {
            Random random = new Random(1);
            IntTensor x = scope.intTensor(steps, rows);
            IntTensor labels = scope.intTensor(rows);
            int[] lengths = new int[rows];
            int[] bits = new int[steps * rows];
            int[] parity = new int[rows];
            for (int n = 0; n < rows; n++) {
                lengths[n] = 1 + random.nextInt(steps);
                for (int t = 0; t < steps; t++) {
                    bits[t * rows + n] = random.nextInt(2);
                    parity[n] ^= t < lengths[n] ? bits[t * rows + n] : 0;
                }
            }
            x.set(bits);
            labels.set(parity);
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
                    model.train(x, lengths, labels, loss);
                }
            };
            int size = model.learned().weights().layout().size();
            try (ModelTraining training =
                    new ModelTraining(model.learned(), "parity", new Adam(scope, size, 0.05), 1, task)) {
                double loss = Double.NaN;
                for (int epoch = 0; epoch < 15; epoch++) {
                    loss = training.trainEpoch();
                }
                double last = loss;
                assertTrue(last < 0.1, () -> "loss " + last);
            }
        }
    }
}
