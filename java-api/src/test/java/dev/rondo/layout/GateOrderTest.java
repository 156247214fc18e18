package dev.rondo.layout;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Cell;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class GateOrderTest {
    private static int[] blocks(ForeignLayout layout, Cell cell) {
        GateOrder order = layout.gates(cell).orElseThrow();
        int[] blocks = new int[cell.gates()];
        for (int gate = 0; gate < blocks.length; gate++) {
            blocks[gate] = order.block(gate);
        }
        return blocks;
    }

    /** Which foreign blocks give i, f, g, o; of ONNX also what PyTorch's exporter takes apart, turned round. */
    @ParameterizedTest
    @CsvSource({
        "PYTORCH,    0, 1, 2, 3",
        "CUDNN,      0, 1, 2, 3",
        "KERAS,      0, 1, 2, 3",
        "ONNX,       0, 2, 3, 1",
        "DL4J,       3, 1, 0, 2",
        "LIBND4J,    0, 1, 2, 3",
        "HASTE,      0, 2, 1, 3",
        "BLOCK_LSTM, 0, 2, 1, 3"
    })
    void blocksOfLstm(ForeignLayout layout, int i, int f, int g, int o) {
        assertArrayEquals(new int[] {i, f, g, o}, blocks(layout, Cell.LSTM));
    }

    @ParameterizedTest
    @CsvSource({
        "PYTORCH, 0, 1, 2",
        "CUDNN, 0, 1, 2",
        "LIBND4J, 0, 1, 2",
        "KERAS, 1, 0, 2",
        "ONNX, 1, 0, 2",
        "HASTE, 1, 0, 2"
    })
    void blocksOfGru(ForeignLayout layout, int r, int z, int n) {
        assertArrayEquals(new int[] {r, z, n}, blocks(layout, Cell.GRU));
        assertArrayEquals(new int[] {r, z, n}, blocks(layout, Cell.GRU_RESET_BEFORE));
    }

    @Test
    void whatALibraryDoesNotHaveIsAbsent() {
        assertTrue(ForeignLayout.DL4J.gates(Cell.GRU).isEmpty());
        assertTrue(ForeignLayout.BLOCK_LSTM.gates(Cell.GRU_RESET_BEFORE).isEmpty());
        assertThrows(IllegalArgumentException.class, () -> ForeignLayout.DL4J.hasTwoBiases(Cell.GRU));
    }

    @Test
    void biasesAreOneOrTwo() {
        assertTrue(ForeignLayout.ONNX.hasTwoBiases(Cell.LSTM));
        assertTrue(ForeignLayout.PYTORCH.hasTwoBiases(Cell.RNN_TANH));
        assertFalse(ForeignLayout.KERAS.hasTwoBiases(Cell.LSTM));
        assertTrue(ForeignLayout.KERAS.hasTwoBiases(Cell.GRU));
        assertFalse(ForeignLayout.KERAS.hasTwoBiases(Cell.GRU_RESET_BEFORE));
        assertFalse(ForeignLayout.DL4J.hasTwoBiases(Cell.LSTM));
    }

    /** H = 2, one column: foreign blocks c, f, o, i are 1 1, 2 2, 3 3, 4 4. */
    @Test
    void rowsOfDl4j() {
        GateOrder order = ForeignLayout.DL4J.gates(Cell.LSTM).orElseThrow();
        double[] foreign = {9, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5};
        double[] rondo = {4, 4.5, 2, 2.5, 1, 1.5, 3, 3.5};
        assertArrayEquals(rondo, order.toRondo(foreign, 1, 8));
        double[] back = new double[9];
        back[0] = 9;
        order.toForeign(rondo, back, 1);
        assertArrayEquals(foreign, back);
    }

    /** sigmoid(-a) = 1 - sigmoid(a): of an update gate that takes the candidate the rows of z change their sign. */
    @Test
    void theOtherUpdateGate() {
        GateOrder order = GateOrder.of(Cell.GRU, "zrn").withUpdateOfCandidate();
        assertArrayEquals(new double[] {2, -1, 3}, order.toRondo(new double[] {1, 2, 3}, 0, 3));
        double[] back = new double[3];
        order.toForeign(new double[] {2, -1, 3}, back, 0);
        assertArrayEquals(new double[] {1, 2, 3}, back);
        assertEquals("GRU -zrn", order.toString());
        assertThrows(
                IllegalStateException.class,
                () -> GateOrder.of(Cell.LSTM, "ifgo").withUpdateOfCandidate());
    }

    @Test
    void twoBiasesToOne() {
        double[] one = {1, 2, 3};
        double[] other = {10, 20, 30};
        GateOrder before = GateOrder.of(Cell.GRU_RESET_BEFORE, "rzn");
        assertArrayEquals(new double[] {11, 22, 33}, before.singleBias(one, other));
        GateOrder after = GateOrder.of(Cell.GRU, "rzn");
        String message = assertThrows(IllegalArgumentException.class, () -> after.singleBias(one, other))
                .getMessage();
        assertTrue(message.startsWith("biasRecurrent[2]: expected 0 in the candidate of GRU"), message);
        assertArrayEquals(new double[] {11, 22, 3}, after.singleBias(one, new double[] {10, 20, 0}));
    }

    @ParameterizedTest
    @EnumSource(Cell.class)
    void letters(Cell cell) {
        String gates = GateOrder.gates(cell);
        assertEquals(cell.gates(), gates.length());
        GateOrder own = GateOrder.of(cell, gates);
        assertEquals(own, ForeignLayout.PYTORCH.gates(cell).orElseThrow());
        assertThrows(IllegalArgumentException.class, () -> GateOrder.of(cell, gates + "x"));
        assertThrows(IllegalArgumentException.class, () -> GateOrder.of(cell, "x"));
        int count = cell.gates() + 1;
        assertThrows(IllegalArgumentException.class, () -> own.toRondo(new double[9], 8, 2));
        if (count > 2) {
            assertThrows(IllegalArgumentException.class, () -> own.toRondo(new double[9], 0, count));
        }
    }
}
