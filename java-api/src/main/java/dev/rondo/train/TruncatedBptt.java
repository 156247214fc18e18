package dev.rondo.train;

import dev.rondo.Backend;
import dev.rondo.Direction;
import dev.rondo.Input;
import dev.rondo.IntTensor;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import dev.rondo.internal.Arguments;
import dev.rondo.internal.TensorArguments;
import dev.rondo.spi.Dropout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Truncated back-propagation through time, BPTT(k2; k1) of Williams and Peng ("An efficient gradient-based algorithm for
 * on-line training of recurrent network trajectories", 1990). The stream advances k1 steps at a time; the loss of those
 * steps is propagated back through at most k2 &gt;= k1 steps; the state carries over. {@code k1 = k2} is the usual chunked
 * form, {@code k2} at least the length of the stream is full BPTT.
 *
 * <pre>{@code
 * Tensor y = bptt.forward(weights, x, null);   // x [k1,N,I], y [k1,N,H]
 * // ... loss and its gradient dy [k1,N,H]
 * bptt.backward(dy, gradients);
 * }</pre>
 *
 * <p>For {@code k2 > k1} the last ceil(k2 / k1) chunks are kept and run again at every advance, from the oldest chunk's
 * initial state, with the present weights: so the gradient is the exact one of the loss of the last k1 steps, cut k2 steps
 * back. Memory depends on k2 only, not on the length of the stream.
 */
public final class TruncatedBptt implements AutoCloseable {
    /**
     * One advance that is still within reach of a gradient; for checkpoints.
     *
     * @param x its input {@code [k1,N,I]} or {@code [k1,N]}
     * @param initial the state before its first step
     * @param reset the rows that started anew before it, {@code [N]}
     */
    public record Advance(Input x, RnnState initial, boolean[] reset) {}

    /** Receives the gradient by the input of one chunk. */
    @FunctionalInterface
    public interface InputGradient {
        /**
         * Called once for each chunk within k2 steps, the newest first.
         *
         * @param age 0 for the chunk of the last {@link TruncatedBptt#forward}, 1 for the one before it ...
         * @param dx gradient by its input {@code [T,N,I]}, 0 at steps that lie further back than k2; valid during the call
         */
        void accept(int age, Tensor dx);
    }

    final Backend backend;
    final RnnSpec spec;
    final int batch;
    final int k1;
    private final int k2;
    private final RnnState carried;
    private final RnnState gradient;
    final int count;
    private final List<Slot> window = new ArrayList<>();
    private final List<Chunk> chunks = new ArrayList<>();
    private @Nullable Slot spare;
    private boolean ready;
    private long seed;
    private long advances;

    /**
     * Truncated BPTT for a batch of streams, which start from a zero state.
     *
     * @param backend where it runs
     * @param spec the network, of direction {@link Direction#FORWARD}
     * @param batch N, the number of streams
     * @param k1 steps of one advance
     * @param k2 steps that a gradient goes back at most, at least k1; with dropout a multiple of k1
     * @throws IllegalArgumentException if the network is not a forward one or a size is out of range
     * @throws dev.rondo.BackendException if there is not enough memory
     */
    public TruncatedBptt(Backend backend, RnnSpec spec, int batch, int k1, int k2) {
        this.backend = Arguments.notNull("backend", backend);
        this.spec = Arguments.notNull("spec", spec);
        if (spec.direction() != Direction.FORWARD) {
            throw new IllegalArgumentException("spec: expected direction FORWARD, since a stream has no end to start a "
                    + "reverse direction from, got " + spec.direction());
        }
        this.batch = Arguments.positive("batch", batch);
        this.k1 = Arguments.positive("k1", k1);
        this.k2 = k2;
        if (k2 < k1) {
            throw new IllegalArgumentException("k2: expected at least k1 = " + k1 + ", got " + k2);
        }
        if (spec.dropout() > 0 && k2 % k1 != 0) {
            throw new IllegalArgumentException("k2: expected a multiple of k1 = " + k1 + " with dropout, got " + k2);
        }
        this.carried = backend.state(spec, batch);
        this.gradient = backend.state(spec, batch);
        this.count = (k2 - 1) / k1 + 1;
    }

    /** What is kept of one advance: its input, the state before it and the rows that started anew. */
    private final class Slot {
        final RnnState initial = backend.state(spec, batch);
        final boolean[] reset = new boolean[batch];

        @Nullable
        Input x;

        long dropoutSeed;

        void setInput(Input source) {
            if (source instanceof Tensor dense) {
                TensorArguments.shape("x", dense, "[T,N,I]", -1, batch, spec.inputSize());
                requireSteps(dense);
                Tensor copy =
                        x instanceof Tensor own && own.hasShape(dense.shape()) ? own : backend.tensor(dense.shape());
                replaceInput(copy.copyFrom(dense));
            } else if (source instanceof IntTensor indices) {
                TensorArguments.shape("x", indices, "[T,N]", -1, batch);
                requireSteps(indices);
                IntTensor copy = x instanceof IntTensor own && own.hasShape(indices.shape())
                        ? own
                        : backend.intTensor(indices.shape());
                replaceInput(copy.copyFrom(indices));
            }
        }

        private void requireSteps(Input source) {
            if (source.dimension(0) > k1) {
                throw new IllegalArgumentException(
                        "x: expected at most k1 = " + k1 + " steps, got " + source.dimension(0));
            }
        }

        int steps() {
            return input().dimension(0);
        }

        Input input() {
            return Arguments.notNull("x", x);
        }

        private void replaceInput(Input copy) {
            if (copy != x) {
                closeInput();
                x = copy;
            }
        }

        private void closeInput() {
            if (x instanceof Tensor dense) {
                dense.close();
            } else if (x instanceof IntTensor indices) {
                indices.close();
            }
        }

        void close() {
            initial.close();
            closeInput();
        }
    }

    /** The network over the advance of one age: 0 for the newest. */
    private final class Chunk {
        final Rnn rnn = backend.rnn(spec, k1, batch, Purpose.TRAINING);
        final RnnState last = backend.state(spec, batch);
        final Tensor whole = backend.tensor(k1, batch, spec.outputSize());

        @Nullable
        TrainingPass pass;

        @Nullable
        Tensor allDx;

        /** The outputs and, where wanted, the gradient by the input of the steps that there are. */
        Tensor y = whole;

        @Nullable
        Tensor dx;

        int skipped;

        /** Runs the advance; its first steps, if they lie further back than k2, without keeping activations. */
        void forward(RnnParameters weights, Slot slot, int skip) {
            Input all = slot.input();
            skipped = skip;
            y = first(whole, slot.steps(), spec.outputSize());
            if (pass != null) {
                pass.close();
            }
            RnnState initial = slot.initial;
            if (skip > 0) {
                rnn.call(weights, steps(all, 0, skip))
                        .initial(initial)
                        .last(last)
                        .run();
                initial = last;
            }
            pass = rnn.call(weights, steps(all, skip, slot.steps()))
                    .initial(initial)
                    .y(skip == 0 ? y : null)
                    .last(last)
                    .dropoutSeed(slot.dropoutSeed)
                    .train();
        }

        void backward(
                Slot slot, @Nullable Tensor dy, @Nullable RnnState dLast, RnnParameters gradients, boolean wantDx) {
            Tensor kept = null;
            if (wantDx) {
                allDx = allDx != null ? allDx : backend.tensor(k1, batch, spec.inputSize());
                dx = first(allDx, slot.steps(), spec.inputSize()).fill(0);
                kept = (Tensor) steps(dx, skipped, slot.steps());
            }
            Arguments.notNull("pass", pass)
                    .backward()
                    .dy(dy)
                    .dLast(dLast)
                    .dx(kept)
                    .dInitial(gradient)
                    .gradients(gradients)
                    .run();
        }

        /** The first steps of {@code [k1,N,size]}. */
        private Tensor first(Tensor all, int steps, int size) {
            return steps == k1 ? all : all.view(0, steps, batch, size);
        }

        private Input steps(Input all, int from, int to) {
            if (from == 0 && to == all.dimension(0)) {
                return all;
            }
            if (all instanceof IntTensor indices) {
                return indices.view(from * batch, to - from, batch);
            }
            int row = batch * spec.inputSize();
            return ((Tensor) all).view(from * row, to - from, batch, spec.inputSize());
        }

        void close() {
            rnn.close();
            last.close();
            whole.close();
            if (allDx != null) {
                allDx.close();
            }
        }
    }

    private Slot slot(int age) {
        return window.get(window.size() - 1 - age);
    }

    private Chunk chunk(int age) {
        while (chunks.size() <= age) {
            chunks.add(new Chunk());
        }
        return chunks.get(age);
    }

    /**
     * Advances the streams by k1 steps, or by what is left of them.
     *
     * @param weights the weights; unchanged until {@link #backward(Tensor, RnnParameters)}
     * @param x the next k1 steps, {@code [k1,N,I]} or indices {@code [k1,N]}; copied. The last ones of a stream may be fewer; a
     *     gradient that passes such a chunk goes back at most k2 steps, but possibly fewer.
     * @param reset the rows that start anew, from a zero state, before the first of these steps, {@code [N]}; no gradient
     *     passes that point. Null for none.
     * @return the outputs {@code [T,N,H]} of the T steps of x, owned by this object and valid until the next call
     * @throws IllegalArgumentException if a shape is wrong
     * @throws IllegalStateException if this or a tensor is closed
     */
    public Tensor forward(RnnParameters weights, Input x, boolean @Nullable [] reset) {
        Arguments.notNull("weights", weights);
        Arguments.notNull("x", x);
        carried.h().requireOpen("truncated BPTT");
        if (reset != null && reset.length != batch) {
            throw new IllegalArgumentException("reset: expected N = " + batch + " elements, got " + reset.length);
        }
        Slot newest = spare != null ? spare : new Slot();
        spare = newest;
        newest.setInput(x);
        Arrays.fill(newest.reset, false);
        if (reset != null) {
            System.arraycopy(reset, 0, newest.reset, 0, batch);
        }
        newest.dropoutSeed = Dropout.bits(seed, advances);
        Slot dropped = window.size() == count ? window.remove(0) : null;
        window.add(newest);
        ready = false;
        try {
            runWindow(weights);
        } catch (RuntimeException | Error e) {
            window.remove(newest);
            if (dropped != null) {
                window.add(0, dropped);
            }
            throw e;
        }
        spare = dropped;
        advances++;
        ready = true;
        return chunk(0).y;
    }

    private void runWindow(RnnParameters weights) {
        int behind = 0;
        for (Slot slot : window) {
            behind += slot.steps();
        }
        for (int age = window.size() - 1; age >= 0; age--) {
            Slot slot = slot(age);
            boolean oldest = age == window.size() - 1;
            if (!oldest || age == 0) {
                slot.initial.copyFrom(oldest ? carried : chunk(age + 1).last);
                slot.initial.zeroRows(slot.reset);
            }
            chunk(age).forward(weights, slot, Math.max(0, behind - k2));
            behind -= slot.steps();
        }
        carried.copyFrom(chunk(0).last);
    }

    /**
     * Propagates the loss of the last k1 steps back through at most k2 steps.
     *
     * @param dy gradient of the loss by the outputs of the last {@link #forward}, {@code [T,N,H]}
     * @param gradients the weight gradients are added to it
     * @throws IllegalArgumentException if a shape is wrong
     * @throws IllegalStateException if there was no forward pass since the last backward pass, or this is closed
     */
    public void backward(Tensor dy, RnnParameters gradients) {
        backward(dy, gradients, null);
    }

    /**
     * Propagates the loss of the last k1 steps back through at most k2 steps, and gives the gradients by the inputs.
     *
     * @param dy gradient of the loss by the outputs of the last {@link #forward}, {@code [T,N,H]}
     * @param gradients the weight gradients are added to it
     * @param inputGradient receives the gradient by the input of each chunk; null if not wanted, and for indices
     * @throws IllegalArgumentException if a shape is wrong
     * @throws IllegalStateException if there was no forward pass since the last backward pass, or this is closed
     */
    public void backward(Tensor dy, RnnParameters gradients, @Nullable InputGradient inputGradient) {
        Arguments.notNull("gradients", gradients);
        Arguments.notNull("dy", dy);
        if (!ready) {
            throw new IllegalStateException("backward: expected a forward pass before it, got none since the last one");
        }
        TensorArguments.shape("dy", dy, "[T,N,H]", slot(0).steps(), batch, spec.outputSize());
        if (inputGradient != null && slot(0).x instanceof IntTensor) {
            throw new IllegalArgumentException("inputGradient: expected null, since x was a tensor of indices");
        }
        for (int age = 0; age < window.size(); age++) {
            Chunk chunk = chunk(age);
            chunk.backward(
                    slot(age), age == 0 ? dy : null, age == 0 ? null : gradient, gradients, inputGradient != null);
            ready = false;
            gradient.zeroRows(slot(age).reset);
            if (inputGradient != null) {
                inputGradient.accept(age, Arguments.notNull("dx", chunk.dx));
            }
        }
    }

    /**
     * Starts every stream anew, from a given state and without history.
     *
     * @param state {@code [L,N,H]}, copied
     * @throws IllegalArgumentException if its shape is wrong
     */
    public void start(RnnState state) {
        requireState(state);
        carried.copyFrom(state);
        window.forEach(Slot::close);
        window.clear();
        ready = false;
    }

    private void requireState(RnnState state) {
        Arguments.notNull("state", state);
        TensorArguments.shape("state.h", state.h(), "[L,N,H]", carried.h().shape());
        Tensor own = carried.c();
        Tensor c = state.c();
        if ((c == null) != (own == null)) {
            throw new IllegalArgumentException("state.c: expected " + (own == null ? "null" : "one")
                    + ", since the cell is " + spec.cell() + ", got " + (c == null ? "null" : c));
        }
        if (c != null && own != null) {
            TensorArguments.shape("state.c", c, "[L,N,C]", own.shape());
        }
    }

    /** Starts every stream anew, from a zero state and without history. */
    public void reset() {
        carried.zero();
        window.forEach(Slot::close);
        window.clear();
        ready = false;
    }

    /**
     * The state after the last step of the streams.
     *
     * @return {@code [L,N,H]}, not a copy, to be read only; see {@link #start}
     */
    public RnnState state() {
        return carried;
    }

    /**
     * The advances that are still within reach of a gradient. With {@link #state()} and {@link #advances()} this is all
     * that carries over to the next {@link #forward}.
     *
     * @return oldest first; the tensors are not copies
     */
    public List<Advance> history() {
        List<Advance> history = new ArrayList<>();
        for (Slot slot : window) {
            history.add(new Advance(slot.input(), slot.initial, slot.reset.clone()));
        }
        return history;
    }

    /**
     * The number of advances since {@link #setDropoutSeed}.
     *
     * @return 0 at first
     */
    public long advances() {
        return advances;
    }

    /**
     * Continues where another object was, bit for bit. A call that is refused leaves this as it was.
     *
     * @param history its {@link #history()}, copied
     * @param state its {@link #state()}, copied
     * @param advances its {@link #advances()}; the dropout seed is set before
     * @throws IllegalArgumentException if a shape is wrong or the history is longer than ceil(k2 / k1)
     */
    public void restore(List<Advance> history, RnnState state, long advances) {
        Arguments.inRange(
                "history.size()", Arguments.notNull("history", history).size(), 0, count);
        requireState(state);
        List<Slot> slots = new ArrayList<>();
        try {
            for (Advance advance : history) {
                Slot slot = new Slot();
                slots.add(slot);
                if (advance.reset().length != batch) {
                    throw new IllegalArgumentException(
                            "history.reset: expected N = " + batch + " elements, got " + advance.reset().length);
                }
                slot.setInput(advance.x());
                slot.initial.copyFrom(advance.initial());
                System.arraycopy(advance.reset(), 0, slot.reset, 0, batch);
                slot.dropoutSeed = Dropout.bits(seed, advances - history.size() + slots.size() - 1);
            }
            start(state);
        } catch (RuntimeException | Error e) {
            slots.forEach(Slot::close);
            throw e;
        }
        window.addAll(slots);
        this.advances = advances;
    }

    /**
     * Seeds the dropout of the advances that follow: advance number j has the seed {@link Dropout#bits Dropout.bits(seed, j)}.
     *
     * @param seed any number
     */
    public void setDropoutSeed(long seed) {
        this.seed = seed;
        this.advances = 0;
    }

    /** Gives all memory back; a second call does nothing. */
    @Override
    public void close() {
        carried.close();
        gradient.close();
        window.forEach(Slot::close);
        chunks.forEach(Chunk::close);
        if (spare != null) {
            spare.close();
        }
    }
}
