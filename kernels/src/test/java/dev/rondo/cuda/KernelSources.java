package dev.rondo.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The kernels as the CUDA sources declare them, those that macros make too. */
final class KernelSources {
    private static final Pattern COMMENT = Pattern.compile("//[^\\n]*|/\\*.*?\\*/", Pattern.DOTALL);
    private static final Pattern CONTINUED = Pattern.compile("\\\\\\n");
    private static final Pattern INCLUDE = Pattern.compile("#include \"([^\"]+)\"");
    private static final Pattern DEFINE = Pattern.compile("#define (\\w+)\\(([^)]*)\\)(.*)");
    private static final Pattern DIRECTIVE = Pattern.compile("(?m)^\\s*#.*$");
    private static final Pattern KERNEL = Pattern.compile(
            "__global__ void (?:(?:__launch_bounds__|CLUSTER_DIMS)\\s*\\([^)]*\\)\\s*)*(\\w+)\\s*\\(([^)]*)\\)\\s*\\{");

    /** Its macros differ between nvcc and g++, and make no kernels. */
    private static final String COMPATIBILITY = "device_compat.cuh";

    /** A macro of the preprocessor. */
    private record Macro(List<String> parameters, String body) {}

    /**
     * A kernel of the sources.
     *
     * @param file without its ending
     * @param parameters a letter for each type, as in {@link Kernel}
     */
    record Declaration(String file, String parameters) {}

    private KernelSources() {}

    /** All kernels, by symbol. */
    static Map<String, Declaration> read(Path folder) throws IOException {
        Map<String, Declaration> kernels = new LinkedHashMap<>();
        List<Path> sources;
        try (Stream<Path> files = Files.list(folder)) {
            sources = files.filter(file -> file.toString().endsWith(".cu"))
                    .sorted()
                    .toList();
        }
        for (Path source : sources) {
            Map<String, Macro> macros = new LinkedHashMap<>();
            String text = expand(load(source, macros, new HashSet<>()), macros, 0);
            String name = source.getFileName().toString();
            Matcher kernel = KERNEL.matcher(text.replaceAll("\\s+", " "));
            while (kernel.find()) {
                Declaration declaration = new Declaration(name.replace(".cu", ""), types(kernel.group(2)));
                if (kernels.put(kernel.group(1), declaration) != null) {
                    throw new AssertionError(kernel.group(1) + " is there twice");
                }
            }
        }
        return kernels;
    }

    /** The text of a source behind that of its headers, without comments and directives. */
    private static String load(Path source, Map<String, Macro> macros, Set<Path> loaded) throws IOException {
        if (!loaded.add(source) || source.endsWith(COMPATIBILITY)) {
            return "";
        }
        String text = COMMENT.matcher(Files.readString(source)).replaceAll(" ");
        text = CONTINUED.matcher(text).replaceAll(" ");
        StringBuilder all = new StringBuilder();
        Matcher include = INCLUDE.matcher(text);
        while (include.find()) {
            all.append(load(source.resolveSibling(include.group(1)), macros, loaded));
        }
        Matcher define = DEFINE.matcher(text);
        while (define.find()) {
            List<String> parameters =
                    Stream.of(define.group(2).split(",")).map(String::strip).toList();
            macros.put(define.group(1), new Macro(parameters, define.group(3)));
        }
        return all.append(DIRECTIVE.matcher(text).replaceAll("")).toString();
    }

    private static String expand(String text, Map<String, Macro> macros, int depth) {
        if (macros.isEmpty()) {
            return text;
        }
        if (depth > 8) {
            throw new AssertionError("macros without end: " + text);
        }
        Matcher call = Pattern.compile("\\b(" + String.join("|", macros.keySet()) + ")\\s*\\(")
                .matcher(text);
        StringBuilder expanded = new StringBuilder();
        int done = 0;
        while (call.find(done)) {
            expanded.append(text, done, call.start());
            List<String> arguments = new ArrayList<>();
            done = arguments(text, call.end(), arguments);
            Macro macro = macros.get(call.group(1));
            String body = macro.body();
            for (int i = 0; i < macro.parameters().size(); i++) {
                body = body.replaceAll(
                        "\\b" + macro.parameters().get(i) + "\\b", Matcher.quoteReplacement(arguments.get(i)));
            }
            expanded.append(expand(body.replaceAll("\\s*##\\s*", ""), macros, depth + 1));
        }
        return expanded.append(text.substring(done)).toString();
    }

    /** Takes the arguments of a call apart; gives where it ends. */
    private static int arguments(String text, int start, List<String> arguments) {
        int open = 1;
        int from = start;
        for (int at = start; ; at++) {
            char c = text.charAt(at);
            open += "([{".indexOf(c) >= 0 ? 1 : ")]}".indexOf(c) >= 0 ? -1 : 0;
            if (open == 0 || (open == 1 && c == ',')) {
                arguments.add(text.substring(from, at).strip());
                from = at + 1;
            }
            if (open == 0) {
                return at + 1;
            }
        }
    }

    private static String types(String parameters) {
        StringBuilder types = new StringBuilder();
        for (String parameter : parameters.split(",")) {
            String type = parameter.strip().replaceAll("\\w+$", "").strip();
            types.append(
                    type.endsWith("*")
                            ? 'p'
                            : switch (type) {
                                case "long long" -> 'l';
                                case "int" -> 'i';
                                case "float" -> 'f';
                                default -> throw new AssertionError("a parameter of another type: " + parameter);
                            });
        }
        return types.toString();
    }
}
