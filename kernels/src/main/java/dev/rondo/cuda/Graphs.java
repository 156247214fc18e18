package dev.rondo.cuda;

import java.lang.ref.Cleaner;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstreamCaptureMode;
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
        this.enabled = !"false".equals(System.getProperty(PROPERTY)) && !context.isDebug();
        Sequences owned = sequences;
        context.atClose(owned);
        CLEANER.register(this, () -> context.releaseLater(owned));
    }

    private static final class Sequence {
        final long[] key;

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
        if (exec == null) {
            exec = capture(launches, what);
            sequence.exec = exec;
        }
        check(JCudaDriver.cuGraphLaunch(exec, context.stream()), "cuGraphLaunch", what);
    }

    private void check(int status, String call, Supplier<String> what) {
        if (status != Status.SUCCESS) {
            throw context.failed(status, call + " of the " + what.get());
        }
    }

    private CUgraphExec capture(Runnable launches, Supplier<String> what) {
        CUgraph graph = new CUgraph();
        CUgraphExec exec = new CUgraphExec();
        check(
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
        check(JCudaDriver.cuStreamEndCapture(context.stream(), graph), "cuStreamEndCapture", what);
        int status = JCudaDriver.cuGraphInstantiate(exec, graph, 0);
        JCudaDriver.cuGraphDestroy(graph);
        check(status, "cuGraphInstantiate", what);
        return exec;
    }

    /** Destroys the graphs; a second call does nothing. */
    @Override
    public void close() {
        context.release(sequences);
    }
}
