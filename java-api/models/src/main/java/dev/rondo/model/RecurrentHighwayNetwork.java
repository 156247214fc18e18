package dev.rondo.model;

import dev.rondo.Activation;
import dev.rondo.Backend;
import dev.rondo.Elementwise;
import dev.rondo.IntTensor;
import dev.rondo.Linear;
import dev.rondo.ParameterLayout;
import dev.rondo.Tensor;
import dev.rondo.internal.Arguments;
import dev.rondo.internal.TensorArguments;

/**
 * A network whose step is a stack of highway layers, with a linear layer and a softmax at every step: Zilly, Srivastava, Koutnik,
 * Schmidhuber, "Recurrent highway networks" (2017), with the carry gate coupled to the transform gate. In each step {@code s[0]} is
 * the state before it, {@code s[L]} the one after it, and the first layer alone reads the input:
 *
 * <pre>
 *   c[l] = tanh(W_c x + R_c[l] s[l-1] + b_c[l])
 *   g[l] = sigmoid(W_g x + R_g[l] s[l-1] + b_g[l])
 *   s[l] = c[l] * g[l] + s[l-1] * (1 - g[l])
 * </pre>
 */
public final class RecurrentHighwayNetwork implements AutoCloseable {
    /** Gates that start nearly closed: a step changes little at first, as deep as it may be (Srivastava, Greff, Schmidhuber 2015). */
    private static final double GATE_BIAS = -2;

    private final Backend scope;
    private final Trainable learned;
    private final Elementwise elementwise;
    private final int inputSize;
    private final Affine candidateInput;
    private final Affine gateInput;
    private final Highway[] highways;
    private final UnrolledRecurrence recurrence;
    private final StepOutput output;
    private final Tensor share;

    /**
     * A network with weights of zero; see {@link #initialize}.
     *
     * @param backend where it runs
     * @param inputSize I
     * @param hiddenSize H
     * @param depth number L of highway layers in a step
     * @param tags number of labels
     * @param steps T of every batch
     * @param batch N of every batch
     */
    public RecurrentHighwayNetwork(
            Backend backend, int inputSize, int hiddenSize, int depth, int tags, int steps, int batch) {
        this.inputSize = inputSize;
        this.highways = new Highway[Arguments.positive("depth", depth)];
        ParameterLayout.Builder layout = ParameterLayout.builder()
                .add("input.candidate.weight", hiddenSize, inputSize)
                .add("input.gate.weight", hiddenSize, inputSize);
        for (int l = 0; l < depth; l++) {
            layout.add("candidate" + l + ".", Linear.layout(hiddenSize, hiddenSize))
                    .add("gate" + l + ".", Linear.layout(hiddenSize, hiddenSize));
        }
        layout.add("output.", Linear.layout(hiddenSize, tags));
        this.scope = Arguments.notNull("backend", backend).scope();
        this.learned = new Trainable(scope, layout.build());
        this.elementwise = new Elementwise(scope);
        this.candidateInput = learned.affine("input.candidate.");
        this.gateInput = learned.affine("input.gate.");
        for (int l = 0; l < depth; l++) {
            highways[l] = new Highway(l, steps, batch, hiddenSize);
        }
        this.recurrence = new UnrolledRecurrence(scope, steps, batch, hiddenSize, new Stack());
        this.output = new StepOutput(learned, "output.", steps, batch);
        this.share = scope.tensor(batch, hiddenSize);
    }

    /** One layer, with what it keeps of all steps, {@code [T,N,H]}. */
    private final class Highway {
        final boolean first;
        final Affine candidate;
        final Affine gate;
        final Tensor c; // of the first layer the share of the input at first
        final Tensor g; // alike
        final Tensor dc; // by what tanh was applied to
        final Tensor dg; // by what the sigmoid was applied to
        final Tensor[] s;
        private final Tensor[] cs;
        private final Tensor[] gs;
        private final Tensor[] changes; // c - s before
        private final Tensor[] dcs;
        private final Tensor[] dgs;

        Highway(int l, int steps, int batch, int hiddenSize) {
            this.first = l == 0;
            this.candidate = learned.affine("candidate" + l + ".");
            this.gate = learned.affine("gate" + l + ".");
            this.c = scope.tensor(steps, batch, hiddenSize);
            this.g = scope.tensor(steps, batch, hiddenSize);
            this.dc = scope.tensor(steps, batch, hiddenSize);
            this.dg = scope.tensor(steps, batch, hiddenSize);
            this.s = UnrolledRecurrence.steps(scope.tensor(steps, batch, hiddenSize));
            this.cs = UnrolledRecurrence.steps(c);
            this.gs = UnrolledRecurrence.steps(g);
            this.changes = UnrolledRecurrence.steps(scope.tensor(steps, batch, hiddenSize));
            this.dcs = UnrolledRecurrence.steps(dc);
            this.dgs = UnrolledRecurrence.steps(dg);
        }

        void forward(int t, Tensor before, Tensor after) {
            affine(candidate, before, cs[t]);
            affine(gate, before, gs[t]);
            elementwise.activate(Activation.TANH, cs[t], cs[t]);
            elementwise.activate(Activation.SIGMOID, gs[t], gs[t]);
            elementwise.add(-1, before, changes[t].copyFrom(cs[t]));
            elementwise.multiplyAdd(gs[t], changes[t], after.copyFrom(before));
        }

        private void affine(Affine affine, Tensor before, Tensor y) {
            if (first) {
                affine.forward(before, share);
                elementwise.add(1, share, y);
            } else {
                affine.forward(before, y);
            }
        }

        /** {@code ds} becomes the gradient by the state before. */
        void backward(int t, Tensor before, Tensor ds) {
            elementwise.multiply(ds, changes[t], dgs[t]);
            elementwise.multiply(ds, gs[t], dcs[t]);
            elementwise.add(-1, dcs[t], ds);
            elementwise.activateBackward(Activation.SIGMOID, gs[t], dgs[t], dgs[t]);
            elementwise.activateBackward(Activation.TANH, cs[t], dcs[t], dcs[t]);
            gate.backward(before, dgs[t], share);
            elementwise.add(1, share, ds);
            candidate.backward(before, dcs[t], share);
            elementwise.add(1, share, ds);
        }
    }

    /** The step: one layer after the other. */
    private final class Stack implements UnrolledRecurrence.Transition {
        @Override
        public void forward(int t, Tensor before, Tensor h) {
            int last = highways.length - 1;
            for (int l = 0; l <= last; l++) {
                highways[l].forward(t, l == 0 ? before : highways[l - 1].s[t], l == last ? h : highways[l].s[t]);
            }
        }

        @Override
        public void backward(int t, Tensor before, Tensor h, Tensor dh) {
            for (int l = highways.length - 1; l >= 0; l--) {
                highways[l].backward(t, l == 0 ? before : highways[l - 1].s[t], dh);
            }
        }
    }

    /**
     * The weights and gradients.
     *
     * @return closed with this
     */
    public Trainable learned() {
        return learned;
    }

    /**
     * Draws the weights as {@link Trainable#initialize} does, with gates that start nearly closed.
     *
     * @param seed the same seed gives the same weights on every backend
     */
    public void initialize(long seed) {
        learned.initialize(seed);
        for (int l = 0; l < highways.length; l++) {
            learned.weight("gate" + l + ".bias").fill(GATE_BIAS);
        }
    }

    /**
     * Computes the logits of a batch.
     *
     * @param x {@code [T,N,I]}
     * @return {@code [T,N,tags]}, until the next call
     */
    public Tensor forward(Tensor x) {
        return output.forward(states(x));
    }

    private Tensor states(Tensor x) {
        Highway first = highways[0];
        TensorArguments.shape("x", x, "[T,N,I]", first.c.dimension(0), first.c.dimension(1), inputSize);
        candidateInput.forward(x, first.c); // one product for all steps
        gateInput.forward(x, first.g);
        recurrence.forward();
        return recurrence.y();
    }

    /**
     * Computes the mean cross-entropy over the steps that count, and adds up its gradients.
     *
     * @param x {@code [T,N,I]}
     * @param labels the tag of each step, {@code [T,N]}; negative for a step that does not count
     * @param loss receives it, {@code [1]}
     */
    public void train(Tensor x, IntTensor labels, Tensor loss) {
        output.train(states(x), labels, loss, recurrence.dy());
        recurrence.backward();
        candidateInput.backward(x, highways[0].dc, null);
        gateInput.backward(x, highways[0].dg, null);
    }

    @Override
    public void close() {
        learned.close();
        scope.close();
    }
}
