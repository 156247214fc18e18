package dev.rondo;

import dev.rondo.internal.Arguments;
import dev.rondo.spi.RnnKernel;
import java.lang.ref.Reference;
import org.jspecify.annotations.Nullable;

/**
 * A recurrent network on one backend: the passes over time, with their scratch and the activations that the backward pass
 * needs. Inputs, outputs, weights and states are the caller's. Semantics of shapes, lengths and directions: {@link dev.rondo};
 * equations: {@link Cell}.
 *
 * <p>Used by one thread at a time; several objects may share one set of weights.
 */
public final class Rnn implements AutoCloseable {
    private final Backend backend;
    private final RnnSpec spec;
    private final int maxSteps;
    private final int maxBatch;
    private final RnnKernel kernel;
    private long dropoutSeed;
    private boolean closed;

    /** Input and weights of the training pass whose activations are kept; null if there are none. */
    private @Nullable Input trainedX;

    private @Nullable RnnParameters trainedWeights;

    Rnn(Backend backend, RnnSpec spec, int maxSteps, int maxBatch, RnnKernel kernel) {
        this.backend = backend;
        this.spec = spec;
        this.maxSteps = maxSteps;
        this.maxBatch = maxBatch;
        this.kernel = kernel;
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
     * Seeds the dropout of the training passes that follow. The mask depends on this seed and the position only: the same
     * seed gives the same mask again, on every backend.
     *
     * @param seed any number
     */
    public void setDropoutSeed(long seed) {
        dropoutSeed = seed;
    }

    /**
     * Runs the network over a sequence.
     *
     * @param mode {@link Mode#TRAINING} keeps what {@link #backward} needs, {@link Mode#INFERENCE} does not
     * @param weights the weights; in training unchanged until {@link #backward}
     * @param x {@code [T,N,I]}, or indices {@code [T,N]} for one-hot vectors; T and N up to the sizes of this object; in
     *     training unchanged until {@link #backward}
     * @param lengths valid steps per row {@code [N]}, each 0 to T; null for T everywhere
     * @param initial state before the first step {@code [L*D,N,H]}; null for zero
     * @param y receives the outputs {@code [T,N,D*H]}, 0 past the lengths; null if not wanted
     * @param last receives the state after the last valid step; may be the same object as {@code initial}; null if not
     *     wanted
     * @throws NullPointerException if {@code mode}, {@code weights} or {@code x} is null
     * @throws IllegalArgumentException if a shape, a length or an index is wrong, or if what is written overlaps what is
     *     read or another output
     * @throws IllegalStateException if this object or a tensor is closed
     * @throws BackendException if the backend fails
     */
    public void forward(
            Mode mode,
            RnnParameters weights,
            Input x,
            int @Nullable [] lengths,
            @Nullable RnnState initial,
            @Nullable Tensor y,
            @Nullable RnnState last) {
        requireOpen();
        Arguments.notNull("mode", mode);
        checkWeights("weights", weights);
        checkInput(x);
        int callSteps = x.dimension(0);
        int callBatch = x.dimension(1);
        checkLengths(lengths, callSteps, callBatch);
        checkState("initial.h", "initial.c", initial, callBatch);
        checkState("last.h", "last.c", last, callBatch);
        if (y != null) {
            checkTensor("y", y, "[T,N,D*H]", callSteps, callBatch, spec.outputSize());
            Arguments.apart("y", y, "x", x instanceof Tensor dense ? dense : null);
            Arguments.apart("y", y, "weights", weights.flat());
            requireApart("y", y, "initial", initial);
            requireApart("y", y, "last", last);
        }
        if (last != null) {
            requireApart("last", last, "x", x instanceof Tensor dense ? dense : null);
            requireApart("last", last, "weights", weights.flat());
            requireApart("last", last, "initial", initial);
        }
        forget();
        try {
            kernel.forward(mode, dropoutSeed, weights, x, lengths, initial, y, last);
        } catch (OutOfMemoryError e) {
            throw new BackendException("forward: not enough memory on backend " + backend.name(), e);
        }
        if (mode == Mode.TRAINING) {
            trainedX = x;
            trainedWeights = weights;
        }
    }

    private void forget() {
        trainedX = null;
        trainedWeights = null;
    }

    /**
     * Propagates gradients back through the last {@link Mode#TRAINING} forward pass, and consumes its activations: the next
     * backward pass needs a new forward pass.
     *
     * @param dy gradient of the loss by {@code y}, {@code [T,N,D*H]}; what stands past the lengths has no influence; null
     *     for zero
     * @param dLast gradient by the final state; null for zero
     * @param dx receives the gradient by {@code x}, {@code [T,N,I]}, 0 past the lengths; null if not wanted, and always for
     *     indices
     * @param dInitial receives the gradient by the initial state; may be the same object as {@code dLast}; null if not
     *     wanted
     * @param gradients the weight gradients are added to it; null if not wanted
     * @throws IllegalArgumentException if a shape is wrong, or if what is written overlaps what is read (the weights and x
     *     of the forward pass too) or another output
     * @throws IllegalStateException if there was no training forward pass since the last call, or something is closed
     * @throws BackendException if the backend fails
     */
    public void backward(
            @Nullable Tensor dy,
            @Nullable RnnState dLast,
            @Nullable Tensor dx,
            @Nullable RnnState dInitial,
            @Nullable RnnParameters gradients) {
        requireOpen();
        Input x = trainedX;
        RnnParameters weights = trainedWeights;
        if (x == null || weights == null) {
            throw new IllegalStateException(
                    "backward: expected a forward pass in Mode.TRAINING before it, got none since the last one");
        }
        weights.flat().requireOpen("weights");
        Tensor dense = x instanceof Tensor tensor ? tensor : null;
        if (x instanceof IntTensor indices) {
            indices.requireOpen("x");
        } else if (dense != null) {
            dense.requireOpen("x");
        }
        int steps = x.dimension(0);
        int batch = x.dimension(1);
        if (dy != null) {
            checkTensor("dy", dy, "[T,N,D*H]", steps, batch, spec.outputSize());
        }
        checkState("dLast.h", "dLast.c", dLast, batch);
        checkState("dInitial.h", "dInitial.c", dInitial, batch);
        if (dx != null) {
            if (dense == null) {
                throw new IllegalArgumentException("dx: expected null, since x was a tensor of indices, got " + dx);
            }
            checkTensor("dx", dx, "[T,N,I]", steps, batch, spec.inputSize());
            Arguments.apart("dx", dx, "dy", dy);
            requireApart("dx", dx, "dLast", dLast);
            requireApart("dx", dx, "dInitial", dInitial);
            Arguments.apart("dx", dx, "x", dense);
            Arguments.apart("dx", dx, "weights", weights.flat());
        }
        if (dInitial != null) {
            requireApart("dInitial", dInitial, "dy", dy);
            requireApart("dInitial", dInitial, "dLast", dLast);
            requireApart("dInitial", dInitial, "x", dense);
            requireApart("dInitial", dInitial, "weights", weights.flat());
        }
        if (gradients != null) {
            checkWeights("gradients", gradients);
            Arguments.apart("gradients", gradients.flat(), "dy", dy);
            Arguments.apart("gradients", gradients.flat(), "dx", dx);
            requireApart("gradients", gradients.flat(), "dLast", dLast);
            requireApart("gradients", gradients.flat(), "dInitial", dInitial);
            Arguments.apart("gradients", gradients.flat(), "x", dense);
            Arguments.apart("gradients", gradients.flat(), "weights", weights.flat());
        }
        forget();
        try {
            kernel.backward(dy, dLast, dx, dInitial, gradients);
        } catch (OutOfMemoryError e) {
            throw new BackendException("backward: not enough memory on backend " + backend.name(), e);
        } finally {
            // Backends may know them by their addresses only.
            Reference.reachabilityFence(x);
            Reference.reachabilityFence(weights);
        }
    }

    /**
     * Runs one step of inference and carries the state on, for streams. The same as a forward pass with T = 1.
     *
     * @param weights the weights
     * @param x {@code [1,N,I]}, or indices {@code [1,N]}
     * @param state the state before the step, replaced by the one after it
     * @param y receives the output {@code [1,N,H]}; null if not wanted
     * @throws IllegalArgumentException if a shape is wrong, or the network is not a forward one
     * @throws IllegalStateException if something is closed
     * @throws BackendException if the backend fails
     */
    public void step(RnnParameters weights, Input x, RnnState state, @Nullable Tensor y) {
        if (spec.direction() != Direction.FORWARD) {
            throw new IllegalArgumentException("step: expected a network of direction FORWARD, got " + spec.direction()
                    + ", which needs the whole sequence");
        }
        Arguments.notNull("state", state);
        checkInput(x);
        if (x.dimension(0) != 1) {
            throw new IllegalArgumentException("x: expected T = 1, got T = " + x.dimension(0));
        }
        forward(Mode.INFERENCE, weights, x, null, state, y, state);
    }

    private void checkWeights(String name, RnnParameters weights) {
        Arguments.notNull(name, weights);
        RnnSpec other = weights.spec();
        if (!other.sharesWeightsWith(spec)) {
            throw new IllegalArgumentException(name + ": expected those of " + spec + ", got those of " + other);
        }
        weights.flat().requireOpen(name);
        backend.requireAccepted(name, weights.flat());
    }

    private void checkInput(Input x) {
        Arguments.notNull("x", x);
        if (x instanceof Tensor dense) {
            checkTensor("x", dense, "[T,N,I]", -1, -1, spec.inputSize());
        } else if (x instanceof IntTensor indices) {
            Arguments.shape("x", indices, "[T,N]", -1, -1);
            backend.requireAccepted("x", indices);
        }
        if (x.dimension(0) > maxSteps) {
            throw new IllegalArgumentException(
                    "x: expected at most maxSteps = " + maxSteps + " steps, got " + x.dimension(0));
        }
        if (x.dimension(1) > maxBatch) {
            throw new IllegalArgumentException(
                    "x: expected at most maxBatch = " + maxBatch + " rows, got " + x.dimension(1));
        }
    }

    private static void checkLengths(int @Nullable [] lengths, int steps, int batch) {
        if (lengths == null) {
            return;
        }
        if (lengths.length != batch) {
            throw new IllegalArgumentException("lengths: expected N = " + batch + " elements, got " + lengths.length);
        }
        for (int n = 0; n < batch; n++) {
            if (lengths[n] < 0 || lengths[n] > steps) {
                throw new IllegalArgumentException(
                        "lengths[" + n + "]: expected 0 to T = " + steps + ", got " + lengths[n]);
            }
        }
    }

    private void checkState(String hName, String cName, @Nullable RnnState state, int rows) {
        if (state == null) {
            return;
        }
        checkTensor(hName, state.h(), "[L*D,N,H]", spec.stateCount(), rows, spec.hiddenSize());
        Tensor c = state.c();
        if ((c != null) != spec.cell().hasCellState()) {
            throw new IllegalArgumentException(cName + ": expected "
                    + (c != null ? "null, since " + spec.cell() + " has no cell state, got " + c : "one, got null"));
        }
        if (c != null) {
            checkTensor(cName, c, "[L*D,N,H]", spec.stateCount(), rows, spec.hiddenSize());
        }
    }

    private void checkTensor(String name, Tensor tensor, String letters, int d0, int d1, int d2) {
        Arguments.shape(name, tensor, letters, d0, d1, d2);
        backend.requireAccepted(name, tensor);
    }

    private static void requireApart(String name, Tensor tensor, String otherName, @Nullable RnnState other) {
        if (other != null) {
            Arguments.apart(name, tensor, otherName, other.h());
            Arguments.apart(name, tensor, otherName, other.c());
        }
    }

    private static void requireApart(String name, RnnState state, String otherName, @Nullable Tensor other) {
        if (other != null) {
            requireApart(otherName, other, name, state);
        }
    }

    /** Two states share either everything, being the same object, or nothing. */
    private static void requireApart(String name, RnnState state, String otherName, @Nullable RnnState other) {
        if (other != state) {
            requireApart(name, state.h(), otherName, other);
            Tensor c = state.c();
            if (c != null) {
                requireApart(name, c, otherName, other);
            }
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("rnn " + spec + " is closed");
        }
        backend.kernels();
    }

    /** Gives the scratch back; a second call does nothing. */
    @Override
    public void close() {
        closed = true;
        forget();
        kernel.close();
    }
}
