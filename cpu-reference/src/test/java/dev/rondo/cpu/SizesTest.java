package dev.rondo.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.BackendException;
import dev.rondo.Cell;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Sizes that no array can have are refused with their factors, and never become another number. */
class SizesTest {
    private static void assertRefused(String message, Executable call) {
        String actual = assertThrows(BackendException.class, call).getMessage();
        assertTrue(String.valueOf(actual).contains(message), actual);
    }

    @Test
    void productsAreExactOrRefused() {
        assertEquals(2_000_000_000, Sizes.product("x", 2, 1000, 1_000_000));
        assertRefused("got 3 x 1000 x 1000000", () -> Sizes.product("x", 3, 1000, 1_000_000));
        assertRefused("got 65536 x 65536 x 1", () -> Sizes.product("x", 65536, 65536, 1));
    }

    @Test
    void paddingDoesNotOverflow() {
        assertEquals(48, PackedMatrix.padded(33, 16));
        assertRefused("padded columns", () -> PackedMatrix.padded(Integer.MAX_VALUE, 16));
    }

    @Test
    void anInternalRowDoesNotOverflow() {
        assertRefused("an internal row", () -> CpuCell.of(Cell.LSTM, new PlainLoops(), 1 << 29));
    }
}
