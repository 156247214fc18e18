package dev.rondo.bench.peers;

import dev.rondo.Cell;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.lbr_gru_backward;
import org.bytedeco.dnnl.lbr_gru_forward;
import org.bytedeco.dnnl.lstm_backward;
import org.bytedeco.dnnl.lstm_forward;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.rnn_primitive_desc_base;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.FloatPointer;

/**
 * oneDNN's primitives, called directly. Each primitive chooses the layout of its weights. In inference they are converted to
 * it once. In training they are kept in the layout that the gradients have, so that an optimizer can work on both, and
 * converted in each call for the primitives that want another one. Gradients of the weights are added up.
 */
final class OneDnnEngine implements Engine {
    /** oneDNN has i, f, g, o. */
    private static final int[] LSTM_GATES = {0, 1, 2, 3};
    /** oneDNN has z, r, n. */
    private static final int[] GRU_GATES = {1, 0, 2};

    private static final dnnl.rnn_direction FORWARD = dnnl.rnn_direction.unidirectional_left2right;

    private final RnnCase rnn;
    private final boolean lstm;
    private final int[] gates;
    private final engine cpu = new engine(engine.kind.cpu, 0);
    private final stream queue = new stream(cpu);

    private final memory.desc none = new memory.desc();
    private final memory.desc source;
    private final memory.desc destination;
    private final memory.desc state;
    private final memory.desc initial;
    private final memory.desc inputWeights;
    private final memory.desc recurrentWeights;
    private final memory.desc bias;

    /** What a call executes, in order. */
    private final List<Step> steps = new ArrayList<>();

    private final Map<String, memory> outputs = new LinkedHashMap<>();

    private record Step(primitive operation, IntMemoryMap arguments) {}

    OneDnnEngine(RnnCase rnn, RnnData data) {
        this.rnn = rnn;
        lstm = rnn.cell() == Cell.LSTM;
        gates = lstm ? LSTM_GATES : GRU_GATES;
        int batch = rnn.shape().batch();
        int inputs = rnn.shape().inputs();
        int hidden = rnn.shape().hidden();
        source = desc(memory.format_tag.tnc, rnn.shape().steps(), batch, inputs);
        destination = desc(memory.format_tag.tnc, rnn.shape().steps(), batch, hidden);
        state = desc(memory.format_tag.ldnc, 1, 1, batch, hidden);
        // Zero either way, but without an initial state oneDNN 3.11 computes a wrong recurrent gradient for LSTM.
        initial = lstm && rnn.training() ? state : none;
        inputWeights = desc(memory.format_tag.any, 1, 1, inputs, gates.length, hidden);
        recurrentWeights = desc(memory.format_tag.any, 1, 1, hidden, gates.length, hidden);
        bias = desc(memory.format_tag.ldgo, 1, 1, 4, hidden);

        memory plainIh = filled(
                desc(memory.format_tag.ldgoi, 1, 1, inputs, gates.length, hidden),
                RnnData.blocks(data.weightIh, gates));
        memory plainHh = filled(
                desc(memory.format_tag.ldgoi, 1, 1, hidden, gates.length, hidden),
                RnnData.blocks(data.weightHh, gates));
        IntMemoryMap arguments = new IntMemoryMap();
        arguments.put(dnnl.DNNL_ARG_SRC_LAYER, filled(source, data.x));
        arguments.put(dnnl.DNNL_ARG_BIAS, filled(bias, bias(data)));
        arguments.put(dnnl.DNNL_ARG_DST_LAYER, output(Y, destination));
        arguments.put(dnnl.DNNL_ARG_DST_ITER, output(LAST_H, state));
        if (lstm) {
            arguments.put(dnnl.DNNL_ARG_DST_ITER_C, output(LAST_C, state));
        }
        if (rnn.training()) {
            training(plainIh, plainHh, arguments, data.dy);
        } else {
            rnn_primitive_desc_base forward = forward(dnnl.prop_kind.forward_inference);
            arguments.put(dnnl.DNNL_ARG_WEIGHTS_LAYER, converted(plainIh, forward.weights_layer_desc()));
            arguments.put(dnnl.DNNL_ARG_WEIGHTS_ITER, converted(plainHh, forward.weights_iter_desc()));
            steps.add(new Step(new primitive(forward), arguments));
        }
    }

    private void training(memory plainIh, memory plainHh, IntMemoryMap arguments, float[] dy) {
        rnn_primitive_desc_base forward = forward(dnnl.prop_kind.forward_training);
        rnn_primitive_desc_base backward = backward(forward);
        memory weightIh = converted(plainIh, backward.diff_weights_layer_desc());
        memory weightHh = converted(plainHh, backward.diff_weights_iter_desc());
        if (lstm) {
            arguments.put(dnnl.DNNL_ARG_SRC_ITER, zero(initial));
            arguments.put(dnnl.DNNL_ARG_SRC_ITER_C, zero(initial));
        }
        arguments.put(dnnl.DNNL_ARG_WORKSPACE, new memory(forward.workspace_desc(), cpu));
        IntMemoryMap back = new IntMemoryMap().put(arguments);
        arguments.put(dnnl.DNNL_ARG_WEIGHTS_LAYER, convertedInCall(weightIh, forward.weights_layer_desc()));
        arguments.put(dnnl.DNNL_ARG_WEIGHTS_ITER, convertedInCall(weightHh, forward.weights_iter_desc()));
        steps.add(new Step(new primitive(forward), arguments));

        back.put(dnnl.DNNL_ARG_WEIGHTS_LAYER, convertedInCall(weightIh, backward.weights_layer_desc()));
        back.put(dnnl.DNNL_ARG_WEIGHTS_ITER, convertedInCall(weightHh, backward.weights_iter_desc()));
        back.put(dnnl.DNNL_ARG_DIFF_DST_LAYER, filled(destination, dy));
        back.put(dnnl.DNNL_ARG_DIFF_DST_ITER, zero(state));
        if (lstm) {
            back.put(dnnl.DNNL_ARG_DIFF_DST_ITER_C, zero(state));
            back.put(dnnl.DNNL_ARG_DIFF_SRC_ITER, zero(initial));
            back.put(dnnl.DNNL_ARG_DIFF_SRC_ITER_C, zero(initial));
        }
        back.put(dnnl.DNNL_ARG_DIFF_SRC_LAYER, output(DX, source));
        back.put(dnnl.DNNL_ARG_DIFF_WEIGHTS_LAYER, output(D_WEIGHT_IH, backward.diff_weights_layer_desc()));
        back.put(dnnl.DNNL_ARG_DIFF_WEIGHTS_ITER, output(D_WEIGHT_HH, backward.diff_weights_iter_desc()));
        back.put(dnnl.DNNL_ARG_DIFF_BIAS, output(D_BIAS_IH, bias));
        steps.add(new Step(new primitive(backward), back));
    }

    private rnn_primitive_desc_base forward(dnnl.prop_kind kind) {
        if (lstm) {
            return new lstm_forward.primitive_desc(
                    cpu,
                    kind,
                    FORWARD,
                    source,
                    initial,
                    initial,
                    inputWeights,
                    recurrentWeights,
                    bias,
                    destination,
                    state,
                    state);
        }
        return new lbr_gru_forward.primitive_desc(
                cpu, kind, FORWARD, source, none, inputWeights, recurrentWeights, bias, destination, state);
    }

    private rnn_primitive_desc_base backward(rnn_primitive_desc_base forward) {
        if (lstm) {
            return new lstm_backward.primitive_desc(
                    cpu,
                    dnnl.prop_kind.backward,
                    FORWARD,
                    source,
                    initial,
                    initial,
                    inputWeights,
                    recurrentWeights,
                    bias,
                    destination,
                    state,
                    state,
                    source,
                    initial,
                    initial,
                    inputWeights,
                    recurrentWeights,
                    bias,
                    destination,
                    state,
                    state,
                    (lstm_forward.primitive_desc) forward);
        }
        return new lbr_gru_backward.primitive_desc(
                cpu,
                dnnl.prop_kind.backward,
                FORWARD,
                source,
                none,
                inputWeights,
                recurrentWeights,
                bias,
                destination,
                state,
                source,
                none,
                inputWeights,
                recurrentWeights,
                bias,
                destination,
                state,
                (lbr_gru_forward.primitive_desc) forward);
    }

    /** LSTM: i, f, g, o. GRU: z, r, the input bias of n, the recurrent bias of n. */
    private float[] bias(RnnData data) {
        float[] sum = RnnData.blocks(RnnData.sum(data.biasIh, data.biasHh), gates);
        if (lstm) {
            return sum;
        }
        int hidden = rnn.shape().hidden();
        float[] result = Arrays.copyOf(sum, 4 * hidden);
        System.arraycopy(data.biasIh, 2 * hidden, result, 2 * hidden, hidden);
        System.arraycopy(data.biasHh, 2 * hidden, result, 3 * hidden, hidden);
        return result;
    }

    private static memory.desc desc(memory.format_tag layout, long... dimensions) {
        return new memory.desc(dimensions, memory.data_type.f32, layout);
    }

    private memory filled(memory.desc desc, float[] values) {
        memory result = new memory(desc, cpu);
        new FloatPointer(result.get_data_handle()).put(values);
        return result;
    }

    private memory zero(memory.desc desc) {
        return filled(desc, new float[Math.toIntExact(desc.get_size() / Float.BYTES)]);
    }

    private memory output(String name, memory.desc desc) {
        memory result = zero(desc);
        outputs.put(name, result);
        return result;
    }

    private memory converted(memory from, memory.desc layout) {
        memory to = new memory(layout, cpu);
        new reorder(from, to).execute(queue, from, to);
        queue._wait();
        return to;
    }

    private memory convertedInCall(memory from, memory.desc layout) {
        if (from.get_desc().equals(layout)) {
            return from;
        }
        memory to = new memory(layout, cpu);
        IntMemoryMap arguments =
                new IntMemoryMap().put(dnnl.DNNL_ARG_FROM, from).put(dnnl.DNNL_ARG_TO, to);
        steps.add(new Step(new reorder(from, to), arguments));
        return to;
    }

    @Override
    public void call() {
        for (Step step : steps) {
            step.operation.execute(queue, step.arguments);
        }
        queue._wait();
    }

    @Override
    public Map<String, float[]> outputs() {
        Map<String, float[]> result = new LinkedHashMap<>();
        outputs.forEach((name, memory) -> result.put(name, values(memory)));
        if (rnn.training()) {
            int inputs = rnn.shape().inputs();
            int hidden = rnn.shape().hidden();
            result.put(D_WEIGHT_IH, weights(outputs.get(D_WEIGHT_IH), inputs));
            result.put(D_WEIGHT_HH, weights(outputs.get(D_WEIGHT_HH), hidden));
            float[] sums = result.get(D_BIAS_IH);
            float[] dBias = RnnData.blocks(Arrays.copyOf(sums, gates.length * hidden), gates);
            result.put(D_BIAS_IH, dBias);
            result.put(D_BIAS_HH, dBias.clone());
            if (!lstm) {
                System.arraycopy(sums, 3 * hidden, result.get(D_BIAS_HH), 2 * hidden, hidden);
            }
        }
        return result;
    }

    /** Values of a memory without padding. */
    private static float[] values(memory memory) {
        float[] values = new float[Math.toIntExact(memory.get_desc().get_size() / Float.BYTES)];
        new FloatPointer(memory.get_data_handle()).get(values);
        return values;
    }

    /** A gradient of weights in PyTorch's layout; the order of gates is its own inverse. */
    private float[] weights(memory from, int columns) {
        int hidden = rnn.shape().hidden();
        return RnnData.blocks(
                values(converted(from, desc(memory.format_tag.ldgoi, 1, 1, columns, gates.length, hidden))), gates);
    }
}
