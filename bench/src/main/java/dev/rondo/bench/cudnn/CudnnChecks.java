package dev.rondo.bench.cudnn;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Precision;
import dev.rondo.RnnSpec;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * cuDNN as a second oracle for backend {@code cuda}: every cell that it has, by each of its algorithms, in float32.
 *
 * @param library version and file, or why there is none
 * @param agree how many layers are within the tolerance
 * @param notSupported how many cuDNN does not have
 * @param share the largest share of the tolerance
 * @param failures what is not within it
 */
public record CudnnChecks(String library, int agree, int notSupported, double share, List<String> failures) {
    /** T, N, I, H. */
    private static final int[][] SIZES = {{5, 3, 4, 7}, {20, 32, 28, 64}, {35, 8, 33, 128}};

    /** Compares, if there is a cuDNN. */
    public static CudnnChecks of(Backend cuda) {
        CudnnLibrary library = CudnnLibrary.get();
        if (library.absent().isPresent()) {
            return new CudnnChecks("absent: " + library.absent().get(), 0, 0, 0, List.of());
        }
        int agree = 0;
        int notSupported = 0;
        double share = 0;
        List<String> failures = new ArrayList<>();
        for (Cell cell : CudnnLayer.cells()) {
            for (int[] size : SIZES) {
                RnnSpec spec = RnnSpec.of(cell, size[2], size[3]);
                for (CudnnLayer.Algorithm algorithm : CudnnLayer.Algorithm.values()) {
                    String what = String.format(
                            "%s T%d N%d I%d H%d by %s", cell, size[0], size[1], size[2], size[3], algorithm);
                    try {
                        CudnnComparison one =
                                CudnnComparison.of(cuda, cuda, spec, size[0], size[1], algorithm, Precision.FP32);
                        if (one.agrees()) {
                            agree++;
                            share = Math.max(share, one.share());
                        } else {
                            failures.add(what + ": " + one.tensor() + " uses "
                                    + String.format(Locale.ROOT, "%.2g", one.share()) + " of the tolerance");
                        }
                    } catch (CudnnException e) {
                        if (e.isNotSupported()) {
                            notSupported++;
                        } else {
                            failures.add(what + ": " + e.getMessage());
                        }
                    }
                }
            }
        }
        return new CudnnChecks(library.text(), agree, notSupported, share, failures);
    }

    public void print(PrintWriter out) {
        out.println("  beside cuDNN: " + library);
        if (agree + notSupported + failures.size() > 0) {
            failures.forEach(failure -> out.println("FAILED beside cuDNN: " + failure));
            out.printf(
                    Locale.ROOT,
                    "  %d layers agree with cuDNN, with %.1f %% of the tolerance at most, %d do not, %d are not supported by it%n",
                    agree,
                    100 * share,
                    failures.size(),
                    notSupported);
        }
    }
}
