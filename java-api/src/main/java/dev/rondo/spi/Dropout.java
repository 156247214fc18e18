package dev.rondo.spi;

/**
 * The random numbers of dropout: counter-based, so that every backend draws the same mask from the same seed, in any order
 * and on any number of threads.
 *
 * <p>Draw number k of a seed is the k-th output of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number
 * generators", 2014) started at that seed; its upper 24 bits make a float32 in [0,1).
 */
public final class Dropout {
    private Dropout() {}

    /**
     * Which draw decides about an element of the output of a layer.
     *
     * @param layer the layer whose output is masked, 0 to L - 2
     * @param steps T of the call
     * @param t step
     * @param batch N of the call
     * @param n row
     * @param outputSize {@code D*H}
     * @param j element, 0 to {@code D*H} - 1
     * @return the linear index of the element in {@code [L,T,N,D*H]}
     */
    public static long counter(int layer, int steps, int t, int batch, int n, int outputSize, int j) {
        return (((long) layer * steps + t) * batch + n) * outputSize + j;
    }

    /**
     * The factor of an element.
     *
     * @param seed the seed of the call
     * @param counter which draw
     * @param probability with which an element is dropped, 0 to less than 1
     * @return 0 if it is dropped, else {@code 1 / (1 - probability)}
     */
    public static double factor(long seed, long counter, double probability) {
        return uniform(seed, counter) < probability ? 0 : 1 / (1 - probability);
    }

    /**
     * A draw from the uniform distribution.
     *
     * @param seed the seed
     * @param counter which draw, from 0
     * @return a multiple of 2^-24 in [0,1)
     */
    public static float uniform(long seed, long counter) {
        return (bits(seed, counter) >>> 40) * 0x1p-24f;
    }

    /**
     * 64 random bits.
     *
     * @param seed the seed
     * @param counter which draw, from 0
     * @return output number {@code counter} of SplitMix64 started at {@code seed}
     */
    public static long bits(long seed, long counter) {
        long z = seed + 0x9E3779B97F4A7C15L * (counter + 1);
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
