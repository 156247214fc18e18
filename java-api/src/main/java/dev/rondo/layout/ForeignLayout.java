package dev.rondo.layout;

import dev.rondo.Cell;
import dev.rondo.internal.Arguments;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * How other libraries lay out the weights of a cell: the order of the gates, and whether a gate has one bias or two. The letters are
 * those of Rondo, see {@link GateOrder}; what a library calls them stands beside.
 *
 * <table>
 * <caption>The layouts</caption>
 * <tr><th></th><th>LSTM</th><th>GRU</th><th>candidate of GRU</th><th>source</th></tr>
 * <tr><td>PyTorch, DJL, Gluon</td><td>i f g o</td><td>r z n</td><td>reset after</td><td>torch.nn documentation 2.14</td></tr>
 * <tr><td>cuDNN, by linLayerID</td><td>i f g o</td><td>r z n</td><td>reset after</td><td>cuDNN RNNDescriptor</td></tr>
 * <tr><td>Keras 3</td><td>i f c o</td><td>z r h</td><td>reset after by default, or before</td><td>keras lstm.py, gru.py</td></tr>
 * <tr><td>ONNX</td><td>i o f c</td><td>z r h</td><td>reset before by default, or after</td><td>ONNX Operators.md, opset 22</td></tr>
 * <tr><td>DL4J</td><td>c f o i, named IFOG</td><td>-</td><td>-</td><td>LSTMHelpers.java</td></tr>
 * <tr><td>libnd4j</td><td>i f c o</td><td>r u c</td><td>reset after, without its bias</td><td>lstmLayer.cpp, gru.cpp</td></tr>
 * <tr><td>Haste</td><td>i g f o</td><td>z r h</td><td>reset after</td><td>haste lstm.py, gru.py</td></tr>
 * <tr><td>TensorFlow BlockLSTM</td><td>i c f o</td><td>-</td><td>-</td><td>lstm_ops.h</td></tr>
 * </table>
 */
public enum ForeignLayout {
    /** PyTorch, and with it DJL and Gluon: Rondo's own layout. */
    PYTORCH("ifgo", 2, "rzn", 2),
    /** cuDNN, by the number of a gate's matrix. */
    CUDNN("ifgo", 2, "rzn", 2),
    /** Keras 3; its GRU has two biases with {@code reset_after=True} only. */
    KERAS("ifgo", 1, "zrn", 2),
    /** ONNX. */
    ONNX("iofg", 2, "zrn", 2),
    /** DL4J's layer. Its block "I" is the candidate, its block "G" the input gate. */
    DL4J("gfoi", 1, "", 0),
    /** The operators of libnd4j. */
    LIBND4J("ifgo", 1, "rzn", 1),
    /** Haste. */
    HASTE("igfo", 1, "zrn", 2),
    /** TensorFlow's raw operator BlockLSTM, version 1. */
    BLOCK_LSTM("igfo", 1, "", 0);

    private final Map<Cell, GateOrder> orders = new EnumMap<>(Cell.class);
    private final int lstmBiases;
    private final int gruBiases;

    ForeignLayout(String lstm, int lstmBiases, String gru, int gruBiases) {
        this.lstmBiases = lstmBiases;
        this.gruBiases = gruBiases;
        orders.put(Cell.LSTM, GateOrder.of(Cell.LSTM, lstm));
        for (Cell plain : new Cell[] {Cell.RNN_TANH, Cell.RNN_RELU}) {
            orders.put(plain, GateOrder.of(plain, GateOrder.gates(plain)));
        }
        if (!gru.isEmpty()) {
            for (Cell gated : new Cell[] {Cell.GRU, Cell.GRU_RESET_BEFORE}) {
                orders.put(gated, GateOrder.of(gated, gru));
            }
        }
    }

    /**
     * The order of the gates.
     *
     * @param cell a cell
     * @return empty if the table has none
     */
    public Optional<GateOrder> gates(Cell cell) {
        return Optional.ofNullable(orders.get(Arguments.notNull("cell", cell)));
    }

    /**
     * Whether a gate has two biases, as in Rondo, or one.
     *
     * @param cell a cell
     * @return true for two; for one, {@link GateOrder#singleBias} gives it, and back the recurrent bias is zero
     * @throws IllegalArgumentException if the table has no such cell
     */
    public boolean hasTwoBiases(Cell cell) {
        GateOrder order = gates(cell)
                .orElseThrow(() -> new IllegalArgumentException(
                        "cell: expected one of " + orders.keySet() + " of layout " + this + ", got " + cell));
        return switch (order.letters().length()) {
            case 4 -> lstmBiases == 2;
            case 3 -> gruBiases == 2 && (this != KERAS || cell == Cell.GRU);
            default -> lstmBiases == 2;
        };
    }
}
