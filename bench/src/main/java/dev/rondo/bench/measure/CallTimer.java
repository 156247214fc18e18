package dev.rondo.bench.measure;

import dev.rondo.Backend;
import dev.rondo.BackendException;
import dev.rondo.cuda.CudaStream;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Times calls, in batches. A backend may queue a call and return before it is done. So a batch ends with the reading of one
 * element of the last result, which has to wait for it; but on a CUDA device a batch is timed by events before and after it in
 * the backend's stream, and the reading comes after that.
 */
final class CallTimer {
    private static final int MOST_CALLS = 1 << 20;

    /**
     * How long to measure.
     *
     * @param warmUp seconds of calls that do not count; one batch at least
     * @param longest seconds of such calls at most, while their times still change
     * @param time seconds of calls that do
     * @param batches batches that count at least
     * @param batch seconds that a batch takes about, in as many calls as that needs
     */
    record Effort(double warmUp, double longest, double time, int batches, double batch) {
        /** What figures are made with. */
        static final Effort FULL = new Effort(2, 20, 1, 5, 0.02);
        /** The same on a CUDA device: it has no compiler to wait for, and its suite has many shapes. */
        static final Effort DEVICE = new Effort(0.3, 3, 0.3, 5, 0.01);
        /** One call. */
        static final Effort QUICK = new Effort(0, 0, 0, 1, 0);
    }

    /**
     * What was measured.
     *
     * @param median seconds of a call, the median over the batches
     * @param min the same of the fastest batch
     * @param batches number of batches
     * @param calls calls of one batch
     * @param queued seconds after which a call has returned, the median; empty unless events measure the rest
     * @param isSteady whether the times had come to rest before
     */
    record Times(double median, double min, int batches, int calls, OptionalDouble queued, boolean isSteady) {}

    private final @Nullable CudaStream stream;

    CallTimer(Backend backend) {
        this.stream = backend.name().equals("cuda") ? CudaStream.of(backend) : null;
    }

    /**
     * Measures.
     *
     * @param call what to time
     * @param result reads one element of what it computes
     * @throws BackendException if that element is not finite
     */
    Times measure(Effort effort, Runnable call, DoubleSupplier result) {
        int calls = 1;
        double warm = 0;
        Steadiness steadiness = new Steadiness();
        do {
            double seconds = batch(calls, call, result).seconds;
            warm += seconds;
            steadiness.add(seconds / calls);
            if (seconds < effort.batch && calls < MOST_CALLS) {
                calls *= 2;
            }
        } while (warm < effort.warmUp || (warm < effort.longest && !steadiness.isSteady()));
        List<Batch> batches = new ArrayList<>();
        double sum = 0;
        do {
            Batch batch = batch(calls, call, result);
            sum += batch.seconds;
            batches.add(batch);
        } while (sum < effort.time || batches.size() < effort.batches);
        double[] seconds = batches.stream().mapToDouble(Batch::seconds).sorted().toArray();
        double queued =
                median(batches.stream().mapToDouble(Batch::queued).sorted().toArray());
        return new Times(
                median(seconds) / calls,
                seconds[0] / calls,
                seconds.length,
                calls,
                stream == null ? OptionalDouble.empty() : OptionalDouble.of(queued / calls),
                effort.longest == 0 || steadiness.isSteady());
    }

    private record Batch(double seconds, double queued) {}

    private Batch batch(int calls, Runnable call, DoubleSupplier result) {
        double[] queued = new double[1];
        Runnable all = () -> {
            long start = System.nanoTime();
            for (int k = 0; k < calls; k++) {
                call.run();
            }
            queued[0] = secondsSince(start);
        };
        double onDevice = 0;
        long start = System.nanoTime();
        if (stream == null) {
            all.run();
        } else {
            onDevice = stream.seconds(all);
        }
        double read = result.getAsDouble();
        double seconds = stream == null ? secondsSince(start) : onDevice;
        if (!Double.isFinite(read)) {
            throw new BackendException("the result is not a finite number: " + read);
        }
        return new Batch(seconds, queued[0]);
    }

    private static double secondsSince(long start) {
        return 1e-9 * (System.nanoTime() - start);
    }

    private static double median(double[] sorted) {
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
