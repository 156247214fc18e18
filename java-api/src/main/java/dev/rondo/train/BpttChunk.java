package dev.rondo.train;

import dev.rondo.Backend;
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
import org.jspecify.annotations.Nullable;

/** The network of {@link TruncatedBptt} over the advance of one age: 0 for the newest. */
final class BpttChunk implements AutoCloseable {
    final RnnState last;

    private final Backend backend;
    private final RnnSpec spec;
    private final int longest;
    private final int batch;
    private final Rnn rnn;
    private final Tensor allY;
    private @Nullable Tensor allDx;
    private @Nullable TrainingPass pass;
    private int skipped;

    /** The outputs and, where wanted, the gradient by the input, of the steps that there are. */
    Tensor y;

    @Nullable
    Tensor dx;

    BpttChunk(Backend backend, RnnSpec spec, int longest, int batch) {
        this.backend = backend;
        this.spec = spec;
        this.longest = longest;
        this.batch = batch;
        this.rnn = backend.rnn(spec, longest, batch, Purpose.TRAINING);
        this.last = backend.state(spec, batch);
        this.allY = backend.tensor(longest, batch, spec.outputSize());
        this.y = allY;
    }

    /**
     * Runs the advance; its first {@code skip} steps without keeping activations.
     *
     * @param advance of T steps, at most {@code longest}
     * @param skip 0 to T - 1
     */
    void forward(RnnParameters weights, KeptAdvance advance, int skip) {
        Input all = advance.input();
        skipped = skip;
        y = first(allY, advance.steps(), spec.outputSize());
        if (pass != null) {
            pass.close();
        }
        RnnState initial = advance.initial;
        if (skip > 0) {
            rnn.call(weights, steps(all, 0, skip)).initial(initial).last(last).run();
            initial = last;
        }
        pass = rnn.call(weights, steps(all, skip, advance.steps()))
                .initial(initial)
                .y(skip == 0 ? y : null)
                .last(last)
                .dropoutSeed(advance.dropoutSeed)
                .train();
    }

    /**
     * Propagates back what the last forward pass computed.
     *
     * @param steps T of that pass
     * @param dy gradient by its outputs {@code [T,N,H]}; null for zero
     * @param dLast gradient by its last state {@code [L,N,H]}; null for zero
     * @param dInitial receives the gradient by the state before the first step that was not skipped, {@code [L,N,H]}
     * @param gradients the weight gradients are added to it
     * @param wantDx whether {@link #dx} is to be computed
     */
    void backward(
            int steps,
            @Nullable Tensor dy,
            @Nullable RnnState dLast,
            RnnState dInitial,
            RnnParameters gradients,
            boolean wantDx) {
        Tensor kept = null;
        if (wantDx) {
            allDx = allDx != null ? allDx : backend.tensor(longest, batch, spec.inputSize());
            dx = first(allDx, steps, spec.inputSize()).fill(0);
            kept = (Tensor) steps(dx, skipped, steps);
        }
        Arguments.notNull("pass", pass)
                .backward()
                .dy(dy)
                .dLast(dLast)
                .dx(kept)
                .dInitial(dInitial)
                .gradients(gradients)
                .run();
    }

    /** The first steps of {@code [k1,N,size]}. */
    private Tensor first(Tensor all, int steps, int size) {
        return steps == longest ? all : all.view(0, steps, batch, size);
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

    @Override
    public void close() {
        rnn.close();
        last.close();
        allY.close();
        if (allDx != null) {
            allDx.close();
        }
    }
}
