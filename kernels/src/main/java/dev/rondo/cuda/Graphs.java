package dev.rondo.cuda;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * Sequences of launches that are replayed as CUDA graphs: one launch of a graph costs less than its many launches. A sequence
 * is launched one by one the first time, and captured when its arguments come for the second time. The least recently used
 * one makes room for a new one.
 */
final class Graphs implements AutoCloseable {
    /** The system property that switches graphs off, with the value {@code false}. */
    static final String PROPERTY = "rondo.cuda.graphs";

    private static final int CAPACITY = 16;
    private static final int KEY = 16;

    private final CudaContext context;
    private final boolean enabled;
    private final List<Sequence> sequences = new ArrayList<>();
    private final Runnable atClose = this::destroy;
    private final long[] key = new long[KEY];
    private int keySize;

    Graphs(CudaContext context) {
        this.context = context;
        this.enabled = !"false".equals(System.getProperty(PROPERTY)) && !context.isDebug();
        context.atClose(atClose);
    }

    private static final class Sequence {
        final long[] key;

        @Nullable
        CUgraphExec exec;

        Sequence(long[] key) {
            this.key = key;
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

    /** Makes the launches of the key, or replays them; between enter and exit of the context. */
    void run(Runnable launches) {
        if (!enabled) {
            launches.run();
            return;
        }
        Sequence sequence = find();
        if (sequence == null) {
            launches.run();
            if (sequences.size() == CAPACITY) {
                destroy(sequences.remove(0));
            }
            sequences.add(new Sequence(key.clone()));
            return;
        }
        CUgraphExec exec = sequence.exec;
        if (exec == null) {
            exec = capture(launches);
            sequence.exec = exec;
        }
        context.check(JCudaDriver.cuGraphLaunch(exec, context.stream()), "cuGraphLaunch");
    }

    private @Nullable Sequence find() {
        for (int i = sequences.size() - 1; i >= 0; i--) {
            Sequence sequence = sequences.get(i);
            if (Arrays.equals(sequence.key, key)) {
                if (i < sequences.size() - 1) {
                    sequences.remove(i);
                    sequences.add(sequence);
                }
                return sequence;
            }
        }
        return null;
    }

    private CUgraphExec capture(Runnable launches) {
        CUgraph graph = new CUgraph();
        CUgraphExec exec = new CUgraphExec();
        context.check(
                JCudaDriver.cuStreamBeginCapture(
                        context.stream(), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
                "cuStreamBeginCapture");
        try {
            launches.run();
        } catch (RuntimeException | Error e) {
            JCudaDriver.cuStreamEndCapture(context.stream(), graph);
            JCudaDriver.cuGraphDestroy(graph);
            throw e;
        }
        context.check(JCudaDriver.cuStreamEndCapture(context.stream(), graph), "cuStreamEndCapture");
        int status = JCudaDriver.cuGraphInstantiate(exec, graph, 0);
        JCudaDriver.cuGraphDestroy(graph);
        context.check(status, "cuGraphInstantiate");
        return exec;
    }

    private static void destroy(Sequence sequence) {
        if (sequence.exec != null) {
            JCudaDriver.cuGraphExecDestroy(sequence.exec);
        }
    }

    private void destroy() {
        sequences.forEach(Graphs::destroy);
        sequences.clear();
    }

    /** Destroys the graphs; a second call does nothing. */
    @Override
    public void close() {
        context.release(atClose);
    }
}
