package dev.rondo.bench.conform;

import dev.rondo.bench.check.CaseTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which tensors a case may and must have, and the shape of each. */
final class CaseShapes {
    private static final Set<String> INPUTS =
            Set.of("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P", "dY", "dY_h", "dY_c");
    private static final Set<String> OUTPUTS =
            Set.of("Y", "Y_h", "Y_c", "dX", "dW", "dR", "dB", "dinitial_h", "dinitial_c", "dP");
    private static final Set<String> LSTM_ONLY = Set.of("initial_c", "P", "dY_c", "Y_c", "dinitial_c", "dP");

    /** Shapes of layout 0; the gradient dV has the shape of V. */
    private static final Map<String, String> SHAPES = Map.ofEntries(
            Map.entry("X", "T N I"),
            Map.entry("W", "D G*H I"),
            Map.entry("R", "D G*H H"),
            Map.entry("B", "D 2*G*H"),
            Map.entry("P", "D 3*H"),
            Map.entry("sequence_lens", "N"),
            Map.entry("initial_h", "D N H"),
            Map.entry("initial_c", "D N H"),
            Map.entry("Y", "T D N H"),
            Map.entry("Y_h", "D N H"),
            Map.entry("Y_c", "D N H"));

    /** What becomes of a shape in layout 1. */
    private static final Map<String, String> BATCH_MAJOR =
            Map.of("T N I", "N T I", "D N H", "N D H", "T D N H", "N T D H");

    private final Case tested;

    private CaseShapes(Case tested) {
        this.tested = tested;
    }

    /** Checks a case that was just read; {@code end} is its last line. */
    static Case check(Case tested, int end) {
        new CaseShapes(tested).check(end);
        return tested;
    }

    private void check(int end) {
        tested.inputs().values().forEach(tensor -> checkName("in", tensor, INPUTS));
        tested.outputs().values().forEach(tensor -> checkName("out", tensor, OUTPUTS));
        for (String name : List.of("X", "W", "R")) {
            if (!tested.inputs().containsKey(name)) {
                throw wrong(end, "expected in " + name + " in the case, got none");
            }
        }
        if (tested.outputs().isEmpty()) {
            throw wrong(end, "expected at least one out in the case, got none");
        }
        CaseTensor x = tested.input("X");
        if (x.shape().length != 3) {
            throw wrong(x.line(), "X: expected three sizes, got " + Arrays.toString(x.shape()));
        }
        tested.inputs().values().forEach(this::checkShape);
        tested.outputs().values().forEach(this::checkShape);
        CaseTensor lengths = tested.inputs().get("sequence_lens");
        if (lengths != null) {
            checkLengths(lengths);
        }
    }

    private void checkName(String kind, CaseTensor tensor, Set<String> names) {
        if (!names.contains(tensor.name())) {
            throw wrong(tensor.line(), kind + ": expected one of " + sorted(names) + ", got " + tensor.name());
        }
        if (LSTM_ONLY.contains(tensor.name()) && tested.op() != Operator.LSTM) {
            throw wrong(tensor.line(), kind + " " + tensor.name() + ": expected with op LSTM only, got " + tested.op());
        }
        boolean gradient = kind.equals("out") && tensor.name().startsWith("d");
        if (gradient && !tested.isGradientCase()) {
            throw wrong(tensor.line(), "out " + tensor.name() + ": expected in dY, dY_h or dY_c in the case, got none");
        }
    }

    private static List<String> sorted(Set<String> names) {
        return names.stream().sorted().toList();
    }

    private void checkShape(CaseTensor tensor) {
        String name = tensor.name();
        String letters = SHAPES.get(name.startsWith("d") ? name.substring(1) : name);
        if (letters == null) {
            throw new IllegalStateException("no shape is known for " + name);
        }
        if (tested.attributes().batchMajor()) {
            letters = BATCH_MAJOR.getOrDefault(letters, letters);
        }
        List<Long> expected = new ArrayList<>();
        for (String letter : letters.split(" ")) {
            expected.add(size(letter));
        }
        List<Long> got = Arrays.stream(tensor.shape()).asLongStream().boxed().toList();
        if (!got.equals(expected)) {
            String shape = "[" + letters.replace(' ', ',') + "] = " + expected;
            throw wrong(tensor.line(), name + ": expected shape " + shape + ", got " + got);
        }
    }

    private long size(String letter) {
        long hidden = tested.attributes().hiddenSize();
        long gateRows = tested.op().gates() * hidden;
        return switch (letter) {
            case "T" -> tested.steps();
            case "N" -> tested.batch();
            case "I" -> tested.inputSize();
            case "H" -> hidden;
            case "D" -> tested.attributes().direction().count();
            case "G*H" -> gateRows;
            case "2*G*H" -> 2 * gateRows;
            case "3*H" -> 3 * hidden;
            default -> throw new IllegalStateException("no size is known for " + letter);
        };
    }

    private void checkLengths(CaseTensor lengths) {
        if (!lengths.type().startsWith("int")) {
            throw wrong(lengths.line(), "sequence_lens: expected int32 or int64, got " + lengths.type());
        }
        for (double length : lengths.values()) {
            if (length < 0 || length > tested.steps()) {
                throw wrong(
                        lengths.line(),
                        "sequence_lens: expected 0 to T = " + tested.steps() + ", got " + (long) length);
            }
        }
    }

    private CaseFileException wrong(int line, String problem) {
        return new CaseFileException(tested.file(), line, problem);
    }
}
