package dev.rondo.bench.peers;

import dev.rondo.Cell;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * PyTorch's functions {@code lstm} and {@code gru} through Bytedeco's bindings: inference in PyTorch's inference mode,
 * training with autograd, whose gradients are new tensors in each call.
 */
final class TorchEngine implements Engine {
    private static final List<String> GRADIENTS = List.of(DX, D_WEIGHT_IH, D_WEIGHT_HH, D_BIAS_IH, D_BIAS_HH);

    private final RnnCase rnn;
    private final Tensor x;
    private final Tensor zero;
    private final TensorVector zeros;
    private final TensorVector weights;
    private final TensorVector variables;
    private final TensorVector dy;
    private final BoolOptional freeGraph = new BoolOptional(false);

    /** The outputs of the last call, which are parts of it. */
    private Pointer result = new Pointer();

    private Tensor y = new Tensor();
    private Tensor lastH = y;
    private Tensor lastC = y;
    private TensorVector gradients = new TensorVector();

    TorchEngine(RnnCase rnn, RnnData data) {
        this.rnn = rnn;
        torch.set_num_threads(rnn.threads());
        torch.set_num_interop_threads(1);
        RnnCase.Shape shape = rnn.shape();
        long rows = rnn.gateRows();
        x = tensor(data.x, shape.steps(), shape.batch(), shape.inputs());
        zero = torch.zeros(1, shape.batch(), shape.hidden());
        zeros = new TensorVector(zero, zero);
        weights = new TensorVector(
                tensor(data.weightIh, rows, shape.inputs()),
                tensor(data.weightHh, rows, shape.hidden()),
                tensor(data.biasIh, rows),
                tensor(data.biasHh, rows));
        variables = new TensorVector(x, weights.get(0), weights.get(1), weights.get(2), weights.get(3));
        dy = new TensorVector(tensor(data.dy, shape.steps(), shape.batch(), shape.hidden()));
        for (long i = 0; rnn.training() && i < variables.size(); i++) {
            variables.get(i).set_requires_grad(true);
        }
    }

    private static Tensor tensor(float[] values, long... shape) {
        return torch.from_blob(new FloatPointer(values), shape).clone();
    }

    @Override
    public void call() {
        result.close();
        gradients.close();
        if (rnn.training()) {
            forward();
            try (TensorVector outputs = new TensorVector(y)) {
                gradients = torch.grad(outputs, variables, dy, freeGraph, false, false);
            }
        } else {
            InferenceMode guard = new InferenceMode(true);
            try {
                forward();
            } finally {
                guard.close();
            }
        }
    }

    private void forward() {
        if (rnn.cell() == Cell.LSTM) {
            T_TensorTensorTensor_T out = torch.lstm(x, zeros, weights, true, 1, 0, rnn.training(), false, false);
            result = out;
            y = out.get0();
            lastH = out.get1();
            lastC = out.get2();
        } else {
            T_TensorTensor_T out = torch.gru(x, zero, weights, true, 1, 0, rnn.training(), false, false);
            result = out;
            y = out.get0();
            lastH = out.get1();
        }
    }

    @Override
    public Map<String, float[]> outputs() {
        Map<String, float[]> outputs = new LinkedHashMap<>();
        outputs.put(Y, values(y));
        outputs.put(LAST_H, values(lastH));
        if (rnn.cell() == Cell.LSTM) {
            outputs.put(LAST_C, values(lastC));
        }
        for (int i = 0; rnn.training() && i < gradients.size(); i++) {
            outputs.put(GRADIENTS.get(i), values(gradients.get(i)));
        }
        return outputs;
    }

    private static float[] values(Tensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.numel())];
        try (Tensor row = tensor.detach().contiguous()) {
            row.data_ptr_float().get(values);
        }
        return values;
    }
}
