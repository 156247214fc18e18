package dev.rondo.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class JsonTest {
    private static Json json(String text) {
        return new Json(text.getBytes(StandardCharsets.UTF_8), Path.of("x"));
    }

    @Test
    void readsObjectsStringsAndLists() throws FileFormatException {
        Json json = json(" { \"a\" : \"x\" ,\"b\":[ ],\"c\":[ 0 , 10,9223372036854775807 ],\"d\":{ } } ");
        List<Object> read = new ArrayList<>();
        json.readObject("it", name -> {
            read.add(name);
            switch (name) {
                case "a" -> read.add(json.readString("a"));
                case "d" -> json.readObject("d", read::add);
                default -> read.add(json.readIntegers(name, 9).length);
            }
        });
        json.readEnd();
        assertEquals(List.of("a", "x", "b", 0, "c", 3, "d"), read);
        assertArrayEquals(
                new long[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
                json("[1,2,3,4,5,6,7,8,9,10]").readIntegers("it", 10));
    }

    @Test
    void readsEveryEscape() throws FileFormatException {
        assertEquals(
                "\"\\/\b\f\n\r\t\u00e9\u4e2d\ud834\udd1e",
                json("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00E9\\u4e2D\\ud834\\uDD1E\"")
                        .readString("it"));
    }

    @Test
    void tellsWhereAStringStands() throws FileFormatException {
        Json json = json("  \"ab\\n\"");
        assertEquals("ab\n", json.readString("it"));
        assertEquals(3, json.stringStart());
        assertEquals(7, json.stringEnd());
    }

    @Test
    void writtenStringsAreReadBack() throws FileFormatException {
        Random random = new Random(11);
        for (int round = 0; round < 5_000; round++) {
            String string = random.ints(random.nextInt(700), 0, round % 2 == 0 ? 0x80 : Character.MAX_CODE_POINT)
                    .filter(point -> point < Character.MIN_SURROGATE || point > Character.MAX_SURROGATE)
                    .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                    .toString();
            assertTrue(Json.isWellFormed(string));
            StringBuilder out = new StringBuilder();
            Json.appendString(out, string);
            assertEquals(string, json(out.toString()).readString("it"));
        }
    }

    @Test
    void halvesOfSurrogatePairsAreSeen() {
        assertFalse(Json.isWellFormed("a\ud800"));
        assertFalse(Json.isWellFormed("\udc00\ud800"));
        assertTrue(Json.isWellFormed("\ud800\udc00"));
    }

    @Test
    void quotedTextIsShortAndPrintable() {
        assertEquals("\"a\\\"b\\n\"", Json.quote("a\"b\n"));
        assertEquals("\"?\"", Json.quote("\u0085"));
        assertEquals("\"" + "x".repeat(80) + "\"...", Json.quote("x".repeat(1000)));
    }
}
