package dev.rondo;

/** What a forward pass is for. */
public enum Mode {
    /** Outputs only: nothing is kept for a backward pass, and there is no dropout. */
    INFERENCE,
    /** Keeps the activations that {@link Rnn#backward} needs, and applies dropout between layers. */
    TRAINING
}
