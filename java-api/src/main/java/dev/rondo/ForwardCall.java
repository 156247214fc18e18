package dev.rondo;

import dev.rondo.internal.Arguments;
import dev.rondo.internal.TensorArguments;
import dev.rondo.spi.RnnCall;
import org.jspecify.annotations.Nullable;

/**
 * A forward pass of one {@link Rnn} with its arguments by name. It is built once, checked once and run any number of times:
 * what changes between two runs is the content of the tensors. Where an argument is set again, it is checked again.
 *
 * <pre>{@code
 * ForwardCall call = rnn.call(weights, x).lengths(lengths).initial(state).y(y).last(state);
 * call.run();
 * }</pre>
 *
 * <p>Shapes and semantics: {@link dev.rondo}. Nothing that is written may overlap what is read or another output.
 */
public final class ForwardCall {
    private final Rnn rnn;
    private final RnnArguments check;
    private RnnCall call;
    private boolean checked;

    ForwardCall(Rnn rnn, RnnArguments check, RnnParameters weights, Input x) {
        this.rnn = rnn;
        this.check = check;
        Arguments.notNull("weights", weights);
        Arguments.notNull("x", x);
        this.call = RnnCall.of(weights, x);
    }

    private ForwardCall with(RnnCall changed) {
        call = changed;
        checked = false;
        return this;
    }

    /**
     * The valid steps of each row. Without them every row has T.
     *
     * @param lengths {@code [N]}, each 0 to T, copied; null for T everywhere
     * @return this
     */
    public ForwardCall lengths(int @Nullable ... lengths) {
        return with(call.withLengths(lengths == null ? null : lengths.clone()));
    }

    /**
     * The state before the first step. Without it every row starts from zero.
     *
     * @param initial {@code [L*D,N,H]}; null for zero
     * @return this
     */
    public ForwardCall initial(@Nullable RnnState initial) {
        return with(call.withInitial(initial));
    }

    /**
     * A vector that conditions every step: it is added to the input's share of the gates of the first layer. With
     * {@code condition = z W^T}, one product by a {@link Linear} without a bias, it is the same as z after x as further input at
     * every step, whose weights are W; and it costs one product in all instead of T.
     *
     * @param condition {@code [N,D*G*H]}: the gates as in {@code weight_ih}, of the one direction and then the other; null for
     *     zero
     * @return this
     */
    public ForwardCall condition(@Nullable Tensor condition) {
        return with(call.withCondition(condition));
    }

    /**
     * Where the outputs go.
     *
     * @param y receives {@code [T,N,D*H]}, 0 past the lengths; null if not wanted
     * @return this
     */
    public ForwardCall y(@Nullable Tensor y) {
        return with(call.withY(y));
    }

    /**
     * Where the state after the last valid step goes.
     *
     * @param last receives {@code [L*D,N,H]}; may be the same object as the initial one; null if not wanted
     * @return this
     */
    public ForwardCall last(@Nullable RnnState last) {
        return with(call.withLast(last));
    }

    /**
     * Seeds the dropout of {@link #train()}. The mask depends on this seed and the position only: the same seed gives the same
     * mask again, on every backend.
     *
     * @param seed any number, 0 at first
     * @return this
     */
    public ForwardCall dropoutSeed(long seed) {
        if (seed != call.dropoutSeed()) {
            call = call.withDropoutSeed(seed);
        }
        return this;
    }

    /**
     * Runs the network for its outputs alone, without dropout.
     *
     * @throws IllegalArgumentException if a shape, a length or an index is wrong, if what is written overlaps what is read or
     *     another output, or if neither {@code y} nor {@code last} is wanted
     * @throws IllegalStateException if the network or a tensor is closed, or another thread uses the network
     * @throws BackendException if the backend fails
     */
    public void run() {
        if (call.y() == null && call.last() == null) {
            throw new IllegalArgumentException("y, last: expected at least one of them, got null for both");
        }
        rnn.forward(this);
    }

    /**
     * Runs the network and keeps what its backward pass needs, with dropout between layers.
     *
     * @return the pass, to be consumed by its backward pass or closed; the weights and {@code x} stay unchanged until then
     * @throws IllegalArgumentException if a shape, a length or an index is wrong, or if what is written overlaps what is read or
     *     another output
     * @throws IllegalStateException if the network was made for {@link Purpose#INFERENCE}, if the network or a tensor is closed,
     *     or another thread uses the network
     * @throws BackendException if the backend fails, or there is not enough memory for one more pass
     */
    public TrainingPass train() {
        return rnn.train(this);
    }

    /** The arguments, of which everything is right and open. */
    RnnCall prepared() {
        if (!checked) {
            check();
            checked = true;
        } else {
            RnnArguments.open("weights", call.weights().flat());
            RnnArguments.open(call.x());
            RnnArguments.open("initial", call.initial());
            RnnArguments.open("condition", call.condition());
            RnnArguments.open("y", call.y());
            RnnArguments.open("last", call.last());
        }
        return call;
    }

    private void check() {
        Tensor flat = call.weights().flat();
        Tensor dense = call.x() instanceof Tensor tensor ? tensor : null;
        check.weights("weights", call.weights());
        check.input(call.x());
        RnnArguments.lengths(call.lengths(), call.steps(), call.batch());
        check.state("initial", call.initial(), call.batch());
        check.state("last", call.last(), call.batch());
        Tensor condition = call.condition();
        if (condition != null) {
            check.condition("condition", condition, call.batch());
        }
        Tensor y = call.y();
        if (y != null) {
            check.tensor(
                    "y", y, "[T,N,D*H]", call.steps(), call.batch(), rnn.spec().outputSize());
            y.requireWritable("y");
            TensorArguments.apart("y", y, "x", dense);
            TensorArguments.apart("y", y, "weights", flat);
            TensorArguments.apart("y", y, "condition", condition);
            RnnArguments.apart("y", y, "initial", call.initial());
            RnnArguments.apart("y", y, "last", call.last());
        }
        RnnState last = call.last();
        if (last != null) {
            RnnArguments.writable("last", last);
            RnnArguments.apart("last", last, "x", dense);
            RnnArguments.apart("last", last, "weights", flat);
            RnnArguments.apart("last", last, "condition", condition);
            RnnArguments.apart("last", last, "initial", call.initial());
        }
    }

    /** Whether these are the arguments, as objects. */
    boolean isOf(RnnParameters weights, Input x, RnnState state, @Nullable Tensor y) {
        return call.weights() == weights && call.x() == x && call.initial() == state && call.y() == y;
    }
}
