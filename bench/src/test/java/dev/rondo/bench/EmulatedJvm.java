package dev.rondo.bench;

import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A JVM with the class path of this one, in which backend {@code cuda} runs on the emulator. */
public final class EmulatedJvm {
    private static final int TIMEOUT_S = 240;
    private static final String FOLDER = System.getProperty("rondo.test.emulator", "");

    private final Path output;
    private final Map<String, String> environment = new LinkedHashMap<>();
    private final List<String> options = new ArrayList<>(
            List.of("-ea", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Drondo.cuda.emulator=allow"));

    /** What is left of it. */
    public record Outcome(int status, String text) {
        @Override
        public String toString() {
            return "status " + status + "\n" + text;
        }
    }

    /**
     * Prepares one.
     *
     * @param output a file for what it prints
     */
    public EmulatedJvm(Path output) {
        this.output = output;
        environment.put(
                "RONDO_EMU_KERNELS", emulator().resolve("libemukernels.so").toString());
        property("rondo.cuda.images", emulator().resolve("kernels").toString());
        if (Runtime.version().feature() >= 22) {
            options.add("--enable-native-access=ALL-UNNAMED");
        }
    }

    /** Where the build put the emulator. */
    public static Path emulator() {
        return Path.of(FOLDER).normalize();
    }

    /** Skips a test where there is no emulator; with {@code CI=true} fails it. */
    public static void require() {
        boolean present = !FOLDER.isEmpty() && Files.isRegularFile(emulator().resolve("libcuda.so.1"));
        if (!present) {
            assertNotEquals("true", System.getenv("CI"), "no emulator in '" + FOLDER + "'");
        }
        assumeTrue(present, "no emulator in '" + FOLDER + "'");
    }

    public EmulatedJvm property(String name, String value) {
        options.add("-D" + name + "=" + value);
        return this;
    }

    /** What the loader looks through. */
    public EmulatedJvm libraries(Path... folders) {
        List<String> names = new ArrayList<>();
        for (Path folder : folders) {
            names.add(folder.toString());
        }
        environment.put("LD_LIBRARY_PATH", String.join(":", names));
        return this;
    }

    /** Runs a main method and waits for its end. */
    public Outcome run(Class<?> main, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process process = builder.redirectOutput(output.toFile()).start();
        try {
            if (!process.waitFor(TIMEOUT_S, TimeUnit.SECONDS)) {
                throw new AssertionError("no end after " + TIMEOUT_S + " s: " + Files.readString(output));
            }
        } finally {
            process.destroyForcibly().waitFor();
        }
        return new Outcome(process.exitValue(), Files.readString(output));
    }
}
