package dev.rondo.bench.conform;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rondo.Cell;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CaseSupportTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "RNN|activations HardSigmoid|activation HardSigmoid as f of RNN",
                "RNN|clip 0.5|clip 0.5",
                "RNN|clip 999|clip 999.0",
                "RNN|nonsense 3|attribute nonsense",
                "GRU|activations Sigmoid Relu|activation Relu as g of GRU",
                "GRU|activations Tanh Tanh|activation Tanh as f of GRU",
                "LSTM|activations Sigmoid Tanh Softsign|activation Softsign as h of LSTM",
                "LSTM|activations Sigmoid Unheard Tanh|activation Unheard as g of LSTM",
                "LSTM|input_forget 1|coupled gates (input_forget 1)",
            })
    void namesWhatIsMissing(String op, String attribute, String reason) {
        assertEquals(List.of(reason), CaseSupport.missing(read(op, attribute, "")));
    }

    @Test
    void namesPeepholes() {
        assertEquals(
                List.of("peepholes (P)"), CaseSupport.missing(read("LSTM", "layout 0", "in P float32 [1 3] 0 0 0\n")));
    }

    @Test
    void namesEverythingAtOnce() {
        assertEquals(
                List.of("coupled gates (input_forget 1)", "clip 1.0", "activation Elu as g of LSTM"),
                CaseSupport.missing(
                        read("LSTM", "input_forget 1\nattr clip 1\nattr activations Sigmoid Elu Tanh", "")));
    }

    @Test
    void namesAnEmptyInput() {
        Case empty = Texts.readOne(
                Texts.RELU.replace("[2 1 1] 1 1", "[2 1 0]").replace("in W float32 [1 1 1] 2", "in W float32 [1 1 0]"));
        assertEquals(List.of("X of size 0"), CaseSupport.missing(empty));
    }

    @Test
    void oneNetworkHasOneActivation() {
        String text = "case two\nop RNN\nprofile extended\nsource\nattr hidden_size 1\nattr direction bidirectional\n"
                + "attr activations Tanh Relu\natol 1\nin X float32 [1 1 1] 1\nin W float32 [2 1 1] 1 1\n"
                + "in R float32 [2 1 1] 1 1\nout Y_h float32 [2 1 1] 1 1\nend\n";
        assertEquals(List.of("activations Tanh and Relu in one RNN"), CaseSupport.missing(Texts.readOne(text)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "RNN|layout 0|RNN_TANH",
                "RNN|activations TANH|RNN_TANH",
                "RNN|activations relu tanh|RNN_RELU",
                "RNN|clip 0|RNN_TANH",
                "RNN|input_forget 0|RNN_TANH",
                "GRU|linear_before_reset 1|GRU",
                "GRU|linear_before_reset 0|GRU_RESET_BEFORE",
                "GRU|activations sigmoid tanh elu|GRU_RESET_BEFORE",
                "LSTM|activations sigmoid TANH tanh|LSTM",
                "LSTM|activation_alpha 0.5|LSTM",
            })
    void knowsTheCell(String op, String attribute, Cell cell) {
        Case tested = read(op, attribute, "");
        assertEquals(List.of(), CaseSupport.missing(tested));
        assertEquals(cell, CaseSupport.spec(tested).cell());
    }

    private static Case read(String op, String attribute, String inputs) {
        int gates = Operator.valueOf(op).gates();
        return Texts.readOne(Texts.biasOnly(
                op, List.of(attribute), "0 ".repeat(2 * gates).strip(), inputs, "out Y_h float32 [1 1 1] 0\n"));
    }
}
