package dev.rondo.model;

import dev.rondo.internal.Arguments;
import dev.rondo.spi.Dropout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** Pairs of sentences in two languages, as words in lower case. */
public final class SentencePairs {
    private final List<List<String>> sources;
    private final List<List<String>> targets;

    private SentencePairs(List<List<String>> sources, List<List<String>> targets) {
        this.sources = sources;
        this.targets = targets;
    }

    /**
     * Reads pairs from a text: in each line the source, a TAB, and the target; what follows a second TAB is left out.
     *
     * @param text the text
     * @param maxPairs reads so many at most
     * @return the pairs
     * @throws IllegalArgumentException if a line has no TAB or one side is empty, or there is no line
     */
    public static SentencePairs parse(String text, int maxPairs) {
        Arguments.positive("maxPairs", maxPairs);
        List<List<String>> sources = new ArrayList<>();
        List<List<String>> targets = new ArrayList<>();
        String[] lines = Arguments.notNull("text", text).split("\\R");
        for (int i = 0; i < lines.length && sources.size() < maxPairs; i++) {
            if (lines[i].isBlank()) {
                continue;
            }
            String[] sides = lines[i].split("\t", -1);
            if (sides.length < 2 || sides[0].isBlank() || sides[1].isBlank()) {
                throw new IllegalArgumentException("line " + (i + 1)
                        + ": expected a sentence, a TAB and its translation, got \"" + beginning(lines[i]) + "\"");
            }
            sources.add(words(sides[0]));
            targets.add(words(sides[1]));
        }
        if (sources.isEmpty()) {
            throw new IllegalArgumentException("text: expected at least one pair of sentences, got none");
        }
        return new SentencePairs(sources, targets);
    }

    private static String beginning(String line) {
        return line.length() > 80 ? line.substring(0, 80) + "..." : line;
    }

    /**
     * The words of a sentence: in lower case, at white space and before each of {@code , . ! ?}.
     *
     * @param sentence a text
     * @return its words
     */
    public static List<String> words(String sentence) {
        String spaced = sentence.toLowerCase(Locale.ROOT)
                .replaceAll("[\\s\\u00a0\\u202f\\u2009]+", " ")
                .replaceAll("([,.!?])", " $1")
                .strip();
        return spaced.isEmpty() ? List.of() : List.of(spaced.split(" +"));
    }

    /**
     * Divides the pairs at random.
     *
     * @param part of them that the first gets, 0 to 1
     * @param seed the same seed gives the same division
     * @return the first and the second, each in the order of the whole; one may be empty
     */
    public List<SentencePairs> split(double part, long seed) {
        Arguments.inRange("part", part, 0, 1);
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < size(); i++) {
            order.add(i);
        }
        Collections.shuffle(order, new Random(Dropout.bits(seed, 0)));
        int first = (int) Math.round(part * size());
        return List.of(chosen(order.subList(0, first)), chosen(order.subList(first, size())));
    }

    private SentencePairs chosen(List<Integer> numbers) {
        List<Integer> sorted = numbers.stream().sorted().toList();
        return new SentencePairs(
                sorted.stream().map(sources::get).toList(),
                sorted.stream().map(targets::get).toList());
    }

    /**
     * The number of pairs.
     *
     * @return 0 or more
     */
    public int size() {
        return sources.size();
    }

    /**
     * The sentences to be translated.
     *
     * @return each a list of words
     */
    public List<List<String>> sources() {
        return Collections.unmodifiableList(sources);
    }

    /**
     * Their translations.
     *
     * @return each a list of words
     */
    public List<List<String>> targets() {
        return Collections.unmodifiableList(targets);
    }
}
