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
 * A network whose step from one state to the next is a multilayer perceptron, with a linear layer and a softmax at every step: the
 * DT-RNN of Pascanu, Gulcehre, Cho, Bengio, "How to construct deep recurrent neural networks" (2014).
 *
 * <pre>
 *   a[t] = tanh(W1 x[t] + U1 h[t-1] + b1)
 *   h[t] = tanh(W2 a[t] + b2)
 * </pre>
 */
public final class DeepTransitionRnn implements AutoCloseable {
    private final Backend scope;
    private final Trainable learned;
    private final Affine input;
    private final UnrolledRecurrence recurrence;
    private final StepOutput output;
    private final Tensor a;
    private final Tensor da;
    private final int inputSize;

    /**
     * A network with weights of zero; see {@link Trainable#initialize}.
     *
     * @param backend where it runs
     * @param inputSize I
     * @param transitionSize size A of the layer between two states
     * @param hiddenSize H
     * @param tags number of labels
     * @param steps T of every batch
     * @param batch N of every batch
     */
    public DeepTransitionRnn(
            Backend backend, int inputSize, int transitionSize, int hiddenSize, int tags, int steps, int batch) {
        this.scope = Arguments.notNull("backend", backend).scope();
        this.inputSize = inputSize;
        this.learned = new Trainable(
                scope,
                ParameterLayout.builder()
                        .add("input.", Linear.layout(inputSize, transitionSize))
                        .add("recurrent.weight", transitionSize, hiddenSize)
                        .add("transition.", Linear.layout(transitionSize, hiddenSize))
                        .add("output.", Linear.layout(hiddenSize, tags))
                        .build());
        this.input = learned.affine("input.");
        this.a = scope.tensor(steps, batch, transitionSize);
        this.da = scope.tensor(steps, batch, transitionSize);
        this.recurrence = new UnrolledRecurrence(scope, steps, batch, hiddenSize, new Perceptron());
        this.output = new StepOutput(learned, "output.", steps, batch);
    }

    /** The step from one state to the next. It finds the share of the input in {@code a}, and leaves the gradient by it in {@code da}. */
    private final class Perceptron implements UnrolledRecurrence.Transition {
        private final Affine recurrent = learned.affine("recurrent.");
        private final Affine transition = learned.affine("transition.");
        private final Elementwise elementwise = new Elementwise(scope);
        private final Tensor[] aSteps = UnrolledRecurrence.steps(a);
        private final Tensor[] daSteps = UnrolledRecurrence.steps(da);
        private final Tensor share = scope.tensor(a.dimension(1), a.dimension(2));

        @Override
        public void forward(int t, Tensor before, Tensor h) {
            recurrent.forward(before, share);
            elementwise.add(1, share, aSteps[t]);
            elementwise.activate(Activation.TANH, aSteps[t], aSteps[t]);
            transition.forward(aSteps[t], h);
            elementwise.activate(Activation.TANH, h, h);
        }

        @Override
        public void backward(int t, Tensor before, Tensor h, Tensor dh) {
            elementwise.activateBackward(Activation.TANH, h, dh, dh);
            transition.backward(aSteps[t], dh, daSteps[t]);
            elementwise.activateBackward(Activation.TANH, aSteps[t], daSteps[t], daSteps[t]);
            recurrent.backward(before, daSteps[t], dh);
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
     * Computes the logits of a batch.
     *
     * @param x {@code [T,N,I]}
     * @return {@code [T,N,tags]}, until the next call
     */
    public Tensor forward(Tensor x) {
        return output.forward(states(x));
    }

    private Tensor states(Tensor x) {
        TensorArguments.shape("x", x, "[T,N,I]", a.dimension(0), a.dimension(1), inputSize);
        input.forward(x, a); // one product for all steps
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
        input.backward(x, da, null);
    }

    @Override
    public void close() {
        learned.close();
        scope.close();
    }
}
