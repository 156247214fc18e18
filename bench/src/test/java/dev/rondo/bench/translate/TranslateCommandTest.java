package dev.rondo.bench.translate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.bench.Call;
import dev.rondo.bench.JsonTree;
import dev.rondo.bench.cli.ExitStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code rondo translate train} and {@code run}. */
class TranslateCommandTest {
    private static final String PAIRS = "Big red car.\tGrande voiture rouge.\nBig red house.\tGrande maison rouge.\n"
            + "Big blue car.\tGrande voiture bleue.\nBig blue house.\tGrande maison bleue.\n";

    @TempDir
    Path folder;

    private Path pairs;

    @BeforeEach
    void writePairs() throws IOException {
        pairs = Files.writeString(folder.resolve("pairs.txt"), PAIRS);
    }

    private Call train(String... more) {
        List<String> args = new ArrayList<>(List.of("translate", "train", "--pairs", pairs.toString()));
        args.addAll(List.of("--backend", "reference", "--hidden", "10", "--embedding", "6", "--batch", "2"));
        args.addAll(List.of(more));
        return Call.rondo(args.toArray(String[]::new));
    }

    @Test
    void learnsSavesAndTranslates() throws IOException {
        Path model = folder.resolve("model.safetensors");
        Path json = folder.resolve("report.json");
        String[] options = {
            "--steps",
            "5",
            "--lr",
            "0.02",
            "--epochs",
            "60",
            "--min-count",
            "1",
            "--beams",
            "2",
            "--save",
            model.toString(),
            "--json",
            json.toString()
        };
        Call call = train(options);
        assertEquals("", call.err());
        assertEquals(ExitStatus.DONE, call.status());
        assertTrue(call.out().contains("big red car . => grande voiture rouge ."), call.out());
        assertTrue(
                call.out().contains("4 sentences trained on: BLEU 100.00 greedy, 100.00 by beam search"), call.out());
        JsonTree report = JsonTree.read(json);
        assertEquals("dot", report.at("settings").at("attention").text());
        assertEquals(60, report.at("epochs").list().size());
        assertEquals(100, report.at("scores").at("bleu_beam").number(), 1e-9);
        assertEquals(0, report.at("scores").at("beam_below_greedy").number());

        Path svg = folder.resolve("attention.svg");
        Call run = Call.rondo(
                "translate",
                "run",
                "--model",
                model.toString(),
                "--backend",
                "reference",
                "--heat-map",
                svg.toString(),
                "Big blue HOUSE.");
        assertEquals("", run.err());
        assertTrue(run.out().startsWith("big blue house . => grande maison bleue .  score -0."), run.out());
        String picture = Files.readString(svg);
        assertTrue(picture.startsWith("<svg") && picture.contains(">bleue<") && picture.contains(">house<"), picture);
    }

    @Test
    void goesOnFromItsFile() throws IOException {
        Path whole = folder.resolve("whole.safetensors");
        Path part = folder.resolve("part.safetensors");
        assertEquals(
                ExitStatus.DONE,
                train("--epochs", "4", "--save", whole.toString()).status());
        assertEquals(
                ExitStatus.DONE,
                train("--epochs", "2", "--save", part.toString()).status());
        Call resumed = Call.rondo(
                "translate",
                "train",
                "--pairs",
                pairs.toString(),
                "--backend",
                "reference",
                "--epochs",
                "4",
                "--resume",
                part.toString(),
                "--save",
                part.toString());
        assertEquals("", resumed.err());
        assertEquals(-1, Files.mismatch(whole, part));
    }

    @ParameterizedTest
    @CsvSource({
        "--held-out,1,'--held-out: expected 0 to less than 1, got 1.0'",
        "--attention,luong,'--attention: expected none, dot or additive, got luong'",
        "--lr,0,'--lr: expected a positive number, got 0.0'",
        "--beams,0,'--beams: expected a positive number, got 0'",
        "--alpha,-1,'--alpha: expected 0 to 10, got -1.0'"
    })
    void wrongValuesAreNamed(String option, String value, String expected) {
        Call call = train(option, value);
        assertEquals("rondo: " + expected + "\n", call.err());
        assertEquals(ExitStatus.WRONG_CALL, call.status());
    }

    @Test
    void aLineWithoutTranslationIsNamed() throws IOException {
        Files.writeString(pairs, "Red car.\tVoiture rouge.\nRed house.\n");
        Call call = train();
        assertTrue(call.err().contains("line 2: expected a sentence, a TAB and its translation"), call.err());
        assertEquals(ExitStatus.WRONG_CALL, call.status());
        assertFalse(Files.exists(folder.resolve("model.safetensors")));
    }

    @Test
    void withoutAPartTheUsageIsPrinted() {
        Call call = Call.rondo("translate");
        assertTrue(call.err().contains("train"), call.err());
        assertEquals(ExitStatus.WRONG_CALL, call.status());
    }
}
