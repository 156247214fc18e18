package dev.rondo.bench.train;

import static dev.rondo.bench.train.TrainCalls.assertDone;
import static dev.rondo.bench.train.TrainCalls.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.bench.Call;
import dev.rondo.bench.JsonTree;
import dev.rondo.bench.cli.ExitStatus;
import dev.rondo.io.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A training that goes on from its file. */
class TrainResumeTest {
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

    private Call resume(String... more) {
        return TrainCalls.call(TrainCalls.resume(text, model, more));
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
}
