package dev.rondo;

import dev.rondo.internal.Arguments;
import dev.rondo.spi.RnnBackwardCall;
import dev.rondo.spi.RnnCall;
import dev.rondo.spi.RnnKernel;
import dev.rondo.spi.RnnPass;
import java.lang.ref.Reference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A recurrent network on one backend: the passes over time, with their scratch and the activations that backward passes
 * need. Inputs, outputs, weights and states are the caller's. Semantics of shapes, lengths and directions: {@link dev.rondo};
 * equations: {@link Cell}.
 *
 * <pre>{@code
 * rnn.forward(weights, x, y);                                   // the short form
 * rnn.call(weights, x).initial(state).y(y).last(state).run();   // by name
 *
 * try (TrainingPass pass = rnn.call(weights, x).y(y).train()) { // with activations
 *     pass.backward(dy, gradients);
 * }
 * }</pre>
 *
 * <p>Used by one thread at a time; any number of networks, each with its thread, share one set of weights.
 */
public final class Rnn implements AutoCloseable {
    private final Backend backend;
    private final RnnSpec spec;
    private final int maxBatch;
    private final Purpose purpose;
    private final RnnKernel kernel;
    private final RnnArguments check;

    /** Held during a call: who closes the network waits for it, who calls it meanwhile is refused. */
    private final ReentrantLock inUse = new ReentrantLock();

    private volatile boolean closed;

    /** The last call of {@link #step}, which streams repeat. */
    private @Nullable ForwardCall lastStep;

    private @Nullable GatheredRows gathered;

    Rnn(Backend backend, RnnSpec spec, int maxSteps, int maxBatch, Purpose purpose, RnnKernel kernel) {
        this.backend = backend;
        this.spec = spec;
        this.maxBatch = maxBatch;
        this.purpose = purpose;
        this.kernel = kernel;
        this.check = new RnnArguments(backend, spec, maxSteps, maxBatch);
    }

    /**
     * The network.
     *
     * @return its description
     */
    public RnnSpec spec() {
        return spec;
    }

    /**
     * What it was made for.
     *
     * @return whether it has training passes
     */
    public Purpose purpose() {
        return purpose;
    }

    /**
     * Runs full rows from a zero state, for the outputs alone.
     *
     * @param weights the weights
     * @param x {@code [T,N,I]}, or indices {@code [T,N]} for one-hot vectors; T and N up to the sizes of this object
     * @param y receives the outputs {@code [T,N,D*H]}
     * @throws IllegalArgumentException as {@link ForwardCall#run()}
     * @throws IllegalStateException as {@link ForwardCall#run()}
     * @throws BackendException if the backend fails
     */
    public void forward(RnnParameters weights, Input x, Tensor y) {
        call(weights, x).y(Arguments.notNull("y", y)).run();
    }

    /**
     * Begins a call with its arguments by name.
     *
     * @param weights the weights
     * @param x {@code [T,N,I]}, or indices {@code [T,N]} for one-hot vectors; T and N up to the sizes of this object
     * @return a call of full rows from a zero state, of which nothing is wanted yet
     */
    public ForwardCall call(RnnParameters weights, Input x) {
        return new ForwardCall(this, check, weights, x);
    }

    /**
     * Runs one step of inference and carries the state on, for streams. The same as a forward pass with T = 1.
     *
     * @param weights the weights
     * @param x {@code [1,N,I]}, or indices {@code [1,N]}
     * @param state the state before the step, replaced by the one after it
     * @param y receives the output {@code [1,N,H]}; null if not wanted
     * @throws IllegalArgumentException if a shape is wrong, or the network is not a forward one
     * @throws IllegalStateException if something is closed, or another thread uses the network
     * @throws BackendException if the backend fails
     */
    public void step(RnnParameters weights, Input x, RnnState state, @Nullable Tensor y) {
        Arguments.notNull("state", state);
        requireStep(x);
        ForwardCall step = lastStep;
        if (step == null || !step.isOf(weights, x, state, y)) {
            step = call(weights, x).initial(state).y(y).last(state);
            lastStep = step;
        }
        step.run();
    }

    /**
     * Runs one step of inference for the streams that have input, whose states are rows of one large state.
     *
     * @param weights the weights
     * @param x {@code [1,N,I]}, or indices {@code [1,N]}
     * @param pool the states of all streams, of any number of rows; the chosen ones are replaced by those after the step
     * @param rows the row of {@code pool} of each row of x, {@code [N]}, each one once
     * @param y receives the output {@code [1,N,H]}; null if not wanted
     * @throws IllegalArgumentException if a shape is wrong, a row is not there or comes twice, the pool overlaps the weights or
     *     y, something that is written is read-only, or the network is not a forward one
     * @throws IllegalStateException if something is closed, or another thread uses the network
     * @throws BackendException if the backend fails
     */
    public void step(RnnParameters weights, Input x, RnnState pool, int[] rows, @Nullable Tensor y) {
        Arguments.notNull("pool", pool);
        Arguments.notNull("rows", rows);
        requireStep(x);
        check.weights("weights", weights);
        check.input(x);
        check.state("pool", pool, pool.batch());
        RnnArguments.writable("pool", pool);
        RnnArguments.apart("pool", pool, "weights", weights.flat());
        RnnArguments.apart("pool", pool, "y", y);
        if (rows.length != x.dimension(1)) {
            throw new IllegalArgumentException(
                    "rows: expected N = " + x.dimension(1) + " elements, got " + rows.length);
        }
        enter();
        try {
            GatheredRows scratch = gathered;
            if (scratch == null) {
                scratch = new GatheredRows(backend, spec, maxBatch);
                gathered = scratch;
            }
            RnnState state = scratch.first(rows.length);
            state.gather(pool, rows);
            RnnState.requireEachOnce(rows);
            step(weights, x, state, y);
            state.scatterChecked(pool, rows);
        } finally {
            inUse.unlock();
        }
    }

    private void requireStep(Input x) {
        if (spec.direction() != Direction.FORWARD) {
            throw new IllegalArgumentException("step: expected a network of direction FORWARD, got " + spec.direction()
                    + ", which needs the whole sequence");
        }
        Arguments.notNull("x", x);
        if (x.rank() > 0 && x.dimension(0) != 1) {
            throw new IllegalArgumentException("x: expected T = 1, got T = " + x.dimension(0));
        }
    }

    void forward(ForwardCall arguments) {
        enter();
        try {
            RnnCall call = arguments.prepared();
            kernel.forward(call);
        } catch (OutOfMemoryError e) {
            throw outOfMemory("forward", e);
        } finally {
            inUse.unlock();
        }
    }

    TrainingPass train(ForwardCall arguments) {
        if (purpose != Purpose.TRAINING) {
            throw new IllegalStateException("train: expected a network made for TRAINING, got one made for " + purpose);
        }
        enter();
        try {
            RnnCall call = arguments.prepared();
            return new TrainingPass(this, check, call, kernel.train(call));
        } catch (OutOfMemoryError e) {
            throw outOfMemory("forward", e);
        } finally {
            inUse.unlock();
        }
    }

    void backward(TrainingPass open, BackwardCall arguments) {
        enter();
        try {
            if (!open.isOpen()) {
                throw new IllegalStateException("backward: expected an open pass, got one that was consumed or closed");
            }
            RnnBackwardCall call = arguments.checked();
            RnnPass pass = open.consume();
            try {
                pass.backward(call);
            } finally {
                pass.close();
            }
        } catch (OutOfMemoryError e) {
            throw outOfMemory("backward", e);
        } finally {
            inUse.unlock();
            // Backends may know x and the weights by their addresses only.
            Reference.reachabilityFence(open);
        }
    }

    void close(TrainingPass open) {
        inUse.lock();
        try {
            if (open.isOpen()) {
                RnnPass pass = open.consume();
                if (!closed) {
                    pass.close();
                }
            }
        } finally {
            inUse.unlock();
        }
    }

    private BackendException outOfMemory(String what, OutOfMemoryError e) {
        return new BackendException(what + ": not enough memory on backend " + backend.name(), e);
    }

    private void enter() {
        if (!inUse.tryLock()) {
            throw new IllegalStateException(
                    closed ? "rnn " + spec + " is closed" : "rnn " + spec + ": expected one thread at a time, got two");
        }
        try {
            if (closed) {
                throw new IllegalStateException("rnn " + spec + " is closed");
            }
            backend.kernels();
        } catch (RuntimeException e) {
            inUse.unlock();
            throw e;
        }
    }

    /** Waits for a call in progress, then gives scratch and activations back; a second call does nothing. */
    @Override
    public void close() {
        closed = true;
        inUse.lock();
        try {
            kernel.close();
            if (gathered != null) {
                gathered.close();
            }
        } finally {
            inUse.unlock();
        }
    }
}
