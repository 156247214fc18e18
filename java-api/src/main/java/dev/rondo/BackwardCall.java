package dev.rondo;

import dev.rondo.internal.TensorArguments;
import dev.rondo.spi.RnnBackwardCall;
import dev.rondo.spi.RnnCall;
import org.jspecify.annotations.Nullable;

/**
 * The backward pass of one {@link TrainingPass} with its arguments by name.
 *
 * <pre>{@code
 * pass.backward().dy(dy).dLast(dLast).dx(dx).gradients(gradients).run();
 * }</pre>
 */
public final class BackwardCall {
    private final TrainingPass pass;
    private final RnnArguments check;
    private final RnnCall forward;
    private RnnBackwardCall call = RnnBackwardCall.of();

    BackwardCall(TrainingPass pass, RnnArguments check, RnnCall forward) {
        this.pass = pass;
        this.check = check;
        this.forward = forward;
    }

    /**
     * The gradient of the loss by the outputs.
     *
     * @param dy {@code [T,N,D*H]}; what stands past the lengths has no influence; null for zero
     * @return this
     */
    public BackwardCall dy(@Nullable Tensor dy) {
        call = call.withDy(dy);
        return this;
    }

    /**
     * The gradient of the loss by the final state.
     *
     * @param dLast {@code [L*D,N,H]}; null for zero
     * @return this
     */
    public BackwardCall dLast(@Nullable RnnState dLast) {
        call = call.withDLast(dLast);
        return this;
    }

    /**
     * Where the gradient by the input goes.
     *
     * @param dx receives {@code [T,N,I]}, 0 past the lengths; null if not wanted, and always for indices
     * @return this
     */
    public BackwardCall dx(@Nullable Tensor dx) {
        call = call.withDx(dx);
        return this;
    }

    /**
     * Where the gradient by the initial state goes.
     *
     * @param dInitial receives {@code [L*D,N,H]}; may be the same object as {@code dLast}; null if not wanted
     * @return this
     */
    public BackwardCall dInitial(@Nullable RnnState dInitial) {
        call = call.withDInitial(dInitial);
        return this;
    }

    /**
     * Where the gradient by the condition goes.
     *
     * @param dCondition receives {@code [N,D*G*H]}, the sum over the valid steps; null if not wanted
     * @return this
     */
    public BackwardCall dCondition(@Nullable Tensor dCondition) {
        call = call.withDCondition(dCondition);
        return this;
    }

    /**
     * Where the weight gradients go.
     *
     * @param gradients they are added to it; null if not wanted
     * @return this
     */
    public BackwardCall gradients(@Nullable RnnParameters gradients) {
        call = call.withGradients(gradients);
        return this;
    }

    /**
     * Runs the backward pass and consumes the forward pass.
     *
     * @throws IllegalArgumentException if a shape is wrong, or if what is written overlaps what is read (the weights and x of
     *     the forward pass too) or another output; the forward pass is then still open
     * @throws IllegalStateException if the forward pass is consumed or closed, if something else is closed, or if another thread
     *     uses the network
     * @throws BackendException if the backend fails; the forward pass is consumed then
     */
    public void run() {
        pass.rnn.backward(pass, this);
    }

    /** The arguments, checked. */
    RnnBackwardCall checked() {
        Tensor weights = forward.weights().flat();
        Tensor dense = forward.x() instanceof Tensor tensor ? tensor : null;
        RnnArguments.open("weights", weights);
        RnnArguments.open(forward.x());
        Tensor dy = call.dy();
        if (dy != null) {
            check.tensor(
                    "dy",
                    dy,
                    "[T,N,D*H]",
                    forward.steps(),
                    forward.batch(),
                    pass.rnn.spec().outputSize());
        }
        check.state("dLast", call.dLast(), forward.batch());
        check.state("dInitial", call.dInitial(), forward.batch());
        Tensor dx = call.dx();
        if (dx != null) {
            checkDx(dx, dense, weights);
        }
        RnnState dInitial = call.dInitial();
        if (dInitial != null) {
            RnnArguments.writable("dInitial", dInitial);
            RnnArguments.apart("dInitial", dInitial, "dy", dy);
            RnnArguments.apart("dInitial", dInitial, "dLast", call.dLast());
            RnnArguments.apart("dInitial", dInitial, "x", dense);
            RnnArguments.apart("dInitial", dInitial, "weights", weights);
        }
        Tensor dCondition = call.dCondition();
        if (dCondition != null) {
            check.condition("dCondition", dCondition, forward.batch());
            dCondition.requireWritable("dCondition");
            TensorArguments.apart("dCondition", dCondition, "dy", dy);
            TensorArguments.apart("dCondition", dCondition, "dx", dx);
            RnnArguments.apart("dCondition", dCondition, "dLast", call.dLast());
            RnnArguments.apart("dCondition", dCondition, "dInitial", dInitial);
            TensorArguments.apart("dCondition", dCondition, "x", dense);
            TensorArguments.apart("dCondition", dCondition, "weights", weights);
        }
        RnnParameters gradients = call.gradients();
        if (gradients != null) {
            check.weights("gradients", gradients);
            Tensor sums = gradients.flat();
            sums.requireWritable("gradients");
            TensorArguments.apart("gradients", sums, "dy", dy);
            TensorArguments.apart("gradients", sums, "dx", dx);
            TensorArguments.apart("gradients", sums, "dCondition", dCondition);
            RnnArguments.apart("gradients", sums, "dLast", call.dLast());
            RnnArguments.apart("gradients", sums, "dInitial", dInitial);
            TensorArguments.apart("gradients", sums, "x", dense);
            TensorArguments.apart("gradients", sums, "weights", weights);
        }
        return call;
    }

    private void checkDx(Tensor dx, @Nullable Tensor dense, Tensor weights) {
        if (dense == null) {
            throw new IllegalArgumentException("dx: expected null, since x was a tensor of indices, got " + dx);
        }
        check.tensor(
                "dx",
                dx,
                "[T,N,I]",
                forward.steps(),
                forward.batch(),
                pass.rnn.spec().inputSize());
        dx.requireWritable("dx");
        TensorArguments.apart("dx", dx, "dy", call.dy());
        RnnArguments.apart("dx", dx, "dLast", call.dLast());
        RnnArguments.apart("dx", dx, "dInitial", call.dInitial());
        TensorArguments.apart("dx", dx, "x", dense);
        TensorArguments.apart("dx", dx, "weights", weights);
    }
}
