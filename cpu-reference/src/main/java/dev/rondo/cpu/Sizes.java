package dev.rondo.cpu;

import dev.rondo.BackendException;

/** Allocates the arrays of the backend, with an error that says what for. */
final class Sizes {
    private Sizes() {}

    static float[] floats(String what, int a, int b, int c) {
        long size = (long) a * b * c;
        if ((double) a * b * c > Integer.MAX_VALUE - 8) {
            throw new BackendException(what + ": expected at most " + (Integer.MAX_VALUE - 8) + " elements, got " + a
                    + " x " + b + " x " + c);
        }
        try {
            return new float[(int) size];
        } catch (OutOfMemoryError e) {
            throw new BackendException(what + ": not enough memory for " + size + " elements of float32", e);
        }
    }
}
