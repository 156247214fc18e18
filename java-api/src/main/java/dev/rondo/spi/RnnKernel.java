package dev.rondo.spi;

/**
 * The passes of one recurrent network over time. Semantics of lengths, directions and padding: {@link dev.rondo}; equations:
 * {@link dev.rondo.Cell}. Used by one thread at a time.
 */
public interface RnnKernel extends AutoCloseable {
    /**
     * Runs the network over T steps for its outputs alone: without dropout, and nothing is kept.
     *
     * @param call the arguments, checked
     * @throws IllegalArgumentException if an index of {@code x} at a valid step is outside {@code [0,I)}
     */
    void forward(RnnCall call);

    /**
     * Runs the network over T steps with dropout, and keeps the activations. Called only where the network was made for
     * training. Several passes may be open; each has activations of its own.
     *
     * @param call the arguments, checked; weights and x stay as they are until the pass is consumed
     * @return the open pass
     * @throws IllegalArgumentException if an index of {@code x} at a valid step is outside {@code [0,I)}
     * @throws dev.rondo.BackendException if there is not enough memory for another pass
     */
    RnnPass train(RnnCall call);

    /** Gives the scratch back, and ends all open passes; a second call does nothing. */
    @Override
    void close();
}
