package dev.rondo.spi;

import dev.rondo.BackendException;
import dev.rondo.Purpose;
import dev.rondo.RnnSpec;
import java.util.Optional;

/**
 * An open backend: its memory and its kernels. Several threads may call it at the same time; one {@link RnnKernel} is called by
 * one thread at a time. This interface grows by methods with a default only.
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
     * @throws BackendException if there is not enough memory
     */
    Storage allocate(long size);

    /**
     * Allocates zeroed memory for integers.
     *
     * @param size number of elements, at least 1
     * @return the storage
     * @throws BackendException if there is not enough memory
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
     * Whether networks of a description can be computed here. A backend answers for the cells and {@link dev.rondo.RnnOption
     * options} that it knows, so that it goes on to answer right when others are added: see {@link Supported}.
     *
     * @param spec the network
     * @return the reason why not; empty if they can
     */
    Optional<String> unsupported(RnnSpec spec);

    /** Brings the kernels to full speed, where they are slower at first, and returns when they are. */
    default void warmUp() {}

    /**
     * Makes the kernel of a recurrent network with its scratch.
     *
     * @param spec a network that is not {@linkplain #unsupported unsupported}
     * @param maxSteps largest T of a call
     * @param maxBatch largest N of a call
     * @param purpose whether there will be training passes
     * @return the kernel
     * @throws BackendException if there is not enough memory
     */
    RnnKernel rnn(RnnSpec spec, int maxSteps, int maxBatch, Purpose purpose);

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

    /**
     * The kernels that work on single elements and on columns.
     *
     * @return always the same object
     * @throws BackendException if this backend has none
     */
    default ElementKernels elements() {
        throw new BackendException("elements: " + description() + " does not compute single elements and columns");
    }

    /**
     * The kernels of pooling and attention.
     *
     * @return always the same object
     * @throws BackendException if this backend has none
     */
    default SequenceKernels sequences() {
        throw new BackendException("sequences: " + description() + " does not compute pooling and attention");
    }

    /**
     * The kernels of categorical and Gaussian distributions.
     *
     * @return always the same object
     * @throws BackendException if this backend has none
     */
    default DistributionKernels distributions() {
        throw new BackendException("distributions: " + description() + " does not compute distributions");
    }

    /**
     * Gives everything back; a second call does nothing. Storages and kernels that were made here are closed with it.
     */
    @Override
    void close();
}
