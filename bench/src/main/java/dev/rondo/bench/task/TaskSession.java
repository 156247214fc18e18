package dev.rondo.bench.task;

import dev.rondo.Backend;
import dev.rondo.bench.cli.RondoVersion;
import dev.rondo.bench.report.JsonReport;
import dev.rondo.bench.report.ReportFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A run of a task that prints what it hears, writes the pictures, and keeps the figures for the file of {@code --json}. */
final class TaskSession implements TaskRun {
    private final String task;
    private final Backend backend;
    private final long seed;
    private final double timeLimit;
    private final @Nullable Path folder;
    private final PrintWriter out;
    private final Map<String, Double> figures = new LinkedHashMap<>();
    private final List<String> plots = new ArrayList<>();
    private final long start = System.nanoTime();

    TaskSession(String task, Backend backend, long seed, double timeLimit, @Nullable Path folder, PrintWriter out) {
        this.task = task;
        this.backend = backend;
        this.seed = seed;
        this.timeLimit = timeLimit;
        this.folder = folder;
        this.out = out;
    }

    @Override
    public Backend backend() {
        return backend;
    }

    @Override
    public long seed() {
        return seed;
    }

    @Override
    public boolean timeIsUp() {
        return seconds() >= timeLimit;
    }

    private double seconds() {
        return (System.nanoTime() - start) / 1e9;
    }

    @Override
    public void progress(String line) {
        out.printf(Locale.ROOT, "%7.1f s  %s%n", seconds(), line);
        out.flush();
    }

    @Override
    public void figure(String name, double value) {
        figures.put(name, value);
    }

    @Override
    public void plot(String name, String svg) {
        plots.add(name + ".svg");
        if (folder == null) {
            return;
        }
        try {
            ReportFile.write(folder.resolve(name + ".svg"), svg.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Prints the figures and what was written, and writes the file of {@code --json}. */
    void finish(@Nullable Path json) throws IOException {
        double seconds = seconds();
        int width = figures.keySet().stream().mapToInt(String::length).max().orElse(0);
        figures.forEach((name, value) ->
                out.printf("%s%s  %s%n", name, " ".repeat(width - name.length()), digits(value)));
        out.printf(Locale.ROOT, "%.1f seconds%n", seconds);
        if (folder != null) {
            plots.forEach(plot -> out.println("wrote " + folder.resolve(plot)));
        }
        out.flush();
        if (json != null) {
            writeJson(json, seconds);
        }
    }

    /** Whole numbers as such, others with four significant digits. */
    private static String digits(double value) {
        if (value == Math.rint(value) && Math.abs(value) < 1e15) {
            return Long.toString((long) value);
        }
        return String.format(Locale.ROOT, "%.4g", value);
    }

    private void writeJson(Path file, double seconds) throws IOException {
        JsonReport.write(file, json -> {
            json.writeObjectFieldStart("settings");
            json.writeStringField("rondo", RondoVersion.number());
            json.writeStringField("java", System.getProperty("java.vm.version"));
            json.writeStringField("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
            json.writeStringField("architecture", System.getProperty("os.arch"));
            json.writeNumberField("cores", Runtime.getRuntime().availableProcessors());
            json.writeStringField("backend", backend.name());
            json.writeStringField("backend_description", backend.description());
            json.writeStringField("task", task);
            json.writeNumberField("seed", seed);
            json.writeNumberField("time_limit", timeLimit);
            json.writeEndObject();
            json.writeObjectFieldStart("figures");
            for (Map.Entry<String, Double> figure : figures.entrySet()) {
                json.writeNumberField(figure.getKey(), figure.getValue());
            }
            json.writeEndObject();
            json.writeArrayFieldStart("plots");
            for (String plot : folder == null ? List.<String>of() : plots) {
                json.writeString(plot);
            }
            json.writeEndArray();
            json.writeNumberField("seconds", seconds);
        });
    }
}
