package dev.rondo.cpu;

import dev.rondo.BackendException;

/** Allocates the arrays of the backend, with an error that says what for. */
final class Sizes {
    private Sizes() {}

    /** {@code a * b * c}, where an array can have so many elements. */
    static int product(String what, long a, long b, long c) {
        if ((double) a * b * c > Integer.MAX_VALUE - 8) {
            throw new BackendException(what + ": expected at most " + (Integer.MAX_VALUE - 8) + " elements, got " + a
                    + " x " + b + " x " + c);
        }
        return (int) (a * b * c);
    }

    static float[] floats(String what, long a, long b, long c) {
        int size = product(what, a, b, c);
        try {
            return new float[size];
        } catch (OutOfMemoryError e) {
            throw new BackendException(what + ": not enough memory for " + size + " elements of float32", e);
        }
    }
}
