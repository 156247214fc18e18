package dev.rondo.bench.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.bench.Call;
import dev.rondo.bench.cli.ExitStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SampleCommandTest {
    @TempDir
    static Path folder;

    private static Path model;
    private static Path ofLetters;

    @BeforeAll
    static void trainModels() throws IOException {
        Path text = TrainCalls.text(folder, 6);
        model = folder.resolve("model.safetensors");
        ofLetters = folder.resolve("letters.safetensors");
        for (List<String> more : List.of(
                List.of("--epochs", "40", "--hidden", "24", "--save", model.toString()),
                List.of("--epochs", "1", "--charset", "letters", "--save", ofLetters.toString()))) {
            List<String> args = TrainCalls.small(text);
            args.removeAll(more.contains("24") ? List.of("--hidden", "12") : List.of());
            args.addAll(more);
            Call call = TrainCalls.call(args);
            assertEquals("", call.err());
        }
    }

    private static Call sample(Path file, String... more) {
        List<String> args = new ArrayList<>(List.of("sample", "--model", file.toString(), "--backend", "reference"));
        args.addAll(List.of(more));
        return TrainCalls.call(args);
    }

    private static String sampled(String... more) {
        Call call = sample(model, more);
        assertEquals("", call.err());
        assertEquals(ExitStatus.DONE, call.status());
        assertTrue(call.out().endsWith("\n"));
        return call.out().substring(0, call.out().length() - 1);
    }

    private static void assertRefused(String expected, Call call) {
        assertEquals("rondo: " + expected + "\n", call.err());
        assertEquals(ExitStatus.WRONG_CALL, call.status());
        assertEquals("", call.out());
    }

    @Test
    void theModelSaysWhatItLearnt() {
        String expected = "the quick brown fox jumps over the lazy dog the quick brown fox";
        assertEquals(expected, sampled("--prompt", "the quick b", "--length", "52", "--temperature", "0"));
    }

    @Test
    void theSameSeedGivesTheSameText() {
        String[] call = {"--prompt", "the", "--temperature", "2", "--length", "80", "--seed", "5"};
        String once = sampled(call);
        assertEquals(83, once.length());
        assertEquals(once, sampled(call));
        call[7] = "6";
        assertNotEquals(once, sampled(call));
    }

    @Test
    void atTemperatureZeroTheSeedDoesNotMatter() {
        String once = sampled("--prompt", "fox", "--temperature", "0", "--seed", "1");
        assertEquals(once, sampled("--prompt", "fox", "--temperature", "0", "--seed", "2"));
        assertEquals(203, once.length());
    }

    @Test
    void withoutAPromptItBeginsWithWhatItKnows() {
        assertEquals(" ", sampled("--length", "0"));
    }

    @Test
    void unknownCharactersOfThePromptAreNamedAndLeftOut() {
        Call call = sample(model, "--prompt", "The Dog!", "--length", "0");
        assertEquals("rondo: --prompt: the model does not know \"!DT\"\n", call.err());
        assertEquals("he og\n", call.out());
        assertEquals(ExitStatus.DONE, call.status());
    }

    @Test
    void thePromptIsPreparedAsTheTextWas() {
        Call call = sample(ofLetters, "--prompt", "The Dog!", "--length", "0");
        assertEquals("", call.err());
        assertEquals("the dog\n", call.out());
    }

    @ParameterizedTest
    @CsvSource({"0123", "'\u00e9'", "''"})
    void aPromptWithNothingKnownIsRefused(String prompt) {
        String known = " characters that the model knows (\" abcdefghijklmnopqrstuvwxyz\"), got \"";
        assertRefused(
                "prompt: expected at least one of the 27" + known + prompt + "\"", sample(model, "--prompt", prompt));
        assertRefused(
                "prompt: expected at least one of the 27" + known + prompt + "\"",
                sample(ofLetters, "--prompt", prompt));
    }

    @ParameterizedTest
    @CsvSource({
        "--length, -1, 'length: expected at least 0, got -1'",
        "--temperature, -0.5, 'temperature: expected 0.0 to 1000000.0, got -0.5'",
        "--temperature, NaN, 'temperature: expected 0.0 to 1000000.0, got NaN'",
        "--threads, -2, 'threads: expected 0 to 4096, got -2'",
    })
    void aWrongValueIsNamedWithWhatWasExpected(String option, String value, String expected) {
        assertRefused(expected, sample(model, option, value));
    }

    @Test
    void aModelThatCannotBeReadIsNamed() throws IOException {
        Path file = folder.resolve("bad");
        assertRefused("--model: " + file + ": file does not exist", sample(file));
        assertRefused("--model: " + folder + ": expected a file, found a directory", sample(folder));
        byte[] bytes = Files.readAllBytes(model);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);
        Call damaged = sample(file);
        assertTrue(damaged.err().startsWith("rondo: --model: " + file + ": the file is damaged: "), damaged.err());
        assertEquals(1, damaged.err().lines().count());
        assertEquals(ExitStatus.WRONG_CALL, damaged.status());
        Files.writeString(file, "Once upon a time there was a text.");
        Call text = sample(file);
        assertTrue(text.err().startsWith("rondo: --model: " + file + ": expected a header of at most "), text.err());
        assertEquals(1, text.err().lines().count());
        assertEquals(ExitStatus.WRONG_CALL, text.status());
    }

    @Test
    void aCallThatIsNotUnderstoodSaysWhereHelpIs() {
        Call missing = Call.rondo("sample");
        assertEquals("rondo: Missing required option: '--model=FILE'\nTry 'rondo sample --help'.\n", missing.err());
        assertEquals(ExitStatus.WRONG_CALL, missing.status());
        Call unknown = sample(model, "--lenght", "5");
        assertEquals(
                "rondo: Unknown options: '--lenght', '5'\nPossible solutions: --length\n"
                        + "Try 'rondo sample --help'.\n",
                unknown.err());
        assertEquals(ExitStatus.WRONG_CALL, unknown.status());
    }
}
