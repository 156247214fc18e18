package dev.rondo.cpu;

/**
 * An array for packed matrices, each of which begins a cache line, as far as Java can have it. A vector of 64 bytes that
 * straddles two lines costs two loads: a batch of one, which reads the weights from the second cache and does little else,
 * can take twice as long.
 *
 * <p>Java gives no alignment, but the garbage collector G1 places an array of at least half a region at the start of a
 * region; its elements begin 16 bytes after that. So a smaller array is made that large, and takes a region, where that is worth
 * it: if it is at least an eighth of that size, or a quarter with the large regions of a large heap. All others, and all with
 * another collector, are aligned by luck; the results are the same.
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

    /** Half of a region of 4 MiB, in floats: larger ones are given to larger arrays only. */
    private static final int SMALL_HALF = 1 << 19;

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
        int least = halfRegion / (halfRegion <= SMALL_HALF ? 8 : 4);
        return size < least ? size : Math.max(size, halfRegion);
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
