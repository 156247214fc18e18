package dev.rondo.cpu;

import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Weights in the layout that the inner loops read best, as of one version of the memory that they were made of. Many calls read
 * them at the same time, each for as long as it {@link #pin}s them; only while nobody does are they made anew in place.
 */
abstract class PackedWeights implements Workers.Piece {
    /** Counters of readers: threads with different ones do not slow each other down. */
    private static final int STRIPES = 8;

    /** Two cache lines, in ints. */
    private static final int LINE = 32;

    private static final float[] NONE = new float[0];

    /** Where the weights begin in their memory. */
    final int offset;

    private final AtomicIntegerArray readers = new AtomicIntegerArray(STRIPES * LINE);
    private volatile boolean packing = true;
    private volatile long version;

    /** The weights themselves, while they are packed. */
    float[] source = NONE;

    /** Their first element. */
    int base;

    PackedWeights(int offset) {
        this.offset = offset;
    }

    /** The counter that a thread takes. */
    static int stripe() {
        return ((int) Thread.currentThread().getId() & STRIPES - 1) * LINE;
    }

    /** Keeps them as they are until {@link #unpin}; false if they are not of that version. */
    boolean pin(int stripe, long wanted) {
        readers.getAndIncrement(stripe);
        if (!packing && version == wanted) {
            return true;
        }
        readers.getAndDecrement(stripe);
        return false;
    }

    void unpin(int stripe) {
        readers.getAndDecrement(stripe);
    }

    long version() {
        return version;
    }

    /** Takes them from all readers to come; false, and nothing is done, if somebody reads them. One thread at a time calls it. */
    boolean take() {
        packing = true;
        for (int stripe = 0; stripe < STRIPES; stripe++) {
            if (readers.get(stripe * LINE) != 0) {
                packing = false;
                return false;
            }
        }
        return true;
    }

    /** Packs weights of a version into what was taken or is new. */
    final void pack(Workers workers, HostArray weights, long madeOf) {
        source = weights.array;
        base = weights.offset;
        try {
            begin();
            workers.pieces(size(), pieces(), this);
            version = madeOf;
            packing = false;
        } finally {
            source = NONE;
        }
    }

    /** What is to be done before the pieces. */
    void begin() {}

    /** The number of weights. */
    abstract long size();

    /** The number of pieces of work that packing them is. */
    abstract int pieces();
}
