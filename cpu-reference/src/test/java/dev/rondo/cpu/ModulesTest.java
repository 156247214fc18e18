package dev.rondo.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.rondo.Backend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The modules as a program on the module path uses them, and as an image that jlink makes of them. */
class ModulesTest {
    private static final int TIMEOUT_S = 120;
    private static final Path JDK = Path.of(System.getProperty("java.home"));

    private static final String MODULE = "module app { requires dev.rondo; }";
    private static final String PROGRAM = """
            package app;

            import dev.rondo.Backend;
            import dev.rondo.Cell;
            import dev.rondo.Purpose;
            import dev.rondo.Rnn;
            import dev.rondo.RnnParameters;
            import dev.rondo.RnnSpec;
            import dev.rondo.Tensor;

            public class Main {
                public static void main(String[] args) {
                    RnnSpec spec = RnnSpec.of(Cell.LSTM, 3, 4);
                    for (String name : args) {
                        try (Backend backend = Backend.named(name);
                                Rnn rnn = backend.rnn(spec, 2, 1, Purpose.INFERENCE);
                                RnnParameters weights = backend.parameters(spec);
                                Tensor x = backend.tensor(2, 1, 3);
                                Tensor y = backend.tensor(2, 1, 4)) {
                            weights.flat().fill(0.25);
                            x.fill(1);
                            rnn.forward(weights, x, y);
                            System.out.printf(java.util.Locale.ROOT, "%s %.4f%n", name, y.toDoubles()[7]);
                        }
                    }
                    System.out.println(Main.class.getModule() + " " + Backend.class.getModule());
                    System.out.println(Backend.available().get(0).name());
                }
            }
            """;

    @TempDir
    Path folder;

    /** Where the classes of this module, those of the API and its annotations are: folders of a build, or jars. */
    private static String modulePath() throws Exception {
        List<String> places = new ArrayList<>();
        for (Class<?> type : List.of(Backend.class, CpuProvider.class, NullMarked.class)) {
            places.add(Path.of(type.getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString());
        }
        return String.join(System.getProperty("path.separator"), places);
    }

    private String run(String... command) throws IOException, InterruptedException {
        Path output = folder.resolve("output.txt");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        assertTrue(process.waitFor(TIMEOUT_S, TimeUnit.SECONDS), "no end after " + TIMEOUT_S + " s");
        String text = Files.readString(output);
        assertEquals(0, process.exitValue(), () -> String.join(" ", command) + "\n" + text);
        return text;
    }

    private static String tool(String name) {
        return JDK.resolve("bin").resolve(name).toString();
    }

    private void compile(String modulePath) throws IOException, InterruptedException {
        Path sources = Files.createDirectories(folder.resolve("sources").resolve("app"));
        Files.writeString(sources.resolveSibling("module-info.java"), MODULE);
        Files.writeString(sources.resolve("Main.java"), PROGRAM);
        run(
                tool("javac"),
                "--module-path",
                modulePath,
                "-d",
                folder.resolve("app").toString(),
                sources.resolveSibling("module-info.java").toString(),
                sources.resolve("Main.java").toString());
    }

    private static void check(String text) {
        List<String> lines =
                text.lines().filter(line -> !line.startsWith("WARNING")).toList();
        String number = lines.get(0).substring(lines.get(0).indexOf(' '));
        assertEquals(List.of("cpu" + number, "reference" + number, "module app module dev.rondo", "cpu"), lines);
        // gates of 1.25 and then more, since h is above zero: between the first step's output and tanh of 2
        double y = Double.parseDouble(number.strip());
        assertTrue(y > 0.5 && y < 0.9641, lines.get(0));
    }

    @Test
    void aModularProgramComputesOnTheModulePathAndInAnImage() throws Exception {
        assumeTrue(Files.exists(Path.of(tool("javac"))), "a JRE has no javac and no jlink");
        String modulePath = modulePath();
        compile(modulePath);
        String path = modulePath + System.getProperty("path.separator") + folder.resolve("app");
        String vector = "jdk.incubator.vector";
        check(run(
                tool("java"), "-p", path, "--add-modules", "dev.rondo.cpu", "-m", "app/app.Main", "cpu", "reference"));
        boolean canLink = Files.isDirectory(JDK.resolve("jmods"))
                || run(tool("jlink"), "--help").contains("Linking from run-time image enabled");
        assumeTrue(canLink, "this JDK has no jmods, and cannot link without them");
        Path image = folder.resolve("image");
        run(
                tool("jlink"),
                "--module-path",
                path,
                "--add-modules",
                "app,dev.rondo.cpu," + vector,
                "--output",
                image.toString());
        String java = image.resolve("bin").resolve("java").toString();
        assertTrue(run(java, "--list-modules").contains("dev.rondo.cpu"));
        check(run(java, "-m", "app/app.Main", "cpu", "reference"));
        check(run(java, "--add-modules", vector, "-m", "app/app.Main", "cpu", "reference"));
    }
}
