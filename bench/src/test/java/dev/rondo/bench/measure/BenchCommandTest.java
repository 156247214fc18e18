package dev.rondo.bench.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.bench.Call;
import dev.rondo.bench.FaultyProvider;
import dev.rondo.bench.FaultyProvider.Fault;
import dev.rondo.bench.JsonTree;
import dev.rondo.bench.cli.ExitStatus;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class BenchCommandTest {
    private static final BenchReport HOST = new BenchReport(Map.of(), false, false, List.of());

    @TempDir
    private Path folder;

    private Path json;
    private Path html;

    @BeforeEach
    void names() {
        json = folder.resolve("bench.json");
        html = folder.resolve("bench.html");
    }

    private Call bench(String... options) {
        return Call.rondo(Stream.of(
                        Stream.of("bench", "--quick"),
                        Stream.of(options),
                        Stream.of("--json", json.toString(), "--html", html.toString()))
                .flatMap(part -> part)
                .toArray(String[]::new));
    }

    @Test
    void checksThenTimesBothCellsAndBothModes() throws IOException {
        Call call = bench("--backend", "cpu", "--threads", "1", "--shape", "2,3,4,5", "--shape", "1,7,2,6");
        assertEquals(ExitStatus.DONE, call.status(), call.err());
        assertEquals("", call.err());
        List<String> lines = call.out().lines().toList();
        assertEquals("backend              cpu", lines.get(0));
        assertTrue(lines.get(1).contains("1 thread"), lines.get(1));
        int header = lines.indexOf(HOST.header());
        assertTrue(
                lines.get(header - 1).matches("check +12 small layers agree with the oracle, with .* % of the .*"),
                lines.get(header - 1));
        JsonTree report = JsonTree.read(json);
        List<JsonTree> results = report.at("results").list();
        assertEquals(8, results.size());
        int row = header + 1;
        for (String shape : List.of("2,3,4,5", "1,7,2,6")) {
            for (String cell : List.of("LSTM", "GRU")) {
                for (String mode : List.of("inference", "training")) {
                    assertTrue(lines.get(row).matches(cell + " +" + mode + " +" + shape + " .* 1 x 1"), lines.get(row));
                    checkResult(results.get(row - header - 1), cell, mode, shape);
                    row++;
                }
            }
        }
        assertEquals(HOST.legend(), lines.subList(row, lines.size()));
        assertTrue(call.out().contains("including a final read"), call.out());
        JsonTree settings = report.at("settings");
        assertEquals("2,3,4,5 1,7,2,6", settings.at("shapes").text());
        assertFalse(settings.has("suite"));
        assertEquals("cpu", settings.at("backend").text());
        assertEquals(1, settings.at("threads").number());
        assertTrue(settings.at("effort").text().startsWith("quick"));
        assertFalse(Files.readString(json).contains("emulated"));
    }

    private static void checkResult(JsonTree result, String cell, String mode, String shape) {
        assertEquals(cell, result.at("cell").text());
        assertEquals(mode, result.at("mode").text());
        int[] sizes = Stream.of("batch", "steps", "inputs", "hidden")
                .mapToInt(name -> (int) result.at(name).number())
                .toArray();
        assertEquals(shape, sizes[0] + "," + sizes[1] + "," + sizes[2] + "," + sizes[3]);
        double median = result.at("median_ms_per_call_with_final_read").number() / 1e3;
        assertTrue(median > 0, cell);
        assertEquals(median * 1e3, result.at("min_ms_per_call_with_final_read").number());
        assertEquals(1e6 * median / sizes[1], result.at("us_per_step").number(), 1e-6 * 1e6 * median);
        double tokens = (double) sizes[0] * sizes[1];
        assertEquals(1, result.at("tokens_per_second").number() * median / tokens, 1e-6);
        double operations = 2 * tokens * (cell.equals("LSTM") ? 4 : 3) * sizes[3] * (sizes[2] + sizes[3]);
        double passes = mode.equals("training") ? 3 : 1;
        assertEquals(1, result.at("gflops").number() * 1e9 * median / (operations * passes), 1e-6);
        assertEquals(1, result.at("batches").number());
        assertEquals(1, result.at("calls_per_batch").number());
    }

    /** The chart is XML with a bar for each result, the longest of the full width; nothing is loaded from elsewhere. */
    @Test
    void thePageHasATableAndAChartAndNeedsNothingElse() throws Exception {
        assertEquals(
                ExitStatus.DONE,
                bench("--backend", "cpu", "--shape", "2,3,4,5", "--shape", "4,3,4,32")
                        .status());
        String page = Files.readString(html);
        assertFalse(page.contains("http"), page);
        assertFalse(page.matches("(?s).*(src=|href=|@import|url\\(|<script).*"), page);
        assertEquals(8, page.split("<tr><td>", -1).length - 1);
        assertTrue(page.contains("<td>4,3,4,32</td>"), page);
        String svg = page.substring(page.indexOf("<svg"), page.indexOf("</svg>") + "</svg>".length());
        Document chart =
                DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(new InputSource(new StringReader(svg)));
        NodeList bars = chart.getElementsByTagName("rect");
        assertEquals(8, bars.getLength());
        double longest = 0;
        for (int k = 0; k < bars.getLength(); k++) {
            longest = Math.max(longest, Double.parseDouble(((Element) bars.item(k)).getAttribute("width")));
        }
        assertEquals(420, longest);
        assertFalse(page.contains("emulated"), page);
        assertFalse(Files.exists(folder.resolve(".bench.html.rondo-tmp")));
    }

    @Test
    void everyLineAndResultOfAnEmulatorIsMarked() throws IOException {
        FaultyProvider.with(Fault.EMULATED, () -> {
            Call call = bench("--backend", "faulty", "--shape", "2,3,4,5");
            assertEquals(ExitStatus.DONE, call.status(), call.err());
            assertEquals("", call.err());
            for (String line : call.out().lines().toList()) {
                assertTrue(line.endsWith("[emulated: not a GPU figure]"), line);
            }
            JsonTree report = JsonTree.read(json);
            assertEquals(
                    "emulated: not a GPU figure",
                    report.at("settings").at("note").text());
            List<JsonTree> results = report.at("results").list();
            assertEquals(4, results.size());
            for (JsonTree result : results) {
                assertEquals("emulated: not a GPU figure", result.at("note").text());
            }
            // the head of the page, four rows, four bars
            assertEquals(9, Files.readString(html).split("emulated: not a GPU figure", -1).length - 1);
        });
    }

    @Test
    void anEmulatorGetsSmallSizes() throws IOException {
        FaultyProvider.with(Fault.EMULATED, () -> {
            Call call = Call.rondo(
                    "bench",
                    "--backend",
                    "faulty",
                    "--suite",
                    "cpu",
                    "--json",
                    json.toString(),
                    "--html",
                    html.toString());
            assertEquals(ExitStatus.DONE, call.status(), call.err());
            JsonTree report = JsonTree.read(json);
            JsonTree settings = report.at("settings");
            assertEquals("cpu, all sizes divided by 16", settings.at("suite").text());
            assertTrue(settings.at("effort").text().startsWith("quick"));
            for (JsonTree result : report.at("results").list()) {
                assertTrue(result.at("hidden").number() <= 64);
                assertEquals(1, result.at("calls_per_batch").number());
            }
            assertTrue(call.out().contains("\nGRU   training   2,3,2,16 "), call.out());
        });
    }

    @Test
    void whatIsWrongIsNotTimed() throws IOException {
        FaultyProvider.with(Fault.OFF, () -> {
            Call call = bench("--backend", "faulty", "--shape", "2,3,4,5");
            assertEquals(ExitStatus.FAILED, call.status());
            assertTrue(call.out().contains("FAILED on faulty: LSTM T1 N1 I1 H1 L1 forward: dh0[0,0,0]"), call.out());
            assertTrue(call.out().endsWith("\nnothing was timed\n"), call.out());
            assertFalse(Files.exists(json));
            assertFalse(Files.exists(html));
        });
    }

    @Test
    void aShapeThatCannotBeRunHasAReasonAndTheOthersAreTimed() throws IOException {
        FaultyProvider.with(Fault.NARROW, () -> {
            Call call = bench("--backend", "faulty", "--shape", "1,1,1,1000", "--shape", "1,1,1,1");
            assertEquals(ExitStatus.FAILED, call.status());
            assertTrue(
                    call.out().contains("\nGRU   training   1,1,1,1000           not timed: not enough memory\n"),
                    call.out());
            List<JsonTree> results = JsonTree.read(json).at("results").list();
            assertEquals("not enough memory", results.get(0).at("not_timed").text());
            assertFalse(results.get(0).has("gflops"));
            assertTrue(results.get(7).has("gflops"));
            assertTrue(Files.readString(html).contains("not timed: not enough memory"));
        });
    }

    @Test
    void theOracleHasNothingToBeComparedWith() {
        Call call = bench("--backend", "reference", "--precision", "bf16", "--shape", "1,1,1,1");
        assertEquals(ExitStatus.DONE, call.status());
        assertTrue(call.out().contains("\ncheck                this is the oracle itself\n"), call.out());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--shape 2,3,4|--shape: expected N,T,I,H such as 32,35,28,256, got 2,3,4",
                "--shape 2,3,4,x|--shape: expected N,T,I,H such as 32,35,28,256, got 2,3,4,x",
                "--shape 2,0,4,5|--shape: expected sizes of at least 1, got 2,0,4,5",
                "--suite cpu --shape 2,3,4,5|--shape: expected none with --suite, got [2,3,4,5]",
                "--threads -1|threads: expected 0 to 4096, got -1",
                "--backend abacus|backend: expected one of [cuda, cpu, reference, faulty], got abacus",
                "--backend faulty|backend faulty cannot be used here: no test has chosen a fault",
            })
    void aWrongCallSaysWhatIsWrong(String options, String message) {
        Call call = bench(options.split(" "));
        assertEquals(ExitStatus.WRONG_CALL, call.status());
        assertEquals("rondo: " + message + "\n", call.err());
        assertEquals("", call.out());
    }

    @Test
    void anUnknownSuiteIsAWrongCall() {
        Call call = bench("--suite", "tpu");
        assertEquals(ExitStatus.WRONG_CALL, call.status());
        assertTrue(call.err().contains("--suite") && call.err().contains("[CPU, GPU]"), call.err());
    }

    @Test
    void theTwoReportsAreTwoFiles() {
        html = json;
        Call call = bench("--shape", "1,1,1,1");
        assertEquals(ExitStatus.WRONG_CALL, call.status());
        assertTrue(call.err().startsWith("rondo: --html: expected another file than that of --json, got "), call.err());
    }
}
