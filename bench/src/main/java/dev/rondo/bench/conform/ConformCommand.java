package dev.rondo.bench.conform;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.rondo.Backend;
import dev.rondo.BackendOptions;
import dev.rondo.Precision;
import dev.rondo.bench.check.CaseResult;
import dev.rondo.bench.check.Mismatch;
import dev.rondo.bench.cli.BackendChoice;
import dev.rondo.bench.cli.ExitStatus;
import dev.rondo.bench.report.JsonReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code rondo conform}: runs files of cases on the backends of this machine. */
@Command(
        name = "conform",
        description = {
            "Runs forward and gradient cases and compares the results with the expected ones.",
            "One line per failure and per unsupported case, then the counts. Exit status 1 if a case failed."
        })
public final class ConformCommand implements Callable<Integer> {
    @Parameters(arity = "1..*", paramLabel = "FILE", description = "Text files of cases.")
    private List<Path> files = new ArrayList<>();

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            defaultValue = BackendChoice.ALL,
            description = "Backend to run on, or all that this machine can run. Default: ${DEFAULT-VALUE}.")
    private String backend = BackendChoice.ALL;

    @Option(
            names = "--precision",
            paramLabel = "MODE",
            defaultValue = "fp32",
            description =
                    "Matrix products: fp32, tf32x3, tf32 or bf16, where the backend has the mode. Default: ${DEFAULT-VALUE}.")
    private Precision precision = Precision.FP32;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the results to a file, as one JSON object.")
    private @Nullable Path json;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    ConformCommand() {}

    /** One case that failed or could not be run. */
    private record Entry(Case tested, CaseResult result) {}

    /** What came out on one backend. */
    private static final class Tally {
        private final String backend;
        private int passed;
        private final List<Entry> failed = new ArrayList<>();
        private final List<Entry> unsupported = new ArrayList<>();

        Tally(String backend) {
            this.backend = backend;
        }

        @Override
        public String toString() {
            return passed + " passed, " + failed.size() + " failed, " + unsupported.size() + " unsupported";
        }
    }

    @Override
    public Integer call() throws IOException {
        List<Case> cases = new ArrayList<>();
        for (Path file : files) {
            cases.addAll(CaseFile.read(file));
        }
        PrintWriter out = spec.commandLine().getOut();
        List<String> names = BackendChoice.names(backend, out);
        for (Case tested : cases) {
            List<String> missing = CaseSupport.missing(tested);
            if (!missing.isEmpty()) {
                out.println("UNSUPPORTED " + tested.name() + ": " + String.join(", ", missing));
            }
        }
        List<Tally> tallies = new ArrayList<>();
        for (String name : names) {
            tallies.add(run(name, cases, out));
        }
        tallies.forEach(tally -> out.println(tally.backend + ": " + tally));
        Tally sum = sum(tallies);
        out.println(sum);
        if (json != null) {
            JsonReport.write(json, generator -> writeJson(generator, tallies, sum));
        }
        return sum.failed.isEmpty() ? ExitStatus.DONE : ExitStatus.FAILED;
    }

    private Tally run(String name, List<Case> cases, PrintWriter out) {
        Tally tally = new Tally(name);
        try (Backend opened = Backend.named(name, BackendOptions.defaults().withPrecision(precision))) {
            for (Case tested : cases) {
                CaseResult result = CaseRunner.run(tested, opened);
                if (result instanceof CaseResult.Failed failed) {
                    out.println("FAILED " + tested.name() + " on " + name + ": " + failed.reason());
                    tally.failed.add(new Entry(tested, result));
                } else if (result instanceof CaseResult.Unsupported unsupported) {
                    if (CaseSupport.missing(tested).isEmpty()) { // else it has been printed once for all backends
                        out.println("UNSUPPORTED " + tested.name() + " on " + name + ": " + unsupported.reason());
                    }
                    tally.unsupported.add(new Entry(tested, result));
                } else {
                    tally.passed++;
                }
            }
        }
        return tally;
    }

    private static Tally sum(List<Tally> tallies) {
        Tally sum = new Tally("sum");
        for (Tally tally : tallies) {
            sum.passed += tally.passed;
            sum.failed.addAll(tally.failed);
            sum.unsupported.addAll(tally.unsupported);
        }
        return sum;
    }

    private void writeJson(JsonGenerator generator, List<Tally> tallies, Tally sum) throws IOException {
        generator.writeObjectFieldStart("settings");
        generator.writeArrayFieldStart("files");
        for (Path file : files) {
            generator.writeString(file.toString());
        }
        generator.writeEndArray();
        generator.writeStringField("backend", backend);
        generator.writeStringField("precision", precision.name());
        generator.writeEndObject();
        writeCounts(generator, sum);
        generator.writeArrayFieldStart("backends");
        for (Tally tally : tallies) {
            generator.writeStartObject();
            generator.writeStringField("backend", tally.backend);
            writeCounts(generator, tally);
            writeEntries(generator, "failures", tally.failed);
            writeEntries(generator, "unsupported_cases", tally.unsupported);
            generator.writeEndObject();
        }
        generator.writeEndArray();
    }

    private static void writeCounts(JsonGenerator generator, Tally tally) throws IOException {
        generator.writeNumberField("passed", tally.passed);
        generator.writeNumberField("failed", tally.failed.size());
        generator.writeNumberField("unsupported", tally.unsupported.size());
    }

    private static void writeEntries(JsonGenerator generator, String name, List<Entry> entries) throws IOException {
        generator.writeArrayFieldStart(name);
        for (Entry entry : entries) {
            generator.writeStartObject();
            generator.writeStringField("case", entry.tested().name());
            generator.writeStringField("file", entry.tested().file());
            generator.writeNumberField("line", entry.tested().line());
            if (entry.result() instanceof CaseResult.Failed failed) {
                generator.writeStringField("reason", failed.reason());
                generator.writeArrayFieldStart("outputs");
                for (Mismatch mismatch : failed.mismatches()) {
                    writeMismatch(generator, mismatch);
                }
                generator.writeEndArray();
            } else if (entry.result() instanceof CaseResult.Unsupported unsupported) {
                generator.writeStringField("reason", unsupported.reason());
            }
            generator.writeEndObject();
        }
        generator.writeEndArray();
    }

    private static void writeMismatch(JsonGenerator generator, Mismatch mismatch) throws IOException {
        generator.writeStartObject();
        generator.writeStringField("output", mismatch.output());
        generator.writeArrayFieldStart("index");
        for (int index : mismatch.index()) {
            generator.writeNumber(index);
        }
        generator.writeEndArray();
        generator.writeNumberField("expected", mismatch.expected());
        generator.writeNumberField("got", mismatch.actual());
        generator.writeNumberField("difference", mismatch.difference());
        generator.writeNumberField("atol", mismatch.atol());
        generator.writeNumberField("wrong", mismatch.wrong());
        generator.writeNumberField("elements", mismatch.size());
        generator.writeEndObject();
    }
}
