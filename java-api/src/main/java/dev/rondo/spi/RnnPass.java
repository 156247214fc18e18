package dev.rondo.spi;

/** A forward pass whose activations are kept for its backward pass. Used by the thread that uses its {@link RnnKernel}. */
public interface RnnPass extends AutoCloseable {
    /**
     * Propagates gradients back through the pass. The weights and {@code x} of the forward pass are read again. Called once;
     * {@link #close()} follows, also if it throws.
     *
     * @param call the arguments, checked
     */
    void backward(RnnBackwardCall call);

    /** Gives the activations back to the network, for the next pass; called once. */
    @Override
    void close();
}
