package dev.rondo.cuda;

import dev.rondo.Backend;
import java.util.function.Supplier;
import jcuda.driver.CUstream;

/**
 * The stream into which an open backend {@code cuda} queues its calls, for other CUDA libraries of the same process and for
 * measurements: work that another library queues into it is done in order with Rondo's, without waiting.
 */
public final class CudaStream {
    private final CudaContext context;

    private CudaStream(CudaContext context) {
        this.context = context;
    }

    /**
     * The stream of a backend.
     *
     * @param backend a backend {@code cuda}
     * @return its stream
     * @throws IllegalArgumentException if it is another backend
     */
    public static CudaStream of(Backend backend) {
        return new CudaStream(CudaMemory.kernels(backend).context());
    }

    /**
     * The stream as JCuda's handle. It lives as long as the backend is open, and must not be destroyed.
     *
     * @return the handle
     */
    public CUstream handle() {
        return context.stream();
    }

    /**
     * Makes calls of another library while the backend's context is current in this thread. Other threads that use the backend
     * wait meanwhile.
     *
     * @param <T> type of the result
     * @param calls what to do
     * @return what it returned
     * @throws CudaException an earlier error of the backend that CUDA does not recover from
     * @throws IllegalStateException if the backend is closed
     */
    public <T> T with(Supplier<T> calls) {
        context.enter();
        try {
            return calls.get();
        } finally {
            context.exit();
        }
    }

    /**
     * The time that the device takes for what calls queue, measured by events before and after. Waits for the end. Where the
     * calls take longer to queue than to run, the waiting of the device for them is part of it.
     *
     * @param calls calls of the backend, or of other libraries into this stream
     * @return in seconds
     * @throws CudaException if one of them failed
     * @throws IllegalStateException if the backend is closed
     */
    public double seconds(Runnable calls) {
        return with(() -> context.seconds(calls));
    }
}
