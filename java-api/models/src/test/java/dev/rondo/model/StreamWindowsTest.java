package dev.rondo.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.BitSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tokens here are their own positions, so a window says where it was taken from. */
class StreamWindowsTest {
    private static StreamWindows windows(int length, int batch, int steps) {
        return new StreamWindows(IntStream.range(0, length).toArray(), batch, steps);
    }

    @Test
    void aSmallTextIsCutAsExpected() {
        StreamWindows windows = windows(14, 2, 3);
        assertEquals(2, windows.count(0));
        assertEquals("[0 6 1 7 2 8] -> [1 7 2 8 3 9]", text(windows, 0, 0, 2, 3));
        assertEquals("[3 9 4 10 5 11] -> [4 10 5 11 6 12]", text(windows, 0, 1, 2, 3));
        assertEquals(1, windows.count(2));
        assertEquals("[2 7 3 8 4 9] -> [3 8 4 9 5 10]", text(windows, 2, 0, 2, 3));
    }

    private static String text(StreamWindows windows, int offset, int window, int batch, int steps) {
        int[] x = new int[batch * steps];
        int[] targets = new int[batch * steps];
        windows.read(offset, window, x, targets);
        return (Arrays.toString(x) + " -> " + Arrays.toString(targets)).replace(",", "");
    }

    @ParameterizedTest
    @CsvSource({
        "2, 1, 1",
        "3, 2, 1",
        "14, 2, 3",
        "20, 3, 5",
        "21, 3, 5",
        "97, 3, 5",
        "100, 7, 4",
        "1000, 32, 15",
        "57, 1, 8"
    })
    void everyEpochReadsEachTokenAtMostOnceAndWastesLessThanAWindow(int length, int batch, int steps) {
        StreamWindows windows = windows(length, batch, steps);
        int[] x = new int[steps * batch];
        int[] targets = new int[steps * batch];
        for (int offset = 0; offset < steps; offset++) {
            BitSet read = new BitSet();
            int[] next = new int[batch];
            int count = windows.count(offset);
            assertTrue(count >= 1, "no window at offset " + offset);
            for (int window = 0; window < count; window++) {
                windows.read(offset, window, x, targets);
                for (int t = 0; t < steps; t++) {
                    for (int n = 0; n < batch; n++) {
                        int position = x[t * batch + n];
                        assertFalse(read.get(position), "token " + position + " is read twice");
                        read.set(position);
                        assertEquals(position + 1, targets[t * batch + n], "target");
                        assertTrue(window == 0 && t == 0 || position == next[n], "row " + n + " does not go on");
                        next[n] = position + 1;
                    }
                }
            }
            assertEquals(offset, read.nextSetBit(0), "the first token");
            int left = length - 1 - offset - read.cardinality();
            assertTrue(left >= 0 && left < batch * steps + batch, left + " tokens are left");
        }
    }

    @ParameterizedTest
    @CsvSource({"100, 4, 5, 0, 4", "100, 4, 5, 4, 4", "101, 4, 5, 0, 5", "101, 4, 5, 1, 4", "24, 4, 4, 3, 1"})
    void countIsThatOfWholeWindowsInEqualPieces(int length, int batch, int steps, int offset, int expected) {
        assertEquals(expected, windows(length, batch, steps).count(offset));
    }

    @Test
    void aTextThatIsTooShortSaysWhatIsNeeded() {
        assertEquals(
                "text: expected at least 20 characters for a batch of 3 and windows of 5 steps, got 19",
                assertThrows(IllegalArgumentException.class, () -> windows(19, 3, 5))
                        .getMessage());
        assertEquals(1, windows(20, 3, 5).count(4));
    }

    @Test
    void sizesThatOverflowAnIntAreCounted() {
        String message = assertThrows(
                        IllegalArgumentException.class, () -> windows(10, Integer.MAX_VALUE, Integer.MAX_VALUE))
                .getMessage();
        assertTrue(message.startsWith("text: expected at least 4611686016279904256 characters"), message);
    }

    @Test
    void sizesBelowOneAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> windows(10, 0, 5));
        assertThrows(IllegalArgumentException.class, () -> windows(10, 3, 0));
    }
}
