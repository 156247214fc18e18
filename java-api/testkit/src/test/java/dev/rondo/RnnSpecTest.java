package dev.rondo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.contract.Refusal;
import dev.rondo.spi.Supported;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RnnSpecTest {
    private static final int LARGEST = Integer.MAX_VALUE - 8;

    @Test
    void namesShapesAndPlacesAreThoseOfPyTorch() {
        ParameterLayout layout = RnnSpec.of(Cell.LSTM, 3, 2)
                .withLayers(2)
                .withDirection(Direction.BIDIRECTIONAL)
                .layout();
        assertEquals(
                List.of(
                        "weight_ih_l0",
                        "weight_hh_l0",
                        "bias_ih_l0",
                        "bias_hh_l0",
                        "weight_ih_l0_reverse",
                        "weight_hh_l0_reverse",
                        "bias_ih_l0_reverse",
                        "bias_hh_l0_reverse",
                        "weight_ih_l1",
                        "weight_hh_l1",
                        "bias_ih_l1",
                        "bias_hh_l1",
                        "weight_ih_l1_reverse",
                        "weight_hh_l1_reverse",
                        "bias_ih_l1_reverse",
                        "bias_hh_l1_reverse"),
                layout.entries().stream().map(ParameterLayout.Entry::name).toList());
        assertArrayEquals(new int[] {8, 3}, layout.entry("weight_ih_l0").shape());
        assertArrayEquals(new int[] {8, 2}, layout.entry("weight_hh_l0").shape());
        assertArrayEquals(new int[] {8, 4}, layout.entry("weight_ih_l1_reverse").shape());
        assertArrayEquals(new int[] {8}, layout.entry("bias_hh_l1").shape());
        long place = 0;
        for (ParameterLayout.Entry entry : layout.entries()) {
            assertEquals(place, entry.offset());
            place += entry.size();
        }
        assertEquals(place, layout.size());
        assertEquals(2 * (8 * 3 + 8 * 2 + 16) + 2 * (8 * 4 + 8 * 2 + 16), layout.size());
    }

    @Test
    void aReverseNetworkHasReverseNamesOnly() {
        ParameterLayout layout = RnnSpec.of(Cell.GRU, 3, 2)
                .withDirection(Direction.REVERSE)
                .withBias(false)
                .layout();
        assertEquals(
                List.of("weight_ih_l0_reverse", "weight_hh_l0_reverse"),
                layout.entries().stream().map(ParameterLayout.Entry::name).toList());
    }

    @ParameterizedTest
    @CsvSource({
        "RNN_TANH, 1, false",
        "RNN_RELU, 1, false",
        "LSTM, 4, true",
        "GRU, 3, false",
        "GRU_RESET_BEFORE, 3, false"
    })
    void sizesOfCells(Cell cell, int gates, boolean cellState) {
        RnnSpec spec = RnnSpec.of(cell, 5, 7).withLayers(3).withDirection(Direction.BIDIRECTIONAL);
        assertEquals(gates, cell.gates());
        assertEquals(cellState, cell.hasCellState());
        assertEquals(7 * gates, spec.gateRows());
        assertEquals(14, spec.outputSize());
        assertEquals(6, spec.stateCount());
        assertEquals(5, spec.inputSize(0));
        assertEquals(14, spec.inputSize(2));
    }

    @Test
    void wrongSettingsAreRefused() {
        RnnSpec spec = RnnSpec.of(Cell.LSTM, 1, 1);
        Refusal.nullArgument(() -> RnnSpec.of(null, 1, 1), "cell");
        Refusal.nullArgument(() -> spec.withDirection(null), "direction");
        Refusal.illegalArgument(() -> RnnSpec.of(Cell.LSTM, 0, 1), "inputSize: expected at least 1, got 0");
        Refusal.illegalArgument(() -> RnnSpec.of(Cell.LSTM, 1, -1), "hiddenSize: expected at least 1, got -1");
        Refusal.illegalArgument(() -> spec.withLayers(0), "layers: expected 1 to 1024, got 0");
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.001, 1, 1.5, Double.NaN, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY})
    void dropoutOutOfRangeIsRefused(double dropout) {
        RnnSpec spec = RnnSpec.of(Cell.LSTM, 1, 1);
        Refusal.illegalArgument(() -> spec.withDropout(dropout), "dropout: expected 0 to less than 1, got " + dropout);
    }

    @Test
    void moreParametersThanAnArrayHoldsAreRefused() {
        int max = Integer.MAX_VALUE;
        Refusal.illegalArgument(() -> RnnSpec.of(Cell.LSTM, max, max), "hiddenSize 2147483647", "2147483639");
        Refusal.illegalArgument(() -> RnnSpec.of(Cell.RNN_TANH, 1, 65536), "hiddenSize 65536", "2147483639");
        Refusal.illegalArgument(() -> RnnSpec.of(Cell.RNN_TANH, max, 1), "inputSize 2147483647", "2147483639");
        RnnSpec one = RnnSpec.of(Cell.RNN_TANH, 1, 1);
        Refusal.illegalArgument(() -> one.withLayers(max), "layers: expected 1 to 1024, got 2147483647");
        RnnSpec wide = RnnSpec.of(Cell.RNN_TANH, 1, 2048);
        Refusal.illegalArgument(() -> wide.withLayers(1000), "hiddenSize 2048", "layers 1000", "2147483639");
    }

    @Test
    void theLimitIsExact() {
        RnnSpec largest = RnnSpec.of(Cell.RNN_TANH, LARGEST - 3, 1);
        assertEquals(LARGEST, largest.layout().size());
        Refusal.illegalArgument(() -> RnnSpec.of(Cell.RNN_TANH, LARGEST - 2, 1), "2147483639");
        RnnSpec withoutBias = RnnSpec.of(Cell.RNN_TANH, LARGEST - 3, 1).withBias(false);
        assertEquals(LARGEST - 2, withoutBias.layout().size());
    }

    @Test
    void onlyTheDropoutMayDifferForWeightsToFit() {
        RnnSpec spec = RnnSpec.of(Cell.LSTM, 3, 2).withLayers(2);
        assertTrue(spec.sharesWeightsWith(spec.withDropout(0.5)));
        assertFalse(spec.sharesWeightsWith(spec.withBias(false)));
        assertFalse(spec.sharesWeightsWith(spec.withDirection(Direction.REVERSE)));
        assertFalse(spec.sharesWeightsWith(spec.withLayers(1)));
        assertFalse(spec.sharesWeightsWith(RnnSpec.of(Cell.GRU, 3, 2).withLayers(2)));
        assertNotEquals(spec, spec.withDropout(0.5));
    }

    @Test
    void weightsByRole() {
        RnnSpec spec = RnnSpec.of(Cell.GRU, 5, 2).withLayers(2).withDirection(Direction.BIDIRECTIONAL);
        Weight weight = spec.weight(1, 1, WeightRole.RECURRENT);
        assertEquals("weight_hh_l1_reverse [6,2]", weight.toString());
        assertEquals(spec.layout().entry("weight_hh_l1_reverse").offset(), weight.offset());
        assertEquals(spec.weights().size(), spec.layout().entries().size());
        for (Weight each : spec.weights()) {
            ParameterLayout.Entry entry = spec.layout().entry(each.name());
            assertEquals(entry.offset(), each.offset());
            assertEquals(entry.size(), each.size());
            assertEquals(each, spec.weight(each.layer(), each.direction(), each.role()));
        }
        assertNull(spec.withBias(false).weight(0, 0, WeightRole.BIAS_INPUT));
        Refusal.illegalArgument(() -> spec.weight(2, 0, WeightRole.INPUT), "layer: expected 0 to 1, got 2");
        Refusal.illegalArgument(() -> spec.weight(0, 2, WeightRole.INPUT), "d: expected 0 to 1, got 2");
    }

    @Test
    void cellsHaveStableKeys() {
        for (Cell cell : Cell.values()) {
            assertEquals(cell, Cell.ofKey(cell.key()));
        }
        assertEquals("GRU_RESET_BEFORE", Cell.GRU_RESET_BEFORE.key());
        Refusal.illegalArgument(() -> Cell.ofKey("LSTMM"), "cell: expected one of", "LSTM", "got LSTMM");
    }

    @Test
    void optionsAreWhatIsNotAtItsDefault() {
        RnnSpec spec = RnnSpec.of(Cell.LSTM, 3, 2);
        assertEquals(Set.of(), spec.options());
        assertEquals(Set.of(RnnOption.DROPOUT), spec.withDropout(0.5).options());
        Supported without = new Supported("abacus", Set.of(Cell.LSTM), Set.of());
        assertEquals(Optional.empty(), without.missing(spec));
        assertEquals(
                "backend abacus does not have [DROPOUT]",
                without.missing(spec.withDropout(0.5)).get());
        assertEquals(
                "backend abacus does not have cell GRU",
                without.missing(spec.withCell(Cell.GRU)).get());
    }
}
