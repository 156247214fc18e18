package dev.rondo.cuda;

import dev.rondo.BackendException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUevent;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * An open device: the primary context, one stream, and what belongs to them. All work goes to the one stream, in the order of
 * the calls; threads take turns.
 *
 * <p>Whatever touches the driver stands between {@link #enter()} and {@link #exit()}: it holds the lock and has the context
 * current, and gives the thread back the context that it had before. After an error that CUDA does not recover from, every
 * {@code enter} throws that error again.
 */
final class CudaContext implements AutoCloseable {
    /** The system property that makes every launch wait for its end, and poisons memory. */
    static final String DEBUG_PROPERTY = "rondo.cuda.debug";

    private final ReentrantLock lock = new ReentrantLock();
    private final boolean debug = flag(DEBUG_PROPERTY, false);
    private final CUdevice device;
    private final CUcontext context = new CUcontext();
    private final CUcontext popped = new CUcontext();
    private final CUstream stream = new CUstream();
    private final List<Runnable> atClose = new ArrayList<>();
    private final Queue<Runnable> abandoned = new ConcurrentLinkedQueue<>();
    private @Nullable CudaException failure;
    private volatile boolean closed;
    private boolean hung;

    /**
     * Opens a device.
     *
     * @param ordinal its number
     */
    CudaContext(int ordinal) {
        device = CudaProbe.device(ordinal);
        check(JCudaDriver.cuDevicePrimaryCtxRetain(context, device), "cuDevicePrimaryCtxRetain");
        try {
            check(JCudaDriver.cuCtxPushCurrent(context), "cuCtxPushCurrent");
            try {
                check(JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING), "cuStreamCreate");
            } finally {
                JCudaDriver.cuCtxPopCurrent(popped);
            }
        } catch (CudaException e) {
            JCudaDriver.cuDevicePrimaryCtxRelease(device);
            throw e;
        }
    }

    /**
     * Begins to use the driver.
     *
     * @throws IllegalStateException if the backend is closed
     * @throws CudaException the first fatal error again
     */
    void enter() {
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException("backend cuda is closed");
            }
            if (failure != null) {
                throw new CudaException(
                        failure,
                        "backend cuda cannot be used any more since an earlier error: " + failure.getMessage());
            }
            check(JCudaDriver.cuCtxPushCurrent(context), "cuCtxPushCurrent");
        } catch (RuntimeException | Error e) {
            lock.unlock();
            throw e;
        }
        if (lock.getHoldCount() == 1) {
            releaseAbandoned();
        }
    }

    private void releaseAbandoned() {
        for (Runnable action = abandoned.poll(); action != null; action = abandoned.poll()) {
            if (atClose.remove(action)) {
                action.run();
            }
        }
    }

    /** Ends what {@link #enter()} began; by the same thread. */
    void exit() {
        JCudaDriver.cuCtxPopCurrent(popped);
        lock.unlock();
    }

    /**
     * Checks a status, and remembers an error that CUDA does not recover from.
     *
     * @param status what a call returned
     * @param what the call, and what it was for
     * @throws CudaException if it is not success
     */
    void check(int status, String what) {
        if (status != Status.SUCCESS) {
            throw failed(status, what);
        }
    }

    /** The exception for a status that is not success. */
    CudaException failed(int status, String what) {
        CudaException e = Status.exception(
                status,
                Status.isFatal(status) && !debug
                        ? what + ", or a launch before it (-D" + DEBUG_PROPERTY + "=true finds out which)"
                        : what);
        if (e.isFatal() && failure == null) {
            failure = e;
        }
        return e;
    }

    /** Waits until all work is done; between enter and exit. */
    void synchronize(String what) {
        check(JCudaDriver.cuStreamSynchronize(stream), what);
    }

    /**
     * The time that launches take on the device, by events before and after them; between enter and exit.
     *
     * @return in seconds
     */
    double seconds(Runnable launches) {
        return secondsWithin(Double.POSITIVE_INFINITY, launches);
    }

    /**
     * The same for launches of which it is not known whether they end. If they do not, that is an error from which there is no
     * recovery: {@link #close()} then leaves everything as it is, since the driver would wait.
     *
     * @param deadline in seconds
     */
    double secondsWithin(double deadline, Runnable launches) {
        CUevent start = new CUevent();
        CUevent end = new CUevent();
        float[] milliseconds = new float[1];
        check(JCudaDriver.cuEventCreate(start, 0), "cuEventCreate");
        try {
            check(JCudaDriver.cuEventCreate(end, 0), "cuEventCreate");
            try {
                check(JCudaDriver.cuEventRecord(start, stream), "cuEventRecord");
                launches.run();
                check(JCudaDriver.cuEventRecord(end, stream), "cuEventRecord");
                await(end, deadline);
                check(JCudaDriver.cuEventSynchronize(end), "cuEventSynchronize");
                check(JCudaDriver.cuEventElapsedTime(milliseconds, start, end), "cuEventElapsedTime");
            } finally {
                JCudaDriver.cuEventDestroy(end);
            }
        } finally {
            JCudaDriver.cuEventDestroy(start);
        }
        return 1e-3 * milliseconds[0];
    }

    private void await(CUevent event, double deadline) {
        if (deadline == Double.POSITIVE_INFINITY) {
            return;
        }
        long start = System.nanoTime();
        int status = JCudaDriver.cuEventQuery(event);
        while (status == CUresult.CUDA_ERROR_NOT_READY) {
            if (1e-9 * (System.nanoTime() - start) > deadline) {
                hung = true;
                failure = new CudaException(
                        CUresult.CUDA_ERROR_LAUNCH_TIMEOUT, true, "launches have not ended within " + deadline + " s");
                throw failure;
            }
            Thread.onSpinWait();
            status = JCudaDriver.cuEventQuery(event);
        }
        check(status, "cuEventQuery");
    }

    /**
     * A system property that is {@code true} or {@code false}.
     *
     * @param otherwise its value where it is not set
     * @throws BackendException if it is something else
     */
    static boolean flag(String property, boolean otherwise) {
        String value = System.getProperty(property, String.valueOf(otherwise));
        if (!value.equals("true") && !value.equals("false")) {
            throw new BackendException(property + ": expected true or false, got " + value);
        }
        return value.equals("true");
    }

    /** Whether {@link #close()} was called. */
    boolean isClosed() {
        return closed;
    }

    /** Whether every launch waits for its end, and memory is poisoned. */
    boolean isDebug() {
        return debug;
    }

    CUdevice device() {
        return device;
    }

    CUstream stream() {
        return stream;
    }

    /**
     * What is done before the context is given back, the last one first; the context is current, and nothing may throw. Between
     * enter and exit.
     */
    void atClose(Runnable action) {
        atClose.add(action);
    }

    /** Does now what {@link #atClose} was told to do at the end; nothing if the backend is closed. */
    void release(Runnable action) {
        lock.lock();
        try {
            if (atClose.remove(action)) {
                withContext(action);
            }
        } finally {
            lock.unlock();
        }
    }

    /** The same, by the next {@link #enter()}, for a cleaner, which must not wait. */
    void releaseLater(Runnable action) {
        abandoned.add(action);
    }

    /** Runs what releases something: also where the context cannot be made current any more. */
    private void withContext(Runnable action) {
        boolean current = JCudaDriver.cuCtxPushCurrent(context) == Status.SUCCESS;
        action.run();
        if (current) {
            JCudaDriver.cuCtxPopCurrent(popped);
        }
    }

    /** Waits for the calls in progress and for the device, and gives everything back, also after an error. A second call does nothing. */
    @Override
    public void close() {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            if (hung) {
                return;
            }
            withContext(() -> {
                JCudaDriver.cuStreamSynchronize(stream);
                for (int i = atClose.size() - 1; i >= 0; i--) {
                    atClose.get(i).run();
                }
                JCudaDriver.cuStreamDestroy(stream);
            });
            atClose.clear();
            abandoned.clear();
            JCudaDriver.cuDevicePrimaryCtxRelease(device);
        } finally {
            lock.unlock();
        }
    }
}
