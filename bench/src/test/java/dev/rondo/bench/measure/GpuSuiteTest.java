package dev.rondo.bench.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.bench.EmulatedJvm;
import dev.rondo.bench.JsonTree;
import dev.rondo.bench.Rondo;
import dev.rondo.bench.cli.ExitStatus;
import dev.rondo.bench.cudnn.CudnnChecks;
import dev.rondo.bench.cudnn.CudnnLayer;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The suite for GPUs from one end to the other on the emulator, with its stand-in for cuDNN. */
class GpuSuiteTest {
    @TempDir
    private Path folder;

    @BeforeEach
    void requireTheEmulator() {
        EmulatedJvm.require();
    }

    private EmulatedJvm.Outcome run(Class<?> main, String... arguments) throws Exception {
        return new EmulatedJvm(folder.resolve("output"))
                .libraries(EmulatedJvm.emulator())
                .run(main, arguments);
    }

    @Test
    void everyCaseIsComparedWithCudnnAndTimedAndMarkedAsEmulated() throws Exception {
        Path json = folder.resolve("bench.json");
        Path html = folder.resolve("bench.html");
        EmulatedJvm.Outcome outcome = run(
                Rondo.class,
                "bench",
                "--suite",
                "gpu",
                "--backend",
                "cuda",
                "--json",
                json.toString(),
                "--html",
                html.toString());
        assertEquals(ExitStatus.DONE, outcome.status(), outcome.text());
        List<String> lines = outcome.text().lines().toList();
        for (String line : lines) {
            assertTrue(line.endsWith("[emulated: not a GPU figure]"), line);
        }
        JsonTree report = JsonTree.read(json);
        assertTrue(report.at("settings").at("cudnn").text().startsWith("a stand-in for "), outcome.text());
        List<JsonTree> results = report.at("results").list();
        // 30 shapes, of which the division leaves 24
        assertEquals(4 * 24, results.size());
        for (JsonTree result : results) {
            assertEquals(
                    CudnnLayer.Algorithm.values().length,
                    result.at("rivals").list().size());
            assertTrue(result.at("best_rival_over_rondo").number() > 0);
            assertTrue(result.at("median_ms_per_call_on_device").number() > 0);
            assertTrue(result.at("queue_us_per_call").number() > 0);
            assertTrue(result.at("share_of_floor").number() > 0);
            for (JsonTree rival : result.at("rivals").list()) {
                String comparison = rival.at("comparison").text();
                assertEquals(
                        rival.has("median_ms_per_call_on_device"),
                        comparison.matches(".* differs by .*, allowed .*"),
                        comparison);
            }
        }
        assertTrue(Files.readString(html).contains("<th>cuDNN/rondo</th>"));
    }

    @Test
    void cudnnIsLeftOutOnRequest() throws Exception {
        EmulatedJvm.Outcome outcome =
                run(Rondo.class, "bench", "--backend", "cuda", "--no-cudnn", "--shape", "1,2,3,4");
        assertEquals(ExitStatus.DONE, outcome.status(), outcome.text());
        assertTrue(outcome.text().contains("cudnn                left out "), outcome.text());
        assertFalse(outcome.text().contains("STANDARD"), outcome.text());
    }

    @Test
    void cudnnIsASecondOracle() throws Exception {
        String text = run(SecondOracle.class).text();
        assertTrue(text.contains("  beside cuDNN: a stand-in for "), text);
        assertTrue(
                text.matches("(?s).*  36 layers agree with cuDNN, with .* at most, 0 do not, 12 are not supported.*"),
                text);
    }

    /** What {@code rondo verify} does beside the comparison with the oracle. */
    static final class SecondOracle {
        private SecondOracle() {}

        public static void main(String[] args) {
            try (Backend cuda = Backend.named("cuda")) {
                PrintWriter out = new PrintWriter(System.out, true);
                CudnnChecks.of(cuda).print(out);
                out.flush();
            }
        }
    }
}
