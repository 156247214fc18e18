package dev.rondo.bench.conform;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Direction;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CaseFileTest {
    @Test
    void readsEveryFieldOfACase() {
        Case read = Texts.readOne(Texts.RELU);
        assertEquals("relu", read.name());
        assertEquals(Operator.RNN, read.op());
        assertEquals("core", read.profile());
        assertEquals("by hand", read.source());
        assertEquals(1e-5, read.atol());
        assertEquals(List.of("X", "W", "R", "B"), List.copyOf(read.inputs().keySet()));
        assertEquals(List.of("Y", "Y_h"), List.copyOf(read.outputs().keySet()));
        assertArrayEquals(new int[] {2, 1, 1, 1}, read.outputs().get("Y").shape());
        assertArrayEquals(new double[] {2.5, 3.75}, read.outputs().get("Y").values());
        assertEquals(12, read.outputs().get("Y").line());
        assertEquals(2, read.steps());
        assertEquals(1, read.batch());
        assertEquals(1, read.inputSize());
        assertNull(read.lengths());
    }

    @Test
    void absentAttributesHaveTheirDefaults() {
        CaseAttributes attributes =
                Texts.readOne(Texts.RELU.replace("attr activations Relu\n", "")).attributes();
        assertEquals(
                new CaseAttributes(1, Direction.FORWARD, false, false, List.of(List.of("Tanh")), 0, false, List.of()),
                attributes);
    }

    @Test
    void activationListMayBeShorterForTwoDirectionsAndLongerThanNeeded() {
        String both = Texts.RELU
                .replace("activations Relu", "activations Relu Tanh Elu\nattr direction bidirectional")
                .replace("[1 1 1] 2\n", "[2 1 1] 2 2\n")
                .replace("[1 1 1] 0.5", "[2 1 1] 1 1")
                .replace("in B float32 [1 2]", "in B float32 [2 2] 0 0")
                .replace("[2 1 1 1]", "[2 2 1 1] 0 0")
                .replace("[1 1 1] 3.75", "[2 1 1] 0 0");
        assertEquals(
                List.of(List.of("Relu"), List.of("Tanh")),
                Texts.readOne(both).attributes().activations());
        assertEquals(
                List.of(List.of("Relu"), List.of("Relu")),
                Texts.readOne(both.replace(" Tanh Elu", "")).attributes().activations());
    }

    @ParameterizedTest
    @CsvSource({"NaN", "Infinity", "-Infinity", "-1.00000002e+20", ".5", "5.", "+1E-3"})
    void readsEveryNumber(String number) {
        Case read = Texts.readOne(Texts.RELU.replace("[1 1 1] 3.75", "[1 1 1] " + number));
        assertEquals(Double.parseDouble(number), read.outputs().get("Y_h").values()[0]);
    }

    @Test
    void lastLineMayLackItsEnd() {
        assertEquals(1, Texts.read(Texts.RELU.strip()).size());
    }

    @Test
    void readsSeveralCases() {
        List<Case> cases = Texts.read(Texts.RELU + Texts.RELU_GRADIENT);
        assertEquals(2, cases.size());
        assertEquals(15, cases.get(1).line());
        assertTrue(cases.get(1).isGradientCase());
    }

    /** What is replaced, by what, the line of the error, and part of it. {@code ~} stands for a line end. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = false,
            value = {
                "case relu|case re-lu|1|expected a name of A-Z",
                "case relu|case relu x|1|expected one field, got 2",
                "case relu|Case relu|1|expected case, got Case relu",
                "case relu|case  relu|1|separated by one blank",
                "case relu|case relu |1|separated by one blank",
                "op RNN|op rnn|2|expected RNN or LSTM or GRU, got rnn",
                "op RNN~|op RNN~~|3|expected profile, got an empty line",
                "profile core|profile other|3|expected core or extended, got other",
                "source by hand|sources by hand|4|expected source",
                "attr hidden_size 1|attr hidden_size|5|expected 2 fields or more",
                "attr hidden_size 1|attr hidden_size 0|5|hidden_size: expected a whole number of at least 1",
                "attr hidden_size 1|attr hidden_size 1.5|5|hidden_size: expected a whole number",
                "attr hidden_size 1|attr hidden_size 1 1|5|hidden_size: expected one value, got 2 values",
                "attr hidden_size 1~|attr layout 0~|14|expected attr hidden_size in the case",
                "attr activations Relu|attr hidden_size 2|6|expected a new name, got hidden_size again",
                "attr activations Relu|attr direction back|6|expected forward, reverse or bidirectional, got back",
                "attr activations Relu|attr layout 2|6|layout: expected 0 or 1, got 2",
                "attr activations Relu|attr clip -1|6|clip: expected a number of at least 0, got -1",
                "attr activations Relu|attr clip NaN|6|clip: expected a number of at least 0, got NaN",
                "attr activations Relu|attr activation_alpha x|6|activation_alpha: expected numbers, got x",
                "atol 1e-5|atol -1|7|expected a finite number of at least 0, got -1",
                "atol 1e-5|atol NaN|7|expected a finite number of at least 0, got NaN",
                "atol 1e-5|atol 1e-5f|7|expected a finite number of at least 0, got 1e-5f",
                "atol 1e-5~||7|expected atol, got in X",
                "in X float32|in X float64|8|expected type float16, float32, int32 or int64, got float64",
                "in X float32 [2 1 1]|in X float32 2 1 1|8|expected a shape in brackets",
                "in X float32 [2 1 1]|in X float32 [2 1 1|8|expected a shape in brackets",
                "in X float32 [2 1 1]|in X float32 [2 -1 1]|8|expected sizes in the shape, got '-1'",
                "in X float32 [2 1 1]|in X float32 [2,1,1]|8|expected sizes in the shape",
                "[2 1 1] 1 1|[2 1 1] 1|8|X: expected 2 values for shape [2, 1, 1], got 1",
                "[2 1 1] 1 1|[2 1 1] 1 1 1|8|X: expected 2 values for shape [2, 1, 1], got 3",
                "[2 1 1] 1 1|[999999999 999999999 9] 1 1|8|X: expected 8999999982000000",
                "[2 1 1] 1 1|[2 1 1] 1 0x1p3|8|X: expected a number as value 1, got 0x1p3",
                "[2 1 1] 1 1|[2 1 1] 1 one|8|X: expected a number as value 1, got one",
                "in X float32 [2 1 1] 1 1|in X int32 [2 1 1] 1 1.5|8|expected a whole number as value 1",
                "[2 1 1] 1 1|[2 1] 1 1|8|X: expected three sizes",
                "in W float32 [1 1 1] 2|in W float32 [1 3 1] 2 2 2|9|W: expected shape [D,G*H,I] = [1, 1, 1]",
                "in R float32|in W float32|10|expected a new name, got W again",
                "in R float32|in Q float32|10|in: expected one of",
                "in R float32 [1 1 1] 0.5~||13|expected in R in the case, got none",
                "in B float32|in initial_c float32|11|initial_c: expected with op LSTM only, got RNN",
                "in B float32 [1 2] 0.25 0.25|in sequence_lens int32 [1] 3|11|expected 0 to T = 2, got 3",
                "in B float32 [1 2] 0.25 0.25|in sequence_lens float32 [1] 1|11|expected int32 or int64",
                "out Y float32|out y float32|12|out: expected one of",
                "out Y_h float32|out dX float32|13|expected in dY, dY_h or dY_c in the case, got none",
                "out Y_h float32|in initial_h float32|13|expected end, got in initial_h",
                "end~|fin~|14|expected end, got fin",
                "end~||14|expected end, got the end of the file",
                "end~|end~end~|15|expected case, got end",
            })
    void refusesEverythingElse(String old, String replacement, int line, String problem) {
        String before = old.replace('~', '\n');
        String after = replacement == null ? "" : replacement.replace('~', '\n');
        assertTrue(Texts.RELU.contains(before), before);
        assertRefused(Texts.RELU.replace(before, after), line, problem);
    }

    @Test
    void refusesACaseWithoutOutputs() {
        assertRefused(Texts.RELU.replaceAll("out .*\n", ""), 12, "expected at least one out");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\r", "\t", "\u0000"})
    void refusesControlCharacters(String character) {
        assertRefused(Texts.RELU.replace("op RNN", "op RNN" + character), 2, "a control character");
    }

    @Test
    void refusesAnEmptyFile() {
        assertRefused("", 1, "expected case, got the end of the file");
    }

    @Test
    void refusesTheSameNameTwice() {
        assertRefused(Texts.RELU + Texts.RELU, 15, "expected a new case name, got relu again");
    }

    @Test
    void refusesBytesThatAreNotUtf8() {
        byte[] text = Texts.RELU.replace("by hand", "by h\u00e4nd").getBytes(StandardCharsets.ISO_8859_1);
        CaseFileException error = assertThrows(CaseFileException.class, () -> CaseFile.read("cases.txt", text));
        assertTrue(error.getMessage().startsWith("cases.txt:4: expected text in UTF-8"), error.getMessage());
    }

    private static void assertRefused(String text, int line, String problem) {
        CaseFileException error = assertThrows(CaseFileException.class, () -> Texts.read(text));
        assertTrue(error.getMessage().startsWith("cases.txt:" + line + ": "), error.getMessage());
        assertTrue(error.getMessage().contains(problem), error.getMessage());
    }
}
