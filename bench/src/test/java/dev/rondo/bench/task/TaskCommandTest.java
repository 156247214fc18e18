package dev.rondo.bench.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.bench.Call;
import dev.rondo.bench.JsonTree;
import dev.rondo.bench.cli.ExitStatus;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TaskCommandTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"task", "task --list"})
    void theTasksAreListedOneALine(String line) {
        Call call = Call.rondo(line.split(" "));
        assertEquals(ExitStatus.DONE, call.status());
        assertEquals("", call.err());
        List<String> lines = call.out().lines().toList();
        assertEquals(TextbookTasks.ALL.size(), lines.size());
        for (int i = 0; i < lines.size(); i++) {
            TextbookTask task = TextbookTasks.ALL.get(i);
            assertTrue(lines.get(i).startsWith(task.name() + " "), lines.get(i));
            assertTrue(lines.get(i).endsWith("  " + task.description()), lines.get(i));
        }
    }

    @Test
    void theNamesAreSortedAndDiffer() {
        List<String> names = TextbookTasks.names();
        assertEquals(names.stream().sorted().distinct().toList(), names);
    }

    @Test
    void ofAnUnknownTaskItSaysWhichThereAre() {
        Call call = Call.rondo("task", "substracting");
        assertEquals(ExitStatus.WRONG_CALL, call.status());
        assertEquals(
                "rondo: task: expected one of " + String.join(", ", TextbookTasks.names()) + ", got substracting\n",
                call.err());
        assertEquals("", call.out());
    }

    @Test
    void figuresAndPlotsAreWritten() throws IOException {
        StringWriter out = new StringWriter();
        Path json = folder.resolve("run.json");
        try (Backend backend = Backend.named("reference")) {
            TaskSession session = new TaskSession("guess", backend, 7, 3600, folder, new PrintWriter(out));
            session.progress("a line");
            session.figure("accuracy", 0.98765);
            session.figure("updates", 300);
            session.plot("guess-loss", "<svg/>");
            assertFalse(session.timeIsUp());
            session.finish(json);
        }
        assertTrue(out.toString().contains(" s  a line\n"), out.toString());
        assertTrue(out.toString().contains("accuracy  0.9877\nupdates   300\n"), out.toString());
        assertEquals("<svg/>", Files.readString(folder.resolve("guess-loss.svg")));
        JsonTree tree = JsonTree.read(json);
        assertEquals("guess", tree.at("settings").at("task").text());
        assertEquals(7, tree.at("settings").at("seed").number());
        assertEquals("reference", tree.at("settings").at("backend").text());
        assertTrue(tree.at("settings").at("cores").number() >= 1);
        assertEquals(0.98765, tree.at("figures").at("accuracy").number());
        assertEquals("guess-loss.svg", tree.at("plots").list().get(0).text());
        assertTrue(tree.at("seconds").number() >= 0);
    }

    /** Learns nothing in so short a time. */
    @Test
    void aTaskRuns() throws IOException {
        Path json = folder.resolve("copy.json");
        Path plots = folder.resolve("new").resolve("plots");
        Call call = Call.rondo(
                "task",
                "copy",
                "--time-limit",
                "0.01",
                "--backend",
                "cpu",
                "--json",
                json.toString(),
                "--plots",
                plots.toString());
        assertEquals("", call.err());
        assertEquals(ExitStatus.DONE, call.status());
        assertTrue(call.out().contains("lstm.accuracy"), call.out());
        assertTrue(Files.readString(plots.resolve("copy-gradient.svg")).startsWith("<svg "));
        assertTrue(Files.readString(plots.resolve("copy-loss.svg")).endsWith("</svg>\n"));
        JsonTree figures = JsonTree.read(json).at("figures");
        assertEquals(10 * Math.log(8) / 120, figures.at("memoryless.loss").number(), 1e-12);
        double accuracy = figures.at("gru.accuracy").number();
        assertTrue(accuracy >= 0 && accuracy < 0.5, () -> "accuracy " + accuracy);
    }

    @Test
    void aFileInPlaceOfTheFolderIsNamed() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "");
        Call call = Call.rondo("task", "copy", "--plots", file.toString());
        assertEquals("rondo: --plots: expected a folder, got the file " + file + "\n", call.err());
        assertEquals(ExitStatus.WRONG_CALL, call.status());
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "NaN", "Infinity"})
    void aTimeLimitIsPositive(String limit) {
        Call call = Call.rondo("task", "copy", "--time-limit", limit);
        assertTrue(call.err().startsWith("rondo: --time-limit: expected a positive number, got "), call.err());
        assertEquals(ExitStatus.WRONG_CALL, call.status());
    }

    @Test
    void theTimeEnds() {
        try (Backend backend = Backend.named("reference")) {
            TaskSession session = new TaskSession("guess", backend, 1, 1e-9, null, new PrintWriter(new StringWriter()));
            assertTrue(session.timeIsUp());
        }
    }
}
