package dev.rondo.cuda;

import dev.rondo.BackendException;
import java.lang.ref.Cleaner;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstreamCaptureStatus;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * Sequences of launches that are replayed as CUDA graphs: one launch of a graph costs less than its many launches. A sequence
 * is launched one by one the first time, and captured when its arguments come for the second time. The least recently used
 * one makes room for a new one. They are destroyed by {@link #close()}, or when nobody refers to this any more.
 */
final class Graphs implements AutoCloseable {
    /** The system property that switches graphs off, with the value {@code false}. */
    static final String PROPERTY = "rondo.cuda.graphs";

    private static final System.Logger LOG = System.getLogger(Graphs.class.getName());

    /** Measured launches end in milliseconds. */
    private static final double DEADLINE_SECONDS = 10;

    private static final int CAPACITY = 16;
    private static final int KEY = 16;
    private static final Cleaner CLEANER = Cleaner.create();

    private final CudaContext context;
    private final boolean enabled;
    private final Sequences sequences = new Sequences();
    private final long[] key = new long[KEY];
    private int keySize;

    /** Between enter and exit of the context. */
    Graphs(CudaContext context) {
        this.context = context;
        this.enabled = CudaContext.flag(PROPERTY, true) && !context.isDebug();
        Sequences owned = sequences;
        context.atClose(owned);
        CLEANER.register(this, () -> context.releaseLater(owned));
    }

    private static final class Sequence {
        final long[] key;
        /** Whether it cannot be captured, and so is launched one by one. */
        boolean loose;

        @Nullable
        CUgraphExec exec;

        Sequence(long[] key) {
            this.key = key;
        }

        void destroy() {
            if (exec != null) {
                JCudaDriver.cuGraphExecDestroy(exec);
            }
        }
    }

    /** Apart from Graphs, which the cleaner must not refer to. Run at the end. */
    private static final class Sequences implements Runnable {
        final List<Sequence> list = new ArrayList<>();

        @Nullable
        Sequence find(long[] key) {
            for (int i = list.size() - 1; i >= 0; i--) {
                Sequence sequence = list.get(i);
                if (Arrays.equals(sequence.key, key)) {
                    if (i < list.size() - 1) {
                        list.remove(i);
                        list.add(sequence);
                    }
                    return sequence;
                }
            }
            return null;
        }

        void add(Sequence sequence) {
            if (list.size() == CAPACITY) {
                list.remove(0).destroy();
            }
            list.add(sequence);
        }

        @Override
        public void run() {
            list.forEach(Sequence::destroy);
            list.clear();
        }
    }

    /** Begins a key: all arguments of the launches. */
    Graphs key(long kind) {
        key[0] = kind;
        keySize = 1;
        return this;
    }

    /** Five arguments more. */
    Graphs add(long a, long b, long c, long d, long e) {
        key[keySize++] = a;
        key[keySize++] = b;
        key[keySize++] = c;
        key[keySize++] = d;
        key[keySize++] = e;
        return this;
    }

    /**
     * Makes the launches of the key, or replays them; between enter and exit of the context.
     *
     * @param what they are, for the error
     */
    void run(Runnable launches, Supplier<String> what) {
        if (!enabled) {
            launches.run();
            return;
        }
        Sequence sequence = sequences.find(key);
        if (sequence == null) {
            launches.run();
            sequences.add(new Sequence(key.clone()));
            return;
        }
        CUgraphExec exec = sequence.exec;
        if (exec == null && !sequence.loose) {
            exec = captureIfPossible(launches, what);
            sequence.exec = exec;
            sequence.loose = exec == null;
        }
        if (exec == null) {
            launches.run();
        } else {
            launch(exec, what);
        }
    }

    private void launch(CUgraphExec exec, Supplier<String> what) {
        check(context, JCudaDriver.cuGraphLaunch(exec, context.stream()), "cuGraphLaunch", what);
    }

    /**
     * The time that launches take on the device in the way in which {@link #run} would make them again and again; between enter and
     * exit of the context.
     *
     * @param runs how often they are timed, after once untimed
     * @return in seconds, the least
     * @throws CudaException if they fail, or do not end in a few seconds
     */
    double leastSeconds(int runs, Runnable launches) {
        context.secondsWithin(DEADLINE_SECONDS, launches);
        CUgraphExec exec = enabled ? captureIfPossible(launches, () -> "launches to be timed") : null;
        try {
            Runnable timed = exec == null ? launches : () -> launch(exec, () -> "launches to be timed");
            double least = Double.POSITIVE_INFINITY;
            for (int i = 0; i <= runs; i++) {
                double seconds = context.secondsWithin(DEADLINE_SECONDS, timed);
                least = i == 0 ? least : Math.min(least, seconds);
            }
            return least;
        } finally {
            if (exec != null) {
                JCudaDriver.cuGraphExecDestroy(exec);
            }
        }
    }

    /** Null where the driver, or a library that queues into the stream, does not capture them: they work without, only slower. */
    private @Nullable CUgraphExec captureIfPossible(Runnable launches, Supplier<String> what) {
        try {
            return capture(context, launches, what);
        } catch (BackendException e) {
            if ((e instanceof CudaException cuda && cuda.isFatal()) || isCapturing()) {
                throw e;
            }
            LOG.log(System.Logger.Level.INFO, "no graph of the " + what.get() + ": " + e.getMessage());
            return null;
        }
    }

    /** Whether the stream goes on capturing: then nothing can be launched any more. */
    private boolean isCapturing() {
        int[] status = new int[1];
        return JCudaDriver.cuStreamIsCapturing(context.stream(), status) != Status.SUCCESS
                || status[0] != CUstreamCaptureStatus.CU_STREAM_CAPTURE_STATUS_NONE;
    }

    private static void check(CudaContext context, int status, String call, Supplier<String> what) {
        if (status != Status.SUCCESS) {
            throw context.failed(status, call + " of the " + what.get());
        }
    }

    /** Records launches; between enter and exit of the context. */
    static CUgraphExec capture(CudaContext context, Runnable launches, Supplier<String> what) {
        CUgraph graph = new CUgraph();
        CUgraphExec exec = new CUgraphExec();
        check(
                context,
                JCudaDriver.cuStreamBeginCapture(
                        context.stream(), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
                "cuStreamBeginCapture",
                what);
        try {
            launches.run();
        } catch (RuntimeException | Error e) {
            JCudaDriver.cuStreamEndCapture(context.stream(), graph);
            JCudaDriver.cuGraphDestroy(graph);
            throw e;
        }
        check(context, JCudaDriver.cuStreamEndCapture(context.stream(), graph), "cuStreamEndCapture", what);
        int status = JCudaDriver.cuGraphInstantiate(exec, graph, 0);
        JCudaDriver.cuGraphDestroy(graph);
        check(context, status, "cuGraphInstantiate", what);
        return exec;
    }

    /** Destroys the graphs; a second call does nothing. */
    @Override
    public void close() {
        context.release(sequences);
    }
}
