package dev.rondo.bench.peers;

import dev.rondo.Backend;
import dev.rondo.BackendOptions;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/** Rondo through its public API. */
final class RondoEngine implements Engine {
    private final RnnCase rnnCase;
    private final Backend backend;
    private final Rnn rnn;
    private final RnnParameters weights;
    private final RnnParameters gradients;
    private final Tensor x;
    private final Tensor y;
    private final Tensor dy;
    private final Tensor dx;
    private final RnnState last;

    /**
     * Opens a backend.
     *
     * @param name {@code cpu}, or {@code reference} for the oracle
     * @param rnnCase what to compute
     * @param data weights and input
     */
    RondoEngine(String name, RnnCase rnnCase, RnnData data) {
        this.rnnCase = rnnCase;
        RnnCase.Shape shape = rnnCase.shape();
        RnnSpec spec = RnnSpec.of(rnnCase.cell(), shape.inputs(), shape.hidden());
        backend = Backend.named(name, BackendOptions.defaults().withThreads(rnnCase.threads()));
        backend.warmUp();
        rnn = backend.rnn(spec, shape.steps(), shape.batch());
        weights = weights(spec);
        weights.tensor("weight_ih_l0").set(data.weightIh);
        weights.tensor("weight_hh_l0").set(data.weightHh);
        weights.tensor("bias_ih_l0").set(data.biasIh);
        weights.tensor("bias_hh_l0").set(data.biasHh);
        gradients = backend.parameters(spec);
        x = backend.tensor(shape.steps(), shape.batch(), shape.inputs()).set(data.x);
        dx = backend.tensor(shape.steps(), shape.batch(), shape.inputs());
        y = backend.tensor(shape.steps(), shape.batch(), shape.hidden());
        dy = backend.tensor(shape.steps(), shape.batch(), shape.hidden()).set(data.dy);
        last = backend.state(spec, shape.batch());
    }

    /**
     * In training an array of the caller: the backend cannot see whether it changed and packs the weights in each call, as
     * it has to after an optimizer.
     */
    private RnnParameters weights(RnnSpec spec) {
        if (!rnnCase.training()) {
            return backend.parameters(spec);
        }
        int size = Math.toIntExact(spec.layout().size());
        return new RnnParameters(spec, Tensor.wrap(new float[size], size));
    }

    @Override
    public void call() {
        rnn.forward(rnnCase.mode(), weights, x, null, null, y, last);
        if (rnnCase.training()) {
            rnn.backward(dy, null, dx, null, gradients);
        }
    }

    @Override
    public Map<String, float[]> outputs() {
        Map<String, float[]> outputs = new LinkedHashMap<>();
        outputs.put(Y, y.toFloats());
        outputs.put(LAST_H, last.h().toFloats());
        Tensor c = last.c();
        if (c != null) {
            outputs.put(LAST_C, c.toFloats());
        }
        if (rnnCase.training()) {
            outputs.put(DX, dx.toFloats());
            outputs.put(D_WEIGHT_IH, gradients.tensor("weight_ih_l0").toFloats());
            outputs.put(D_WEIGHT_HH, gradients.tensor("weight_hh_l0").toFloats());
            outputs.put(D_BIAS_IH, gradients.tensor("bias_ih_l0").toFloats());
            outputs.put(D_BIAS_HH, gradients.tensor("bias_hh_l0").toFloats());
        }
        return outputs;
    }
}
