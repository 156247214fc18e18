package dev.rondo.train;

import dev.rondo.Backend;
import dev.rondo.Direction;
import dev.rondo.Input;
import dev.rondo.IntTensor;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
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
    /** One advance that is still within reach of a gradient; for checkpoints. */
    public static final class Advance {
        private final Input x;
        private final RnnState initial;
        private final boolean[] reset;

        /**
         * An advance.
         *
         * @param x its input {@code [T,N,I]} or {@code [T,N]}, of at most k1 steps; not copied
         * @param initial the state before its first step, {@code [L,N,H]}; not copied
         * @param reset the rows that started anew before it, {@code [N]}; copied
         */
        public Advance(Input x, RnnState initial, boolean[] reset) {
            this.x = Arguments.notNull("x", x);
            this.initial = Arguments.notNull("initial", initial);
            this.reset = Arguments.notNull("reset", reset).clone();
        }

        /**
         * Its input.
         *
         * @return {@code [T,N,I]} or {@code [T,N]}, not a copy
         */
        public Input x() {
            return x;
        }

        /**
         * The state before its first step.
         *
         * @return {@code [L,N,H]}, not a copy
         */
        public RnnState initial() {
            return initial;
        }

        /**
         * The rows that started anew before it.
         *
         * @return {@code [N]}, a copy
         */
        public boolean[] reset() {
            return reset.clone();
        }
    }

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
    private final List<KeptAdvance> window = new ArrayList<>();
    private final List<BpttChunk> chunks = new ArrayList<>();
    private @Nullable KeptAdvance spare;
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

    private KeptAdvance kept(int age) {
        return window.get(window.size() - 1 - age);
    }

    private BpttChunk chunk(int age) {
        while (chunks.size() <= age) {
            chunks.add(new BpttChunk(backend, spec, k1, batch));
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
        KeptAdvance newest = spare != null ? spare : new KeptAdvance(backend, spec, k1, batch);
        spare = newest;
        newest.setInput(x);
        Arrays.fill(newest.reset, false);
        if (reset != null) {
            System.arraycopy(reset, 0, newest.reset, 0, batch);
        }
        newest.dropoutSeed = Dropout.bits(seed, advances);
        KeptAdvance dropped = window.size() == count ? window.remove(0) : null;
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
        for (KeptAdvance kept : window) {
            behind += kept.steps();
        }
        for (int age = window.size() - 1; age >= 0; age--) {
            KeptAdvance kept = kept(age);
            boolean oldest = age == window.size() - 1;
            if (!oldest || age == 0) {
                kept.initial.copyFrom(oldest ? carried : chunk(age + 1).last);
                kept.initial.zeroRows(kept.reset);
            }
            chunk(age).forward(weights, kept, Math.max(0, behind - k2));
            behind -= kept.steps();
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
        TensorArguments.shape("dy", dy, "[T,N,H]", kept(0).steps(), batch, spec.outputSize());
        if (inputGradient != null && kept(0).input() instanceof IntTensor) {
            throw new IllegalArgumentException("inputGradient: expected null, since x was a tensor of indices");
        }
        for (int age = 0; age < window.size(); age++) {
            BpttChunk chunk = chunk(age);
            chunk.backward(
                    kept(age).steps(),
                    age == 0 ? dy : null,
                    age == 0 ? null : gradient,
                    gradient,
                    gradients,
                    inputGradient != null);
            ready = false;
            gradient.zeroRows(kept(age).reset);
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
        window.forEach(KeptAdvance::close);
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
        window.forEach(KeptAdvance::close);
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
        for (KeptAdvance kept : window) {
            history.add(new Advance(kept.input(), kept.initial, kept.reset));
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
     * @throws IllegalArgumentException if a shape is wrong, or the history is longer than ceil(k2 / k1) or {@code advances}
     */
    public void restore(List<Advance> history, RnnState state, long advances) {
        Arguments.inRange(
                "history.size()", Arguments.notNull("history", history).size(), 0, count);
        if (advances < history.size()) {
            throw new IllegalArgumentException(
                    "advances: expected at least history.size() = " + history.size() + ", got " + advances);
        }
        requireState(state);
        List<KeptAdvance> restored = new ArrayList<>();
        try {
            for (Advance advance : history) {
                KeptAdvance kept = new KeptAdvance(backend, spec, k1, batch);
                restored.add(kept);
                if (advance.reset.length != batch) {
                    throw new IllegalArgumentException(
                            "history.reset: expected N = " + batch + " elements, got " + advance.reset.length);
                }
                kept.setInput(advance.x);
                kept.initial.copyFrom(advance.initial);
                System.arraycopy(advance.reset, 0, kept.reset, 0, batch);
                kept.dropoutSeed = Dropout.bits(seed, advances - history.size() + restored.size() - 1);
            }
            start(state);
        } catch (RuntimeException | Error e) {
            restored.forEach(KeptAdvance::close);
            throw e;
        }
        window.addAll(restored);
        this.advances = advances;
    }

    /**
     * Seeds the dropout of the advances that follow: advance number j has the seed {@link Dropout#bits Dropout.bits(seed, j)}.
     *
     * @param seed any number
     * @throws IllegalStateException if there are advances within reach of a gradient, which have their seeds already
     */
    public void setDropoutSeed(long seed) {
        if (!window.isEmpty()) {
            throw new IllegalStateException("setDropoutSeed: expected before the first advance of the streams, got "
                    + window.size() + " within reach of a gradient");
        }
        this.seed = seed;
        this.advances = 0;
    }

    /** Gives all memory back; a second call does nothing. */
    @Override
    public void close() {
        carried.close();
        gradient.close();
        window.forEach(KeptAdvance::close);
        chunks.forEach(BpttChunk::close);
        if (spare != null) {
            spare.close();
        }
    }
}
