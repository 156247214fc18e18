package dev.rondo.bench.peers;

import dev.rondo.Cell;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The bytes of an ONNX model with one recurrent node whose weights are constants. ONNX Runtime reads models only in this
 * form, a Protocol Buffers message; the numbers below are the field numbers of {@code onnx.proto}.
 */
final class OnnxModel {
    private static final int IR_VERSION = 8;
    private static final int OPSET = 14;
    private static final int FLOAT = 1;
    private static final int ATTRIBUTE_INT = 2;

    private OnnxModel() {}

    /** The model: {@code X [T,N,I]} to {@code Y [T,1,N,H]}, {@code Y_h [1,N,H]} and, for LSTM, {@code Y_c [1,N,H]}. */
    static byte[] of(RnnCase rnn, RnnData data) {
        RnnCase.Shape shape = rnn.shape();
        int rows = rnn.gateRows();
        boolean lstm = rnn.cell() == Cell.LSTM;
        int[] gates = gateOrder(rnn.cell());
        float[] bias = new float[2 * rows];
        System.arraycopy(RnnData.blocks(data.biasIh, gates), 0, bias, 0, rows);
        System.arraycopy(RnnData.blocks(data.biasHh, gates), 0, bias, rows, rows);

        Message node = new Message();
        List.of("X", "W", "R", "B").forEach(name -> node.text(1, name));
        outputs(rnn.cell()).forEach(name -> node.text(2, name));
        node.text(4, rnn.cell().name());
        node.message(5, attribute("hidden_size", shape.hidden()));
        if (!lstm) {
            node.message(5, attribute("linear_before_reset", 1));
        }
        Message graph = new Message();
        graph.message(1, node);
        graph.text(2, "layer");
        graph.message(5, constant("W", RnnData.blocks(data.weightIh, gates), 1, rows, shape.inputs()));
        graph.message(5, constant("R", RnnData.blocks(data.weightHh, gates), 1, rows, shape.hidden()));
        graph.message(5, constant("B", bias, 1, bias.length));
        graph.message(11, value("X", shape.steps(), shape.batch(), shape.inputs()));
        graph.message(12, value("Y", shape.steps(), 1, shape.batch(), shape.hidden()));
        graph.message(12, value("Y_h", 1, shape.batch(), shape.hidden()));
        if (lstm) {
            graph.message(12, value("Y_c", 1, shape.batch(), shape.hidden()));
        }
        Message model = new Message();
        model.number(1, IR_VERSION);
        model.message(7, graph);
        model.message(8, new Message().text(1, "").number(2, OPSET));
        return model.bytes();
    }

    static List<String> outputs(Cell cell) {
        return cell == Cell.LSTM ? List.of("Y", "Y_h", "Y_c") : List.of("Y", "Y_h");
    }

    /** ONNX has i, o, f, c and z, r, h. */
    private static int[] gateOrder(Cell cell) {
        return cell == Cell.LSTM ? new int[] {0, 3, 1, 2} : new int[] {1, 0, 2};
    }

    private static Message attribute(String name, int value) {
        return new Message().text(1, name).number(3, value).number(20, ATTRIBUTE_INT);
    }

    private static Message constant(String name, float[] values, int... dimensions) {
        Message tensor = new Message();
        for (int dimension : dimensions) {
            tensor.number(1, dimension);
        }
        ByteBuffer raw = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        raw.asFloatBuffer().put(values);
        return tensor.number(2, FLOAT).text(8, name).bytes(9, raw.array());
    }

    private static Message value(String name, int... dimensions) {
        Message shape = new Message();
        for (int dimension : dimensions) {
            shape.message(1, new Message().number(1, dimension));
        }
        Message type = new Message().message(1, new Message().number(1, FLOAT).message(2, shape));
        return new Message().text(1, name).message(2, type);
    }

    /** A Protocol Buffers message: fields with a tag each, in the order of the calls. */
    private static final class Message {
        private static final int VARINT = 0;
        private static final int LENGTH_DELIMITED = 2;

        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        Message number(int field, int value) {
            varint(field << 3 | VARINT);
            varint(value);
            return this;
        }

        Message text(int field, String value) {
            return bytes(field, value.getBytes(StandardCharsets.UTF_8));
        }

        Message message(int field, Message value) {
            return bytes(field, value.bytes());
        }

        Message bytes(int field, byte[] value) {
            varint(field << 3 | LENGTH_DELIMITED);
            varint(value.length);
            out.writeBytes(value);
            return this;
        }

        byte[] bytes() {
            return out.toByteArray();
        }

        private void varint(int value) {
            int rest = value;
            while (rest >= 0x80) {
                out.write(rest & 0x7f | 0x80);
                rest >>>= 7;
            }
            out.write(rest);
        }
    }
}
