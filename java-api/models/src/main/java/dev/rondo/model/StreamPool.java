package dev.rondo.model;

import dev.rondo.Backend;
import dev.rondo.Direction;
import dev.rondo.Input;
import dev.rondo.IntTensor;
import dev.rondo.Linear;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.internal.Arguments;
import dev.rondo.internal.TensorArguments;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Many independent streams over one model, such as the sensors or the callers of a service: each has its state, a row of one large
 * state; streams join and leave at any time; at each step those that have input are gathered into batches, stepped and scattered
 * back.
 *
 * <pre>{@code
 * int stream = pool.join();
 * pool.step(new int[] {stream, another}, inputs, outputs);   // inputs [2,I], outputs [2,O]
 * pool.leave(stream);
 * }</pre>
 *
 * <p>Used by one thread at a time.
 */
public final class StreamPool implements AutoCloseable {
    private static final int FREE = -1;

    private final RnnSpec spec;
    private final RnnParameters weights;
    private final @Nullable Tensor outputWeight;
    private final @Nullable Tensor outputBias;
    private final @Nullable Linear linear;
    private final Rnn rnn;
    private final RnnState states;
    private final Tensor y;
    private final int capacity;
    private final int batch;

    /** The stream of each row; {@link #FREE} for none. */
    private final int[] streamOf;

    /** The first stream that each row will have next. */
    private final int[] next;

    /** The rows without a stream, of which the last is taken first. */
    private final int[] free;

    private int freeCount;

    /** The step in which each row was last seen. */
    private final long[] seen;

    private long step;

    /**
     * A pool without streams. Their outputs are those of the network.
     *
     * @param backend where it runs
     * @param weights those of a network of direction forward; the caller's
     * @param capacity most streams at one time
     * @param batch most streams that are stepped in one call of the network
     */
    public StreamPool(Backend backend, RnnParameters weights, int capacity, int batch) {
        this(backend, weights, null, null, capacity, batch);
    }

    /**
     * A pool without streams, whose outputs are those of a linear layer on the network.
     *
     * @param backend where it runs
     * @param weights those of a network of direction forward; the caller's
     * @param outputWeight {@code [O,H]} of the linear layer; null for no such layer
     * @param outputBias {@code [O]}; null for none
     * @param capacity most streams at one time
     * @param batch most streams that are stepped in one call of the network
     */
    public StreamPool(
            Backend backend,
            RnnParameters weights,
            @Nullable Tensor outputWeight,
            @Nullable Tensor outputBias,
            int capacity,
            int batch) {
        Arguments.notNull("backend", backend);
        this.weights = Arguments.notNull("weights", weights);
        this.spec = weights.spec();
        if (spec.direction() != Direction.FORWARD) {
            throw new IllegalArgumentException("weights: expected those of a network of direction FORWARD, got "
                    + spec.direction() + ", which needs the whole sequence");
        }
        this.outputWeight = outputWeight;
        this.outputBias = outputBias;
        if (outputWeight == null) {
            this.linear = null;
        } else {
            TensorArguments.shape("outputWeight", outputWeight, "[O,H]", -1, spec.outputSize());
            this.linear = backend.linear(spec.outputSize(), outputWeight.dimension(0));
        }
        this.capacity = Arguments.positive("capacity", capacity);
        this.batch = Math.min(Arguments.positive("batch", batch), capacity);
        this.rnn = backend.rnn(spec, 1, this.batch, Purpose.INFERENCE);
        this.states = backend.state(spec, capacity);
        this.y = backend.tensor(this.batch, spec.outputSize());
        this.streamOf = new int[capacity];
        this.next = new int[capacity];
        this.free = new int[capacity];
        this.seen = new long[capacity];
        for (int row = 0; row < capacity; row++) {
            streamOf[row] = FREE;
            next[row] = row;
            free[row] = capacity - 1 - row;
        }
        this.freeCount = capacity;
    }

    /**
     * The number of streams.
     *
     * @return those that joined and did not leave
     */
    public int streams() {
        return capacity - freeCount;
    }

    /**
     * Begins a stream, from a state of zero.
     *
     * @return the stream: a number that a row of the state gives to one stream after the other, so that those that left are known
     * @throws IllegalStateException if the pool is full
     */
    public int join() {
        if (freeCount == 0) {
            throw new IllegalStateException("join: expected fewer than " + capacity + " streams, got a full pool");
        }
        int row = free[freeCount - 1];
        states.zeroRow(row);
        freeCount--;
        int stream = next[row];
        streamOf[row] = stream;
        next[row] = stream <= Integer.MAX_VALUE - capacity ? stream + capacity : row;
        return stream;
    }

    /**
     * Ends a stream.
     *
     * @param stream what {@link #join} gave
     * @throws IllegalArgumentException if there is no such stream, or it left
     */
    public void leave(int stream) {
        int row = row("stream", stream);
        streamOf[row] = FREE;
        free[freeCount] = row;
        freeCount++;
    }

    /**
     * Advances streams by one step. The others stay as they are, and so do all if an argument is refused.
     *
     * @param streams which ones, at least one, each once; more than a batch are stepped one batch after the other
     * @param inputs one for each: {@code [M,I]}, or indices {@code [M]}
     * @param outputs receives one for each, {@code [M,O]}
     * @throws IllegalArgumentException if a shape is wrong, there is no such stream, it left, or it is there twice
     */
    public void step(int[] streams, Input inputs, Tensor outputs) {
        int count = Arguments.notNull("streams", streams).length;
        int outputSize = outputWeight == null ? spec.outputSize() : outputWeight.dimension(0);
        TensorArguments.shape("outputs", outputs, "[M,O]", count, outputSize);
        if (inputs instanceof Tensor dense) {
            TensorArguments.shape("inputs", dense, "[M,I]", count, spec.inputSize());
            TensorArguments.apart("outputs", outputs, "inputs", dense);
        } else {
            TensorArguments.shape("inputs", (IntTensor) Arguments.notNull("inputs", inputs), "[M]", count);
        }
        int[] rows = rows(streams);
        for (int start = 0; start < count; start += batch) {
            int end = Math.min(count, start + batch);
            advance(Arrays.copyOfRange(rows, start, end), part(inputs, start, end), part(outputs, start, end));
        }
    }

    private int[] rows(int[] streams) {
        step++;
        int[] rows = new int[streams.length];
        for (int i = 0; i < streams.length; i++) {
            rows[i] = row("streams[" + i + "]", streams[i]);
            if (seen[rows[i]] == step) {
                throw new IllegalArgumentException(
                        "streams[" + i + "]: expected each stream once, got " + streams[i] + " again");
            }
            seen[rows[i]] = step;
        }
        return rows;
    }

    private int row(String name, int stream) {
        if (stream < 0 || streamOf[stream % capacity] != stream) {
            throw new IllegalArgumentException(
                    name + ": expected a stream that joined and did not leave, got " + stream);
        }
        return stream % capacity;
    }

    private void advance(int[] rows, Input x, Tensor outputs) {
        int count = rows.length;
        if (linear == null || outputWeight == null) {
            rnn.step(weights, x, states, rows, outputs.view(0, 1, count, spec.outputSize()));
            return;
        }
        Tensor part = y.view(0, 1, count, spec.outputSize());
        rnn.step(weights, x, states, rows, part);
        linear.forward(outputWeight, outputBias, part, outputs);
    }

    private Input part(Input inputs, int start, int end) {
        if (inputs instanceof Tensor dense) {
            return dense.view(start * spec.inputSize(), 1, end - start, spec.inputSize());
        }
        return ((IntTensor) inputs).view(start, 1, end - start);
    }

    private static Tensor part(Tensor outputs, int start, int end) {
        int width = outputs.dimension(1);
        return outputs.view(start * width, end - start, width);
    }

    /** Gives the states back; the weights stay. */
    @Override
    public void close() {
        rnn.close();
        states.close();
        y.close();
    }
}
