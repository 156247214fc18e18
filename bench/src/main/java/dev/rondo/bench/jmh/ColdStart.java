package dev.rondo.bench.jmh;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import dev.rondo.Backend;
import dev.rondo.BackendOptions;
import dev.rondo.Cell;
import dev.rondo.ForwardCall;
import dev.rondo.Purpose;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import dev.rondo.train.Initializers;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * The first seconds of a JVM: one layer is called from the opening of the backend on, and what the first calls took is
 * printed, when the calls came to their final speed, and what the last calls allocated. {@code bench/cold-start} runs it.
 */
public final class ColdStart {
    /** Calls whose median is compared with that of the last quarter. */
    private static final int WINDOW = 9;

    /** Full speed is reached with the first median within so much of the last one. */
    private static final double NEAR = 1.2;

    private static final List<Integer> PRINTED = List.of(1, 2, 10, 100);

    private final OperatingSystemMXBean process = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private final ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final List<Double> times = new ArrayList<>();
    private final List<Double> ends = new ArrayList<>();

    private ColdStart() {}

    /**
     * Runs.
     *
     * @param arguments shape {@code N,T,I,H}, cell, {@code inference} or {@code training}, seconds
     */
    public static void main(String[] arguments) {
        if (arguments.length != 4) {
            throw new IllegalArgumentException(
                    "expected shape, cell, inference or training, and seconds, got " + List.of(arguments));
        }
        boolean training = arguments[2].equals("training");
        new ColdStart().run(arguments[0], Cell.valueOf(arguments[1]), training, Double.parseDouble(arguments[3]));
    }

    private void run(String shape, Cell cell, boolean training, double seconds) {
        int[] sizes =
                Arrays.stream(shape.split(",")).mapToInt(Integer::parseInt).toArray();
        double cpu = cpu();
        long opening = System.nanoTime();
        try (Backend backend = Backend.named("cpu", BackendOptions.defaults().withThreads(1))) {
            RnnSpec spec = RnnSpec.of(cell, sizes[2], sizes[3]);
            Purpose purpose = training ? Purpose.TRAINING : Purpose.INFERENCE;
            RnnParameters weights = backend.parameters(spec);
            RnnParameters gradients = backend.parameters(spec);
            Tensor x = backend.tensor(sizes[1], sizes[0], sizes[2]);
            Tensor dx = backend.tensor(sizes[1], sizes[0], sizes[2]);
            Tensor y = backend.tensor(sizes[1], sizes[0], sizes[3]);
            Tensor dy = backend.tensor(sizes[1], sizes[0], sizes[3]);
            Random random = new Random(1);
            Initializers.uniform(weights, random);
            Initializers.uniform(x, 1, random);
            Initializers.uniform(dy, 1, random);
            ForwardCall call = backend.rnn(spec, sizes[1], sizes[0], purpose)
                    .call(weights, x)
                    .y(y);
            print(
                    "%s %s %s, Java %s, %s: opened after %.0f ms (CPU %.0f ms)%n",
                    cell,
                    training ? "training" : "inference",
                    shape,
                    System.getProperty("java.version"),
                    backend.description(),
                    1e3 * since(opening),
                    1e3 * (cpu() - cpu));
            Runnable what = !training
                    ? call::run
                    : () -> {
                        try (TrainingPass pass = call.train()) {
                            pass.backward().dy(dy).dx(dx).gradients(gradients).run();
                        }
                    };
            time(what, opening, seconds);
        }
    }

    private void time(Runnable call, long opening, double seconds) {
        long allocated = 0;
        while (since(opening) < seconds || times.size() < 2 * WINDOW) {
            double cpu = cpu();
            long bytes = thread.getCurrentThreadAllocatedBytes();
            long own = thread.getCurrentThreadCpuTime();
            long start = System.nanoTime();
            call.run();
            times.add(since(start));
            ends.add(since(opening));
            own = thread.getCurrentThreadCpuTime() - own;
            allocated = thread.getCurrentThreadAllocatedBytes() - bytes;
            if (PRINTED.contains(times.size())) {
                print(
                        "  call %3d: %8.2f ms, CPU of its thread %8.2f ms, of the process %6.0f ms; done at %5.0f ms%n",
                        times.size(),
                        1e3 * times.get(times.size() - 1),
                        1e-6 * own,
                        1e3 * (cpu() - cpu),
                        1e3 * since(opening));
            }
        }
        int calls = times.size();
        double last = median(times.subList(3 * calls / 4, calls));
        int full = 0;
        while (full + WINDOW < calls && !(median(times.subList(full, full + WINDOW)) <= NEAR * last)) {
            full++;
        }
        int reached = full + WINDOW / 2;
        long slower = times.subList(reached, calls).stream()
                .filter(time -> !(time <= NEAR * last))
                .count();
        print(
                "  at last %.3f ms, full speed after %.0f ms, and from then on %.0f %% of the calls slower than %.1f times that; "
                        + "the last call allocated %d bytes; CPU of the process %.2f s%n",
                1e3 * last, 1e3 * ends.get(reached), 100.0 * slower / (calls - reached), NEAR, allocated, cpu());
    }

    /** CPU time of the process in seconds. */
    private double cpu() {
        return 1e-9 * process.getProcessCpuTime();
    }

    private static double since(long start) {
        return 1e-9 * (System.nanoTime() - start);
    }

    private static double median(List<Double> values) {
        double[] sorted =
                values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        return sorted[sorted.length / 2];
    }

    private static void print(String format, Object... values) {
        System.out.printf(Locale.ROOT, format, values);
    }
}
