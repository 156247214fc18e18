package dev.rondo.bench.measure;

import dev.rondo.Backend;
import dev.rondo.BackendException;
import dev.rondo.BackendOptions;
import dev.rondo.Cell;
import dev.rondo.Precision;
import dev.rondo.bench.check.LayerResults;
import dev.rondo.bench.check.NetworkCheck;
import dev.rondo.bench.check.Verification;
import dev.rondo.bench.cli.ExitStatus;
import dev.rondo.bench.cli.RondoVersion;
import dev.rondo.bench.cli.SharedOptions;
import dev.rondo.bench.cudnn.CudnnLibrary;
import dev.rondo.bench.measure.BenchCase.Shape;
import dev.rondo.bench.measure.BenchCase.Suite;
import dev.rondo.bench.measure.BenchResult.Rival;
import dev.rondo.bench.measure.CallTimer.Effort;
import dev.rondo.bench.measure.CallTimer.Times;
import dev.rondo.bench.report.JsonReport;
import dev.rondo.bench.report.ReportFile;
import dev.rondo.cuda.CudaForms;
import dev.rondo.cuda.CudaProbe;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code rondo bench}: checks a backend against the oracle, then times it. */
@Command(
        name = "bench",
        description = {
            "Times LSTM and GRU layers, inference and training, on one backend, after comparing it with the oracle.",
            "Exit status 1 if the comparison failed, in which case nothing is timed, or a shape could not be run, or cuDNN's",
            "results differ from Rondo's."
        })
public final class BenchCommand implements Callable<Integer> {
    private static final String AUTO = "auto";
    private static final String CUDA = "cuda";

    private static final String PLAN_PROPERTY = "rondo.cuda.plan";
    private static final String STEP = "step";

    /** An emulator gets the sizes of a suite divided by this. */
    private static final int SMALLER = 16;

    @Option(
            names = "--suite",
            paramLabel = "NAME",
            description = "Set of shapes: cpu or gpu. Default: gpu for backend cuda, else cpu.")
    private @Nullable Suite suite;

    @Option(
            names = "--shape",
            paramLabel = "N,T,I,H",
            description = "Batch, steps, input size and hidden size, instead of a suite. May be given several times.")
    private List<String> shapes = new ArrayList<>();

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            defaultValue = AUTO,
            description = "Backend: auto, or a name from rondo doctor. Default: ${DEFAULT-VALUE}.")
    private String backend = AUTO;

    @Option(
            names = "--threads",
            paramLabel = "N",
            defaultValue = "0",
            description = "CPU threads; 0 for all cores. Default: ${DEFAULT-VALUE}.")
    private int threads;

    @Option(
            names = "--precision",
            paramLabel = "MODE",
            defaultValue = "fp32",
            description =
                    "Matrix products: fp32, tf32x3, tf32 or bf16, where the backend has the mode. Default: ${DEFAULT-VALUE}.")
    private Precision precision = Precision.FP32;

    @Option(names = "--quick", description = "One call of each, to see that everything runs. The figures mean nothing.")
    private boolean quick;

    @Option(names = "--no-cudnn", description = "Without cuDNN beside backend cuda.")
    private boolean withoutCudnn;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the results to a file, as one JSON object.")
    private @Nullable Path json;

    @Option(
            names = "--html",
            paramLabel = "FILE",
            description = "Write the results to a file, as one page with a chart.")
    private @Nullable Path html;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    BenchCommand() {}

    @Override
    public Integer call() throws IOException {
        SharedOptions.requireWritable("--json", json);
        SharedOptions.requireWritable("--html", html);
        SharedOptions.requireApart("--html", html, "--json", json);
        if (suite != null && !shapes.isEmpty()) {
            throw new IllegalArgumentException("--shape: expected none with --suite, got " + shapes);
        }
        List<Shape> given = shapes.stream().map(BenchCommand::shape).toList();
        try (Backend opened = backend.equals(AUTO) ? Backend.best(options()) : Backend.named(backend, options())) {
            return run(opened, given);
        }
    }

    private BackendOptions options() {
        return BackendOptions.defaults().withThreads(threads).withPrecision(precision);
    }

    private static Shape shape(String text) {
        try {
            return Shape.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("--shape: " + e.getMessage(), e);
        }
    }

    private int run(Backend opened, List<Shape> given) throws IOException {
        boolean emulated = opened.description().toLowerCase(Locale.ROOT).contains("emulat");
        List<BenchResult> results = new ArrayList<>();
        Map<String, Object> facts = facts(opened, emulated);
        BenchReport report = new BenchReport(facts, emulated, opened.name().equals(CUDA), results);
        facts.forEach((name, text) -> line(report, String.format("%-20s %s", name.replace('_', ' '), text)));
        Optional<String> checked = check(opened, report);
        if (checked.isEmpty()) {
            line(report, "nothing was timed");
            return ExitStatus.FAILED;
        }
        facts.put("check", checked.get());
        line(report, String.format("%-20s %s", "check", checked.get()));
        line(report, report.header());
        for (BenchCase what : BenchCase.of(given.isEmpty() ? shapesOfSuite(opened, emulated) : given)) {
            BenchResult result = time(what, opened, emulated);
            line(report, report.row(result));
            results.add(result);
            report.remarks(result).forEach(remark -> line(report, remark));
            write(report);
        }
        report.legend().forEach(text -> line(report, text));
        return results.stream().allMatch(BenchCommand::isWell) ? ExitStatus.DONE : ExitStatus.FAILED;
    }

    /** After each case: what was measured is not lost if a later one ends the process. */
    private void write(BenchReport report) throws IOException {
        if (json != null) {
            JsonReport.write(json, report::writeJson);
        }
        if (html != null) {
            ReportFile.write(html, BenchPage.of(report).getBytes(StandardCharsets.UTF_8));
        }
    }

    private static boolean isWell(BenchResult result) {
        return result instanceof BenchResult.Timed timed
                && timed.rivals().stream().noneMatch(Rival::differs);
    }

    private void line(BenchReport report, String text) {
        PrintWriter out = spec.commandLine().getOut();
        out.println(text + report.mark());
        out.flush();
    }

    /** The others have no choice of precision, and ignore what is asked for. */
    private Precision used(Backend opened) {
        return opened.name().equals(CUDA) ? precision : Precision.FP32;
    }

    private Suite suiteFor(Backend opened) {
        if (suite != null) {
            return suite;
        }
        return opened.name().equals(CUDA) ? Suite.GPU : Suite.CPU;
    }

    private List<Shape> shapesOfSuite(Backend opened, boolean emulated) {
        List<Shape> shapes = suiteFor(opened).shapes();
        return emulated
                ? shapes.stream()
                        .map(shape -> shape.dividedBy(SMALLER))
                        .distinct()
                        .toList()
                : shapes;
    }

    private Map<String, Object> facts(Backend opened, boolean emulated) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("backend", opened.name());
        facts.put("backend_description", opened.description());
        facts.put("threads", threads);
        facts.put("precision", used(opened).name());
        if (shapes.isEmpty()) {
            String name = suiteFor(opened).name().toLowerCase(Locale.ROOT);
            facts.put("suite", emulated ? name + ", all sizes divided by " + SMALLER : name);
        } else {
            facts.put("shapes", String.join(" ", shapes));
        }
        facts.put("effort", quick || emulated ? "quick: one call of each, the figures mean nothing" : "full");
        if (opened.name().equals(CUDA)) {
            facts.put("cudnn", withoutCudnn ? "left out" : CudnnLibrary.get().text());
        }
        facts.put("rondo", RondoVersion.number());
        facts.put("java", System.getProperty("java.vm.version"));
        facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        facts.put("cores", Runtime.getRuntime().availableProcessors());
        return facts;
    }

    /** Compares small layers with the oracle; empty if one is wrong, which is then printed. */
    private Optional<String> check(Backend opened, BenchReport report) {
        if (opened.name().equals(Verification.ORACLE)) {
            return Optional.of("this is the oracle itself");
        }
        try (Backend oracle = Backend.named(Verification.ORACLE)) {
            Verification verification = new Verification(opened, oracle, used(opened));
            Stream.of(Cell.LSTM, Cell.GRU)
                    .flatMap(cell -> NetworkCheck.beforeTiming(cell).stream())
                    .forEach(check -> verification
                            .add(check)
                            .ifPresent(failure -> line(report, "FAILED on " + opened.name() + ": " + failure)));
            return verification.failures().isEmpty()
                    ? Optional.of(String.format(
                            Locale.ROOT,
                            "%d small layers agree with the oracle, with %.1f %% of the tolerance at most",
                            verification.checks(),
                            100 * verification.largestShare()))
                    : Optional.empty();
        }
    }

    private BenchResult time(BenchCase what, Backend opened, boolean emulated) {
        boolean onDevice = opened.name().equals(CUDA);
        try (LayerTimer timer = new LayerTimer(what, opened)) {
            Effort effort = quick || emulated ? Effort.QUICK : onDevice ? Effort.DEVICE : Effort.FULL;
            Times times = timer.measure(effort);
            if (!onDevice) {
                return new BenchResult.Timed(what, times, "", OptionalDouble.empty(), List.of());
            }
            String form = form(what, opened);
            Optional<String> wrong = wrong(what, timer, form);
            if (wrong.isPresent()) {
                return new BenchResult.NotTimed(what, wrong.get());
            }
            List<Rival> rivals =
                    isBesideCudnn() ? new CudnnRivals(what, timer, opened, precision).measure(effort) : List.of();
            return new BenchResult.Timed(what, times, form, floor(what), rivals);
        } catch (BackendException | IllegalArgumentException e) {
            return new BenchResult.NotTimed(what, String.valueOf(e.getMessage()).replaceAll("\\s+", " "));
        } catch (OutOfMemoryError e) {
            return new BenchResult.NotTimed(what, "not enough memory: " + e.getMessage());
        }
    }

    /** Such as {@code step}, or {@code cluster:8x4 / grid:132x1} where the backward pass has another one. */
    private static String form(BenchCase what, Backend opened) {
        BenchCase.Shape shape = what.shape();
        return Stream.of(true, false)
                .filter(forward -> forward || what.isTraining())
                .flatMap(forward ->
                        CudaForms.taken(opened, what.cell(), forward, shape.hidden(), shape.batch(), shape.steps())
                                .stream())
                .distinct()
                .collect(Collectors.joining(" / "));
    }

    /** Small layers were compared with the oracle, in whatever form they had; this is the form that was timed, beside another. */
    private Optional<String> wrong(BenchCase what, LayerTimer timer, String form) {
        if (form.equals(STEP)) {
            return Optional.empty();
        }
        String before = System.setProperty(PLAN_PROPERTY, STEP);
        try (Backend stepwise = Backend.named(CUDA, options());
                LayerTimer other = new LayerTimer(what, stepwise)) {
            LayerResults.Difference difference = other.once().difference(timer.once(), precision);
            return difference.isAllowed()
                    ? Optional.empty()
                    : Optional.of("form " + form + " computes other results than form " + STEP + ": " + difference);
        } finally {
            if (before == null) {
                System.clearProperty(PLAN_PROPERTY);
            } else {
                System.setProperty(PLAN_PROPERTY, before);
            }
        }
    }

    private boolean isBesideCudnn() {
        return !withoutCudnn && CudnnLibrary.get().absent().isEmpty();
    }

    private OptionalDouble floor(BenchCase what) {
        CudaProbe.Device device = CudaProbe.probe().device();
        return device == null ? OptionalDouble.empty() : OptionalDouble.of(new Floor(device, precision).of(what));
    }
}
