package dev.rondo.model;

import dev.rondo.internal.Arguments;
import java.util.Arrays;
import java.util.BitSet;

/** The characters (Unicode code points) that a model knows, numbered in ascending order. Immutable. */
public final class Vocabulary {
    private final int[] characters;

    private Vocabulary(int[] characters) {
        this.characters = characters;
    }

    /**
     * The distinct characters of a text.
     *
     * @param text at least one character
     * @return the vocabulary
     * @throws IllegalArgumentException if the text is empty or has a surrogate without its partner
     */
    public static Vocabulary of(String text) {
        Arguments.notNull("text", text);
        if (text.isEmpty()) {
            throw new IllegalArgumentException("text: expected at least one character, got none");
        }
        BitSet seen = new BitSet();
        text.codePoints().forEach(seen::set);
        int surrogate = seen.nextSetBit(Character.MIN_SURROGATE);
        if (surrogate >= 0 && surrogate <= Character.MAX_SURROGATE) {
            throw new IllegalArgumentException(String.format(
                    "text: expected surrogates in pairs only, got \\u%04X without its partner", surrogate));
        }
        return new Vocabulary(seen.stream().toArray());
    }

    /**
     * The number of characters V.
     *
     * @return at least 1
     */
    public int size() {
        return characters.length;
    }

    /**
     * The characters of a text as indices; those that are not in the vocabulary are left out.
     *
     * @param text any text
     * @return indices in {@code [0,V)}
     */
    public int[] encode(String text) {
        int[] indices = new int[Arguments.notNull("text", text).length()];
        int count = 0;
        for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
            int index = Arrays.binarySearch(characters, text.codePointAt(i));
            if (index >= 0) {
                indices[count++] = index;
            }
        }
        return Arrays.copyOf(indices, count);
    }

    /**
     * The distinct characters of a text that are not in the vocabulary.
     *
     * @param text any text
     * @return such characters, ascending; empty if all are known
     */
    public String unknownIn(String text) {
        BitSet unknown = new BitSet();
        Arguments.notNull("text", text)
                .codePoints()
                .filter(character -> Arrays.binarySearch(characters, character) < 0)
                .forEach(unknown::set);
        return new String(unknown.stream().toArray(), 0, unknown.cardinality());
    }

    /**
     * The text of indices.
     *
     * @param indices in {@code [0,V)}
     * @return one character for each
     * @throws IndexOutOfBoundsException if an index is outside
     */
    public String decode(int... indices) {
        StringBuilder text = new StringBuilder(indices.length);
        for (int index : indices) {
            text.appendCodePoint(characters[index]);
        }
        return text.toString();
    }

    /**
     * All characters in the order of their indices.
     *
     * @return a text of V characters, from which {@link #of} makes this vocabulary again
     */
    @Override
    public String toString() {
        return new String(characters, 0, characters.length);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Vocabulary vocabulary && Arrays.equals(characters, vocabulary.characters);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(characters);
    }
}
