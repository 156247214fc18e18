package dev.rondo.cpu;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ReckoningTest {
    private static final long MS = 1_000_000;

    @Test
    void helpersThatHelpAreAskedAgain() {
        Reckoning reckoning = new Reckoning();
        for (int i = 0; i < 100; i++) {
            reckoning.together(6 * MS, MS, 0.5, MS * 100);
            assertFalse(reckoning.isAlone());
        }
    }

    @Test
    void oneSliceOfTimeIsForgivenAfterGains() {
        Reckoning reckoning = new Reckoning();
        for (int i = 0; i < 10; i++) {
            reckoning.together(5 * MS, 0, 0.5, MS * 100);
        }
        reckoning.together(9 * MS, 8 * MS, 0.5, MS * 100);
        assertFalse(reckoning.isAlone());
        reckoning.together(9 * MS, 8 * MS, 0.5, MS * 100);
        assertTrue(reckoning.isAlone());
    }

    @Test
    void aCallerThatStoodStillGainedLittle() {
        Reckoning reckoning = new Reckoning();
        reckoning.together(100 * MS, 0, 0.5, MS);
        reckoning.together(3 * MS, 2 * MS, 1, MS);
        assertTrue(reckoning.isAlone());
    }

    /** Helpers that never come cost at most an eighth of the time. */
    @Test
    void aLossIsMadeUp() {
        Reckoning reckoning = new Reckoning();
        long lost = 0;
        long computed = 0;
        for (int i = 0; i < 10_000; i++) {
            if (reckoning.isAlone()) {
                reckoning.alone(MS);
            } else {
                reckoning.together(4 * MS, 3 * MS, 1, MS);
                lost += 3 * MS;
            }
            computed += MS;
        }
        assertTrue(lost > 0);
        assertTrue(lost <= computed / 8 + 3 * MS, lost + " ns lost in " + computed);
    }
}
