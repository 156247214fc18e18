package dev.rondo.bench.train;

import static dev.rondo.bench.train.TrainCalls.assertDone;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.bench.Call;
import dev.rondo.bench.JsonTree;
import dev.rondo.bench.cli.ExitStatus;
import dev.rondo.io.Integrity;
import dev.rondo.io.Safetensors;
import dev.rondo.io.SafetensorsFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A training: what it says, reports and saves, and how it ends. */
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

    private Call small(String... more) {
        return TrainCalls.call(TrainCalls.small(text, more));
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
        assertDone(TrainCalls.call(TrainCalls.resume(text, model, "--time-limit", "1e-9")));
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

    /** Every window that gradients could go back to costs memory, but an epoch has ten only. */
    @Test
    void backStepsMayBeEndless() {
        assertDone(small("--epochs", "1", "--back-steps", "2147483647"));
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
