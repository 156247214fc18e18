package dev.rondo.bench.peers;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;

/** The text of a comparison: facts, a line for each case as soon as it is measured, the means, a legend. */
final class Report {
    private static final String CASE = "%-5s %-10s %7s  %-16s";

    private final List<PrintWriter> targets;
    private final List<Library> libraries;
    private final List<Row> rows = new ArrayList<>();

    /**
     * A report.
     *
     * @param targets where it goes, as it grows
     * @param libraries the columns
     */
    Report(List<PrintWriter> targets, List<Library> libraries) {
        this.targets = targets;
        this.libraries = libraries;
    }

    List<Row> rows() {
        return rows;
    }

    private void line(String text) {
        for (PrintWriter target : targets) {
            target.println(text.stripTrailing());
            target.flush();
        }
    }

    void begin(Map<String, String> facts) {
        facts.forEach((name, value) -> line(String.format(Locale.ROOT, "%-12s %s", name, value)));
        line("");
        StringBuilder header = new StringBuilder(String.format(CASE, "cell", "mode", "threads", "shape"));
        libraries.forEach(library -> header.append(String.format("%12s", library)));
        line(header + "   best peer / rondo");
    }

    void add(Row row) {
        rows.add(row);
        RnnCase rnn = row.rnn();
        StringBuilder line = new StringBuilder(String.format(
                CASE, rnn.cell(), rnn.mode().name().toLowerCase(Locale.ROOT), rnn.threads(), rnn.shape()));
        row.outcomes().forEach(outcome -> line.append(String.format("%12s", cell(outcome))));
        line(line + String.format("%20s", ratio(row.ratio())));
        for (Outcome outcome : row.outcomes()) {
            if (outcome.failure() != null) {
                line("  " + outcome.library() + ": " + outcome.failure());
            }
        }
    }

    private static String cell(Outcome outcome) {
        if (outcome.unsupported() != null) {
            return "-";
        }
        return outcome.failure() != null ? "FAILED" : milliseconds(outcome.time());
    }

    /** Four digits. */
    static String milliseconds(double time) {
        int decimals = 4;
        for (double bound = 1; bound <= time && decimals > 0; bound *= 10) {
            decimals--;
        }
        return String.format(Locale.ROOT, "%." + decimals + "f", time);
    }

    private static String ratio(double ratio) {
        return Double.isNaN(ratio) ? "-" : String.format(Locale.ROOT, "%.2f", ratio);
    }

    void end() {
        line("");
        line("best peer / rondo, geometric mean");
        means().forEach((group, mean) -> line(String.format("  %-28s %s", group, ratio(mean))));
        line("");
        notes().forEach(this::line);
    }

    /** Geometric means of the ratios, by mode and threads and in all, without the cases that have none. */
    Map<String, Double> means() {
        Map<String, Double> means = new LinkedHashMap<>();
        for (Row row : rows) {
            means.computeIfAbsent(
                    group(row), group -> mean(other -> group(other).equals(group)));
        }
        means.put("all", mean(row -> true));
        return means;
    }

    private static String group(Row row) {
        int threads = row.rnn().threads();
        return row.rnn().mode().name().toLowerCase(Locale.ROOT) + ", " + threads
                + (threads == 1 ? " thread" : " threads");
    }

    private double mean(Predicate<Row> member) {
        double logarithm = rows.stream()
                .filter(member)
                .mapToDouble(Row::ratio)
                .filter(ratio -> !Double.isNaN(ratio))
                .map(Math::log)
                .average()
                .orElse(Double.NaN);
        return Math.exp(logarithm);
    }

    private List<String> notes() {
        List<String> notes = new ArrayList<>(List.of(
                "Shape is N x T x I x H: batch, steps, input size, hidden size. Times are milliseconds for one call over",
                "the whole sequence: inference is a forward pass, training a forward and a backward pass with the gradients",
                "of the input, the weights and the biases. Each library ran in a JVM of its own, all of them in turn in each",
                "round. Every outcome was checked against Rondo's oracle before it was timed.",
                "rondo: the median over the rounds of its median times. Peers: the best round's median, since their threads",
                "lose much time in some rounds where anything else wants a core: the choice favours the peers.",
                "best peer / rondo: above 1 where Rondo is the faster one.",
                "-: not supported by that library. FAILED: it failed or differed, and was not timed."));
        rows.stream()
                .flatMap(row -> row.outcomes().stream())
                .filter(outcome -> outcome.unsupported() != null)
                .map(outcome -> "  " + outcome.library() + ": " + outcome.unsupported())
                .distinct()
                .forEach(notes::add);
        return notes;
    }
}
