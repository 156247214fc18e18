package dev.rondo.bench.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.bench.cli.ExitStatus;
import dev.rondo.io.Integrity;
import dev.rondo.io.Safetensors;
import dev.rondo.io.SafetensorsFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A training that saves after each window is killed again and again, and ends where one that ran through ends. */
class TrainKillTest {
    private static final int KILLS = 8;
    private static final List<String> EPOCHS = List.of("--epochs", "300");

    @TempDir
    Path folder;

    @Test
    @Timeout(120)
    void aRunKilledAtAnyMomentEndsInTheSameBitsAsOneThatRanThrough() throws Exception {
        Path text = TrainCalls.text(folder, 10);
        Path whole = folder.resolve("whole");
        Path saved = folder.resolve("saved");
        List<String> through = begin(text, whole);
        through.addAll(EPOCHS);
        assertEquals(ExitStatus.DONE, TrainCalls.call(through).status());

        Random random = new Random(12);
        long windows = 0;
        int killed = 0;
        for (int kill = 0; kill < KILLS; kill++) {
            List<String> args = Files.exists(saved) ? goOn(text, saved) : begin(text, saved);
            args.addAll(EPOCHS);
            args.addAll(List.of("--save-every", "0"));
            if (killAfterMillis(random.nextInt(250), args)) {
                killed++;
            }
            if (Files.exists(saved)) {
                long reached = updates(saved);
                assertTrue(reached >= windows, "from " + windows + " windows back to " + reached);
                windows = reached;
            }
        }
        assertEquals(KILLS, killed, "runs that were killed before their end");
        assertTrue(windows > KILLS && windows < updates(whole), windows + " of " + updates(whole) + " windows");

        List<String> last = goOn(text, saved);
        last.addAll(EPOCHS);
        assertEquals(ExitStatus.DONE, TrainCalls.call(last).status());
        assertArrayEquals(Files.readAllBytes(whole), Files.readAllBytes(saved));
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(3, files.count(), "what a killed run left is gone");
        }
    }

    private static List<String> begin(Path text, Path save) {
        return TrainCalls.small(
                text,
                "--cell",
                "gru",
                "--layers",
                "2",
                "--dropout",
                "0.2",
                "--back-steps",
                "12",
                "--save",
                save.toString());
    }

    private static List<String> goOn(Path text, Path file) {
        return TrainCalls.resume(text, file, "--save", file.toString());
    }

    /** Waits until the run begins to train, then so long, then kills it. Returns whether it was still running. */
    private static boolean killAfterMillis(int millis, List<String> args) throws Exception {
        Process process = TrainProcess.start(List.of(), args);
        try (BufferedReader out = process.inputReader()) {
            String line = out.readLine();
            while (line != null && !line.startsWith("training ")) {
                line = out.readLine();
            }
            assertTrue(line != null, "the run ended before it began to train");
            TimeUnit.MILLISECONDS.sleep(millis);
            return process.isAlive();
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    /** Reads the file, whole as it must be. */
    private static long updates(Path file) throws IOException {
        try (SafetensorsFile content = Safetensors.open(file, Integrity.REQUIRED)) {
            return Long.parseLong(content.requireMetadata("training.updates"));
        }
    }
}
