package dev.rondo.contract;

import java.util.Random;

/** Seeded random numbers that float32 holds exactly, so that every backend starts from the same ones. */
final class Numbers {
    private final Random random;

    Numbers(long seed) {
        random = new Random(seed);
    }

    /** Uniform in {@code [-bound, bound)}. */
    double[] uniform(int count, double bound) {
        double[] numbers = new double[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = (float) (bound * (2 * random.nextDouble() - 1));
        }
        return numbers;
    }

    /** Uniform in {@code [0, below)}. */
    int[] indices(int count, int below) {
        return random.ints(count, 0, below).toArray();
    }

    /** Random truth, half of it true. */
    boolean[] coins(int count) {
        boolean[] coins = new boolean[count];
        for (int i = 0; i < count; i++) {
            coins[i] = random.nextBoolean();
        }
        return coins;
    }
}
