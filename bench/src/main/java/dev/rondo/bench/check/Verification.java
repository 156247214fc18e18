package dev.rondo.bench.check;

import dev.rondo.Backend;
import dev.rondo.Precision;
import dev.rondo.bench.check.Check.Output;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Runs checks on one backend, each of them twice, and keeps what came out beside what the oracle gave. */
public final class Verification {
    /** The backend that says what is right. */
    public static final String ORACLE = "reference";

    /** A line of the table. */
    public record Row(String subject, String tensor) {}

    /**
     * The worst of the elements that were compared.
     *
     * @param error how far it was off
     * @param tolerance how far it might have been
     * @param where the check that it comes from
     */
    public record Worst(double error, double tolerance, String where) {
        /** The share of the tolerance that was used; above 1 the check failed, NaN too. */
        public double share() {
            return error / tolerance;
        }
    }

    /** A check that failed. */
    public record Failure(Check check, String reason) {
        @Override
        public String toString() {
            return check.subject() + " " + check.name() + ": " + reason;
        }
    }

    private final Backend backend;
    private final Backend oracle;
    private final Precision precision;
    private final MessageDigest digest = sha256();
    private final Map<Row, Worst> worst = new LinkedHashMap<>();
    private final List<Failure> failures = new ArrayList<>();
    private final Map<String, Integer> skipped = new LinkedHashMap<>();
    private int checks;
    private boolean repeats = true;

    public Verification(Backend backend, Backend oracle) {
        this(backend, oracle, Precision.FP32);
    }

    /** With the tolerance of a precision; checks are of networks without jumps in their derivatives if it rounds. */
    public Verification(Backend backend, Backend oracle, Precision precision) {
        this.backend = backend;
        this.oracle = oracle;
        this.precision = precision;
    }

    /**
     * Runs a check, unless the backend does not have its network.
     *
     * @return why it failed; empty if it did not
     */
    public Optional<Failure> add(Check check) {
        Optional<String> missing = check.unsupported(backend);
        if (missing.isPresent()) {
            skipped.merge(missing.get(), 1, Integer::sum);
            return Optional.empty();
        }
        checks++;
        List<Output> expected = check.on(oracle);
        List<Output> measure = ModeTolerance.rounds(precision)
                ? check.on(new Workspace(oracle, value -> ModeTolerance.rounded(precision, value)))
                : expected;
        List<Output> actual;
        List<Output> again;
        try {
            actual = check.on(backend);
            again = check.on(backend);
        } catch (RuntimeException e) {
            return failed(check, "the backend threw " + e.toString().replaceAll("\\s+", " "));
        }
        List<Mismatch> mismatches = new ArrayList<>();
        String unsteady = "";
        for (int k = 0; k < expected.size(); k++) {
            byte[] hash = hash(actual.get(k));
            digest.update(hash);
            if (!Arrays.equals(hash, hash(again.get(k)))) {
                repeats = false;
                unsteady = actual.get(k).name();
            }
            compare(check, expected.get(k), tolerance(expected.get(k), measure.get(k)), actual.get(k))
                    .ifPresent(mismatches::add);
        }
        if (!mismatches.isEmpty()) {
            return failed(check, CaseResult.Failed.of(mismatches).reason());
        }
        return unsteady.isEmpty()
                ? Optional.empty()
                : failed(check, unsteady + " had other bits when the same was computed again");
    }

    private Optional<Failure> failed(Check check, String reason) {
        Failure failure = new Failure(check, reason);
        failures.add(failure);
        return Optional.of(failure);
    }

    private double tolerance(Output expected, Output measure) {
        double ofFloat32 = expected.tolerance();
        return ModeTolerance.rounds(precision)
                ? ofFloat32 + ModeTolerance.beyondFloat32(precision, expected, measure)
                : ofFloat32;
    }

    private Optional<Mismatch> compare(Check check, Output expected, double tolerance, Output actual) {
        double error = 0;
        for (int k = 0; k < expected.values().length; k++) {
            if (!Double.isFinite(expected.values()[k])) {
                throw new IllegalStateException(
                        "the oracle gave " + expected.values()[k] + " in " + expected.name() + " of " + check.name());
            }
            error = Math.max(error, Math.abs(actual.values()[k] - expected.values()[k]));
        }
        Worst here = new Worst(error, tolerance, check.name());
        worst.merge(
                new Row(check.subject(), expected.tensor()),
                here,
                (before, now) -> Double.compare(now.share(), before.share()) > 0 ? now : before);
        CaseTensor tensor = new CaseTensor(expected.name(), "float64", expected.shape(), expected.values(), 0);
        return Mismatch.between(tensor, actual.values(), tolerance);
    }

    private static byte[] hash(Output output) {
        ByteBuffer bits = ByteBuffer.allocate(Double.BYTES * output.values().length);
        bits.asDoubleBuffer().put(output.values());
        return sha256().digest(bits.array());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** The number of checks that were run. */
    public int checks() {
        return checks;
    }

    /** Why checks were skipped, and how many each time. */
    public Map<String, Integer> skipped() {
        return skipped;
    }

    public List<Failure> failures() {
        return failures;
    }

    /** Whether everything that was computed twice had the same bits. */
    public boolean repeats() {
        return repeats;
    }

    /** The worst elements, in the order of the checks. */
    public Map<Row, Worst> worst() {
        return worst;
    }

    /** The largest share of a tolerance that was used. */
    public double largestShare() {
        return worst.values().stream().map(Worst::share).max(Double::compare).orElse(0.0);
    }

    /** A fingerprint of all bits that came out, to compare machines and versions by. Ends the run. */
    public String fingerprint() {
        return HexFormat.of().formatHex(digest.digest());
    }
}
