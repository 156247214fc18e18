package dev.rondo.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Who may know whom: read from the imports of all sources, so a name written out in full is not seen. */
class HouseRulesTest {
    private static final List<String> MODULES = List.of(
            "java-api", "java-api/testkit", "java-api/models", "cpu-reference", "kernels", "bench", "bench/peers");

    /** Written by a program. */
    private static final Set<String> GENERATED = Set.of("WideKernels.java", "NarrowKernels.java");

    private static final int LONGEST = 500;
    private static final Pattern PACKAGE = Pattern.compile("^package ([\\w.]+);", Pattern.MULTILINE);
    private static final Pattern IMPORT =
            Pattern.compile("^import (?:static )?([a-z][\\w.]*?)\\.([A-Z]\\w*)", Pattern.MULTILINE);

    /** The API, its SPI and what stands behind both know each other; nothing else goes in a circle. */
    private static final Set<String> API = Set.of("dev.rondo", "dev.rondo.spi", "dev.rondo.internal");

    /** A file of the main sources. */
    private record Source(String module, String file, String inPackage, List<String> imports) {
        /** The packages that it imports from. */
        Set<String> packages() {
            Set<String> packages = new TreeSet<>();
            for (String one : imports) {
                packages.add(one.substring(0, one.lastIndexOf('.')));
            }
            packages.remove(inPackage);
            return packages;
        }

        boolean isIn(String name) {
            return inPackage.equals(name) || inPackage.startsWith(name + ".");
        }
    }

    private static final List<Source> SOURCES = new ArrayList<>();

    @BeforeAll
    static void read() throws IOException {
        Path root = root();
        for (String module : MODULES) {
            try (Stream<Path> files = Files.walk(root.resolve(module).resolve("src/main"))) {
                for (Path file : files.filter(path -> path.toString().endsWith(".java"))
                        .sorted()
                        .toList()) {
                    read(module, file);
                }
            }
        }
        assertTrue(SOURCES.size() > 200, "only " + SOURCES.size() + " sources in " + root);
    }

    private static Path root() {
        Path here = Path.of(System.getProperty("basedir", System.getProperty("user.dir")))
                .toAbsolutePath();
        return Files.exists(here.resolve("bench")) ? here : here.getParent();
    }

    private static void read(String module, Path file) throws IOException {
        String text = Files.readString(file);
        Matcher inPackage = PACKAGE.matcher(text);
        if (!inPackage.find()) {
            return; // module-info.java
        }
        List<String> imports = new ArrayList<>();
        Matcher one = IMPORT.matcher(text);
        while (one.find()) {
            imports.add(one.group(1) + "." + one.group(2));
        }
        SOURCES.add(new Source(module, file.getFileName().toString(), inPackage.group(1), imports));
    }

    /** Files of one place that import from another, apart from some. */
    private static List<String> importing(String place, String other, String... but) {
        List<String> found = new ArrayList<>();
        for (Source source : SOURCES) {
            for (String one : source.imports) {
                boolean isOther = one.startsWith(other + ".") && Stream.of(but).noneMatch(one::startsWith);
                if (source.isIn(place) && isOther) {
                    found.add(source.file + " -> " + one);
                }
            }
        }
        return found;
    }

    @Test
    void backendsDoNotKnowEachOther() {
        assertEquals(List.of(), importing("dev.rondo.cpu", "dev.rondo.cuda"));
        assertEquals(List.of(), importing("dev.rondo.cuda", "dev.rondo.cpu"));
        assertEquals(List.of(), importing("dev.rondo.cpu.reference", "dev.rondo.cpu", "dev.rondo.cpu.reference."));
        for (Source source : SOURCES) {
            if (source.inPackage.equals("dev.rondo.cpu")) {
                assertTrue(!source.packages().contains("dev.rondo.cpu.reference"), source.file);
            }
        }
    }

    @Test
    void backendsKnowNothingOfTrainingAndModels() {
        for (String backend : List.of("dev.rondo.cpu", "dev.rondo.cuda")) {
            for (String other : List.of("dev.rondo.train", "dev.rondo.model", "dev.rondo.io", "dev.rondo.layout")) {
                assertEquals(List.of(), importing(backend, other));
            }
        }
    }

    @Test
    void onlyModelsAndBenchKnowModels() {
        for (Source source : SOURCES) {
            if (!source.isIn("dev.rondo.model") && !source.isIn("dev.rondo.bench")) {
                assertTrue(!source.packages().contains("dev.rondo.model"), source.file);
            }
        }
    }

    /** A model is written as a user of the library would; the seeds of dropout are the one thing of the SPI that it needs. */
    @Test
    void modelsKnowTheApiTrainingAndFilesOnly() {
        Set<String> allowed =
                Set.of("dev.rondo", "dev.rondo.train", "dev.rondo.io", "dev.rondo.internal", "dev.rondo.model");
        for (Source source : SOURCES) {
            if (source.isIn("dev.rondo.model")) {
                for (String one : source.imports) {
                    String from = one.substring(0, one.lastIndexOf('.'));
                    assertTrue(
                            from.startsWith("java.")
                                    || from.startsWith("org.jspecify.")
                                    || allowed.contains(from)
                                    || from.startsWith("dev.rondo.model.")
                                    || one.equals("dev.rondo.spi.Dropout"),
                            () -> source.file + " -> " + one);
                }
            }
        }
    }

    @Test
    void theApiDependsOnNothing() {
        for (Source source : SOURCES) {
            if (source.module.equals("java-api")) {
                for (String from : source.packages()) {
                    boolean isOwn = API.contains(from)
                            || List.of("dev.rondo.io", "dev.rondo.layout", "dev.rondo.train")
                                    .contains(from);
                    assertTrue(
                            isOwn || from.startsWith("java.") || from.equals("org.jspecify.annotations"),
                            () -> source.file + " -> " + from);
                }
                if (source.isIn("dev.rondo.io")) {
                    assertTrue(source.packages().stream().noneMatch(from -> from.startsWith("dev.rondo")), source.file);
                }
                if (API.contains(source.inPackage)) {
                    assertTrue(
                            API.containsAll(source.packages().stream()
                                    .filter(from -> from.startsWith("dev.rondo"))
                                    .toList()),
                            source.file);
                }
            }
        }
    }

    @Test
    void subcommandsDoNotKnowEachOther() {
        Set<String> shared = Set.of("cli", "report", "check", "cudnn", "plot");
        for (Source source : SOURCES) {
            if (source.module.equals("bench") && !source.inPackage.equals("dev.rondo.bench")) {
                for (String from : source.packages()) {
                    if (from.startsWith("dev.rondo.bench")) {
                        assertTrue(
                                shared.contains(from.substring(from.lastIndexOf('.') + 1)),
                                source.file + " -> " + from);
                    }
                }
            }
        }
    }

    @Test
    void noCircleOfPackages() {
        Map<String, Set<String>> graph = new TreeMap<>();
        for (Source source : SOURCES) {
            for (String from : source.packages()) {
                if (from.startsWith("dev.rondo")) {
                    String to = API.contains(from) ? "the API" : from;
                    String place = API.contains(source.inPackage) ? "the API" : source.inPackage;
                    if (!to.equals(place)) {
                        graph.computeIfAbsent(place, any -> new TreeSet<>()).add(to);
                    }
                }
            }
        }
        // what knows none of the rest is taken away, again and again: what remains is in a circle, or knows one
        boolean changed = true;
        while (changed) {
            Set<String> rest = Set.copyOf(graph.keySet());
            changed = graph.values().removeIf(others -> others.stream().noneMatch(rest::contains));
        }
        assertEquals(Map.of(), graph);
    }

    /** Tests, kernels and the emulator too. */
    @Test
    void noFileIsTooLong() throws IOException {
        Pattern source = Pattern.compile(".*\\.(java|cu|cuh|cpp|h|py)");
        List<Path> folders = new ArrayList<>(List.of(root().resolve("ci")));
        MODULES.forEach(module -> folders.add(root().resolve(module).resolve("src")));
        for (Path folder : folders) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    String name = file.getFileName().toString();
                    if (source.matcher(name).matches() && !GENERATED.contains(name)) {
                        long lines = Files.readString(file).lines().count();
                        assertTrue(lines <= LONGEST, file + " has " + lines + " lines");
                    }
                }
            }
        }
    }

    @Test
    void noClassIsAPlaceForWhatHasNone() {
        Pattern forbidden = Pattern.compile(".*(Util|Utils|Manager|Helper|Helpers)\\.java");
        for (Source source : SOURCES) {
            assertTrue(!forbidden.matcher(source.file).matches(), source.file);
        }
    }
}
