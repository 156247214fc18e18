package dev.rondo.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** {@link SentencePairs} and {@link WordVocabulary}. */
class SentencePairsTest {
    @Test
    void wordsAreInLowerCaseAndPunctuationStandsAlone() {
        assertEquals(List.of("i'm", "ok", "."), SentencePairs.words("I'm OK."));
        assertEquals(List.of("va", "!"), SentencePairs.words("Va\u202f!"));
        assertEquals(List.of("oui", ",", "merci", "."), SentencePairs.words("  Oui,\u00a0merci . "));
    }

    @Test
    void linesBecomePairs() {
        SentencePairs pairs = SentencePairs.parse("Go.\tVa !\nRun!\tCours\u202f!\tmore\n\nHi.\tSalut !\n", 2);
        assertEquals(List.of(List.of("go", "."), List.of("run", "!")), pairs.sources());
        assertEquals(List.of(List.of("va", "!"), List.of("cours", "!")), pairs.targets());
    }

    @Test
    void aLineWithoutTranslationIsNamed() {
        IllegalArgumentException error = assertThrows(
                IllegalArgumentException.class, () -> SentencePairs.parse("Go.\tVa !\nRun!\n", Integer.MAX_VALUE));
        assertTrue(error.getMessage().startsWith("line 2: expected a sentence, a TAB"), error.getMessage());
        assertThrows(IllegalArgumentException.class, () -> SentencePairs.parse("\n", 1));
    }

    @Test
    void aSplitKeepsEachPairOnceAndDependsOnTheSeed() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 100; i++) {
            text.append("s").append(i).append("\tt").append(i).append('\n');
        }
        SentencePairs all = SentencePairs.parse(text.toString(), Integer.MAX_VALUE);
        List<SentencePairs> parts = all.split(0.05, 1);
        assertEquals(5, parts.get(0).size());
        Set<List<String>> together = new HashSet<>(parts.get(0).sources());
        together.addAll(parts.get(1).sources());
        assertEquals(new HashSet<>(all.sources()), together);
        assertEquals(parts.get(0).sources(), all.split(0.05, 1).get(0).sources());
        assertTrue(!parts.get(0).sources().equals(all.split(0.05, 2).get(0).sources()));
    }

    @Test
    void aVocabularyHasTheFrequentWordsFirst() {
        List<List<String>> sentences = List.of(List.of("b", "a", "c", "c"), List.of("a", "b", "d"));
        WordVocabulary words = WordVocabulary.of(sentences, 2);
        assertEquals("<pad> <bos> <eos> <unk> a b c", words.toString());
        assertArrayEquals(new int[] {6, WordVocabulary.UNKNOWN, 4}, words.encode(List.of("c", "d", "a")));
        assertEquals(List.of("c", "<unk>"), words.decode(6, 3));
        assertEquals(words.toString(), WordVocabulary.parse(words.toString()).toString());
        assertThrows(IllegalArgumentException.class, () -> WordVocabulary.parse("a b"));
        assertThrows(IllegalArgumentException.class, () -> WordVocabulary.parse("<pad> <bos> <eos> <unk> a a"));
    }
}
