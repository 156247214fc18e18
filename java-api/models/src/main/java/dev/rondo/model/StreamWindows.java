package dev.rondo.model;

import dev.rondo.internal.Arguments;

/**
 * Cuts one long sequence of tokens into N streams side by side and walks along them in windows of T steps: the sequential
 * partition, in which the state carries over from window to window. Row n reads the n-th of N equal pieces; the target of a
 * token is the one after it.
 */
final class StreamWindows {
    private final int[] tokens;
    private final int batch;
    private final int steps;

    StreamWindows(int[] tokens, int batch, int steps) {
        requireLength(tokens.length, batch, steps);
        this.tokens = tokens;
        this.batch = batch;
        this.steps = steps;
    }

    /** Checks that there are enough tokens for one window, from any offset. */
    static void requireLength(int tokens, int batch, int steps) {
        Arguments.positive("batch", batch);
        Arguments.positive("steps", steps);
        long needed = (long) batch * steps + steps;
        if (tokens < needed) {
            throw new IllegalArgumentException("text: expected at least " + needed + " characters for a batch of "
                    + batch + " and windows of " + steps + " steps, got " + tokens);
        }
    }

    /** The number of windows of an epoch that starts at an offset of 0 to T - 1. */
    int count(int offset) {
        return pieceLength(offset) / steps;
    }

    private int pieceLength(int offset) {
        return (tokens.length - offset - 1) / batch;
    }

    /**
     * One window.
     *
     * @param offset where the epoch starts, 0 to T - 1
     * @param window 0 to {@code count(offset) - 1}
     * @param x receives the tokens {@code [T,N]}
     * @param targets receives the tokens after them {@code [T,N]}
     */
    void read(int offset, int window, int[] x, int[] targets) {
        int piece = pieceLength(offset);
        for (int n = 0; n < batch; n++) {
            int start = offset + n * piece + window * steps;
            for (int t = 0; t < steps; t++) {
                x[t * batch + n] = tokens[start + t];
                targets[t * batch + n] = tokens[start + t + 1];
            }
        }
    }
}
