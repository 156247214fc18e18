package dev.rondo.bench.peers;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * ONNX Runtime: one node with constant weights, which it packs when the session is made. Input and outputs stay in buffers
 * that it uses in place.
 */
final class OnnxRuntimeEngine implements Engine {
    private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
    private final OrtSession session;
    private final Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
    private final Map<String, OnnxTensor> outputs = new LinkedHashMap<>();
    private final Map<String, FloatBuffer> buffers = new LinkedHashMap<>();

    OnnxRuntimeEngine(RnnCase rnn, RnnData data) throws OrtException {
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setIntraOpNumThreads(rnn.threads());
            options.setInterOpNumThreads(1);
            options.setExecutionMode(OrtSession.SessionOptions.ExecutionMode.SEQUENTIAL);
            options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
            session = environment.createSession(OnnxModel.of(rnn, data), options);
        }
        RnnCase.Shape shape = rnn.shape();
        FloatBuffer x = direct(data.x.length);
        x.put(data.x).rewind();
        inputs.put("X", OnnxTensor.createTensor(environment, x, new long[] {shape.steps(), shape.batch(), shape.inputs()
        }));
        for (String name : OnnxModel.outputs(rnn.cell())) {
            long[] dimensions = name.equals("Y")
                    ? new long[] {shape.steps(), 1, shape.batch(), shape.hidden()}
                    : new long[] {1, shape.batch(), shape.hidden()};
            int size = (name.equals("Y") ? shape.steps() : 1) * shape.batch() * shape.hidden();
            FloatBuffer buffer = direct(size);
            buffers.put(name, buffer);
            outputs.put(name, OnnxTensor.createTensor(environment, buffer, dimensions));
        }
    }

    private static FloatBuffer direct(int size) {
        return ByteBuffer.allocateDirect(4 * size)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
    }

    @Override
    public void call() throws OrtException {
        session.run(inputs, outputs).close();
    }

    @Override
    public Map<String, float[]> outputs() {
        Map<String, float[]> result = new LinkedHashMap<>();
        Map<String, String> names = Map.of("Y", Y, "Y_h", LAST_H, "Y_c", LAST_C);
        buffers.forEach((name, buffer) -> {
            float[] values = new float[buffer.capacity()];
            buffer.duplicate().rewind().get(values);
            result.put(names.get(name), values);
        });
        return result;
    }
}
