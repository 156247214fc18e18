package dev.rondo.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VocabularyTest {
    /** Two characters of one UTF-16 unit and two of two, whose order differs from that of their units. */
    private static final String MIXED = "b\ud83d\ude00\uff21a\ud835\udc9c";

    @Test
    void charactersAreNumberedInAscendingOrder() {
        Vocabulary vocabulary = Vocabulary.of("hello, world");
        assertEquals(9, vocabulary.size());
        assertEquals(" ,dehlorw", vocabulary.toString());
        assertArrayEquals(new int[] {8, 6, 5, 7, 2}, vocabulary.encode("wolrd"));
    }

    @Test
    void surrogatePairsAreOneCharacter() {
        Vocabulary vocabulary = Vocabulary.of(MIXED);
        assertEquals(5, vocabulary.size());
        assertEquals("ab\uff21\ud835\udc9c\ud83d\ude00", vocabulary.toString());
        assertArrayEquals(new int[] {1, 4, 2, 0, 3}, vocabulary.encode(MIXED));
        assertEquals("\ud83d\ude00", vocabulary.decode(4));
    }

    @Test
    void textsComeBackFromTheirIndices() {
        Random random = new Random(5);
        for (int i = 0; i < 200; i++) {
            int[] characters = random.ints(1 + random.nextInt(50), 0, Character.MAX_CODE_POINT + 1)
                    .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
                    .toArray();
            String text = new String(characters, 0, characters.length) + "x";
            Vocabulary vocabulary = Vocabulary.of(text);
            assertEquals(text, vocabulary.decode(vocabulary.encode(text)));
            assertEquals(vocabulary, Vocabulary.of(vocabulary.toString()));
            assertEquals(text.codePoints().distinct().count(), vocabulary.size());
        }
    }

    @Test
    void encodeLeavesOutWhatIsNotKnown() {
        Vocabulary vocabulary = Vocabulary.of("ace\ud83d\ude00");
        assertArrayEquals(new int[] {0, 1, 2, 3}, vocabulary.encode("abc\ud83d\ude01de\ud83d\ude00f"));
        assertArrayEquals(new int[0], vocabulary.encode("bdf"));
        assertArrayEquals(new int[0], vocabulary.encode(""));
        assertArrayEquals(new int[0], vocabulary.encode("\ud83d"));
    }

    @Test
    void unknownInListsEachCharacterOnceInAscendingOrder() {
        Vocabulary vocabulary = Vocabulary.of("ace");
        assertEquals("bd\ud83d\ude00", vocabulary.unknownIn("d\ud83d\ude00abdcb\ud83d\ude00"));
        assertEquals("", vocabulary.unknownIn("eca"));
        assertEquals("", vocabulary.unknownIn(""));
    }

    @Test
    void decodeOfAnIndexOutsideIsRefused() {
        Vocabulary vocabulary = Vocabulary.of("ace");
        assertThrows(IndexOutOfBoundsException.class, () -> vocabulary.decode(3));
        assertThrows(IndexOutOfBoundsException.class, () -> vocabulary.decode(-1));
    }

    @Test
    void vocabulariesAreEqualIfTheyKnowTheSame() {
        Vocabulary vocabulary = Vocabulary.of("abc");
        assertEquals(vocabulary, Vocabulary.of("cbaabc"));
        assertEquals(vocabulary.hashCode(), Vocabulary.of("cbaabc").hashCode());
        assertNotEquals(vocabulary, Vocabulary.of("abd"));
        assertNotEquals(vocabulary, Vocabulary.of("ab"));
    }

    @Test
    void anEmptyTextHasNoVocabulary() {
        assertEquals(
                "text: expected at least one character, got none",
                assertThrows(IllegalArgumentException.class, () -> Vocabulary.of(""))
                        .getMessage());
    }

    /** Such a text is not Unicode: no file could hold the vocabulary, and two halves would join in it. */
    @ParameterizedTest
    @ValueSource(strings = {"a\ud83db", "a\ude00", "\ude00\ud83d"})
    void aSurrogateWithoutItsPartnerIsRefused(String text) {
        String message = assertThrows(IllegalArgumentException.class, () -> Vocabulary.of(text))
                .getMessage();
        assertTrue(
                message.matches("text: expected surrogates in pairs only, got .u(D83D|DE00) without its partner"),
                message);
    }
}
