package dev.rondo.bench.verify;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.rondo.Backend;
import dev.rondo.BackendAvailability;
import dev.rondo.BackendOptions;
import dev.rondo.Precision;
import dev.rondo.bench.check.Check;
import dev.rondo.bench.check.LayerChecks;
import dev.rondo.bench.check.ModeTolerance;
import dev.rondo.bench.check.NetworkCheck;
import dev.rondo.bench.check.Verification;
import dev.rondo.bench.check.Verification.Failure;
import dev.rondo.bench.check.Verification.Row;
import dev.rondo.bench.check.Verification.Worst;
import dev.rondo.bench.cli.BackendChoice;
import dev.rondo.bench.cli.ExitStatus;
import dev.rondo.bench.cli.SharedOptions;
import dev.rondo.bench.cudnn.CudnnChecks;
import dev.rondo.bench.report.JsonReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code rondo verify}: compares the backends of this machine with the oracle. */
@Command(
        name = "verify",
        description = {
            "Compares the backends of this machine with the oracle, the backend reference.",
            "Every cell, forward and backward, the layers around it and a whole training step; each twice, to see",
            "whether the bits are the same. Prints the worst error of each tensor. Backend cuda is compared with cuDNN too,",
            "where there is one. Exit status 1 if a check failed."
        })
public final class VerifyCommand implements Callable<Integer> {
    private static final String TABLE = "  %-22s %-6s %12s %10s  %s%n";

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            defaultValue = BackendChoice.ALL,
            description = "Backend to check, or all that this machine can run. Default: ${DEFAULT-VALUE}.")
    private String backend = BackendChoice.ALL;

    @Option(
            names = "--precision",
            paramLabel = "MODE",
            defaultValue = "fp32",
            description = "Matrix products: fp32 or tf32x3, which has the same tolerance. Default: ${DEFAULT-VALUE}.")
    private Precision precision = Precision.FP32;

    @Option(names = "--json", paramLabel = "FILE", description = "Write the results to a file, as one JSON object.")
    private @Nullable Path json;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    VerifyCommand() {}

    /** What came out on one backend. */
    private record Result(
            String backend,
            String description,
            Verification verification,
            String fingerprint,
            @Nullable CudnnChecks cudnn) {
        boolean failed() {
            return !verification.failures().isEmpty()
                    || (cudnn != null && !cudnn.failures().isEmpty());
        }
    }

    @Override
    public Integer call() throws IOException {
        SharedOptions.requireWritable("--json", json);
        if (ModeTolerance.rounds(precision)) {
            throw new IllegalArgumentException(
                    "--precision: expected fp32 or tf32x3, since the tolerance is that of float32, got "
                            + precision.name().toLowerCase(Locale.ROOT));
        }
        PrintWriter out = spec.commandLine().getOut();
        List<Check> checks = new ArrayList<>(NetworkCheck.all());
        checks.addAll(LayerChecks.all());
        List<Result> results = new ArrayList<>();
        for (String name : BackendChoice.names(backend, out)) {
            results.add(run(name, checks, out));
        }
        if (json != null) {
            JsonReport.write(json, generator -> writeJson(generator, results));
        }
        boolean failed = results.stream().anyMatch(Result::failed);
        return failed ? ExitStatus.FAILED : ExitStatus.DONE;
    }

    private Result run(String name, List<Check> checks, PrintWriter out) {
        try (Backend opened = Backend.named(name, BackendOptions.defaults().withPrecision(precision));
                Backend oracle = Backend.named(Verification.ORACLE)) {
            out.println(name + ": " + opened.description());
            out.flush();
            Verification verification = new Verification(opened, oracle);
            for (Check check : checks) {
                verification.add(check).ifPresent(failure -> out.println("FAILED on " + name + ": " + failure));
            }
            CudnnChecks cudnn = name.equals("cuda") ? CudnnChecks.of(opened) : null;
            Result result = new Result(name, opened.description(), verification, verification.fingerprint(), cudnn);
            print(result, out);
            return result;
        }
    }

    private static void print(Result result, PrintWriter out) {
        Verification verification = result.verification();
        if (result.backend().equals(Verification.ORACLE)) {
            out.println("  the oracle itself: only whether it repeats is checked");
        } else {
            out.printf(Locale.ROOT, TABLE, "", "tensor", "worst error", "tolerance", "where");
            for (Map.Entry<Row, Worst> entry : verification.worst().entrySet()) {
                Worst worst = entry.getValue();
                out.printf(
                        Locale.ROOT,
                        TABLE,
                        entry.getKey().subject(),
                        entry.getKey().tensor(),
                        String.format(Locale.ROOT, "%.2g", worst.error()),
                        String.format(Locale.ROOT, "%.1f %%", 100 * worst.share()),
                        worst.where());
            }
        }
        verification.skipped().forEach((reason, count) -> out.printf("  %d checks skipped: %s%n", count, reason));
        out.printf("  repeats bit-identical: %s%n", verification.repeats() ? "yes" : "no");
        out.printf("  SHA-256 of all bits: %s%n", result.fingerprint());
        if (result.cudnn() != null) {
            result.cudnn().print(out);
        }
        int failed = verification.failures().size();
        out.printf("%s: %d passed, %d failed%n", result.backend(), verification.checks() - failed, failed);
        out.flush();
    }

    private void writeJson(JsonGenerator generator, List<Result> results) throws IOException {
        generator.writeObjectFieldStart("settings");
        generator.writeStringField("backend", backend);
        generator.writeStringField("precision", precision.name());
        generator.writeStringField("java", System.getProperty("java.vm.version"));
        generator.writeEndObject();
        generator.writeArrayFieldStart("backends");
        for (Result result : results) {
            writeJson(generator, result);
        }
        generator.writeEndArray();
        generator.writeArrayFieldStart("not_run");
        if (backend.equals(BackendChoice.ALL)) {
            for (BackendAvailability one : Backend.available()) {
                if (one.reason().isPresent()) {
                    generator.writeStartObject();
                    generator.writeStringField("backend", one.name());
                    generator.writeStringField("reason", one.reason().get());
                    generator.writeEndObject();
                }
            }
        }
        generator.writeEndArray();
    }

    private static void writeJson(JsonGenerator generator, Result result) throws IOException {
        Verification verification = result.verification();
        generator.writeStartObject();
        generator.writeStringField("backend", result.backend());
        generator.writeStringField("description", result.description());
        generator.writeNumberField("checks", verification.checks());
        generator.writeNumberField("failed", verification.failures().size());
        generator.writeBooleanField("repeats_bit_identical", verification.repeats());
        generator.writeStringField("sha256", result.fingerprint());
        generator.writeArrayFieldStart("skipped");
        for (Map.Entry<String, Integer> entry : verification.skipped().entrySet()) {
            generator.writeStartObject();
            generator.writeNumberField("checks", entry.getValue());
            generator.writeStringField("reason", entry.getKey());
            generator.writeEndObject();
        }
        generator.writeEndArray();
        generator.writeArrayFieldStart("tensors");
        for (Map.Entry<Row, Worst> entry : verification.worst().entrySet()) {
            Worst worst = entry.getValue();
            generator.writeStartObject();
            generator.writeStringField("subject", entry.getKey().subject());
            generator.writeStringField("tensor", entry.getKey().tensor());
            generator.writeNumberField("worst_error", worst.error());
            generator.writeNumberField("tolerance", worst.tolerance());
            generator.writeNumberField("share", worst.share());
            generator.writeStringField("where", worst.where());
            generator.writeEndObject();
        }
        generator.writeEndArray();
        if (result.cudnn() != null) {
            CudnnChecks cudnn = result.cudnn();
            generator.writeObjectFieldStart("cudnn");
            generator.writeStringField("library", cudnn.library());
            generator.writeNumberField("agree", cudnn.agree());
            generator.writeNumberField("not_supported", cudnn.notSupported());
            generator.writeNumberField("largest_share", cudnn.share());
            generator.writeArrayFieldStart("failures");
            for (String failure : cudnn.failures()) {
                generator.writeString(failure);
            }
            generator.writeEndArray();
            generator.writeEndObject();
        }
        generator.writeArrayFieldStart("failures");
        for (Failure failure : verification.failures()) {
            generator.writeStartObject();
            generator.writeStringField("subject", failure.check().subject());
            generator.writeStringField("check", failure.check().name());
            generator.writeStringField("reason", failure.reason());
            generator.writeEndObject();
        }
        generator.writeEndArray();
        generator.writeEndObject();
    }
}
