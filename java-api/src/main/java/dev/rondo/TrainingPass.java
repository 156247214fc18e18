package dev.rondo;

import dev.rondo.internal.Arguments;
import dev.rondo.spi.RnnCall;
import dev.rondo.spi.RnnPass;

/**
 * A forward pass whose activations are kept for its backward pass. A network may have several open, each with activations of
 * its own: two calls of one block before the backward pass, as in a siamese network. A pass ends with its backward pass or
 * with {@link #close()}; its memory then serves the next one. A pass that is neither keeps its memory until the network is
 * closed.
 */
public final class TrainingPass implements AutoCloseable {
    final Rnn rnn;
    private final RnnArguments check;
    private final RnnCall call;
    private final RnnPass pass;
    private boolean consumed;

    TrainingPass(Rnn rnn, RnnArguments check, RnnCall call, RnnPass pass) {
        this.rnn = rnn;
        this.check = check;
        this.call = call;
        this.pass = pass;
    }

    /**
     * Propagates a gradient by the outputs back to the weights. The short form of {@link #backward()}.
     *
     * @param dy gradient of the loss by the outputs, {@code [T,N,D*H]}; what stands past the lengths has no influence
     * @param gradients the weight gradients are added to it
     * @throws IllegalArgumentException as {@link BackwardCall#run()}
     * @throws IllegalStateException as {@link BackwardCall#run()}
     * @throws BackendException if the backend fails
     */
    public void backward(Tensor dy, RnnParameters gradients) {
        Arguments.notNull("dy", dy);
        Arguments.notNull("gradients", gradients);
        backward().dy(dy).gradients(gradients).run();
    }

    /**
     * Begins the backward pass with its arguments by name.
     *
     * @return a call in which all gradients are zero and none is wanted
     */
    public BackwardCall backward() {
        return new BackwardCall(this, check, call);
    }

    /** Whether there was neither a backward pass nor an end of this. */
    boolean isOpen() {
        return !consumed;
    }

    /** The pass of the backend, which is given back after this. */
    RnnPass consume() {
        consumed = true;
        return pass;
    }

    /** Gives the activations back to the network. After the backward pass, and after the first call, it does nothing. */
    @Override
    public void close() {
        rnn.close(this);
    }
}
