package dev.rondo.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.ParameterLayout;
import dev.rondo.Tensor;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Function;

/**
 * The gradients of whole models: in double against differences of the loss, in float against those of the oracle. A subclass shows
 * a model at work on one batch.
 */
public abstract class GradientsContract extends ModelContract {
    private static final double STEP = 1e-5;

    /** Elements of each weight that are moved. */
    private static final int MOVED = 4;

    /** Differences carry an error of the third derivative and of rounding. */
    private static final double DIFFERENCES = 1e-6;

    private static final double FLOAT = 1e-4;

    /** A model with one batch. */
    interface Example extends AutoCloseable {
        Trainable learned();

        /** Computes the loss of the batch, and adds up its gradients. */
        void train(Tensor loss);

        @Override
        void close();
    }

    /** Checks the gradients of a model; the weights are drawn anew. */
    final void check(Function<Backend, Example> model) {
        try (Example example = model.apply(backend())) {
            Result result = new Result(example);
            if (isDouble()) {
                checkDifferences(example, result);
            } else {
                checkAgainstOracle(model, example, result);
            }
        }
    }

    private void checkDifferences(Example example, Result result) {
        double[] weights = example.learned().weights().flat().toDoubles();
        Random random = new Random(3);
        for (ParameterLayout.Entry entry : example.learned().weights().layout().entries()) {
            for (int i = 0; i < MOVED; i++) {
                int at = entry.offset() + random.nextInt(entry.size());
                double expected = (moved(example, weights, at, STEP) - moved(example, weights, at, -STEP)) / (2 * STEP);
                double difference = Math.abs(result.gradients[at] - expected);
                assertTrue(
                        difference <= DIFFERENCES * Math.max(1, Math.abs(expected)),
                        () -> entry.name() + "[" + (at - entry.offset()) + "]: expected " + expected + ", got "
                                + result.gradients[at]);
            }
        }
    }

    private static double moved(Example example, double[] weights, int at, double step) {
        double[] changed = weights.clone();
        changed[at] += step;
        example.learned().weights().flat().set(changed);
        try (Tensor loss = example.learned().backend().tensor(1)) {
            example.train(loss);
            return loss.toDoubles()[0];
        }
    }

    private static void checkAgainstOracle(Function<Backend, Example> model, Example example, Result result) {
        try (Backend oracle = Backend.named("reference");
                Example same = model.apply(oracle)) {
            Result expected = new Result(same);
            assertEquals(expected.loss, result.loss, FLOAT * Math.max(1, Math.abs(expected.loss)));
            double largest = Math.max(
                    1e-3, Arrays.stream(expected.gradients).map(Math::abs).max().orElse(0));
            for (ParameterLayout.Entry entry :
                    example.learned().weights().layout().entries()) {
                for (int i = entry.offset(); i < entry.offset() + entry.size(); i++) {
                    int at = i;
                    double difference = Math.abs(expected.gradients[i] - result.gradients[i]);
                    assertTrue(
                            difference <= FLOAT * largest,
                            () -> entry.name() + "[" + (at - entry.offset()) + "]: expected " + expected.gradients[at]
                                    + ", got " + result.gradients[at]);
                }
            }
        }
    }

    /** The loss and the gradients of a model whose weights are drawn with one seed. */
    private static final class Result {
        final double loss;
        final double[] gradients;

        Result(Example example) {
            Trainable learned = example.learned();
            learned.initialize(5);
            // Biases start at zero, where some errors cannot be seen.
            double[] weights = learned.weights().flat().toDoubles();
            Random random = new Random(6);
            for (int i = 0; i < weights.length; i++) {
                weights[i] += 0.1 * random.nextGaussian();
            }
            learned.weights().flat().set(weights);
            try (Tensor value = learned.backend().tensor(1)) {
                learned.gradients().flat().fill(0);
                example.train(value);
                loss = value.toDoubles()[0];
                gradients = learned.gradients().flat().toDoubles();
            }
        }
    }
}
