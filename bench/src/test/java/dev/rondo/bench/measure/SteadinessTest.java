package dev.rondo.bench.measure;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class SteadinessTest {
    private final Steadiness steadiness = new Steadiness();

    @Test
    void timesThatAgreeAreSteadyOnceThereAreTen() {
        for (int i = 0; i < 10; i++) {
            assertFalse(steadiness.isSteady());
            steadiness.add(1 + 0.01 * (i % 3));
        }
        assertTrue(steadiness.isSteady());
    }

    @Test
    void timesThatFallAreNotSteady() {
        for (int i = 0; i < 100; i++) {
            steadiness.add(Math.pow(0.9, i));
            assertFalse(steadiness.isSteady());
        }
    }

    @Test
    void aFewOutliersDoNotMatterAndAStepDoesForAWhile() {
        for (int i = 0; i < 10; i++) {
            steadiness.add(i % 4 == 0 ? 50 : 10);
        }
        assertTrue(steadiness.isSteady());
        for (int i = 0; i < 5; i++) {
            steadiness.add(5);
        }
        assertFalse(steadiness.isSteady());
        for (int i = 0; i < 5; i++) {
            steadiness.add(5);
        }
        assertTrue(steadiness.isSteady());
    }
}
