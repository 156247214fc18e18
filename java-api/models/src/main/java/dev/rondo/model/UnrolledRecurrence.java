package dev.rondo.model;

import dev.rondo.Backend;
import dev.rondo.Elementwise;
import dev.rondo.Tensor;

/**
 * Back-propagation through time of a transition that is written with linear layers and functions of elements: the states of all
 * steps are kept, and the gradient walks back through them (Goodfellow, Bengio, Courville, "Deep Learning", 2016, section 10.2.2).
 * The state before the first step is zero.
 */
final class UnrolledRecurrence {
    private final Transition transition;
    private final Elementwise elementwise;
    private final Tensor states; // [1+T,N,H], of which the first stays zero
    private final Tensor y;
    private final Tensor dy;
    private final Tensor[] h;
    private final Tensor[] dh;

    /** One step. */
    interface Transition {
        /**
         * Computes a state, and keeps what the backward pass needs.
         *
         * @param t the step
         * @param before the state before it, {@code [N,H]}
         * @param h receives the state after it
         */
        void forward(int t, Tensor before, Tensor h);

        /**
         * Propagates a gradient through the step; those by the weights are added up.
         *
         * @param t the step
         * @param before the state before it
         * @param h the state after it
         * @param dh the gradient by {@code h}, which becomes that by {@code before}
         */
        void backward(int t, Tensor before, Tensor h, Tensor dh);
    }

    UnrolledRecurrence(Backend backend, int steps, int batch, int hiddenSize, Transition transition) {
        this.transition = transition;
        this.elementwise = new Elementwise(backend);
        this.states = backend.tensor(1 + steps, batch, hiddenSize);
        this.y = states.view(batch * hiddenSize, steps, batch, hiddenSize);
        this.dy = backend.tensor(steps, batch, hiddenSize);
        this.h = steps(states);
        this.dh = steps(dy);
    }

    /** Views of the steps {@code [N,K]} of a sequence {@code [T,N,K]}. */
    static Tensor[] steps(Tensor sequence) {
        int batch = sequence.dimension(1);
        int size = sequence.dimension(2);
        Tensor[] steps = new Tensor[sequence.dimension(0)];
        for (int t = 0; t < steps.length; t++) {
            steps[t] = sequence.view(t * batch * size, batch, size);
        }
        return steps;
    }

    /** The states after each step, {@code [T,N,H]}. */
    Tensor y() {
        return y;
    }

    /** Where the gradient by {@link #y} goes; the backward pass changes it. */
    Tensor dy() {
        return dy;
    }

    void forward() {
        for (int t = 0; t < dh.length; t++) {
            transition.forward(t, h[t], h[t + 1]);
        }
    }

    void backward() {
        for (int t = dh.length - 1; t >= 0; t--) {
            transition.backward(t, h[t], h[t + 1], dh[t]);
            // dh[t] is the gradient by the state before it now; that state was an output too
            if (t > 0) {
                elementwise.add(1, dh[t], dh[t - 1]);
            }
        }
    }
}
