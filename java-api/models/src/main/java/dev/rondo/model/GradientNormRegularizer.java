package dev.rondo.model;

import dev.rondo.Activation;
import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Direction;
import dev.rondo.Elementwise;
import dev.rondo.Linear;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import dev.rondo.internal.Arguments;
import java.util.ArrayList;
import java.util.List;

/**
 * A term for the loss of a plain network that is least where the gradient keeps its norm on its way back through time (Pascanu,
 * Mikolov, Bengio, "On the difficulty of training recurrent neural networks", 2013, equations 9 to 11):
 *
 * <pre>
 * Omega = sum_k ( |dL/dh_{k+1} dh_{k+1}/dh_k| / |dL/dh_{k+1}| - 1 )^2      with  h_{k+1} = tanh(W x_{k+1} + U h_k + b)
 *       = sum_k ( |v_k| / |g_k| - 1 )^2         with  g_k = dL/dh_{k+1},  d_k = g_k * (1 - h_{k+1}^2),  v_k = U^T d_k
 * </pre>
 *
 * <p>the mean over the rows of the batch, the sum over the valid steps but the first. As there, its gradient is the immediate one by U
 * alone, with {@code g_k} and {@code d_k} taken for constants: {@code dOmega/dU = sum_k 2 (|v_k| / |g_k| - 1) / (|v_k| |g_k|) d_k
 * v_k^T}.
 *
 * <p>The gradients by the states are those between passes of one step each, which are all open at once. The norms are computed in Java,
 * in double: the squares of a vanishing gradient are too small for float32.
 *
 * <pre>{@code
 * regularizer.forward(x, lengths, y);
 * ... the loss, and its gradient dy
 * regularizer.backward(dy);
 * }</pre>
 */
public final class GradientNormRegularizer implements AutoCloseable {
    /** A gradient below this has no direction any more in float32. */
    private static final double VANISHED = 1e-30;

    private final Recurrence rnn;
    private final Elementwise elementwise;
    private final Activation activation;
    private final Linear recurrent;
    private final Tensor weight;
    private final Tensor dWeight;
    private final Tensor states;
    private final Tensor g;
    private final Tensor d;
    private final Tensor v;
    private final RnnState dState;
    private final RnnState initial;
    private final List<TrainingPass> passes = new ArrayList<>();
    private int[] lengths = new int[0];
    private int steps;
    private int batch;
    private double factor = 1;
    private double omega;

    /**
     * The term for a network.
     *
     * @param backend where it is
     * @param rnn a plain network of one layer, forward
     * @param maxSteps largest T of a batch
     * @param maxBatch N of every batch
     * @throws IllegalArgumentException if it is another network
     */
    public GradientNormRegularizer(Backend backend, Recurrence rnn, int maxSteps, int maxBatch) {
        RnnSpec spec = Arguments.notNull("rnn", rnn).spec();
        boolean isPlain = spec.cell() == Cell.RNN_TANH || spec.cell() == Cell.RNN_RELU;
        if (!isPlain || spec.layers() != 1 || spec.direction() != Direction.FORWARD) {
            throw new IllegalArgumentException(
                    "rnn: expected a forward RNN_TANH or RNN_RELU of one layer, got " + spec);
        }
        int hidden = spec.hiddenSize();
        this.rnn = rnn;
        this.elementwise = new Elementwise(backend);
        this.activation = spec.cell() == Cell.RNN_TANH ? Activation.TANH : Activation.RELU;
        this.recurrent = backend.linear(hidden, hidden);
        this.weight = rnn.weights().tensor("weight_hh_l0");
        this.dWeight = rnn.gradients().tensor("weight_hh_l0");
        this.states = backend.tensor(maxSteps, maxBatch, hidden);
        this.g = backend.tensor(maxSteps, maxBatch, hidden);
        this.d = backend.tensor(maxSteps, maxBatch, hidden);
        this.v = backend.tensor(maxSteps, maxBatch, hidden);
        this.dState = backend.state(spec, maxBatch);
        this.initial = backend.state(spec, maxBatch);
    }

    /**
     * Sets how much the term counts.
     *
     * @param value 1 at first; 0 leaves only the gradients of the loss
     * @return this
     */
    public GradientNormRegularizer factor(double value) {
        factor = Arguments.inRange("factor", value, 0, Double.MAX_VALUE);
        return this;
    }

    /**
     * Computes the outputs from a zero state.
     *
     * @param x {@code [T,N,I]}
     * @param valid valid steps of each row, {@code [N]}
     * @param y receives {@code [T,N,H]}, 0 past the lengths
     */
    public void forward(Tensor x, int[] valid, Tensor y) {
        closePasses();
        steps = x.dimension(0);
        batch = x.dimension(1);
        lengths = valid.clone();
        RnnState before = initial;
        for (int t = 0; t < steps; t++) {
            RnnState after = new RnnState(step(states, t), null);
            Tensor output = y.view(t * after.h().size(), 1, batch, after.h().dimension(2));
            Tensor input = x.view(t * batch * x.dimension(2), 1, batch, x.dimension(2));
            passes.add(rnn.call(input)
                    .lengths(validAt(t))
                    .initial(before)
                    .y(output)
                    .last(after)
                    .train());
            before = after;
        }
    }

    private Tensor step(Tensor tensor, int t) {
        int hidden = tensor.dimension(2);
        return tensor.view(t * batch * hidden, 1, batch, hidden);
    }

    /** 1 for the rows that have step t, 0 for the others, which keep their state. */
    private int[] validAt(int t) {
        int[] valid = new int[batch];
        for (int n = 0; n < batch; n++) {
            valid[n] = t < lengths[n] ? 1 : 0;
        }
        return valid;
    }

    /**
     * Propagates the gradient of the loss and adds that of the term; the gradients of all weights are added up.
     *
     * @param dy gradient of the loss by the outputs, {@code [T,N,H]}, 0 past the lengths
     */
    public void backward(Tensor dy) {
        dState.zero();
        for (int t = steps - 1; t >= 0; t--) {
            Tensor dOutput = dy.view(t * dState.h().size(), 1, batch, dState.h().dimension(2));
            step(g, t).copyFrom(dState.h());
            rnn.backward(passes.get(t))
                    .dy(dOutput)
                    .dLast(dState)
                    .dInitial(dState)
                    .run();
        }
        passes.clear();
        elementwise.add(1, dy, g.view(0, dy.shape()));
        if (steps > 1) {
            addTerm();
        } else {
            omega = 0;
        }
    }

    private void addTerm() {
        int hidden = states.dimension(2);
        int count = (steps - 1) * batch;
        Tensor h = states.view(batch * hidden, count, hidden);
        Tensor byState = g.view(batch * hidden, count, hidden);
        Tensor byInput = d.view(batch * hidden, count, hidden);
        Tensor vs = v.view(batch * hidden, count, hidden);
        elementwise.activateBackward(activation, h, byState, byInput);
        recurrent.backward(weight, h, byInput, vs, null, null);
        double[] scaled = vs.toDoubles();
        omega = termAndScale(byState.toDoubles(), scaled, hidden);
        vs.set(scaled);
        if (factor > 0) {
            recurrent.backward(weight, vs, byInput, null, dWeight, null);
        }
    }

    /** Omega; {@code vs} becomes what {@code d} is multiplied by for its gradient. */
    private double termAndScale(double[] gs, double[] vs, int hidden) {
        double sum = 0;
        for (int row = 0; row < gs.length / hidden; row++) {
            boolean valid = row / batch + 1 < lengths[row % batch];
            double before = norm(vs, row * hidden, hidden);
            double after = norm(gs, row * hidden, hidden);
            double scale = 0;
            if (valid && after > VANISHED) {
                double excess = before / after - 1;
                sum += excess * excess / batch;
                scale = before > VANISHED ? factor * 2 * excess / (before * after) / batch : 0;
            }
            for (int k = row * hidden; k < (row + 1) * hidden; k++) {
                vs[k] = scale == 0 ? 0 : scale * vs[k];
            }
        }
        return sum;
    }

    private static double norm(double[] values, int start, int count) {
        double sum = 0;
        for (int k = start; k < start + count; k++) {
            sum += values[k] * values[k];
        }
        return Math.sqrt(sum);
    }

    /**
     * The term, without its factor, of the last backward pass.
     *
     * @return Omega
     */
    public double omega() {
        return omega;
    }

    /** The gradient of the loss by the state after step t, of all rows, for the contract. */
    Tensor gradientByState(int t) {
        return step(g, t);
    }

    /** The state after step t, of all rows, for the contract. */
    Tensor state(int t) {
        return step(states, t);
    }

    private void closePasses() {
        passes.forEach(TrainingPass::close);
        passes.clear();
    }

    @Override
    public void close() {
        closePasses();
        states.close();
        g.close();
        d.close();
        v.close();
        dState.close();
        initial.close();
    }
}
