package dev.rondo.io;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/**
 * Strict reader of the JSON that a safetensors header is made of: objects, strings and lists of non-negative integers.
 *
 * <p>The caller names the value it expects next, and anything else is an error. So the nesting that is accepted is the
 * caller's own, the reader needs no recursion, and memory is spent on expected content only.
 */
final class Json {
    /** Takes in the members of an object. */
    @FunctionalInterface
    interface MemberReader {
        /** Reads the value of the named member, exactly one value, from the reader. */
        void read(String name) throws FileFormatException;
    }

    /** Bound on the length of a string in bytes. */
    static final int MAX_STRING = 1 << 24;

    private static final int END = -1;

    private final byte[] text;
    private final Path file;
    private final CharsetDecoder utf8 = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    private final CharBuffer decoded = CharBuffer.allocate(512);
    private int position;
    private int stringStart;
    private int stringEnd;

    /**
     * Creates a reader at the beginning of a text.
     *
     * @param text the whole text in UTF-8
     * @param file the file to name in errors
     */
    Json(byte[] text, Path file) {
        this.text = text;
        this.file = file;
    }

    /** Reads an object with distinct names; {@code what} names it in errors. */
    void readObject(String what, MemberReader members) throws FileFormatException {
        skipWhitespace();
        expect('{', what + ", an object");
        skipWhitespace();
        if (take('}')) {
            return;
        }
        Set<String> names = new HashSet<>();
        do {
            int start = position;
            String name = readString("a name in " + what);
            if (!names.add(name)) {
                throw error(start, "name " + quote(name) + " appears twice in " + what);
            }
            skipWhitespace();
            expect(':', "':' after the name " + quote(name));
            members.read(name);
            skipWhitespace();
        } while (take(','));
        expect('}', "',' or '}' in " + what);
    }

    /** Reads a string; {@code what} names it in errors. */
    String readString(String what) throws FileFormatException {
        skipWhitespace();
        expect('"', what + ", a string");
        int start = position;
        boolean escaped = false;
        while (peek() != '"') {
            if (peek() == END) {
                throw error(start - 1, "string for " + what + " has no end");
            }
            if (peek() < ' ') {
                throw error(position, "control character " + found() + " in a string is not escaped");
            }
            if (peek() == '\\') {
                escaped = true;
                position++;
                if (peek() == END) {
                    throw error(start - 1, "string for " + what + " has no end");
                }
            }
            position++;
        }
        stringStart = start;
        stringEnd = position;
        position++;
        if (stringEnd - start > MAX_STRING) {
            throw error(start, "string for " + what + " is longer than " + MAX_STRING + " bytes");
        }
        if (!isUtf8(start, stringEnd)) {
            throw error(start, "string for " + what + " is not valid UTF-8");
        }
        String string = new String(text, start, stringEnd - start, StandardCharsets.UTF_8);
        return escaped ? unescape(string, start) : string;
    }

    /** The index in the text of the first byte of the string that was read last, after the opening quote. */
    int stringStart() {
        return stringStart;
    }

    /** The index in the text of the closing quote of the string that was read last. */
    int stringEnd() {
        return stringEnd;
    }

    /** Reads a list of at most {@code limit} non-negative integers; {@code what} names it in errors. */
    long[] readIntegers(String what, int limit) throws FileFormatException {
        skipWhitespace();
        expect('[', what + ", a list of integers");
        skipWhitespace();
        if (take(']')) {
            return new long[0];
        }
        long[] integers = new long[Math.min(limit, 8)];
        int count = 0;
        do {
            if (count == limit) {
                throw error(position, what + " has more than " + limit + " entries");
            }
            if (count == integers.length) {
                integers = Arrays.copyOf(integers, Math.min(limit, 2 * count));
            }
            integers[count++] = readInteger(what);
            skipWhitespace();
        } while (take(','));
        expect(']', "',' or ']' in " + what);
        return Arrays.copyOf(integers, count);
    }

    /** Accepts white space only up to the end of the text. */
    void readEnd() throws FileFormatException {
        skipWhitespace();
        if (peek() != END) {
            throw error(position, "expected nothing but white space after the object, found " + found());
        }
    }

    private long readInteger(String what) throws FileFormatException {
        skipWhitespace();
        int start = position;
        long value = 0;
        try {
            for (int digit = peek(); digit >= '0' && digit <= '9'; digit = peek()) {
                value = Math.addExact(Math.multiplyExact(value, 10), digit - '0');
                position++;
            }
        } catch (ArithmeticException e) {
            throw error(start, "integer in " + what + " is greater than " + Long.MAX_VALUE);
        }
        boolean leadingZero = position - start > 1 && text[start] == '0';
        if (position == start || leadingZero || peek() == '.' || peek() == 'e' || peek() == 'E') {
            position = start;
            String plain = leadingZero ? "without leading zeros" : "in plain digits";
            throw error(start, "expected a non-negative integer " + plain + " in " + what + ", found " + found());
        }
        return value;
    }

    private boolean isUtf8(int start, int end) {
        ByteBuffer bytes = ByteBuffer.wrap(text, start, end - start);
        CoderResult result;
        utf8.reset();
        do {
            decoded.clear();
            result = utf8.decode(bytes, decoded, true);
        } while (result.isOverflow());
        return !result.isError();
    }

    private String unescape(String string, int start) throws FileFormatException {
        StringBuilder out = new StringBuilder(string.length());
        for (int i = 0; i < string.length(); i++) {
            char c = string.charAt(i);
            if (c != '\\') {
                out.append(c);
                continue;
            }
            char kind = string.charAt(++i);
            switch (kind) {
                case '"', '\\', '/' -> out.append(kind);
                case 'b' -> out.append('\b');
                case 'f' -> out.append('\f');
                case 'n' -> out.append('\n');
                case 'r' -> out.append('\r');
                case 't' -> out.append('\t');
                case 'u' -> {
                    int unit = hexUnit(string, i + 1);
                    if (unit < 0) {
                        throw error(start, "escape \\u without four hexadecimal digits in a string");
                    }
                    out.append((char) unit);
                    i += 4;
                }
                default -> throw error(start, "unknown escape \\ with " + quote(String.valueOf(kind)) + " in a string");
            }
        }
        if (!isWellFormed(out)) {
            throw error(start, "escape \\u gives half of a surrogate pair in a string");
        }
        return out.toString();
    }

    /** The value of the four hexadecimal digits at an index, or -1 where there are no such digits. */
    private static int hexUnit(String string, int index) {
        int value = 0;
        for (int i = index; i < index + 4; i++) {
            char c = i < string.length() ? string.charAt(i) : ' ';
            int digit = c < 128 ? Character.digit(c, 16) : -1;
            if (digit < 0) {
                return -1;
            }
            value = value << 4 | digit;
        }
        return value;
    }

    /** Says whether every surrogate has its partner, so that the text can be put in UTF-8. */
    static boolean isWellFormed(CharSequence text) {
        return text.codePoints()
                .noneMatch(point -> point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE);
    }

    /** Appends a string as a JSON string. The string must be well formed. */
    static void appendString(StringBuilder out, String string) {
        out.append('"');
        for (int i = 0; i < string.length(); i++) {
            char c = string.charAt(i);
            switch (c) {
                case '"', '\\' -> out.append('\\').append(c);
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < ' ') {
                        out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    /** A string of foreign origin as it stands in a message: quoted, without control characters, at most 80 units. */
    static String quote(String string) {
        StringBuilder out = new StringBuilder();
        appendString(out, string.length() <= 80 ? string : string.substring(0, 80));
        for (int i = 0; i < out.length(); i++) {
            if (Character.isISOControl(out.charAt(i)) || Character.isSurrogate(out.charAt(i))) {
                out.setCharAt(i, '?');
            }
        }
        return string.length() <= 80 ? out.toString() : out + "...";
    }

    private void skipWhitespace() {
        while (peek() == ' ' || peek() == '\n' || peek() == '\r' || peek() == '\t') {
            position++;
        }
    }

    private int peek() {
        return position < text.length ? text[position] & 0xff : END;
    }

    private boolean take(char c) {
        boolean taken = peek() == c;
        if (taken) {
            position++;
        }
        return taken;
    }

    private void expect(char c, String expected) throws FileFormatException {
        if (!take(c)) {
            throw error(position, "expected " + expected + ", found " + found());
        }
    }

    private String found() {
        int c = peek();
        if (c == END) {
            return "the end of the header";
        }
        return c > ' ' && c < 0x7f ? "'" + (char) c + "'" : String.format(Locale.ROOT, "byte 0x%02x", c);
    }

    private FileFormatException error(int at, String problem) {
        return new FileFormatException(file, "header byte " + at + ": " + problem);
    }
}
