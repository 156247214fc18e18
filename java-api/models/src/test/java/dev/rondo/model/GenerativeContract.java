package dev.rondo.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.train.Adam;
import dev.rondo.train.Initializers;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link SequenceAutoencoder}, {@link StateSpaceModel}, {@link GaussianSequenceModel}. */
public abstract class GenerativeContract extends GradientsContract {
    private static final int STEPS = 4;
    private static final int ROWS = 3;
    private static final int[][] SEQUENCES = {{2, 3, 4}, {}, {4, 2}};

    private static Tensor noise(Backend backend, int... shape) {
        Tensor noise = backend.tensor(shape);
        Initializers.gaussian(noise, 1, new Random(8));
        return noise;
    }

    /** One model with what it is trained on. */
    private abstract static class Shown implements Example {
        final Backend scope;

        Shown(Backend backend) {
            scope = backend.scope();
        }

        @Override
        public void close() {
            scope.close();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Cell.class,
            names = {"LSTM", "GRU"})
    void gradientsOfTheAutoencoderAreRight(Cell cell) {
        assumeSupported(RnnSpec.of(cell, 1, 1));
        check(backend -> new Shown(backend) {
            private final SequenceAutoencoder model = new SequenceAutoencoder(scope, cell, 5, 3, 4, 2, STEPS, ROWS);
            private final Tensor noise = GenerativeContract.noise(scope, ROWS, 2);

            @Override
            public Trainable learned() {
                return model.learned();
            }

            @Override
            public void train(Tensor loss) {
                model.train(SEQUENCES, noise, 0.7, 0.3, 5, loss);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {1, STEPS})
    void gradientsOfTheStateSpaceModelAreRight(int steps) {
        assumeSupported(RnnSpec.of(Cell.LSTM, 1, 1));
        check(backend -> new Shown(backend) {
            private final StateSpaceModel model = new StateSpaceModel(scope, 2, 3, 4, steps, ROWS);
            private final Tensor x = GenerativeContract.noise(scope, steps, ROWS, 2);
            private final Tensor noise = GenerativeContract.noise(scope, steps, ROWS, 3);

            @Override
            public Trainable learned() {
                return model.learned();
            }

            @Override
            public void train(Tensor loss) {
                model.train(x, noise, 0.6, loss);
            }
        });
    }

    @Test
    void gradientsOfThePlainModelAreRight() {
        RnnSpec spec = RnnSpec.of(Cell.LSTM, 2, 4);
        assumeSupported(spec);
        check(backend -> new Shown(backend) {
            private final GaussianSequenceModel model = new GaussianSequenceModel(scope, spec, STEPS, ROWS);
            private final Tensor x = GenerativeContract.noise(scope, STEPS, ROWS, 2);

            @Override
            public Trainable learned() {
                return model.learned();
            }

            @Override
            public void train(Tensor loss) {
                model.train(x, loss);
            }
        });
    }

    /** With enough room for each sequence in the latent vector, all are written again from their means. */
    @Test
    void theAutoencoderWritesAgainWhatItRead() {
        assumeSupported(RnnSpec.of(Cell.GRU, 1, 1));
        boolean learns = !backend().name().equals("cuda"); // an emulator takes its time
        int[][] sequences = {{2, 3, 4}, {4, 4}, {3}, {2, 2, 2, 3}, {}, {4, 3, 2}};
        try (Backend scope = backend().scope();
                SequenceAutoencoder model = new SequenceAutoencoder(scope, Cell.GRU, 5, 6, 16, 4, 5, 6);
                Tensor loss = scope.tensor(1);
                Adam adam = new Adam(scope, model.learned().weights().layout().size(), 0.02)) {
            model.learned().initialize(2);
            Tensor noise = scope.tensor(6, 4);
            Random random = new Random(3);
            for (int update = 0; update < (learns ? 300 : 3); update++) {
                Initializers.gaussian(noise, 1, random);
                model.learned().gradients().flat().fill(0);
                model.train(sequences, noise, 0.02, 0.2, update, loss);
                adam.update(
                        model.learned().weights().flat(),
                        model.learned().gradients().flat());
            }
            int[][] written = model.decode(model.encode(sequences));
            if (learns) {
                assertArrayEquals(sequences, written);
                model.reconstruct(sequences, loss);
                double nats = loss.toDoubles()[0];
                assertTrue(nats < 0.1, () -> "reconstructed with " + nats + " nats per word");
            }
        }
    }
}
