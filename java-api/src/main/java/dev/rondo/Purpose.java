package dev.rondo;

/** What a network is made for. It decides what memory the network takes. */
public enum Purpose {
    /** Outputs only: nothing is kept for a backward pass. */
    INFERENCE,
    /** Passes that keep the activations for a backward pass ({@link ForwardCall#train()}), and inference too. */
    TRAINING
}
