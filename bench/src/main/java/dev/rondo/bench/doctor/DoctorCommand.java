package dev.rondo.bench.doctor;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.rondo.Precision;
import dev.rondo.bench.cli.ExitStatus;
import dev.rondo.bench.cudnn.CudnnLibrary;
import dev.rondo.bench.report.JsonReport;
import dev.rondo.bench.report.MachineFacts;
import dev.rondo.bench.report.MachineFacts.BackendFact;
import dev.rondo.cuda.CudaSetup;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code rondo doctor}: what this machine can run, and why not the rest. */
@Command(
        name = "doctor",
        description = {
            "Says what this machine can run, and why not the rest.",
            "Exit status 1 if no backend can be used."
        })
public final class DoctorCommand implements Callable<Integer> {
    private static final String CUDA = "cuda";
    private static final String NO_CUDA_BACKEND = "not part of this version";

    @Option(names = "--json", paramLabel = "FILE", description = "Write the same facts to a file, as one JSON object.")
    private @Nullable Path json;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    DoctorCommand() {}

    @Override
    public Integer call() throws IOException {
        MachineFacts facts = MachineFacts.collect();
        print(facts, spec.commandLine().getOut());
        if (json != null) {
            JsonReport.write(json, generator -> writeJson(generator, facts));
        }
        return facts.backends().stream().anyMatch(BackendFact::available) ? ExitStatus.DONE : ExitStatus.FAILED;
    }

    private static void print(MachineFacts facts, PrintWriter out) {
        line(out, "rondo", facts.rondo());
        line(out, "java", facts.java() + ", " + facts.vendor() + ", " + facts.vm());
        line(out, "system", facts.system() + ", " + facts.architecture());
        line(out, "cores", String.valueOf(facts.cores()));
        line(out, "heap", String.format(Locale.ROOT, "up to %.1f GiB", facts.maxHeap() / (double) (1 << 30)));
        line(out, "Vector API", vectorText(facts));
        out.println("backends");
        for (BackendFact backend : facts.backends()) {
            line(out, "  " + backend.name(), (backend.available() ? "" : "cannot be used: ") + backend.text());
        }
        if (!hasCudaBackend(facts)) {
            line(out, "  " + CUDA, NO_CUDA_BACKEND);
        }
        out.println("CUDA");
        CudaSetup cuda = facts.cuda();
        line(out, "  driver", cuda.driver());
        line(out, "  device", cuda.device());
        line(out, "  kernels", cuda.kernels());
        line(out, "  cuBLAS", cuda.cublas());
        line(out, "  cuDNN", CudnnLibrary.get().text());
        line(out, "  products", cuda.products());
        line(out, "  precisions", cuda.precisions().isEmpty() ? "none" : modes(cuda));
        line(out, "  libcuda", found(facts.cudaDriver(), "the driver's library is in none of the usual folders"));
        line(out, "  nvcc", found(facts.nvcc(), "neither in CUDA_HOME nor on the PATH"));
        line(out, "  g++", found(facts.gxx(), "not on the PATH"));
    }

    private static String modes(CudaSetup cuda) {
        return cuda.precisions().stream()
                .map(precision -> precision.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(", "));
    }

    private static void line(PrintWriter out, String name, String text) {
        out.println(String.format("%-14s%s", name, text));
    }

    private static String vectorText(MachineFacts facts) {
        return switch (facts.vectorModule()) {
            case ON -> "on";
            case OFF -> "off: start java with --add-modules jdk.incubator.vector (bench/rondo does)";
            case ABSENT -> "this JDK has no module jdk.incubator.vector";
        };
    }

    private static boolean hasCudaBackend(MachineFacts facts) {
        return facts.backends().stream().anyMatch(backend -> backend.name().equals(CUDA));
    }

    private static String found(Optional<Path> file, String otherwise) {
        return file.map(path -> "found: " + path).orElse("not found: " + otherwise);
    }

    private static void writeJson(JsonGenerator generator, MachineFacts facts) throws IOException {
        generator.writeObjectFieldStart("settings");
        generator.writeEndObject();
        generator.writeStringField("rondo", facts.rondo());
        generator.writeObjectFieldStart("java");
        generator.writeStringField("version", facts.java());
        generator.writeStringField("vendor", facts.vendor());
        generator.writeStringField("vm", facts.vm());
        generator.writeEndObject();
        generator.writeStringField("system", facts.system());
        generator.writeStringField("architecture", facts.architecture());
        generator.writeNumberField("cores", facts.cores());
        generator.writeNumberField("max_heap_bytes", facts.maxHeap());
        generator.writeStringField("vector_api", facts.vectorModule().name().toLowerCase(Locale.ROOT));
        generator.writeArrayFieldStart("backends");
        for (BackendFact backend : facts.backends()) {
            writeBackend(generator, backend);
        }
        if (!hasCudaBackend(facts)) {
            writeBackend(generator, new BackendFact(CUDA, false, NO_CUDA_BACKEND));
        }
        generator.writeEndArray();
        CudaSetup cuda = facts.cuda();
        generator.writeObjectFieldStart("cuda");
        generator.writeStringField("driver", cuda.driver());
        generator.writeStringField("device", cuda.device());
        generator.writeStringField("kernels", cuda.kernels());
        generator.writeStringField("cublas", cuda.cublas());
        generator.writeStringField("cudnn", CudnnLibrary.get().text());
        generator.writeStringField("products", cuda.products());
        generator.writeArrayFieldStart("precisions");
        for (Precision precision : cuda.precisions()) {
            generator.writeString(precision.name());
        }
        generator.writeEndArray();
        generator.writeEndObject();
        writePath(generator, "libcuda", facts.cudaDriver());
        writePath(generator, "nvcc", facts.nvcc());
        writePath(generator, "g++", facts.gxx());
    }

    private static void writeBackend(JsonGenerator generator, BackendFact backend) throws IOException {
        generator.writeStartObject();
        generator.writeStringField("name", backend.name());
        generator.writeBooleanField("available", backend.available());
        generator.writeStringField(backend.available() ? "description" : "reason", backend.text());
        generator.writeEndObject();
    }

    private static void writePath(JsonGenerator generator, String name, Optional<Path> file) throws IOException {
        generator.writeFieldName(name);
        if (file.isPresent()) {
            generator.writeString(file.get().toString());
        } else {
            generator.writeNull();
        }
    }
}
