package dev.rondo.bench.conform;

import dev.rondo.bench.check.CaseTensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the text format of cases: one record per line, fields separated by one blank. A case is
 *
 * <pre>
 * case NAME
 * op RNN|LSTM|GRU
 * profile core|extended
 * source WORDS...
 * attr NAME VALUE...                      zero or more
 * atol X
 * in NAME DTYPE [D0 D1 ...] V0 V1 ...     one or more
 * out NAME DTYPE [D0 D1 ...] V0 V1 ...    one or more
 * end
 * </pre>
 *
 * in this order. Nothing is forgiven: every other text is a {@link CaseFileException} that names file and line.
 */
final class CaseFile {
    private static final Set<String> TYPES = Set.of("float16", "float32", "int32", "int64");
    private static final Pattern NUMBER =
            Pattern.compile("[-+]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]+)?|NaN|[-+]?Infinity");

    private final String file;
    private final List<String> lines;
    /** Lines read so far: the number of the current line. */
    private int line;

    private CaseFile(String file, List<String> lines) {
        this.file = file;
        this.lines = lines;
    }

    /** Reads all cases of a file; at least one. */
    static List<Case> read(Path path) throws IOException {
        if (Files.isDirectory(path)) {
            throw new IOException(path + ": expected a file of cases, got a folder");
        }
        return read(path.toString(), Files.readAllBytes(path));
    }

    /** Reads all cases of a text. */
    static List<Case> read(String file, byte[] text) {
        CaseFile reader = new CaseFile(file, decode(file, text));
        List<Case> cases = new ArrayList<>();
        Set<String> names = new HashSet<>();
        do {
            Case next = reader.readCase();
            if (!names.add(next.name())) {
                throw new CaseFileException(
                        file, next.line(), "expected a new case name, got " + next.name() + " again");
            }
            cases.add(next);
        } while (reader.line < reader.lines.size());
        return List.copyOf(cases);
    }

    private static List<String> decode(String file, byte[] text) {
        List<String> lines = new ArrayList<>();
        int start = 0;
        while (start < text.length) {
            int end = start;
            while (end < text.length && text[end] != '\n') {
                end++;
            }
            try {
                lines.add(StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(text, start, end - start))
                        .toString());
            } catch (CharacterCodingException e) {
                throw new CaseFileException(file, lines.size() + 1, "expected text in UTF-8, got other bytes");
            }
            start = end + 1;
        }
        return lines;
    }

    private Case readCase() {
        String name = word("case");
        int first = line;
        if (!name.matches("[A-Za-z0-9_]+")) {
            throw wrong("case: expected a name of A-Z, a-z, 0-9 and _, got " + name);
        }
        Operator op = Operator.valueOf(oneOf("op", "RNN", "LSTM", "GRU"));
        String profile = oneOf("profile", "core", "extended");
        String source = source();
        Map<String, CaseAttributes.Line> attributes = new LinkedHashMap<>();
        while (at("attr")) {
            List<String> fields = fields("attr", 3);
            CaseAttributes.Line attribute =
                    new CaseAttributes.Line(fields.get(1), List.copyOf(fields.subList(2, fields.size())), line);
            if (attributes.put(attribute.name(), attribute) != null) {
                throw wrong("attr: expected a new name, got " + attribute.name() + " again");
            }
        }
        double atol = tolerance();
        Map<String, CaseTensor> inputs = tensors("in");
        Map<String, CaseTensor> outputs = tensors("out");
        if (!"end".equals(next("end"))) {
            throw unexpected("end");
        }
        CaseAttributes understood = CaseAttributes.of(file, line, op, attributes);
        Case read = new Case(file, first, name, op, profile, source, understood, atol, inputs, outputs);
        return CaseShapes.check(read, line);
    }

    private String source() {
        String text = next("source");
        if (!text.equals("source") && !text.startsWith("source ")) {
            throw unexpected("source");
        }
        return text.substring("source".length()).strip();
    }

    private double tolerance() {
        String text = word("atol");
        Double atol = number(text);
        if (atol == null || !(atol >= 0) || atol.isInfinite()) {
            throw wrong("atol: expected a finite number of at least 0, got " + text);
        }
        return atol;
    }

    private Map<String, CaseTensor> tensors(String kind) {
        Map<String, CaseTensor> tensors = new LinkedHashMap<>();
        while (at(kind)) {
            CaseTensor tensor = tensor(kind);
            if (tensors.put(tensor.name(), tensor) != null) {
                throw wrong(kind + ": expected a new name, got " + tensor.name() + " again");
            }
        }
        return Collections.unmodifiableMap(tensors);
    }

    private CaseTensor tensor(String kind) {
        List<String> fields = fields(kind, 4);
        String name = fields.get(1);
        String type = fields.get(2);
        if (!TYPES.contains(type)) {
            throw wrong(name + ": expected type float16, float32, int32 or int64, got " + type);
        }
        int last = 3;
        while (last < fields.size() && !fields.get(last).endsWith("]")) {
            last++;
        }
        if (!fields.get(3).startsWith("[") || last == fields.size()) {
            throw wrong(name + ": expected a shape in brackets, got " + fields.get(3));
        }
        String shape = String.join(" ", fields.subList(3, last + 1));
        int[] sizes = Arrays.stream(shape.substring(1, shape.length() - 1).split(" ", -1))
                .mapToInt(size -> size(name, size))
                .toArray();
        return new CaseTensor(
                name, type, sizes, values(name, type, sizes, fields.subList(last + 1, fields.size())), line);
    }

    private int size(String name, String size) {
        if (!size.matches("[0-9]{1,9}")) {
            throw wrong(name + ": expected sizes in the shape, got '" + size + "'");
        }
        return Integer.parseInt(size);
    }

    private double[] values(String name, String type, int[] sizes, List<String> fields) {
        double expected = 1;
        for (int size : sizes) {
            expected *= size;
        }
        if (expected != fields.size()) {
            throw wrong(String.format(
                    "%s: expected %.0f values for shape %s, got %d",
                    name, expected, Arrays.toString(sizes), fields.size()));
        }
        double[] values = new double[fields.size()];
        for (int k = 0; k < values.length; k++) {
            Double value = number(fields.get(k));
            if (value == null) {
                throw wrong(name + ": expected a number as value " + k + ", got " + fields.get(k));
            }
            if (type.startsWith("int") && (value != Math.rint(value) || value.isInfinite())) {
                throw wrong(name + ": expected a whole number as value " + k + ", got " + fields.get(k));
            }
            values[k] = value;
        }
        return values;
    }

    /** A decimal number, {@code NaN}, {@code Infinity} or {@code -Infinity}; null if the text is nothing of that. */
    static @Nullable Double number(String text) {
        return NUMBER.matcher(text).matches() ? Double.valueOf(text) : null;
    }

    private String oneOf(String keyword, String... accepted) {
        String value = word(keyword);
        if (!List.of(accepted).contains(value)) {
            throw wrong(keyword + ": expected " + String.join(" or ", accepted) + ", got " + value);
        }
        return value;
    }

    private String word(String keyword) {
        List<String> fields = fields(keyword, 2);
        if (fields.size() != 2) {
            throw wrong(keyword + ": expected one field, got " + (fields.size() - 1));
        }
        return fields.get(1);
    }

    private List<String> fields(String keyword, int atLeast) {
        List<String> fields = List.of(next(keyword).split(" ", -1));
        if (!fields.get(0).equals(keyword)) {
            throw unexpected(keyword);
        }
        if (fields.contains("")) {
            throw wrong(keyword + ": expected fields separated by one blank, got two blanks or one at the end");
        }
        if (fields.size() < atLeast) {
            throw wrong(keyword + ": expected " + (atLeast - 1) + " fields or more, got " + (fields.size() - 1));
        }
        return fields;
    }

    private boolean at(String keyword) {
        return line < lines.size() && lines.get(line).startsWith(keyword + " ");
    }

    private String next(String keyword) {
        line++;
        if (line > lines.size()) {
            throw wrong("expected " + keyword + ", got the end of the file");
        }
        String text = lines.get(line - 1);
        if (text.chars().anyMatch(c -> c < ' ')) {
            throw wrong("expected " + keyword + ", got a line with a control character (tab, carriage return, ...)");
        }
        return text;
    }

    private CaseFileException unexpected(String keyword) {
        String text = lines.get(line - 1);
        String got = text.isEmpty() ? "an empty line" : text.length() <= 40 ? text : text.substring(0, 40) + "...";
        return wrong("expected " + keyword + ", got " + got);
    }

    private CaseFileException wrong(String problem) {
        return new CaseFileException(file, line, problem);
    }
}
