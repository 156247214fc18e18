package dev.rondo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.spi.Dropout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DropoutTest {
    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {0, 1, -1, 42, Long.MIN_VALUE, Long.MAX_VALUE})
    void drawsAreThoseOfSplitMix64(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int k = 0; k < 1000; k++) {
            assertEquals(random.nextLong(), Dropout.bits(seed, k));
        }
    }

    /** The first outputs that the authors' own program gives for the seed 1234567. */
    @Test
    void publishedNumbers() {
        assertEquals(6457827717110365317L, Dropout.bits(1234567, 0));
        assertEquals(3203168211198807973L, Dropout.bits(1234567, 1));
    }

    @Test
    void theShareOfZerosIsTheProbability() {
        int count = 100_000;
        int dropped = 0;
        for (int k = 0; k < count; k++) {
            double factor = Dropout.factor(3, k, 0.4);
            assertTrue(factor == 0 || factor == 1 / 0.6, "factor " + factor);
            dropped += factor == 0 ? 1 : 0;
        }
        double fourDeviations = 4 * Math.sqrt(0.24 / count);
        assertEquals(0.4, dropped / (double) count, fourDeviations);
        assertEquals(1, Dropout.factor(3, 0, 0));
    }

    @Test
    void everyElementHasItsOwnDraw() {
        long expected = 0;
        for (int layer = 0; layer < 2; layer++) {
            for (int t = 0; t < 3; t++) {
                for (int n = 0; n < 4; n++) {
                    for (int j = 0; j < 5; j++) {
                        assertEquals(expected++, Dropout.counter(layer, 3, t, 4, n, 5, j));
                    }
                }
            }
        }
        assertTrue(Dropout.counter(9, 100_000, 99_999, 1000, 999, 1000, 999) > Integer.MAX_VALUE);
    }
}
