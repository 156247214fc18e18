package dev.rondo.cuda;

import dev.rondo.Backend;
import jcuda.driver.CUgraphExec;
import jcuda.driver.JCudaDriver;

/**
 * Calls of another library into a backend's {@link CudaStream}, recorded once as a CUDA graph, which is launched as one. Rondo's own
 * passes are recorded by themselves and must not be part of it.
 */
public final class CudaGraph implements AutoCloseable {
    private final CudaContext context;
    private final CUgraphExec exec;
    private final Runnable release;

    private CudaGraph(CudaContext context, CUgraphExec exec) {
        this.context = context;
        this.exec = exec;
        this.release = () -> JCudaDriver.cuGraphExecDestroy(exec);
        context.atClose(release);
    }

    /**
     * Records calls, which are not executed. What they use must be there as long as the graph is launched.
     *
     * @param backend a backend {@code cuda}
     * @param calls queue work into its stream, and neither allocate nor wait
     * @return the graph
     * @throws CudaException if they cannot be recorded
     * @throws IllegalArgumentException if it is another backend
     */
    public static CudaGraph capture(Backend backend, Runnable calls) {
        CudaContext context = CudaMemory.kernels(backend).context();
        context.enter();
        try {
            return new CudaGraph(context, Graphs.capture(context, calls, () -> "calls of another library"));
        } finally {
            context.exit();
        }
    }

    /**
     * Queues all that was recorded.
     *
     * @throws CudaException if it fails
     * @throws IllegalStateException if the backend is closed
     */
    public void launch() {
        context.enter();
        try {
            context.check(JCudaDriver.cuGraphLaunch(exec, context.stream()), "cuGraphLaunch");
        } finally {
            context.exit();
        }
    }

    /** Destroys the graph; a second call does nothing. */
    @Override
    public void close() {
        context.release(release);
    }
}
