package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

/**
 * What one training step of a network gives.
 *
 * @param y outputs
 * @param last final state
 * @param dx gradient by the input; without elements for indices
 * @param dInitial gradient by the initial state
 * @param gradients by the weights, flat
 */
record RnnOutcome(double[] y, StateValues last, double[] dx, StateValues dInitial, double[] gradients) {
    void assertSameBits(RnnOutcome actual) {
        assertSameForward(actual);
        assertSameBackward(actual);
    }

    void assertSameForward(RnnOutcome actual) {
        assertArrayEquals(y, actual.y, "y");
        last.assertSameBits("last", actual.last);
    }

    void assertSameBackward(RnnOutcome actual) {
        assertArrayEquals(dx, actual.dx, "dx");
        dInitial.assertSameBits("dInitial", actual.dInitial);
        assertArrayEquals(gradients, actual.gradients, "gradients");
    }

    void assertNear(Tolerance forward, Tolerance backward, RnnOutcome actual) {
        forward.check("y", y, actual.y);
        last.assertNear(forward, "last", actual.last);
        backward.check("dx", dx, actual.dx);
        dInitial.assertNear(backward, "dInitial", actual.dInitial);
        backward.check("gradients", gradients, actual.gradients);
    }
}
