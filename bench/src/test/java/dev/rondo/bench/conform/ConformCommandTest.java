package dev.rondo.bench.conform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.bench.Call;
import dev.rondo.bench.FaultyProvider;
import dev.rondo.bench.FaultyProvider.Fault;
import dev.rondo.bench.JsonTree;
import dev.rondo.bench.cli.ExitStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConformCommandTest {
    @TempDir
    private Path folder;

    @Test
    void countsWhatPassed() throws IOException {
        Call call = conform(Texts.RELU + Texts.RELU_GRADIENT);
        assertEquals("reference: 2 passed, 0 failed, 0 unsupported\n2 passed, 0 failed, 0 unsupported\n", call.out());
        assertEquals(ExitStatus.DONE, call.status());
        assertEquals("", call.err());
    }

    @Test
    void aCaseThatABackendDoesNotHaveIsUnsupportedOnIt() throws IOException {
        String cases = file("cases.txt", Texts.RELU);
        FaultyProvider.with(Fault.WITHOUT_RELU, () -> {
            Call call = Call.rondo("conform", "--backend", "faulty", cases);
            assertEquals(
                    "UNSUPPORTED relu on faulty: there is no RNN_RELU here\n"
                            + "faulty: 0 passed, 0 failed, 1 unsupported\n0 passed, 0 failed, 1 unsupported\n",
                    call.out());
            assertEquals(ExitStatus.DONE, call.status());
        });
    }

    @Test
    void byDefaultRunsOnEveryBackend() throws IOException {
        Call call = Call.rondo("conform", file("cases.txt", Texts.RELU));
        assertEquals(ExitStatus.DONE, call.status());
        assertTrue(call.out().contains("reference: 1 passed, 0 failed, 0 unsupported\n"), call.out());
        assertTrue(call.out().endsWith(" passed, 0 failed, 0 unsupported\n"), call.out());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "out Y float32 [2 1 1 1] 2.5 3.75",
                "out Y_h float32 [1 1 1] 3.75",
                "out dX float32 [2 1 1] 3 2",
                "out dW float32 [1 1 1] 2.5",
                "out dR float32 [1 1 1] 2.5",
                "out dB float32 [1 2] 2.5 2.5",
                "out dinitial_h float32 [1 1 1] 0.75",
            })
    void anExpectedValueThatIsOffByTwiceTheToleranceFails(String line) throws IOException {
        int last = line.lastIndexOf(' ');
        double value = Double.parseDouble(line.substring(last + 1));
        Call near = conform(Texts.RELU_GRADIENT.replace(line, line.substring(0, last + 1) + (value + 0.5e-5)));
        assertEquals(ExitStatus.DONE, near.status(), near.out());
        Call far = conform(Texts.RELU_GRADIENT.replace(line, line.substring(0, last + 1) + (value + 2e-5)));
        assertEquals(ExitStatus.FAILED, far.status(), far.out());
        String name = line.split(" ")[1];
        assertTrue(far.out().startsWith("FAILED relu_gradient on reference: " + name + "["), far.out());
        assertTrue(far.out().endsWith("\n0 passed, 1 failed, 0 unsupported\n"), far.out());
        assertEquals(3, far.out().lines().count());
    }

    @Test
    void theOtherGruVariantFails() throws IOException {
        String inputs = "in initial_h float32 [1 1 1] 0\n";
        String bias = "-100 -100 0.25 0 0 0.5"; // z = 0, r = 0: the candidate alone, without or with u_n
        String after = Texts.biasOnly(
                "GRU",
                List.of("linear_before_reset 1"),
                bias,
                inputs,
                "out Y_h float32 [1 1 1] " + Math.tanh(0.25) + "\n");
        String before = Texts.biasOnly(
                "GRU",
                List.of("linear_before_reset 0"),
                bias,
                inputs,
                "out Y_h float32 [1 1 1] " + Math.tanh(0.75) + "\n");
        assertEquals(ExitStatus.DONE, conform(after).status());
        assertEquals(ExitStatus.DONE, conform(before).status());
        assertEquals(
                ExitStatus.FAILED, conform(after.replace("reset 1", "reset 0")).status());
        assertEquals(
                ExitStatus.FAILED, conform(before.replace("reset 0", "reset 1")).status());
    }

    @Test
    void gruUpdateGateIsTheFirst() throws IOException {
        String keep = Texts.biasOnly(
                "GRU",
                List.of(),
                "100 0 0.5 0 0 0",
                "in initial_h float32 [1 1 1] 0.125\n",
                "out Y float32 [1 1 1 1] 0.125\n");
        assertEquals(ExitStatus.DONE, conform(keep).status());
        assertEquals(
                ExitStatus.FAILED,
                conform(keep.replace("100 0 0.5", "0 100 0.5")).status());
    }

    @Test
    void lstmGatesAreInTheOrderOfOnnx() throws IOException {
        double c = Math.tanh(0.5);
        String outputs = "out Y_h float32 [1 1 1] " + Math.tanh(c) + "\nout Y_c float32 [1 1 1] " + c + "\n";
        String inputs = "in initial_c float32 [1 1 1] 3\n";
        String text = Texts.biasOnly("LSTM", List.of(), "100 100 -100 0.5 0 0 0 0", inputs, outputs);
        assertEquals(ExitStatus.DONE, conform(text).status());
        String swapped = text.replace("100 100 -100 0.5", "100 -100 100 0.5");
        Call call = conform(swapped);
        assertEquals(ExitStatus.FAILED, call.status());
        assertTrue(call.out().contains("Y_c[0,0,0] expected " + c), call.out());
        assertTrue(call.out().contains(", also Y_h (1 of 1 elements)"), call.out());
    }

    @Test
    void nanFailsUnlessItIsExpected() throws IOException {
        String text = Texts.RELU.replace("Relu", "Tanh").replace("[2 1 1] 1 1", "[2 1 1] NaN 1");
        Call call = conform(text);
        assertEquals(ExitStatus.FAILED, call.status());
        assertTrue(call.out().contains("got NaN, difference NaN, atol 1.0E-5 (2 of 2 elements)"), call.out());
        String expected = text.replace("2.5 3.75", "NaN NaN").replace("[1 1 1] 3.75", "[1 1 1] NaN");
        assertEquals(ExitStatus.DONE, conform(expected).status());
    }

    @Test
    void anExpectedInfinityIsTheSameInfinity() throws IOException {
        String text = Texts.RELU.replace("[2 1 1] 1 1", "[2 1 1] 1 Infinity").replace("3.75", "Infinity");
        assertEquals(ExitStatus.DONE, conform(text).status());
        assertEquals(
                ExitStatus.FAILED,
                conform(text.replace("2.5 Infinity", "2.5 -Infinity")).status());
        assertEquals(
                ExitStatus.FAILED,
                conform(text.replace("2.5 Infinity", "Infinity Infinity")).status());
    }

    @Test
    void paddingHasNoInfluence() throws IOException {
        String text = Texts.RELU
                .replace("[2 1 1] 1 1", "[2 1 1] 1 NaN")
                .replace("out Y float32", "in sequence_lens int64 [1] 1\nout Y float32")
                .replace("2.5 3.75", "2.5 0")
                .replace("[1 1 1] 3.75", "[1 1 1] 2.5");
        assertEquals(ExitStatus.DONE, conform(text).status());
    }

    @Test
    void unsupportedIsNeitherPassedNorFailed() throws IOException {
        Call call = conform(Texts.RELU.replace("Relu", "Softplus").replace("case relu", "case soft") + Texts.RELU);
        assertEquals(
                "UNSUPPORTED soft: activation Softplus as f of RNN\n"
                        + "reference: 1 passed, 0 failed, 1 unsupported\n1 passed, 0 failed, 1 unsupported\n",
                call.out());
        assertEquals(ExitStatus.DONE, call.status());
    }

    @Test
    void severalFilesAreOneSum() throws IOException {
        String good = file("good.txt", Texts.RELU);
        String bad = file("bad.txt", Texts.RELU.replace("2.5 3.75", "2.5 4"));
        Call call = Call.rondo("conform", "--backend", "reference", good, bad);
        assertEquals(ExitStatus.FAILED, call.status());
        assertTrue(call.out().endsWith("\n1 passed, 1 failed, 0 unsupported\n"), call.out());
    }

    @Test
    void aMalformedFileIsAWrongCallAndNothingRuns() throws IOException {
        String good = file("good.txt", Texts.RELU);
        String bad = file("bad.txt", Texts.RELU.replace("op RNN", "op CNN"));
        Call call = Call.rondo("conform", good, bad);
        assertEquals(ExitStatus.WRONG_CALL, call.status());
        assertEquals("rondo: " + bad + ":2: op: expected RNN or LSTM or GRU, got CNN\n", call.err());
        assertEquals("", call.out());
    }

    @Test
    void anUnknownBackendIsAWrongCall() throws IOException {
        Call call = Call.rondo("conform", "--backend", "abacus", file("cases.txt", Texts.RELU));
        assertEquals(ExitStatus.WRONG_CALL, call.status());
        assertTrue(call.err().startsWith("rondo: --backend: expected all or one of ["), call.err());
        assertTrue(call.err().endsWith("], got abacus\n"), call.err());
        assertEquals("", call.out());
    }

    @Test
    void jsonHoldsCountsFailuresAndReasons() throws IOException {
        String text = Texts.RELU.replace("2.5 3.75", "2.5 4")
                + Texts.RELU.replace("case relu", "case clipped").replace("attr activations Relu", "attr clip 2")
                + Texts.RELU_GRADIENT;
        Path file = folder.resolve("conform.json");
        String cases = file("cases.txt", text);
        Call call = Call.rondo(
                "conform", "--backend", "reference", "--precision", "bf16", "--json", file.toString(), cases);
        assertEquals(ExitStatus.FAILED, call.status());
        JsonTree json = JsonTree.read(file);
        assertEquals("reference", json.at("settings").at("backend").text());
        assertEquals("BF16", json.at("settings").at("precision").text());
        assertEquals(cases, json.at("settings").at("files").list().get(0).text());
        assertEquals(1, json.at("passed").number());
        assertEquals(1, json.at("failed").number());
        assertEquals(1, json.at("unsupported").number());
        JsonTree backend = json.at("backends").list().get(0);
        JsonTree failure = backend.at("failures").list().get(0);
        assertEquals("relu", failure.at("case").text());
        assertEquals(1, failure.at("line").number());
        JsonTree output = failure.at("outputs").list().get(0);
        assertEquals("Y", output.at("output").text());
        assertEquals(4, output.at("expected").number());
        assertEquals(3.75, output.at("got").number());
        assertEquals(0.25, output.at("difference").number());
        JsonTree unsupported = backend.at("unsupported_cases").list().get(0);
        assertEquals("clip 2.0", unsupported.at("reason").text());
        assertFalse(Files.exists(folder.resolve(".conform.json.rondo-tmp")));
    }

    private Call conform(String text) throws IOException {
        return Call.rondo("conform", "--backend", "reference", file("cases.txt", text));
    }

    private String file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text).toString();
    }
}
