package dev.rondo;

/** A function that is applied to each element. */
public enum Activation {
    /** {@code tanh(x)}, with the derivative {@code 1 - y^2}. */
    TANH,
    /** {@code 1 / (1 + exp(-x))}, with the derivative {@code y (1 - y)}. */
    SIGMOID,
    /** {@code max(x, 0)}, with the derivative 1 where {@code y > 0} and else 0. */
    RELU
}
