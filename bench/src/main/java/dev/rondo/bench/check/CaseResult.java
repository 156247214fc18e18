package dev.rondo.bench.check;

import java.util.List;

/** What came out of one case on one backend. */
public sealed interface CaseResult {
    /** Every output is right. */
    record Passed() implements CaseResult {}

    /**
     * An output is wrong, or the backend gave up.
     *
     * @param reason for people, one line
     * @param mismatches the wrong outputs, the worst first; empty if the backend gave up
     */
    record Failed(String reason, List<Mismatch> mismatches) implements CaseResult {
        /** Wrong outputs. */
        public static Failed of(List<Mismatch> mismatches) {
            List<Mismatch> sorted = mismatches.stream()
                    .sorted((a, b) -> Double.compare(b.difference(), a.difference()))
                    .toList();
            StringBuilder reason = new StringBuilder(sorted.get(0).toString());
            sorted.stream()
                    .skip(1)
                    .forEach(other -> reason.append(String.format(
                            ", also %s (%d of %d elements)", other.output(), other.wrong(), other.size())));
            return new Failed(reason.toString(), sorted);
        }
    }

    /**
     * Rondo cannot run the case, or the backend cannot.
     *
     * @param reason the names of what is missing
     */
    record Unsupported(String reason) implements CaseResult {}
}
