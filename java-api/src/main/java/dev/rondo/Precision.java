package dev.rondo;

/**
 * How the matrix products are computed: those of the input and of the state, of their gradients, and of {@link Linear}.
 * Everything else is float32 in every mode: storage, biases, activations, losses and optimizers. All modes sum in float32.
 *
 * <p>A mode says what may be rounded, and so how far a product may be off; it does not oblige a backend to round. A backend that
 * has no such mode computes in its own precision: {@code cpu} in float32, {@code reference} in float64. {@code cuda} has all of
 * them on devices of compute capability 8.0 or newer (Ampere), where the other modes use tensor cores, and on older devices
 * {@link #FP32} alone. It may leave small products, and those of the steps of a recurrent network, in float32. Modes differ in what is
 * rounded and not in how surely results repeat: where equal calls give equal bits in float32, they do in the others.
 *
 * <p>The errors below are those of one term {@code a b} of a sum of products, relative to it. What the summation in float32 adds,
 * at most {@code 2^-23} of the sum of {@code |a b|} for each term of the sum, is the same in all modes.
 */
public enum Precision {
    /** True float32, as a fused multiply-add computes it; nothing is rounded before it is multiplied. The default. */
    FP32,
    /**
     * Three products of TF32: each number is the sum of two numbers with 11 significant bits, what is left of it being at most
     * {@code 2^-22} of it. The error of a term is at most {@code 2^-20}. About the accuracy of float32 on tensor cores. A product with an
     * infinite factor may be NaN.
     */
    TF32X3,
    /**
     * Both factors are rounded to TF32: the range of float32 with 11 significant bits, of which 10 are stored. The error of a term
     * is at most {@code 2^-10 + 2^-22}: twice the {@code 2^-11} of rounding to nearest, and their product.
     */
    TF32,
    /**
     * Both factors are rounded to BF16: the range of float32 with 8 significant bits, of which 7 are stored. The error of a term is
     * at most {@code 2^-7 + 2^-16}: twice the {@code 2^-8} of rounding to nearest, and their product.
     */
    BF16
}
