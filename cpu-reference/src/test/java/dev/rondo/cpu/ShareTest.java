package dev.rondo.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShareTest {
    @ParameterizedTest(name = "{0} workers, {1} rows, {2} panels, {3} weights: {4} share the units")
    @CsvSource({
        // A batch of one: rows leave one worker something to do.
        "2, 1, 8, 65536, 2",
        "16, 1, 8, 262144, 8",
        // Too small to pay for a meeting in each step.
        "2, 1, 4, 16384, 1",
        // More rows than panels: sharing rows keeps more workers busy.
        "64, 32, 4, 65536, 1",
        "64, 48, 8, 262144, 1",
        "4, 3, 2, 16384, 1",
        // Fewer rows than workers, and more panels.
        "16, 3, 32, 4194304, 16",
        // As many rows as workers: no meetings.
        "2, 2, 8, 262144, 1",
        "2, 32, 8, 262144, 1",
        "2, 64, 16, 1048576, 1",
        // Large weights: who takes units reads only a part of them.
        "2, 16, 32, 4194304, 2",
        "2, 2, 32, 4194304, 2",
    })
    void unitsAreSharedWhereThatIsDoneSooner(int workers, int rows, int panels, long weights, int parties) {
        assertEquals(parties, Share.parties(workers, rows, panels, weights));
    }

    @ParameterizedTest(name = "{0} workers, {1} rows, {2} panels, {3} weights: {4} are busy")
    @CsvSource({"2, 1, 4, 16384, 1", "64, 32, 4, 65536, 32", "16, 1, 8, 262144, 8", "2, 32, 8, 262144, 2"})
    void busyWorkersAreCounted(int workers, int rows, int panels, long weights, int busy) {
        assertEquals(busy, Share.busy(workers, rows, panels, weights));
    }
}
