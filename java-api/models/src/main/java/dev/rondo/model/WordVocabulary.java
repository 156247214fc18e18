package dev.rondo.model;

import dev.rondo.internal.Arguments;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The words that a model knows, by number: first padding, the beginning and the end of a sentence, and what stands for every other
 * word; then the words, the frequent ones first.
 */
public final class WordVocabulary {
    /** Fills rows up to the length of the longest. */
    public static final int PAD = 0;

    /** The beginning of a sentence. */
    public static final int BOS = 1;

    /** The end of a sentence. */
    public static final int EOS = 2;

    /** A word that is not in the vocabulary. */
    public static final int UNKNOWN = 3;

    private static final List<String> SPECIAL = List.of("<pad>", "<bos>", "<eos>", "<unk>");

    private final List<String> words;
    private final Map<String, Integer> numbers = new HashMap<>();

    private WordVocabulary(List<String> words) {
        this.words = List.copyOf(words);
        for (int i = 0; i < words.size(); i++) {
            if (numbers.put(words.get(i), i) != null) {
                throw new IllegalArgumentException("words: expected each one once, got \"" + words.get(i) + "\" twice");
            }
        }
    }

    /**
     * The words of sentences.
     *
     * @param sentences each a list of words
     * @param minCount words that occur less often become {@link #UNKNOWN}
     * @return the vocabulary; of words that are as frequent, the one that comes first in the order of their code units
     */
    public static WordVocabulary of(List<List<String>> sentences, int minCount) {
        Arguments.positive("minCount", minCount);
        Map<String, Integer> counts = new HashMap<>();
        for (List<String> sentence : sentences) {
            for (String word : sentence) {
                counts.merge(word, 1, Integer::sum);
            }
        }
        SPECIAL.forEach(counts::remove);
        List<String> words = new ArrayList<>(SPECIAL);
        counts.entrySet().stream()
                .filter(entry -> entry.getValue() >= minCount)
                .sorted(Map.Entry.<String, Integer>comparingByValue(Comparator.reverseOrder())
                        .thenComparing(Map.Entry.comparingByKey()))
                .forEach(entry -> words.add(entry.getKey()));
        return new WordVocabulary(words);
    }

    /**
     * A vocabulary from its text.
     *
     * @param text what {@link #toString} gave
     * @return the vocabulary
     * @throws IllegalArgumentException if a word comes twice, or the special ones are not the first
     */
    public static WordVocabulary parse(String text) {
        List<String> words = Arrays.asList(text.split(" ", -1));
        if (words.size() < SPECIAL.size() || !words.subList(0, SPECIAL.size()).equals(SPECIAL)) {
            throw new IllegalArgumentException("text: expected a list that begins with " + SPECIAL);
        }
        return new WordVocabulary(words);
    }

    /**
     * The number of words, the special ones among them.
     *
     * @return at least 4
     */
    public int size() {
        return words.size();
    }

    /**
     * The numbers of words.
     *
     * @param sentence words
     * @return {@link #UNKNOWN} for those that are not known
     */
    public int[] encode(List<String> sentence) {
        return sentence.stream()
                .mapToInt(word -> numbers.getOrDefault(word, UNKNOWN))
                .toArray();
    }

    /**
     * The words of numbers.
     *
     * @param sentence each 0 to {@code size() - 1}
     * @return the words
     */
    public List<String> decode(int... sentence) {
        return Arrays.stream(sentence).mapToObj(words::get).toList();
    }

    /**
     * All words, separated by spaces.
     *
     * @return what {@link #parse} reads
     */
    @Override
    public String toString() {
        return String.join(" ", words);
    }
}
