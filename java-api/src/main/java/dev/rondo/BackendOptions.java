package dev.rondo;

import dev.rondo.internal.Arguments;
import java.util.Objects;

/**
 * Settings for opening a {@link Backend}. A backend ignores what does not concern it. Immutable.
 *
 * <pre>{@code
 * Backend backend = Backend.best(BackendOptions.defaults().withThreads(2));
 * }</pre>
 */
public final class BackendOptions {
    private static final BackendOptions DEFAULTS = new BackendOptions(0, Precision.FP32, 0);

    private final int threads;
    private final Precision precision;
    private final int device;

    private BackendOptions(int threads, Precision precision, int device) {
        this.threads = Arguments.inRange("threads", threads, 0, 4096);
        this.precision = Arguments.notNull("precision", precision);
        this.device = Arguments.inRange("device", device, 0, Integer.MAX_VALUE);
    }

    /**
     * All cores, true float32.
     *
     * @return the settings of {@link Backend#best()}
     */
    public static BackendOptions defaults() {
        return DEFAULTS;
    }

    /**
     * The same with another number of threads.
     *
     * @param threads number of threads of a CPU backend, 1 to 4096; 0 for all cores
     * @return new settings
     * @throws IllegalArgumentException if it is out of range
     */
    public BackendOptions withThreads(int threads) {
        return new BackendOptions(threads, precision, device);
    }

    /**
     * The number of threads of a CPU backend. Results do not depend on it.
     *
     * @return 0 for all cores
     */
    public int threads() {
        return threads;
    }

    /**
     * The same with another precision of the matrix products.
     *
     * @param precision what may be rounded; a backend that has no such mode computes in its own precision
     * @return new settings
     */
    public BackendOptions withPrecision(Precision precision) {
        return new BackendOptions(threads, precision, device);
    }

    /**
     * The precision of the matrix products.
     *
     * @return {@link Precision#FP32} by default
     */
    public Precision precision() {
        return precision;
    }

    /**
     * The same on another device.
     *
     * @param device number of the device of a backend that has several, from 0
     * @return new settings
     * @throws IllegalArgumentException if it is negative; one that is not there is refused when the backend is opened
     */
    public BackendOptions withDevice(int device) {
        return new BackendOptions(threads, precision, device);
    }

    /**
     * The number of the device.
     *
     * @return 0 by default
     */
    public int device() {
        return device;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof BackendOptions options
                && threads == options.threads
                && precision == options.precision
                && device == options.device;
    }

    @Override
    public int hashCode() {
        return Objects.hash(threads, precision, device);
    }

    @Override
    public String toString() {
        return "threads " + threads + ", precision " + precision + ", device " + device;
    }
}
