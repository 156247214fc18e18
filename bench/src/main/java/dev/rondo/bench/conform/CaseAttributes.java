package dev.rondo.bench.conform;

import dev.rondo.Direction;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The attributes of a case, absent ones by their default.
 *
 * @param hiddenSize H
 * @param direction how the layer walks through time
 * @param batchMajor {@code layout} 1: the batch is the first index of X, Y and the states
 * @param linearBeforeReset GRU: the reset gate comes after the recurrent product
 * @param activations per direction the functions f (RNN), f g (GRU), f g h (LSTM), as the case spells them
 * @param clip bound of the pre-activations; 0 for none
 * @param inputForget LSTM: the gates are coupled, f = 1 - i
 * @param unknown names of attributes that the format does not have
 */
record CaseAttributes(
        int hiddenSize,
        Direction direction,
        boolean batchMajor,
        boolean linearBeforeReset,
        List<List<String>> activations,
        double clip,
        boolean inputForget,
        List<String> unknown) {

    /** One line {@code attr NAME VALUE...}. */
    record Line(String name, List<String> values, int number) {}

    /** Understands the lines of a case; {@code end} is the line to name where one is missing. */
    static CaseAttributes of(String file, int end, Operator op, Map<String, Line> lines) {
        return new Reader(file, end, op, lines).read();
    }

    private record Reader(String file, int end, Operator op, Map<String, Line> lines) {
        CaseAttributes read() {
            List<String> unknown = new ArrayList<>();
            for (String name : lines.keySet()) {
                switch (name) {
                    case "hidden_size", "direction", "layout", "linear_before_reset", "clip", "input_forget" -> {}
                    case "activations", "activation_alpha", "activation_beta" -> {}
                    default -> unknown.add(name);
                }
            }
            number("activation_alpha");
            number("activation_beta");
            Direction direction = direction();
            return new CaseAttributes(
                    hiddenSize(),
                    direction,
                    flag("layout"),
                    flag("linear_before_reset"),
                    activations(direction.count()),
                    clip(),
                    flag("input_forget"),
                    List.copyOf(unknown));
        }

        private int hiddenSize() {
            Line line = lines.get("hidden_size");
            if (line == null) {
                throw new CaseFileException(file, end, "expected attr hidden_size in the case, got none");
            }
            String value = only(line);
            if (value.matches("[0-9]{1,9}") && Integer.parseInt(value) > 0) {
                return Integer.parseInt(value);
            }
            throw wrong(line, "a whole number of at least 1 and below 10^9", value);
        }

        private Direction direction() {
            Line line = lines.get("direction");
            return switch (line == null ? "forward" : only(line)) {
                case "forward" -> Direction.FORWARD;
                case "reverse" -> Direction.REVERSE;
                case "bidirectional" -> Direction.BIDIRECTIONAL;
                default -> throw wrong(line, "forward, reverse or bidirectional", null);
            };
        }

        private boolean flag(String name) {
            Line line = lines.get(name);
            return switch (line == null ? "0" : only(line)) {
                case "0" -> false;
                case "1" -> true;
                default -> throw wrong(line, "0 or 1", null);
            };
        }

        private double clip() {
            Line line = lines.get("clip");
            if (line == null) {
                return 0;
            }
            only(line);
            double clip = number("clip");
            if (!(clip >= 0)) {
                throw wrong(line, "a number of at least 0", null);
            }
            return clip;
        }

        /** Checks that every value of an attribute is a number, and returns the first; NaN if the attribute is absent. */
        private double number(String name) {
            Line line = lines.get(name);
            double first = Double.NaN;
            for (int k = 0; line != null && k < line.values().size(); k++) {
                Double value = CaseFile.number(line.values().get(k));
                if (value == null) {
                    throw wrong(line, "numbers", line.values().get(k));
                }
                first = k == 0 ? value : first;
            }
            return first;
        }

        /** A list may hold one direction's functions for both, and may be longer than needed. */
        private List<List<String>> activations(int directions) {
            Line line = lines.get("activations");
            List<String> names = line == null ? op.activations() : line.values();
            int count = op.activations().size();
            if (names.size() < count) {
                throw wrong(line, "at least " + count + " names for " + op, String.join(" ", names));
            }
            List<List<String>> perDirection = new ArrayList<>();
            for (int d = 0; d < directions; d++) {
                int first = names.size() >= directions * count ? d * count : 0;
                perDirection.add(List.copyOf(names.subList(first, first + count)));
            }
            return List.copyOf(perDirection);
        }

        private String only(Line line) {
            if (line.values().size() != 1) {
                throw wrong(line, "one value", line.values().size() + " values");
            }
            return line.values().get(0);
        }

        private CaseFileException wrong(@Nullable Line line, String expected, @Nullable String got) {
            if (line == null) {
                throw new IllegalStateException("the default of an attribute is wrong: expected " + expected);
            }
            return new CaseFileException(
                    file,
                    line.number(),
                    "attr " + line.name() + ": expected " + expected + ", got "
                            + (got == null ? String.join(" ", line.values()) : got));
        }
    }
}
