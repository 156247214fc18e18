package dev.rondo.bench.peers;

import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.conf.CacheMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * DL4J: a network of one LSTM layer, trained by errors from outside. Its arrays are {@code [N,I,T]} in column order, so that
 * a step is contiguous; one bias stands for both.
 */
final class Dl4jEngine implements Engine {
    /** DL4J has g, f, o, i. */
    private static final int[] TO_DL4J = {2, 1, 3, 0};

    private static final int[] FROM_DL4J = {3, 1, 0, 2};

    private final RnnCase rnn;
    private final MultiLayerNetwork network;
    private final INDArray x;
    private final INDArray dy;
    private INDArray y = Nd4j.empty();
    private INDArray dx = Nd4j.empty();
    private Map<String, INDArray> gradients = Map.of();

    Dl4jEngine(RnnCase rnn, RnnData data) {
        this.rnn = rnn;
        int inputs = rnn.shape().inputs();
        int hidden = rnn.shape().hidden();
        network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .cacheMode(CacheMode.DEVICE)
                .list()
                .layer(new LSTM.Builder()
                        .nIn(inputs)
                        .nOut(hidden)
                        .activation(Activation.TANH)
                        .gateActivationFunction(Activation.SIGMOID)
                        .build())
                .build());
        network.init();
        network.setParam("0_W", weights(data.weightIh, inputs, rnn.gateRows()));
        network.setParam("0_RW", weights(data.weightHh, hidden, rnn.gateRows()));
        network.setParam("0_b", weights(RnnData.sum(data.biasIh, data.biasHh), 1, rnn.gateRows()));
        x = sequence(data.x, inputs);
        dy = sequence(data.dy, hidden);
    }

    /** {@code [rows,columns]} by columns is {@code [columns,rows]} by rows. */
    private static INDArray weights(float[] values, int rows, int columns) {
        return Nd4j.create(RnnData.blocks(values, TO_DL4J), new int[] {rows, columns}, 'f');
    }

    private INDArray sequence(float[] values, int size) {
        int batch = rnn.shape().batch();
        int steps = rnn.shape().steps();
        float[] ordered = new float[values.length];
        for (int t = 0; t < steps; t++) {
            for (int n = 0; n < batch; n++) {
                for (int i = 0; i < size; i++) {
                    ordered[(t * size + i) * batch + n] = values[(t * batch + n) * size + i];
                }
            }
        }
        return Nd4j.create(ordered, new int[] {batch, size, steps}, 'f');
    }

    @Override
    public void call() {
        if (!rnn.training()) {
            y = network.output(x, false);
            return;
        }
        network.setInput(x);
        y = network.feedForward(true, false).get(1);
        Pair<Gradient, INDArray> back = network.backpropGradient(dy, null);
        gradients = back.getFirst().gradientForVariable();
        dx = back.getSecond();
    }

    @Override
    public Map<String, float[]> outputs() {
        Map<String, float[]> outputs = new LinkedHashMap<>();
        outputs.put(Y, steps(y));
        if (rnn.training()) {
            outputs.put(DX, steps(dx));
            outputs.put(D_WEIGHT_IH, gradient("0_W"));
            outputs.put(D_WEIGHT_HH, gradient("0_RW"));
            outputs.put(D_BIAS_IH, gradient("0_b"));
            outputs.put(D_BIAS_HH, gradient("0_b"));
        }
        // The same layer again: only its form for streams tells the last state.
        network.rnnClearPreviousState();
        network.rnnTimeStep(x);
        Map<String, INDArray> state = network.rnnGetPreviousState(0);
        outputs.put(LAST_H, rows(state.get("prevAct")));
        outputs.put(LAST_C, rows(state.get("prevMem")));
        return outputs;
    }

    private float[] gradient(String name) {
        return RnnData.blocks(gradients.get(name).dup('f').data().asFloat(), FROM_DL4J);
    }

    private static float[] steps(INDArray sequence) {
        return rows(sequence.permute(2, 0, 1));
    }

    private static float[] rows(INDArray array) {
        return array.dup('c').data().asFloat();
    }
}
