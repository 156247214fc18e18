package dev.rondo;

/**
 * What a network may have beside its cell, sizes, layers, direction and biases. {@link RnnSpec#options()} says which of them
 * it has. A backend that does not know one says so, see {@link Backend#unsupported}.
 */
public enum RnnOption {
    /** Elements of the output of every layer but the last are zeroed in training: {@link RnnSpec#withDropout}. */
    DROPOUT
}
