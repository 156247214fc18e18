package dev.rondo.bench.peers;

import dev.rondo.Cell;
import dev.rondo.Mode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.TimeValue;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The command {@code bench/peers/compare}. Exit status 0: all was measured; 1: a library failed or differed; 2: the call was
 * wrong.
 */
@Command(
        name = "compare",
        description =
                "Rondo's cpu backend side by side with other libraries on the CPU: checks results, then times calls.",
        showDefaultValues = true)
public final class Compare implements Callable<Integer> {
    private static final int DONE = 0;
    private static final int FAILED = 1;
    private static final int WRONG_CALL = 2;

    private static final List<String> INFERENCE = List.of(
            "1x100x64x64",
            "1x100x128x128",
            "1x100x256x256",
            "1x100x512x512",
            "1x100x1024x1024",
            "32x35x28x256",
            "64x50x512x512",
            "16x100x1024x1024");
    private static final List<String> TRAINING = List.of("32x35x28x256", "64x50x512x512", "16x100x128x128");

    @Option(names = "--cells", split = ",", paramLabel = "CELL", defaultValue = "LSTM,GRU", description = "LSTM, GRU")
    private List<Cell> cells = List.of();

    @Option(
            names = "--modes",
            split = ",",
            paramLabel = "MODE",
            defaultValue = "INFERENCE,TRAINING",
            description = "inference, training")
    private List<Mode> modes = List.of();

    @Option(names = "--threads", split = ",", paramLabel = "N", defaultValue = "1,2", description = "CPU threads")
    private List<Integer> threads = List.of();

    @Option(
            names = "--shapes",
            split = ",",
            paramLabel = "NxTxIxH",
            description = "batch, steps, input size, hidden size; by default a set for each mode")
    private @Nullable List<String> shapes;

    @Option(
            names = "--engines",
            split = ",",
            paramLabel = "NAME",
            description = "of ${COMPLETION-CANDIDATES}; by default all")
    private List<Library> engines = List.of(Library.values());

    @Option(names = "--rounds", paramLabel = "N", defaultValue = "2", description = "how often each engine is measured")
    private int rounds;

    @Option(names = "--warm-up", paramLabel = "MS", defaultValue = "1000", description = "milliseconds of warm-up")
    private long warmUp;

    @Option(names = "--time", paramLabel = "MS", defaultValue = "1000", description = "milliseconds of measurement")
    private long time;

    @Option(names = "--json", paramLabel = "FILE", description = "writes everything that was measured")
    private @Nullable Path json;

    @Option(names = "--text", paramLabel = "FILE", description = "writes what is printed to a file too")
    private @Nullable Path text;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "prints this")
    private boolean help;

    @Option(names = "--verbose", description = "prints what JMH and the libraries print")
    private boolean verbose;

    Compare() {}

    /**
     * Runs the command and ends the JVM with its exit status.
     *
     * @param args the command line
     */
    public static void main(String[] args) {
        CommandLine line = new CommandLine(new Compare());
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setExecutionExceptionHandler((error, command, parsed) -> {
            boolean foreseen = error instanceof IllegalArgumentException || error instanceof IOException;
            if (!foreseen || Boolean.getBoolean("rondo.debug")) {
                error.printStackTrace();
            }
            System.err.println("compare: " + (foreseen ? error.getMessage() : error.toString()));
            return foreseen ? WRONG_CALL : FAILED;
        });
        System.exit(line.execute(args));
    }

    @Override
    public Integer call() throws IOException {
        List<RnnCase> cases = cases();
        if (json != null && !Files.isDirectory(json.toAbsolutePath().getParent())) {
            throw new IllegalArgumentException("--json: no such folder: " + json.getParent());
        }
        List<Library> libraries = engines.stream().distinct().sorted().toList();
        Map<String, String> facts = Machine.facts(libraries);
        PrintWriter out = new PrintWriter(System.out, true);
        Path folder = Files.createTempDirectory("rondo-peers");
        try (PrintWriter file = text == null ? null : new PrintWriter(Files.newBufferedWriter(text))) {
            Report report = new Report(file == null ? List.of(out) : List.of(out, file), libraries);
            report.begin(facts);
            for (RnnCase rnn : cases) {
                report.add(measure(rnn, libraries, folder));
            }
            report.end();
            if (json != null) {
                JsonFile.write(json, facts, settings(), report);
            }
            boolean failed = report.rows().stream()
                    .flatMap(row -> row.outcomes().stream())
                    .anyMatch(outcome -> outcome.failure() != null);
            return failed ? FAILED : DONE;
        } finally {
            delete(folder);
        }
    }

    private List<RnnCase> cases() {
        if (cells.stream().anyMatch(cell -> cell != Cell.LSTM && cell != Cell.GRU)) {
            throw new IllegalArgumentException("--cells: expected LSTM or GRU, got " + cells);
        }
        if (rounds < 1 || time < 1 || warmUp < 1 || threads.stream().anyMatch(count -> count < 1)) {
            throw new IllegalArgumentException(
                    "--rounds, --time, --warm-up, --threads: expected numbers of at least 1");
        }
        List<RnnCase> cases = new ArrayList<>();
        for (Cell cell : cells) {
            for (Mode mode : modes) {
                List<String> defaults = mode == Mode.TRAINING ? TRAINING : INFERENCE;
                for (String shape : shapes != null ? shapes : defaults) {
                    for (int count : threads) {
                        cases.add(new RnnCase(cell, mode, RnnCase.Shape.parse(shape), count));
                    }
                }
            }
        }
        return cases;
    }

    /** All libraries in turn, round by round, so that a change of the clock meets them alike. */
    private Row measure(RnnCase rnn, List<Library> libraries, Path folder) throws IOException {
        Path expected = folder.resolve(rnn.fileName());
        if (!Files.exists(expected)) {
            Expected.write(expected, rnn);
        }
        Stopwatch stopwatch = new Stopwatch(TimeValue.milliseconds(warmUp), TimeValue.milliseconds(time), verbose);
        List<Outcome> outcomes = libraries.stream().map(Outcome::new).toList();
        for (Outcome outcome : outcomes) {
            Optional<String> reason = outcome.library().unsupported(rnn);
            reason.ifPresent(outcome::setUnsupported);
        }
        for (int round = 0; round < rounds; round++) {
            for (Outcome outcome : outcomes) {
                if (outcome.runs()) {
                    try {
                        outcome.add(stopwatch.median(outcome.library(), rnn, expected));
                    } catch (RunnerException e) {
                        outcome.setFailure(String.valueOf(e.getMessage()));
                    }
                }
            }
        }
        return new Row(rnn, outcomes);
    }

    private Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("rounds", String.valueOf(rounds));
        settings.put("warm_up_milliseconds", String.valueOf(warmUp));
        settings.put("time_milliseconds", String.valueOf(time));
        return settings;
    }

    private static void delete(Path folder) throws IOException {
        try (var paths = Files.walk(folder)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
