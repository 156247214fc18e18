package dev.rondo.cpu;

/**
 * An array for packed matrices, each of which begins a cache line, as far as Java can have it. A vector of 64 bytes that
 * straddles two lines costs two loads: a batch of one, which reads the weights from the second cache and does little else,
 * can take twice as long.
 *
 * <p>Java gives no alignment, but the garbage collector G1 places an array of at least half a region at the start of a
 * region; its elements begin 16 bytes after that. So an array of a quarter of that size or more is made that large, and takes
 * a region, at most eight times what is needed. A smaller one, and one with another collector, is aligned by luck; the results
 * are the same.
 */
final class AlignedMemory {
    /** Floats before the first that begins a line. */
    private static final int LEAD = 12;

    private static final int LINE = 16;

    private final String what;
    private long size = LEAD;
    private float[] array = new float[0];

    AlignedMemory(String what) {
        this.what = what;
    }

    /** The part of half a region from which on an array is made half a region large. */
    private static final int PART = 4;

    /** Half a region of G1, in floats: its regions are powers of two from 1 to 32 MiB, about 1/2048 of the heap. */
    private static int halfRegion() {
        long share = Runtime.getRuntime().maxMemory() / 2048;
        long region = Math.max(1 << 20, Math.min(32 << 20, Long.highestOneBit(2 * share - 1)));
        return (int) (region / 2 / Float.BYTES);
    }

    /** Where the next {@code a * b * c} floats will be. */
    int reserve(int a, int b, int c) {
        long offset = size;
        size += Sizes.product(what, a, b, c) + LINE - 1;
        size -= (size - LEAD) % LINE;
        return (int) offset;
    }

    /** Allocates what was reserved, if it is not there already. */
    void allocate() {
        if (array.length < size) {
            array = Sizes.floats(what, 1, 1, length(size, halfRegion()));
        }
    }

    /** The length of an array for so many floats, where half a region is so many. */
    static long length(long size, int halfRegion) {
        return size < halfRegion / PART ? size : Math.max(size, halfRegion);
    }

    /** Whether so much is reserved that the array is aligned without being made larger. */
    boolean isLarge() {
        return size >= halfRegion();
    }

    /** The array, once allocated. */
    float[] array() {
        return array;
    }
}
