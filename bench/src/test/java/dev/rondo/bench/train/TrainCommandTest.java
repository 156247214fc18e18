package dev.rondo.bench.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.bench.Call;
import dev.rondo.bench.JsonTree;
import dev.rondo.bench.cli.ExitStatus;
import dev.rondo.bench.cli.SharedOptions;
import dev.rondo.io.Integrity;
import dev.rondo.io.Safetensors;
import dev.rondo.io.SafetensorsFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrainCommandTest {
    @TempDir
    Path folder;

    private Path text;
    private Path model;
    private Path json;

    @BeforeEach
    void writeText() throws IOException {
        text = TrainCalls.text(folder, 6);
        model = folder.resolve("model.safetensors");
        json = folder.resolve("report.json");
    }

    private static void assertDone(Call call) {
        assertEquals("", call.err());
        assertEquals(ExitStatus.DONE, call.status());
    }

    /** One line that begins with what is at fault, and the exit status of a wrong call. */
    private static void assertRefused(String expected, Call call) {
        assertEquals("rondo: " + expected + "\n", call.err());
        assertEquals(ExitStatus.WRONG_CALL, call.status());
    }

    private Call small(String... more) {
        return TrainCalls.call(TrainCalls.small(text, more));
    }

    private Call resume(String... more) {
        return TrainCalls.call(TrainCalls.resume(text, model, more));
    }

    @Test
    void aTrainingSaysWhatItDoesAndHowFarItGot() throws IOException {
        Call call = small("--epochs", "8", "--json", json.toString());
        assertDone(call);
        List<String> lines = call.out().lines().toList();
        assertTrue(lines.get(0).startsWith("backend   reference (the oracle"), call.out());
        assertEquals("model     lstm, hidden size 12, 1 layer, 27 characters known, 2,319 weights", lines.get(1));
        assertEquals(
                "training  adam, rate 0.02, 4 streams, windows of 6 steps, gradients 6 steps back, 10 windows an epoch",
                lines.get(2));
        double perplexity =
                last(JsonTree.read(json).at("epochs").list()).at("perplexity").number();
        String trained = lines.get(3);
        assertTrue(trained.matches("trained to epoch 8: loss [\\d.]+  perplexity [\\d.]+  [\\d,]+ tokens/s"), trained);
        assertTrue(trained.contains(String.format(Locale.ROOT, "  perplexity %.3f  ", perplexity)), trained);
        assertEquals("sample:", lines.get(4));
        assertTrue(lines.get(5).startsWith("the quick brown "), call.out());
        assertEquals(16 + 30, lines.get(5).length());
        assertEquals(6, lines.size());
    }

    private static JsonTree last(List<JsonTree> list) {
        return list.get(list.size() - 1);
    }

    @Test
    void jsonHasTheSettingsAndEveryEpoch() throws IOException {
        assertDone(small(
                "--cell",
                "gru",
                "--layers",
                "2",
                "--dropout",
                "0.25",
                "--back-steps",
                "12",
                "--optimizer",
                "rmsprop",
                "--clip",
                "0.5",
                "--seed",
                "9",
                "--charset",
                "letters",
                "--precision",
                "tf32x3",
                "--epochs",
                "6",
                "--json",
                json.toString()));
        JsonTree report = JsonTree.read(json);
        JsonTree settings = report.at("settings");
        assertEquals("reference", settings.at("backend").text());
        assertEquals(text.toString(), settings.at("text").text());
        assertEquals("GRU", settings.at("cell").text());
        assertEquals("RMSPROP", settings.at("optimizer").text());
        assertEquals("LETTERS", settings.at("charset").text());
        assertEquals("TF32X3", settings.at("precision").text());
        for (String pair : List.of(
                "hidden 12",
                "layers 2",
                "dropout 0.25",
                "batch 4",
                "steps 6",
                "back_steps 12",
                "lr 0.02",
                "clip 0.5",
                "seed 9",
                "vocabulary 27")) {
            String[] words = pair.split(" ");
            assertEquals(Double.parseDouble(words[1]), settings.at(words[0]).number(), pair);
        }
        List<JsonTree> epochs = report.at("epochs").list();
        assertEquals(6, epochs.size());
        for (int i = 0; i < 6; i++) {
            JsonTree epoch = epochs.get(i);
            assertEquals(i + 1, epoch.at("epoch").number());
            assertTrue(epoch.at("complete").isTrue());
            assertEquals(
                    Math.exp(epoch.at("loss").number()), epoch.at("perplexity").number());
            double seconds = epoch.at("seconds").number();
            double tokens = epoch.at("tokens_per_second").number() * seconds;
            assertTrue(seconds > 0 && tokens > 200 && tokens < 265, "tokens " + tokens);
            assertEquals(0, Math.round(tokens) % 24, 1e-6);
        }
        double first = epochs.get(0).at("perplexity").number();
        double last = epochs.get(5).at("perplexity").number();
        assertTrue(first < 30 && last < 0.8 * first, first + " to " + last);
        // its beginning has lost the space at its end, as the text has
        assertEquals(15 + 30, report.at("sample").text().length());
    }

    @Test
    void theSameCallTrainsTheSameModel() throws IOException {
        assertDone(small("--epochs", "2", "--save", model.toString()));
        byte[] once = Files.readAllBytes(model);
        Call again = small("--epochs", "2", "--save", model.toString());
        assertDone(again);
        assertArrayEquals(once, Files.readAllBytes(model));
        assertTrue(again.out().endsWith("saved " + model + "\n"), again.out());
    }

    @Test
    void aRunThatIsResumedIsTheSameBitsAsOneInOneGo() throws IOException {
        Path whole = folder.resolve("whole");
        assertDone(small("--epochs", "5", "--save", whole.toString()));
        assertDone(small("--epochs", "2", "--save", model.toString()));
        assertDone(resume("--epochs", "3", "--save", model.toString(), "--json", json.toString()));
        assertEquals(
                3, JsonTree.read(json).at("epochs").list().get(0).at("epoch").number());
        assertFalse(Arrays.equals(Files.readAllBytes(whole), Files.readAllBytes(model)));
        assertDone(resume("--epochs", "5", "--save", model.toString()));
        assertArrayEquals(Files.readAllBytes(whole), Files.readAllBytes(model));
        // there is nothing left to do, and no harm in asking
        Call done = resume("--epochs", "5", "--save", model.toString(), "--json", json.toString());
        assertDone(done);
        assertTrue(done.out().contains("sample:"), done.out());
        assertEquals(0, JsonTree.read(json).at("epochs").list().size());
        assertArrayEquals(Files.readAllBytes(whole), Files.readAllBytes(model));
    }

    @Test
    void aResumedRunTakesTheBackendOfItsFile() {
        assertDone(small("--epochs", "1", "--save", model.toString()));
        Call call = resume("--epochs", "2");
        assertDone(call);
        assertTrue(call.out().startsWith("backend   reference "), call.out());
    }

    @Test
    void aResumedRunSavesToItsFileUnlessToldOtherwise() throws IOException {
        assertDone(small("--epochs", "1", "--save", model.toString()));
        byte[] first = Files.readAllBytes(model);
        Path other = folder.resolve("other");
        Call apart = resume("--epochs", "2", "--save", other.toString());
        assertDone(apart);
        assertTrue(apart.out().endsWith("saved " + other + "\n"), apart.out());
        assertArrayEquals(first, Files.readAllBytes(model));
        Call same = resume("--epochs", "2");
        assertDone(same);
        assertTrue(same.out().endsWith("saved " + model + "\n"), same.out());
        assertArrayEquals(Files.readAllBytes(other), Files.readAllBytes(model));
    }

    @Test
    void theTimeLimitEndsARun() throws IOException {
        Call call = small("--time-limit", "0.3", "--json", json.toString(), "--save", model.toString());
        assertDone(call);
        List<JsonTree> epochs = JsonTree.read(json).at("epochs").list();
        double seconds =
                epochs.stream().mapToDouble(e -> e.at("seconds").number()).sum();
        assertTrue(seconds > 0.1 && seconds < 5, "seconds " + seconds);
        for (JsonTree epoch : epochs.subList(0, epochs.size() - 1)) {
            assertTrue(epoch.at("complete").isTrue());
        }
        assertDone(resume("--time-limit", "1e-9"));
    }

    @Test
    void withoutATextItLearnsTheBuiltInCorpus() {
        Call call = Call.rondo(
                "train",
                "--backend",
                "reference",
                "--hidden",
                "4",
                "--max-tokens",
                "2000",
                "--epochs",
                "1",
                "--sample",
                "5");
        assertDone(call);
        assertTrue(call.out().matches("(?s).* \\d{2,} characters known.* 1 windows an epoch.*sample:.*"), call.out());
    }

    @Test
    void theBestBackendIsTheDefault() {
        Call call = TrainCalls.call(List.of(
                "train", "--text", text.toString(), "--hidden", "4", "--batch", "2", "--steps", "5", "--epochs", "1"));
        assertDone(call);
        assertTrue(call.out().contains("trained to epoch 1: "), call.out());
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

    /** Every window that gradients could go back to costs memory, but an epoch has ten only. */
    @Test
    void backStepsMayBeEndless() {
        assertDone(small("--epochs", "1", "--back-steps", "2147483647"));
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

    @Test
    void aFileThatCannotBeResumedIsNamed() throws IOException {
        assertRefused("--resume: " + model + ": file does not exist", resume());
        assertRefused(
                "--resume: expected a file, got the directory " + folder,
                TrainCalls.call(TrainCalls.resume(text, folder)));
        assertDone(small("--epochs", "1", "--save", model.toString()));
        byte[] bytes = Files.readAllBytes(model);
        bytes[bytes.length / 2] ^= 4;
        Files.write(model, bytes);
        for (String backend : List.of("auto", "reference")) {
            Call call = resume("--backend", backend);
            assertTrue(
                    call.err()
                            .matches(
                                    "rondo: --resume: \\Q" + model + "\\E: the file is damaged: it states the checksum "
                                            + "[0-9a-f]{64}, its content has [0-9a-f]{64}\n"),
                    call.err());
            assertEquals(ExitStatus.WRONG_CALL, call.status());
        }
        Files.writeString(model, "");
        assertRefused("--resume: " + model + ": expected at least 8 bytes, found 0 (empty)", resume());
        Safetensors.write(model, List.of(), Map.of());
        assertRefused(
                "--resume: " + model + ": expected a model of Rondo, with the metadata \"format\" = "
                        + "\"rondo-character-language-model-1\", got a file without it",
                resume());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--cell gru",
                "--hidden 5",
                "--layers 1",
                "--dropout 0",
                "--batch 4",
                "--steps 6",
                "--back-steps 6",
                "--optimizer adam",
                "--lr 1",
                "--clip 1",
                "--charset all",
                "--seed 1"
            })
    void aResumedRunKeepsItsSettings(String option) {
        String[] words = option.split(" ");
        Call call = resume(words);
        assertRefused(words[0] + ": not allowed with --resume, whose file has the value", call);
    }

    @Test
    void aResumedRunNeedsItsText() throws IOException {
        assertDone(small("--epochs", "1", "--save", model.toString()));
        Files.writeString(text, " and so on", StandardOpenOption.APPEND);
        Call call = resume();
        assertTrue(
                call.err().startsWith("rondo: text: expected the one that " + model + " was trained on"), call.err());
        assertEquals(1, call.err().lines().count());
        assertEquals(ExitStatus.WRONG_CALL, call.status());
    }

    /** Steps that large throw the weights to where the loss is no number; the good model of before stays. */
    @ParameterizedTest
    @ValueSource(strings = {"lstm", "rnn_relu", "gru"})
    void aTrainingThatDivergesFailsAndKeepsTheModel(String cell) throws IOException {
        assertDone(small("--epochs", "1", "--save", model.toString()));
        byte[] good = Files.readAllBytes(model);

        Call call = Call.rondo(
                "train",
                "--text",
                text.toString(),
                "--backend",
                "reference",
                "--cell",
                cell,
                "--hidden",
                "12",
                "--batch",
                "4",
                "--steps",
                "6",
                "--optimizer",
                "sgd",
                "--lr",
                "1e30",
                "--clip",
                "0",
                "--epochs",
                "50",
                "--save",
                model.toString(),
                "--json",
                json.toString());
        assertEquals(ExitStatus.FAILED, call.status());
        assertTrue(
                call.err()
                        .matches("rondo: the training diverged: (the loss|a weight) is [-\\w.]+ in epoch 1; "
                                + "try a smaller --lr or --clip\n"),
                call.err());
        assertArrayEquals(good, Files.readAllBytes(model));
        assertFalse(Files.exists(json));
        try (SafetensorsFile file = Safetensors.open(model, Integrity.REQUIRED)) {
            assertEquals("1", file.metadata().get("training.epoch"));
        }
    }

    @Test
    void helpShowsEveryOptionWithItsDefault() {
        Call call = Call.rondo("train", "--help");
        assertDone(call);
        for (String part : List.of("--text=FILE", "--hidden=H", "Default: 256", "--resume=FILE", "--json=FILE")) {
            assertTrue(call.out().contains(part), part + " in " + call.out());
        }
        assertFalse(call.out().contains("--save-every"), "an option of the tests");
    }

    @Test
    void theTextMayHaveAnyCharacters() throws IOException {
        Files.writeString(text, "\u00e4\u00f6\ud83d\ude00\n\t\u4e2d \u0000".repeat(30), StandardCharsets.UTF_8);
        Call call = small("--epochs", "3", "--json", json.toString(), "--save", model.toString());
        assertDone(call);
        String sample = JsonTree.read(json).at("sample").text();
        assertTrue(sample.startsWith("\u00e4\u00f6\ud83d\ude00\n\t\u4e2d"), sample);
        assertEquals(16 + 30, sample.codePointCount(0, sample.length()));
    }
}
