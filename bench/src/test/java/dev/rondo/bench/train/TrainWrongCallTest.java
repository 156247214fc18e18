package dev.rondo.bench.train;

import static dev.rondo.bench.train.TrainCalls.assertDone;
import static dev.rondo.bench.train.TrainCalls.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.bench.Call;
import dev.rondo.bench.cli.ExitStatus;
import dev.rondo.bench.cli.SharedOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A call of {@code train} that cannot be done is refused in words that name what is at fault, before anything is written. */
class TrainWrongCallTest {
    @TempDir
    Path folder;

    private Path text;
    private Path model;

    @BeforeEach
    void writeText() throws IOException {
        text = TrainCalls.text(folder, 6);
        model = folder.resolve("model.safetensors");
    }

    private Call small(String... more) {
        return TrainCalls.call(TrainCalls.small(text, more));
    }

    private Call resume(String... more) {
        return TrainCalls.call(TrainCalls.resume(text, model, more));
    }

    static List<List<String>> wrongValues() {
        return List.of(
                List.of("--hidden: expected a positive number, got -5", "--hidden", "-5"),
                List.of("--hidden: expected a positive number, got 0", "--hidden", "0"),
                List.of("--layers: expected a positive number, got 0", "--layers", "0"),
                List.of("--batch: expected a positive number, got 0", "--batch", "0"),
                List.of("--steps: expected a positive number, got -1", "--steps", "-1"),
                List.of("--dropout: expected 0 to less than 1, got 1.0", "--dropout", "1"),
                List.of("--dropout: expected 0 to less than 1, got NaN", "--dropout", "NaN"),
                List.of("--back-steps: expected at least --steps = 6, got 5", "--back-steps", "5"),
                List.of(
                        "--back-steps: expected a multiple of --steps = 6 with --dropout, got 7",
                        "--back-steps",
                        "7",
                        "--dropout",
                        "0.1"),
                List.of("--lr: expected a positive number, got NaN", "--lr", "NaN"),
                List.of("--lr: expected a positive number, got 0.0", "--lr", "0"),
                List.of("--lr: expected a positive number, got Infinity", "--lr", "Infinity"),
                List.of("--clip: expected 0 or a positive number, got -1.0", "--clip", "-1"),
                List.of("--clip: expected 0 or a positive number, got NaN", "--clip", "NaN"),
                List.of("--epochs: expected a positive number, got 0", "--epochs", "0"),
                List.of("--max-tokens: expected a positive number, got 0", "--max-tokens", "0"),
                List.of("--time-limit: expected a positive number, got NaN", "--time-limit", "NaN"),
                List.of("threads: expected 0 to 4096, got -1", "--threads", "-1"),
                List.of("--sample: expected at least 0, got -1", "--sample", "-1"),
                List.of("--save-every: expected at least 0, got NaN", "--save-every", "NaN"),
                List.of(
                        "--cell: expected one of " + String.join(", ", new SharedOptions.CellNames()) + ", got foo",
                        "--cell",
                        "foo"),
                List.of(
                        "text: expected at least 27 characters for a batch of 2 and windows of 9 steps, got 26",
                        "--batch",
                        "2",
                        "--steps",
                        "9",
                        "--max-tokens",
                        "26"),
                List.of(
                        "text: expected at least 4611686016279904256 characters for a batch of 2147483647"
                                + " and windows of 2147483647 steps, got 264",
                        "--batch",
                        "2147483647",
                        "--steps",
                        "2147483647"));
    }

    @ParameterizedTest
    @MethodSource("wrongValues")
    void aWrongValueIsNamedWithWhatWasExpected(List<String> expectedAndOptions) {
        List<String> args = TrainCalls.small(text, "--epochs", "1");
        List<String> options = expectedAndOptions.subList(1, expectedAndOptions.size());
        for (int i = 0; i < options.size(); i += 2) {
            int at = args.indexOf(options.get(i));
            if (at >= 0) {
                args.subList(at, at + 2).clear();
            }
        }
        args.addAll(options);
        Call call = TrainCalls.call(args);
        assertRefused(expectedAndOptions.get(0), call);
        assertEquals("", call.out());
    }

    static List<List<String>> notUnderstood() {
        return List.of(
                List.of("Invalid value for option '--hidden': 'many' is not an int", "--hidden", "many"),
                List.of("Invalid value for option '--hidden': '1e3' is not an int", "--hidden", "1e3"),
                List.of("Invalid value for option '--hidden': '3000000000' is not an int", "--hidden", "3000000000"),
                List.of("Invalid value for option '--lr': 'fast' is not a double", "--lr", "fast"),
                List.of(
                        "Invalid value for option '--optimizer': expected one of [SGD, MOMENTUM, RMSPROP, ADAM]"
                                + " (case-insensitive) but was 'foo'",
                        "--optimizer",
                        "foo"),
                List.of(
                        "Invalid value for option '--charset': expected one of [ALL, LETTERS] (case-insensitive)"
                                + " but was 'ascii'",
                        "--charset",
                        "ascii"),
                List.of("Missing required parameter for option '--text' (FILE)", "--text"),
                List.of("Unmatched argument at index 1: 'text.txt'", "text.txt"));
    }

    @ParameterizedTest
    @MethodSource("notUnderstood")
    void aCallThatIsNotUnderstoodSaysWhereHelpIs(List<String> expectedAndArguments) {
        List<String> args = new ArrayList<>(expectedAndArguments);
        args.set(0, "train");
        Call call = TrainCalls.call(args);
        assertEquals("rondo: " + expectedAndArguments.get(0) + "\nTry 'rondo train --help'.\n", call.err());
        assertEquals(ExitStatus.WRONG_CALL, call.status());
        assertEquals("", call.out());
    }

    @Test
    void anUnknownOptionComesWithASuggestion() {
        Call call = Call.rondo("train", "--hiden", "5");
        assertEquals(
                "rondo: Unknown options: '--hiden', '5'\nPossible solutions: --hidden\nTry 'rondo train --help'.\n",
                call.err());
        assertEquals(ExitStatus.WRONG_CALL, call.status());
    }

    @Test
    void anUnknownBackendComesWithTheKnownOnes() {
        Call call = Call.rondo("train", "--text", text.toString(), "--backend", "tpu");
        assertTrue(call.err().matches("rondo: backend: expected one of \\[.*reference.*], got tpu\n"), call.err());
        assertEquals(ExitStatus.WRONG_CALL, call.status());
    }

    private Call ofHidden(String size) {
        List<String> args = TrainCalls.small(text, "--epochs", "1");
        args.set(args.indexOf("--hidden") + 1, size);
        return TrainCalls.call(args);
    }

    @Test
    void moreWeightsThanAnArrayHoldsAreRefused() {
        Call call = ofHidden("100000");
        assertEquals(ExitStatus.WRONG_CALL, call.status());
        assertTrue(
                call.err()
                        .matches("rondo: hiddenSize 100000 with inputSize 27 and layers 1: expected at most 2147483639 "
                                + "parameters, got about [\\d.,e+]+\n"),
                call.err());
    }

    /** 12 GB of weights, where the tests have 2. */
    @Test
    void moreWeightsThanThereIsMemoryAreRefused() {
        Call call = ofHidden("20000");
        assertEquals(ExitStatus.WRONG_CALL, call.status());
        assertTrue(call.err().matches("rondo: not enough memory for \\d+ elements of float64\n"), call.err());
    }

    @Test
    void aTextThatCannotBeReadIsNamed() throws IOException {
        Path file = folder.resolve("bad.txt");
        Call missing = Call.rondo("train", "--text", file.toString());
        assertRefused("--text: there is no file " + file, missing);
        assertRefused(
                "--text: expected a file, got the directory " + folder,
                Call.rondo("train", "--text", folder.toString()));
        assertRefused("--text: " + file + " is empty", ofBytes(file));
        assertRefused("text: expected at least two different characters, got only \"a\"", ofBytes(file, 'a'));
        assertRefused("text: expected at least two different characters, got only \"a\"", ofBytes(file, 'a', 'a', 'a'));
        assertRefused(
                "--text: expected UTF-8 in " + file + ", got byte 0xff at offset 2",
                ofBytes(file, 'a', 'b', 0xff, 'c'));
        assertRefused("--text: expected UTF-8 in " + file + ", got byte 0xc3 at offset 1", ofBytes(file, 'a', 0xc3));
        assertRefused(
                "--text: expected UTF-8 in " + file + ", got byte 0xed at offset 0", ofBytes(file, 0xed, 0xa0, 0x80));
        assertRefused(
                "text: expected at least 1155 characters for a batch of 32 and windows of 35 steps, got 2",
                ofBytes(file, 'a', 0xc3, 0xa4));
    }

    private static Call ofBytes(Path file, int... bytes) throws IOException {
        byte[] content = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            content[i] = (byte) bytes[i];
        }
        Files.write(file, content);
        return Call.rondo("train", "--text", file.toString(), "--epochs", "1");
    }

    @Test
    void aTextWithoutLettersIsRefused() throws IOException {
        Files.writeString(text, "0123456789 ".repeat(40));
        assertRefused(
                "text: expected at least two different characters of a to z and space, got none",
                small("--charset", "letters", "--epochs", "1"));
    }

    @Test
    void whereNothingCanBeWrittenIsSaidBeforeTheTraining() throws IOException {
        Path orphan = folder.resolve("missing").resolve("file");
        for (String option : List.of("--save", "--json")) {
            Call into = small("--time-limit", "60", option, orphan.toString());
            assertRefused(option + ": there is no directory " + orphan.getParent(), into);
            assertEquals("", into.out());
            Call onto = small("--time-limit", "60", option, folder.toString());
            assertRefused(option + ": expected a file, got the directory " + folder, onto);
            Path full = Path.of("/dev/full");
            if (Files.exists(full)) {
                assertRefused(option + ": expected a regular file, got /dev/full", small(option, full.toString()));
            }
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(Set.of(text), Set.copyOf(files.toList()));
        }
    }

    @Test
    void whatIsWrittenMustNotReplaceWhatIsRead() throws IOException {
        String old = Files.readString(text);
        String another = ": expected another file than that of ";
        assertRefused("--save" + another + "--text, got " + text, small("--save", text.toString()));
        assertRefused("--json" + another + "--text, got " + text, small("--json", text.toString()));
        Path around = folder.resolve("missing").resolve("..").resolve("model.safetensors");
        Files.createDirectory(folder.resolve("missing"));
        assertRefused(
                "--json" + another + "--save, got " + around,
                small("--json", around.toString(), "--save", model.toString()));
        assertDone(small("--epochs", "1", "--save", model.toString()));
        assertRefused("--json" + another + "--resume, got " + model, resume("--json", model.toString()));
        assertEquals(old, Files.readString(text));
    }
}
