package dev.rondo.bench.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.rondo.bench.Call;
import dev.rondo.bench.cli.ExitStatus;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Where the disk or the memory ends, a run ends in words, and what was saved before stays. */
class TrainLimitsTest {
    @TempDir
    Path folder;

    private Path text;
    private Path model;

    @BeforeEach
    void trainAModel() throws IOException {
        text = TrainCalls.text(folder, 6);
        model = folder.resolve("model");
        Call call = TrainCalls.call(TrainCalls.small(text, "--epochs", "1", "--save", model.toString()));
        assertEquals(ExitStatus.DONE, call.status());
    }

    /** A process may be kept from writing more than some blocks of 512 bytes to a file; a write then fails half way. */
    private static Call withFilesUpTo(int blocks, List<String> args) throws IOException, InterruptedException {
        Path shell = Path.of("/bin/sh");
        assumeTrue(Files.isExecutable(shell), "needs a shell that limits the size of files");
        List<String> command =
                new ArrayList<>(List.of(shell.toString(), "-c", "ulimit -f " + blocks + " && exec \"$@\"", "-"));
        command.addAll(TrainProcess.command(List.of(), args));
        return run(new ProcessBuilder(command));
    }

    private static Call run(ProcessBuilder builder) throws IOException, InterruptedException {
        Process process = builder.redirectErrorStream(true).start();
        String out = new String(process.getInputStream().readAllBytes());
        return new Call(process.waitFor(), "", out.replace("\r", ""));
    }

    private static String lastLine(Call call) {
        List<String> lines = call.err().lines().toList();
        return lines.get(lines.size() - 1);
    }

    private Set<String> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
        }
    }

    @Test
    @Timeout(60)
    void aSaveOntoAFullDiskLeavesTheOldFile() throws Exception {
        byte[] old = Files.readAllBytes(model);
        assertTrue(old.length > 20_000, "size " + old.length);
        for (String every : List.of("0", "30")) {
            List<String> args =
                    TrainCalls.resume(text, model, "--save", model.toString(), "--save-every", every, "--epochs", "2");
            Call call = withFilesUpTo(16, args);
            assertEquals(ExitStatus.WRONG_CALL, call.status(), call.err());
            String expected = "rondo: " + model + ": cannot be replaced: java.io.IOException: File too large";
            assertEquals(expected, lastLine(call), call.err());
            assertEquals(
                    every.equals("0"), call.err().contains("rondo: not saved, the training goes on: "), call.err());
            assertArrayEquals(old, Files.readAllBytes(model));
            assertEquals(Set.of("text.txt", "model"), files());
        }
        Call call = TrainCalls.call(TrainCalls.resume(text, model, "--save", model.toString(), "--epochs", "2"));
        assertEquals(ExitStatus.DONE, call.status());
    }

    @Test
    @Timeout(60)
    void aReportOntoAFullDiskLeavesTheOldFile() throws Exception {
        Path json = Files.writeString(folder.resolve("report"), "old");
        Call call = withFilesUpTo(1, TrainCalls.small(text, "--epochs", "9", "--json", json.toString()));
        assertEquals(ExitStatus.WRONG_CALL, call.status(), call.err());
        assertEquals("rondo: " + json + ": cannot be replaced: java.io.IOException: File too large", lastLine(call));
        assertEquals("old", Files.readString(json));
        assertEquals(Set.of("text.txt", "model", "report"), files());
    }

    @Test
    @Timeout(60)
    void aTextThatIsLargerThanTheMemoryIsAWrongCall() throws Exception {
        try (RandomAccessFile large = new RandomAccessFile(text.toFile(), "rw")) {
            large.setLength(400_000_000);
        }
        List<String> args = List.of("train", "--text", text.toString(), "--epochs", "1");
        Call call = run(new ProcessBuilder(TrainProcess.command(List.of("-Xmx32m"), args)));
        assertEquals(ExitStatus.WRONG_CALL, call.status(), call.err());
        assertTrue(call.err().matches("rondo: not enough memory \\(.*\\): take smaller sizes, .*\n"), call.err());
    }
}
