package dev.rondo.bench.peers;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.recurrent.GRU;
import ai.djl.nn.recurrent.LSTM;
import ai.djl.nn.recurrent.RecurrentBlock;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import dev.rondo.Cell;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * DJL's blocks {@code LSTM} and {@code GRU} on its PyTorch engine. Inference has frozen weights, so nothing is recorded for
 * gradients. DJL starts a backward pass at a scalar, here the sum of y times dy; gradients are added up.
 */
final class DjlEngine implements Engine {
    private static final String PYTORCH = "PyTorch";

    private final RnnCase rnn;
    private final NDManager manager;
    private final RecurrentBlock block;
    private final ParameterStore store;
    private final NDList inputs;
    private final NDArray dy;
    private final Map<String, NDArray> variables = new LinkedHashMap<>();

    /** Owns what a call makes, until the next one. */
    private NDManager scope;

    private NDList result = new NDList();

    DjlEngine(RnnCase rnn, RnnData data) {
        this.rnn = rnn;
        System.setProperty("ai.djl.pytorch.num_threads", String.valueOf(rnn.threads()));
        System.setProperty("ai.djl.pytorch.num_interop_threads", "1");
        manager = NDManager.newBaseManager(Device.cpu(), PYTORCH);
        scope = manager.newSubManager();
        int batch = rnn.shape().batch();
        int hidden = rnn.shape().hidden();
        block = block(rnn.cell(), hidden);
        Shape shape = new Shape(rnn.shape().steps(), batch, rnn.shape().inputs());
        block.initialize(manager, DataType.FLOAT32, shape);
        set("l_0_i2h_WEIGHT", data.weightIh, D_WEIGHT_IH);
        set("l_0_h2h_WEIGHT", data.weightHh, D_WEIGHT_HH);
        set("l_0_i2h_BIAS", data.biasIh, D_BIAS_IH);
        set("l_0_h2h_BIAS", data.biasHh, D_BIAS_HH);
        NDArray x = manager.create(data.x, shape);
        variables.put(DX, x);
        if (rnn.training()) {
            variables.values().forEach(variable -> variable.setRequiresGradient(true));
        } else {
            block.freezeParameters(true);
        }
        store = new ParameterStore(manager, false);
        inputs = new NDList(x, manager.zeros(new Shape(1, batch, hidden)));
        if (rnn.cell() == Cell.LSTM) {
            inputs.add(manager.zeros(new Shape(1, batch, hidden)));
        }
        dy = manager.create(data.dy, new Shape(rnn.shape().steps(), batch, hidden));
        // With several threads the first call of a JVM has now and then an error of 1.5e-5 in its first step, so it is
        // made here.
        block.forward(store, inputs, false).close();
    }

    private static RecurrentBlock block(Cell cell, int hidden) {
        if (cell == Cell.LSTM) {
            return LSTM.builder()
                    .setStateSize(hidden)
                    .setNumLayers(1)
                    .optBatchFirst(false)
                    .optReturnState(true)
                    .build();
        }
        return GRU.builder()
                .setStateSize(hidden)
                .setNumLayers(1)
                .optBatchFirst(false)
                .optReturnState(true)
                .build();
    }

    private void set(String name, float[] values, String gradient) {
        NDArray array = block.getDirectParameters().get(name).getArray();
        array.set(values);
        variables.put(gradient, array);
    }

    @Override
    public void call() {
        scope.close();
        scope = manager.newSubManager();
        if (!rnn.training()) {
            result = block.forward(store, inputs, false);
            result.attach(scope);
            return;
        }
        try (GradientCollector collector = manager.getEngine().newGradientCollector()) {
            result = block.forward(store, inputs, true);
            result.attach(scope);
            collector.backward(result.get(0).mul(dy).sum());
        }
    }

    @Override
    public Map<String, float[]> outputs() {
        Map<String, float[]> outputs = new LinkedHashMap<>();
        outputs.put(Y, result.get(0).toFloatArray());
        outputs.put(LAST_H, result.get(1).toFloatArray());
        if (rnn.cell() == Cell.LSTM) {
            outputs.put(LAST_C, result.get(2).toFloatArray());
        }
        if (rnn.training()) {
            variables.forEach(
                    (name, variable) -> outputs.put(name, variable.getGradient().toFloatArray()));
        }
        return outputs;
    }
}
