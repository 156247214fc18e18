package dev.rondo.bench.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Where and with what a comparison ran. */
final class Machine {
    /** System property: the commit of the checkout. */
    static final String COMMIT = "rondo.peers.commit";

    private Machine() {}

    /** Names and values, in the order in which they are shown. */
    static Map<String, String> facts(List<Library> libraries) throws IOException {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("processor", value("/proc/cpuinfo", "model name"));
        facts.put("cores", String.valueOf(Runtime.getRuntime().availableProcessors()));
        facts.put("memory", gibibytes(value("/proc/meminfo", "MemTotal")));
        facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        facts.put(
                "java",
                System.getProperty("java.runtime.version") + " (" + System.getProperty("java.vendor") + ", "
                        + System.getProperty("java.vm.name") + ")");
        facts.put("commit", System.getProperty(COMMIT, "unknown"));
        for (Library library : libraries) {
            if (library != Library.RONDO) {
                facts.put(library.toString(), library.version());
            }
        }
        return facts;
    }

    /** The first value of a name in a file of lines {@code name: value}. */
    private static String value(String file, String name) throws IOException {
        Path path = Path.of(file);
        if (!Files.isReadable(path)) {
            return "unknown";
        }
        try (var lines = Files.lines(path)) {
            return lines.filter(line -> line.startsWith(name) && line.contains(":"))
                    .findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .orElse("unknown");
        }
    }

    private static String gibibytes(String memory) {
        String digits = memory.replaceAll("\\D", "");
        return digits.isEmpty()
                ? memory
                : String.format(Locale.ROOT, "%.1f GiB", Long.parseLong(digits) / (double) (1 << 20));
    }
}
