package dev.rondo.bench.peers;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What came of one library in one case: a median for each round, or why there is none. */
final class Outcome {
    private final Library library;
    private final List<Double> medians = new ArrayList<>();
    private @Nullable String unsupported;
    private @Nullable String failure;

    Outcome(Library library) {
        this.library = library;
    }

    Library library() {
        return library;
    }

    void add(double median) {
        medians.add(median);
    }

    void setUnsupported(String reason) {
        unsupported = reason;
    }

    void setFailure(String reason) {
        failure = reason;
    }

    /** Why the library cannot compute the case; null if it can. */
    @Nullable
    String unsupported() {
        return unsupported;
    }

    /** What was wrong; null if nothing was. */
    @Nullable
    String failure() {
        return failure;
    }

    /** Whether a round is worth its time. */
    boolean runs() {
        return unsupported == null && failure == null;
    }

    /** Median of each round in milliseconds. */
    List<Double> medians() {
        return List.copyOf(medians);
    }

    /** The time that counts, in milliseconds: Rondo's median over the rounds, a peer's best round; NaN without one. */
    double time() {
        if (!runs() || medians.isEmpty()) {
            return Double.NaN;
        }
        double[] sorted =
                medians.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        int middle = sorted.length / 2;
        if (library != Library.RONDO) {
            return sorted[0];
        }
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
