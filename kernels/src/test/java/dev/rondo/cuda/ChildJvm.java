package dev.rondo.cuda;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** A JVM with a class path and properties of its own: the driver and its settings are there once per process. */
final class ChildJvm {
    private static final int TIMEOUT_S = 120;

    private final Class<?> main;
    private final List<String> options = new ArrayList<>();
    private final Map<String, String> environment = new LinkedHashMap<>();
    private Predicate<Path> classPath = any -> true;

    /** What is left of it. */
    record Outcome(int status, String output, String errors) {
        /** What stands behind {@code key=} in a line of the output. */
        String value(String key) {
            return output.lines()
                    .filter(line -> line.startsWith(key + "="))
                    .map(line -> line.substring(key.length() + 1))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no " + key + " in the output:\n" + this));
        }

        /** All that it printed. */
        String text() {
            return output + errors;
        }

        @Override
        public String toString() {
            return "status " + status + "\n" + output + "\n" + errors;
        }
    }

    /** A child that runs a main method; it finds the emulator where this one does. */
    ChildJvm(Class<?> main) {
        this.main = main;
        for (String name : List.of("rondo.test.emulator", "rondo.test.images")) {
            property(name, System.getProperty(name, ""));
        }
    }

    ChildJvm property(String name, String value) {
        options.add("-D" + name + "=" + value);
        return this;
    }

    ChildJvm environment(String name, String value) {
        environment.put(name, value);
        return this;
    }

    /** Without some entries of the class path. */
    ChildJvm without(Predicate<Path> entries) {
        classPath = entries.negate();
        return this;
    }

    /** Starts it and waits for its end. */
    Outcome run(String... arguments) throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("rondo-child-");
        try {
            return finish(start(folder, arguments), folder);
        } finally {
            try (var files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(folder);
        }
    }

    private Process start(Path folder, String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-cp");
        command.add(String.join(
                File.pathSeparator,
                Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                        .filter(entry -> classPath.test(Path.of(entry)))
                        .toList()));
        command.addAll(List.of("-ea", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
        command.addAll(options);
        command.add(main.getName());
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectOutput(folder.resolve("output").toFile())
                .redirectError(folder.resolve("errors").toFile());
        builder.environment().putAll(environment);
        return builder.start();
    }

    private static Outcome finish(Process process, Path folder) throws IOException, InterruptedException {
        try {
            if (!process.waitFor(TIMEOUT_S, TimeUnit.SECONDS)) {
                throw new AssertionError("the child did not end in " + TIMEOUT_S + " s: "
                        + Files.readString(folder.resolve("output"))
                        + Files.readString(folder.resolve("errors")));
            }
        } finally {
            process.destroyForcibly().waitFor();
        }
        return new Outcome(
                process.exitValue(),
                Files.readString(folder.resolve("output"), StandardCharsets.UTF_8),
                Files.readString(folder.resolve("errors"), StandardCharsets.UTF_8));
    }
}
