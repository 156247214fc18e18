package dev.rondo.spi;

import dev.rondo.RnnSpec;

/**
 * An open backend: its memory and its kernels. Several threads may call it at the same time; one {@link RnnKernel} is called by
 * one thread at a time.
 */
public interface BackendKernels extends AutoCloseable {
    /**
     * One line for people: what computes, with which precision, how many threads, which device.
     *
     * @return such as {@code the oracle: float64, plain loops, one thread}
     */
    String description();

    /**
     * Allocates zeroed memory for real numbers.
     *
     * @param size number of elements, at least 1
     * @return the storage
     * @throws dev.rondo.BackendException if there is not enough memory
     */
    Storage allocate(long size);

    /**
     * Allocates zeroed memory for integers.
     *
     * @param size number of elements, at least 1
     * @return the storage
     * @throws dev.rondo.BackendException if there is not enough memory
     */
    IntStorage allocateInts(long size);

    /**
     * Whether kernels can work on a storage: its own, and perhaps arrays of the caller.
     *
     * @param storage any storage
     * @return true if they can
     */
    boolean accepts(Storage storage);

    /**
     * Whether kernels can work on a storage of integers.
     *
     * @param storage any storage
     * @return true if they can
     */
    boolean accepts(IntStorage storage);

    /**
     * Makes the kernel of a recurrent network with its scratch.
     *
     * @param spec the network
     * @param maxSteps largest T of a call
     * @param maxBatch largest N of a call
     * @return the kernel
     * @throws dev.rondo.BackendException if there is not enough memory
     */
    RnnKernel rnn(RnnSpec spec, int maxSteps, int maxBatch);

    /**
     * The kernels of the other layers.
     *
     * @return always the same object
     */
    LayerKernels layers();

    /**
     * The kernels of the losses.
     *
     * @return always the same object
     */
    LossKernels losses();

    /**
     * The kernels of clipping and the optimizers.
     *
     * @return always the same object
     */
    OptimizerKernels optimizers();

    /** Gives everything back; a second call does nothing. */
    @Override
    void close();
}
