package dev.rondo.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

/** {@link Bleu}: published values, and values by hand. */
class BleuTest {
    private static double one(String translation, String reference) {
        return Bleu.score(List.of(translation), List.of(List.of(reference)));
    }

    /** The example of sacreBLEU's own description, with its value. */
    @Test
    void theExampleOfSacreBleu() {
        List<String> translations =
                List.of("The dog bit the man.", "It wasn't surprising.", "The man had just bitten him.");
        List<List<String>> references = List.of(
                List.of("The dog bit the man.", "The dog had bit the man."),
                List.of("It was not unexpected.", "No one was surprised."),
                List.of("The man bit him first.", "The man had bitten the dog."));
        assertEquals(48.530827009929865, Bleu.score(translations, references), 1e-9);
    }

    @Test
    void theSameIsHundred() {
        assertEquals(100, one("je vais bien .", "je vais bien ."), 1e-9);
    }

    /** Precisions 4/5, 2/4, 1/3 and 1/(2*2), and no penalty. */
    @Test
    void aPrecisionOfZeroIsSmoothed() {
        assertEquals(100 * Math.pow(4.0 / 5 * 2 / 4 * 1 / 3 * 1 / 4, 0.25), one("a b c x d", "a b c d"), 1e-9);
    }

    /** All precisions 1, four words instead of five. */
    @Test
    void whatIsTooShortIsPunished() {
        assertEquals(100 * Math.exp(1 - 5.0 / 4), one("a b c d", "a b c d e"), 1e-9);
    }

    @Test
    void nothingInCommonIsZero() {
        assertEquals(0, one("a b c d", "e f g h"));
        assertEquals(0, one("", "e f g h"));
    }

    @Test
    void wordsOfTheRule() {
        assertEquals(
                List.of("it", "costs", "1,000.5", "-", "3", ",", "(", "or", "so", ")", "!"),
                Bleu.words("it costs 1,000.5- 3, (or so)!"));
        assertEquals(List.of("l'an"), Bleu.words("l'an"));
    }

    @Test
    void wrongNumbersAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> Bleu.score(List.of("a"), List.of()));
        assertThrows(IllegalArgumentException.class, () -> Bleu.score(List.of(), List.of()));
    }
}
