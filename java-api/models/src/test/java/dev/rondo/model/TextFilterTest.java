package dev.rondo.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextFilterTest {
    private static String letters(String text) {
        return TextFilter.LETTERS.apply(text);
    }

    private static String sha256(byte[] bytes) throws NoSuchAlgorithmException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    @Test
    void lettersJoinsLinesWithoutASeparator() {
        String text =
                "The Time-Traveller (for so\n   it will be   convenient)\n\n42\nto speak of HIM)\r\n\"was\" going\r.";
        assertEquals("the time traveller for soit will be convenientto speak of himwas going", letters(text));
    }

    @ParameterizedTest
    @CsvSource({"a1b, a b", "a - b, a b", "na\u00efve, na ve", "\u212a, ''", "\u0130x, x", "\ud83d\ude00, ''", "'', ''"
    })
    void lettersKeepsAsciiLettersOnly(String text, String expected) {
        assertEquals(expected, letters(text));
    }

    @Test
    void lettersIsTheSameInEveryLocale() {
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.forLanguageTag("tr"));
            assertEquals("title", letters("TITLE"));
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void lettersChangesNothingTwice() {
        String once = letters("One, two; THREE\nfour");
        assertEquals(once, letters(once));
    }

    @Test
    void allChangesNothing() {
        String text = " \tA\r\n\u00e9\ud83d\ude00\u0000 ";
        assertEquals(text, TextFilter.ALL.apply(text));
    }

    /** The figures of "Dive into Deep Learning": 170,580 tokens of 27 kinds (28 with its token for unknown ones). */
    @Test
    void lettersPreparesTheTimeMachineAsPublished() throws IOException, NoSuchAlgorithmException {
        Path module = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
        Path file = module.resolve("../../shared/data/timemachine.txt").normalize();
        assumeTrue(Files.isRegularFile(file), "there is no ../shared/data/timemachine.txt next to the project");
        byte[] bytes = Files.readAllBytes(file);
        assertEquals("8424dbd9532ac81f7e5f0b6add90e6952baea29158309d7d1bf3884f4e12c516", sha256(bytes));
        String prepared = letters(new String(bytes, StandardCharsets.UTF_8));
        assertEquals(170_580, prepared.length());
        assertEquals(27, Vocabulary.of(prepared).size());
        assertEquals(" abcdefghijklmnopqrstuvwxyz", Vocabulary.of(prepared).toString());
        assertEquals("the time machine by h g wells", prepared.substring(0, 29).strip());
        // of the published recipe in Python: re.sub('[^A-Za-z]+', ' ', line).strip().lower() for each line
        assertEquals(
                "3b4cba3f9e4913b3551a759f60198bf6a6ad7b0753305de0b96d5fffad1b1cc6",
                sha256(prepared.getBytes(StandardCharsets.US_ASCII)));
    }
}
