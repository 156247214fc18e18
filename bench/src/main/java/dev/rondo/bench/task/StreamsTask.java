package dev.rondo.bench.task;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.model.StreamPool;
import dev.rondo.train.Initializers;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;

/**
 * Ten thousand streams over one LSTM, of which others have input at each step: how long a step takes, what the gathering and
 * scattering of their states costs, and whether a stream among others gives what it gives alone.
 */
final class StreamsTask implements TextbookTask {
    private static final int STREAMS = 10_000;
    private static final int ACTIVE = 256;
    private static final RnnSpec SPEC = RnnSpec.of(Cell.LSTM, 32, 128);
    private static final int WARM = 200;
    private static final int TIMED = 2_000;

    /** Streams that are followed. */
    private static final int FOLLOWED = 8;

    private static final int FOLLOWED_STEPS = 100;

    @Override
    public String name() {
        return "streams";
    }

    @Override
    public String description() {
        return "serves 10,000 streams that join, leave and have input when they like over one LSTM";
    }

    @Override
    public void run(TaskRun run) {
        Random random = new Random(run.seed());
        try (Backend scope = run.backend().scope();
                RnnParameters weights = scope.parameters(SPEC)) {
            Initializers.uniform(weights, random);
            try (StreamPool pool = new StreamPool(scope, weights, STREAMS, ACTIVE)) {
                int[] streams = new int[STREAMS];
                for (int i = 0; i < STREAMS; i++) {
                    streams[i] = pool.join();
                }
                run.progress(STREAMS + " streams have joined");
                run.figure("streams", STREAMS);
                run.figure("active in a step", ACTIVE);
                run.figure(
                        "bytes of state of a stream",
                        SPEC.stateCount() * (SPEC.hiddenStateSize() + SPEC.cellStateSize()) * (double) Float.BYTES);
                follow(run, scope, weights, pool, streams, random);
                time(run, scope, weights, pool, streams, random);
            }
        }
    }

    /** Some streams are followed while the others change, and then each is run again alone. */
    private static void follow(
            TaskRun run, Backend scope, RnnParameters weights, StreamPool pool, int[] streams, Random random) {
        int width = SPEC.inputSize();
        int height = SPEC.outputSize();
        float[][] inputs = new float[FOLLOWED_STEPS][FOLLOWED * width];
        float[][] outputs = new float[FOLLOWED_STEPS][];
        Tensor x = scope.tensor(ACTIVE, width);
        Tensor y = scope.tensor(ACTIVE, height);
        float[] values = new float[ACTIVE * width];
        for (int t = 0; t < FOLLOWED_STEPS; t++) {
            // the first ones are followed; others come, go, and are active with them
            int leaving = FOLLOWED + random.nextInt(STREAMS - FOLLOWED);
            pool.leave(streams[leaving]);
            streams[leaving] = pool.join();
            int[] active = active(streams, random, FOLLOWED);
            fill(values, random);
            System.arraycopy(values, 0, inputs[t], 0, inputs[t].length);
            pool.step(active, x.set(values), y);
            outputs[t] = Arrays.copyOf(y.toFloats(), FOLLOWED * height);
        }
        int equal = 0;
        try (Rnn rnn = scope.rnn(SPEC, 1, 1, Purpose.INFERENCE)) {
            for (int i = 0; i < FOLLOWED; i++) {
                equal += equalsAlone(scope, rnn, weights, i, inputs, outputs) ? 1 : 0;
            }
        }
        run.figure("streams followed", FOLLOWED);
        run.figure("equal to the stream alone, bit for bit", equal);
        run.progress(equal + " of " + FOLLOWED + " streams that were followed for " + FOLLOWED_STEPS
                + " steps gave the bits that they give alone");
    }

    private static boolean equalsAlone(
            Backend scope, Rnn rnn, RnnParameters weights, int stream, float[][] inputs, float[][] outputs) {
        int width = SPEC.inputSize();
        int height = SPEC.outputSize();
        boolean equal = true;
        try (RnnState state = scope.state(SPEC, 1);
                Tensor x = scope.tensor(1, 1, width);
                Tensor y = scope.tensor(1, 1, height)) {
            for (int t = 0; t < inputs.length; t++) {
                x.set(Arrays.copyOfRange(inputs[t], stream * width, (stream + 1) * width));
                rnn.step(weights, x, state, y);
                equal &= Arrays.equals(
                        Arrays.copyOfRange(outputs[t], stream * height, (stream + 1) * height), y.toFloats());
            }
        }
        return equal;
    }

    /** Steps of random streams, beside the same steps of a batch that needs no gathering. Outputs are read each time. */
    private static void time(
            TaskRun run, Backend scope, RnnParameters weights, StreamPool pool, int[] streams, Random random) {
        float[] values = new float[ACTIVE * SPEC.inputSize()];
        fill(values, random);
        Tensor x = scope.tensor(ACTIVE, SPEC.inputSize()).set(values);
        Tensor y = scope.tensor(ACTIVE, SPEC.outputSize());
        Tensor batchX = x.view(0, 1, ACTIVE, SPEC.inputSize());
        Tensor batchY = y.view(0, 1, ACTIVE, SPEC.outputSize());
        float[] read = new float[y.size()];
        long[] pooled = new long[TIMED];
        long[] batch = new long[TIMED];
        int count = 0;
        try (Rnn rnn = scope.rnn(SPEC, 1, ACTIVE, Purpose.INFERENCE);
                RnnState state = scope.state(SPEC, ACTIVE)) {
            for (int i = -WARM; i < TIMED && (i < WARM || !run.timeIsUp()); i++) {
                int[] active = active(streams, random, 0);
                long start = System.nanoTime();
                pool.step(active, x, y);
                y.read(read, 0);
                long between = System.nanoTime();
                rnn.step(weights, batchX, state, batchY);
                y.read(read, 0);
                long end = System.nanoTime();
                if (i >= 0) {
                    pooled[i] = between - start;
                    batch[i] = end - between;
                    count = i + 1;
                }
            }
        }
        report(run, "pool", Arrays.copyOf(pooled, count));
        report(run, "batch", Arrays.copyOf(batch, count));
    }

    private static void report(TaskRun run, String what, long[] nanos) {
        if (nanos.length == 0) {
            return;
        }
        double seconds = Arrays.stream(nanos).sum() / 1e9;
        double perSecond = (double) ACTIVE * nanos.length / seconds;
        Arrays.sort(nanos);
        double median = nanos[nanos.length / 2] / 1e6;
        double slow = nanos[(int) (0.99 * (nanos.length - 1))] / 1e6;
        run.progress(String.format(
                Locale.ROOT,
                "%-5s  %,.0f steps of a stream in a second; a step of %d: median %.3f ms, 99%% within %.3f ms",
                what,
                perSecond,
                ACTIVE,
                median,
                slow));
        run.figure(what + ": steps of a stream in a second", perSecond);
        run.figure(what + ": median of a step, ms", median);
        run.figure(what + ": 99th percentile of a step, ms", slow);
    }

    /** Different streams, of which the first {@code kept} are always there. */
    private static int[] active(int[] streams, Random random, int kept) {
        for (int i = kept; i < ACTIVE; i++) {
            int other = i + random.nextInt(STREAMS - i);
            int stream = streams[i];
            streams[i] = streams[other];
            streams[other] = stream;
        }
        return Arrays.copyOf(streams, ACTIVE);
    }

    private static void fill(float[] values, Random random) {
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
    }
}
