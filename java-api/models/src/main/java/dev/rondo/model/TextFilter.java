package dev.rondo.model;

import dev.rondo.internal.Arguments;
import java.util.Arrays;
import java.util.Locale;

/** What is done to a text before its characters become the tokens of a model. */
public enum TextFilter {
    /** Nothing: every character of the text is a token. */
    ALL("ALL"),
    /**
     * Lower-case letters a to z and single spaces, as the chapter "Recurrent Neural Networks" of "Dive into Deep Learning"
     * prepares its corpus: in every line each run of other characters becomes one space, spaces at both ends of the line are
     * cut, and the lines are joined without anything between them.
     */
    LETTERS("LETTERS");

    private final String key;

    TextFilter(String key) {
        this.key = key;
    }

    /**
     * The name in files, which stays when the constant is renamed.
     *
     * @return such as {@code ALL}
     */
    public String key() {
        return key;
    }

    /**
     * The filter of a {@link #key()}.
     *
     * @param key such as {@code ALL}
     * @return the filter
     * @throws IllegalArgumentException if there is none
     */
    public static TextFilter ofKey(String key) {
        for (TextFilter filter : values()) {
            if (filter.key.equals(key)) {
                return filter;
            }
        }
        throw new IllegalArgumentException("filter: expected one of "
                + Arrays.stream(values()).map(TextFilter::key).toList() + ", got " + key);
    }

    /**
     * Prepares a text.
     *
     * @param text any text
     * @return the characters that a model sees
     */
    public String apply(String text) {
        Arguments.notNull("text", text);
        if (this == ALL) {
            return text;
        }
        StringBuilder letters = new StringBuilder(text.length());
        text.lines()
                .map(line -> line.replaceAll("[^A-Za-z]+", " ").strip().toLowerCase(Locale.ROOT))
                .forEach(letters::append);
        return letters.toString();
    }
}
