package dev.rondo.bench.conform;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Linear;
import dev.rondo.ParameterLayout;
import dev.rondo.Parameters;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import dev.rondo.bench.JsonTree;
import dev.rondo.bench.SharedFolder;
import dev.rondo.layout.OnnxLayout;
import dev.rondo.train.MeanSquaredError;
import dev.rondo.train.Sgd;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Published training runs of a plain RNN on the oracle: batches of sequences, mean squared error, plain SGD. */
class SharedTrainingTest {
    /**
     * How far the file's own float64 evaluation may be off: it took numeric gradients, and the learning rate (5 in the
     * first run) multiplies their error.
     */
    private static final double FLOAT64_ATOL = 1e-6;

    @ParameterizedTest
    @ValueSource(strings = {"tfjs_train_rnn_bptt.json", "tfjs_train_rnn_stateful_bptt.json"})
    void trainsAsPublished(String name) throws IOException {
        JsonTree run = JsonTree.read(SharedFolder.cases("training/" + name));
        assertEquals("RNN", run.at("op").text());
        assertEquals("sgd", run.at("optimizer").at("type").text());
        try (Backend backend = Backend.named("reference")) {
            Training training = new Training(backend, run);
            List<Double> losses = new ArrayList<>();
            List<Double> epochLosses = new ArrayList<>();
            for (int epoch = 0; epoch < run.at("epochs").number(); epoch++) {
                List<Double> ofEpoch = training.epoch();
                losses.addAll(ofEpoch);
                epochLosses.add(ofEpoch.stream().mapToDouble(x -> x).average().orElseThrow());
            }
            double atol = run.at("tolerance").at("atol").number();
            if (run.at("expected").has("epoch_loss")) {
                assertArrayEquals(run.at("expected").at("epoch_loss").numbers(), doubles(epochLosses), atol);
            } else {
                check(run.at("expected"), training.parameters(), atol);
            }
            check(run.at("float64_final_parameters"), training.parameters(), FLOAT64_ATOL);
            assertArrayEquals(run.at("float64_losses").numbers(), doubles(losses), FLOAT64_ATOL);
        }
    }

    private static double[] doubles(List<Double> values) {
        return values.stream().mapToDouble(value -> value).toArray();
    }

    private static void check(JsonTree expected, Map<String, double[]> actual, double atol) {
        for (Map.Entry<String, double[]> entry : actual.entrySet()) {
            String name = entry.getKey();
            assertArrayEquals(expected.at(name).at("data").numbers(), entry.getValue(), atol, name);
        }
    }

    private static final class Training {
        private final Backend backend;
        private final JsonTree run;
        private final boolean bias;
        private final RnnSpec spec;
        private final int steps;
        private final int batch;
        private final double[] data;
        private final double[] targets;
        private final OnnxLayout layout;
        private final Parameters weights;
        private final Parameters gradients;
        private final RnnParameters rnnWeights;
        private final RnnParameters rnnGradients;
        private final Rnn rnn;
        private final Sgd optimizer;

        Training(Backend backend, JsonTree run) {
            this.backend = backend;
            this.run = run;
            JsonTree initial = run.at("initial_parameters");
            bias = initial.has("b");
            double[] shape = run.at("data").at("X_batch_major").at("shape").numbers();
            steps = (int) shape[1];
            batch = run.at("batches").list().get(0).list().size();
            data = run.at("data").at("X_batch_major").at("data").numbers();
            targets = run.at("data").at("y").at("data").numbers();
            int hidden = (int) run.at("attributes").at("hidden_size").number();
            spec = RnnSpec.of(Cell.RNN_TANH, (int) shape[2], hidden).withBias(bias);
            layout = new OnnxLayout(spec, steps, batch, true);
            ParameterLayout all = ParameterLayout.builder()
                    .add("rnn.", spec.layout())
                    .add("dense.weight", 1, hidden)
                    .build();
            weights = backend.parameters(all);
            gradients = backend.parameters(all);
            int rnnSize = spec.layout().size();
            rnnWeights = new RnnParameters(spec, weights.flat().view(0, rnnSize));
            rnnGradients = new RnnParameters(spec, gradients.flat().view(0, rnnSize));
            double[] biases = null;
            if (bias) {
                biases = new double[2 * hidden]; // Keras has the input bias only
                System.arraycopy(initial.at("b").at("data").numbers(), 0, biases, 0, hidden);
            }
            layout.setWeights(
                    rnnWeights,
                    initial.at("W").at("data").numbers(),
                    initial.at("R").at("data").numbers(),
                    biases);
            weights.tensor("dense.weight").set(initial.at("dense_W").at("data").numbers());
            rnn = backend.rnn(spec, steps, batch, Purpose.TRAINING);
            double rate = run.at("optimizer").at("lr").number();
            optimizer = new Sgd(backend, all.size(), rate, 0);
        }

        /** One pass over the batches; the loss of each before its update. */
        List<Double> epoch() {
            List<Double> losses = new ArrayList<>();
            RnnState state = backend.state(spec, batch);
            for (JsonTree rows : run.at("batches").list()) {
                if (!run.at("stateful").isTrue()) {
                    state.zero();
                }
                losses.add(batch(rows.numbers(), state));
            }
            return losses;
        }

        private double batch(double[] rows, RnnState state) {
            int rowSize = steps * spec.inputSize();
            double[] batchX = new double[batch * rowSize];
            double[] batchY = new double[batch];
            for (int n = 0; n < batch; n++) {
                System.arraycopy(data, (int) rows[n] * rowSize, batchX, n * rowSize, rowSize);
                batchY[n] = targets[(int) rows[n]];
            }
            Tensor x = backend.tensor(steps, batch, spec.inputSize()).set(layout.inputToRondo(batchX));
            Tensor target = backend.tensor(batch, 1).set(batchY);
            Tensor prediction = backend.tensor(batch, 1);
            Tensor dPrediction = backend.tensor(batch, 1);
            Tensor loss = backend.tensor(1);
            RnnState dLast = backend.state(spec, batch);
            gradients.flat().fill(0);

            TrainingPass pass =
                    rnn.call(rnnWeights, x).initial(state).last(state).train();
            Linear dense = backend.linear(spec.hiddenSize(), 1);
            Tensor denseWeight = weights.tensor("dense.weight");
            dense.forward(denseWeight, null, state.h(), prediction);
            new MeanSquaredError(backend).apply(prediction, target, loss, dPrediction);
            dense.backward(denseWeight, state.h(), dPrediction, dLast.h(), gradients.tensor("dense.weight"), null);
            pass.backward().dLast(dLast).gradients(rnnGradients).run();
            if (bias) {
                rnnGradients.tensor("bias_hh_l0").fill(0); // stays 0
            }
            optimizer.update(weights.flat(), gradients.flat());
            return loss.toDoubles()[0];
        }

        /** The weights by the names of the file, in its layout. */
        Map<String, double[]> parameters() {
            Map<String, double[]> all = new LinkedHashMap<>();
            all.put("W", layout.inputWeights(rnnWeights));
            all.put("R", layout.recurrentWeights(rnnWeights));
            all.put("dense_W", weights.tensor("dense.weight").toDoubles());
            if (bias) {
                all.put("b", rnnWeights.tensor("bias_ih_l0").toDoubles());
            }
            return all;
        }
    }
}
