package dev.rondo.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The table of kernels against the CUDA sources, and against what nvcc made of them. */
class KernelTableTest {
    /** The argument buffer of {@link Launcher}. */
    private static final int MAX_ARGUMENT_BYTES = 256;

    private static final Pattern ENTRY = Pattern.compile(
            "\\{\"name\": \"(\\w+)\", \"file\": \"(\\w+)\", \"parameters\": \\[(.*?)\\],\\s*\"capabilities\": \\{(.*?)\\}\\}",
            Pattern.DOTALL);
    private static final Pattern PARAMETER = Pattern.compile("\"type\": \"(\\w+)\", \"bytes\": (\\d+)");
    private static final Pattern SPILL = Pattern.compile("\"spillBytes\": (\\d+)");

    private static Map<String, KernelSources.Declaration> sources() throws IOException {
        String project = System.getProperty("basedir"); // by Maven
        for (String place : project != null ? List.of(project) : List.of("", "kernels")) {
            Path folder = Path.of(place, "src", "main", "cuda");
            if (Files.isDirectory(folder)) {
                return KernelSources.read(folder);
            }
        }
        throw new AssertionError("no CUDA sources in " + (project != null ? project : "this folder"));
    }

    @Test
    void everyKernelOfTheTableIsInItsSource() throws IOException {
        Map<String, KernelSources.Declaration> sources = sources();
        for (Kernel kernel : Kernel.values()) {
            StringBuilder types = new StringBuilder();
            for (int i = 0; i < kernel.count(); i++) {
                types.append(kernel.type(i));
            }
            assertEquals(
                    new KernelSources.Declaration(kernel.file(), types.toString()),
                    sources.get(kernel.symbol()),
                    kernel.symbol());
        }
    }

    @Test
    void everyKernelOfTheSourcesIsInTheTable() throws IOException {
        Set<String> symbols = new TreeSet<>();
        for (Kernel kernel : Kernel.values()) {
            symbols.add(kernel.symbol());
        }
        assertEquals(symbols, new TreeSet<>(sources().keySet()));
    }

    @ParameterizedTest
    @EnumSource(Kernel.class)
    void argumentsAreAlignedAndFitTheirBuffer(Kernel kernel) {
        int end = 0;
        for (int i = 0; i < kernel.count(); i++) {
            int size = "pl".indexOf(kernel.type(i)) >= 0 ? 8 : 4;
            assertEquals(0, kernel.offset(i) % size);
            assertTrue(kernel.offset(i) >= end && kernel.offset(i) < end + size);
            end = kernel.offset(i) + size;
        }
        assertEquals(end, kernel.offset(kernel.count()));
        assertTrue(end <= MAX_ARGUMENT_BYTES);
    }

    @Test
    void whatNvccMadeHasTheSameParametersAndDoesNotSpill() throws IOException {
        String manifest = "";
        try (InputStream in = KernelTableTest.class.getResourceAsStream("kernels/manifest.json")) {
            assumeTrue(in != null, "built without nvcc");
            if (in != null) {
                manifest = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            }
        }
        Map<String, String> kernels = new LinkedHashMap<>();
        Matcher entry = ENTRY.matcher(manifest);
        while (entry.find()) {
            Matcher spill = SPILL.matcher(entry.group(4));
            int capabilities = 0;
            while (spill.find()) {
                assertEquals("0", spill.group(1), entry.group(1) + " spills registers: " + entry.group(4));
                capabilities++;
            }
            assertTrue(capabilities > 0, entry.group(1));
            kernels.put(entry.group(1), entry.group(2) + " " + entry.group(3));
        }
        for (Kernel kernel : Kernel.values()) {
            String made = kernels.get(kernel.symbol());
            assertNotNull(made, kernel.symbol());
            assertTrue(made.startsWith(kernel.file() + " "), made);
            Matcher parameter = PARAMETER.matcher(made);
            int count = 0;
            while (parameter.find()) {
                int bytes = Integer.parseInt(parameter.group(2));
                char type = kernel.type(count);
                assertEquals("pl".indexOf(type) >= 0 ? 8 : 4, bytes, kernel.symbol() + ", parameter " + count);
                assertEquals(type == 'f', parameter.group(1).equals("f32"), kernel.symbol() + ", parameter " + count);
                count++;
            }
            assertEquals(kernel.count(), count, kernel.symbol());
        }
    }
}
