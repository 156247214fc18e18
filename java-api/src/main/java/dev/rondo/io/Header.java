package dev.rondo.io;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The JSON header of a safetensors file: what it describes, its reading and its writing. */
final class Header {
    /** The reference implementation's bound on the length of a header in bytes. */
    static final int MAX_LENGTH = 100_000_000;

    /** Bound on the number of tensors and metadata entries together, so that a header cannot fill the memory. */
    static final int MAX_ENTRIES = 1_000_000;

    /** Bound on the number of dimensions of a tensor. */
    static final int MAX_RANK = 64;

    /** The member of the header that holds the metadata. */
    static final String METADATA = "__metadata__";

    /** Number of hexadecimal digits of the checksum. */
    static final int CHECKSUM_DIGITS = 64;

    private static final Pattern CHECKSUM = Pattern.compile("[0-9a-f]{" + CHECKSUM_DIGITS + "}");
    private static final int ALIGNMENT = 8;

    /** A tensor as the header describes it; the offsets count bytes from the end of the header. */
    record Entry(String name, ElementType type, long[] shape, long begin, long end) {}

    /** The checksum and the index in the header of its first digit. */
    record Checksum(String digits, int index) {}

    private final Map<String, String> metadata;
    private final List<Entry> entries;
    private final @Nullable Checksum checksum;

    private Header(Map<String, String> metadata, List<Entry> entries, @Nullable Checksum checksum) {
        this.metadata = Collections.unmodifiableMap(metadata);
        this.entries = entries;
        this.checksum = checksum;
    }

    /** The metadata in the order of the header, less the checksum. */
    Map<String, String> metadata() {
        return metadata;
    }

    /** The tensors in the order of their content. */
    List<Entry> entries() {
        return entries;
    }

    @Nullable
    Checksum checksum() {
        return checksum;
    }

    /**
     * Reads and verifies a header.
     *
     * @param text the header
     * @param contentLength the number of bytes in the file after the header
     * @param file the file to name in errors
     * @throws FileFormatException if the header breaks a rule of the format or does not fit the content
     */
    static Header read(byte[] text, long contentLength, Path file) throws FileFormatException {
        if (text.length == 0 || text[0] != '{') {
            throw new FileFormatException(
                    file,
                    "expected the header to begin with '{', found "
                            + (text.length == 0
                                    ? "an empty header"
                                    : String.format(Locale.ROOT, "byte 0x%02x", text[0] & 0xff)));
        }
        Parser parser = new Parser(text, file);
        parser.readHeader();
        parser.entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        requireSeamless(parser.entries, contentLength, file);
        return new Header(parser.metadata, parser.entries, parser.checksum);
    }

    private static void requireSeamless(List<Entry> entries, long contentLength, Path file) throws FileFormatException {
        long end = 0;
        for (Entry entry : entries) {
            if (entry.begin != end) {
                throw new FileFormatException(
                        file,
                        "tensor " + Json.quote(entry.name) + ": expected its data to begin at offset " + end
                                + ", where the data before it ends, found " + entry.begin
                                + (entry.begin < end ? " (overlap)" : " (hole)"));
            }
            end = entry.end;
        }
        if (end != contentLength) {
            throw new FileFormatException(
                    file,
                    "expected " + end + " bytes of data after the header, the end of the last tensor, found "
                            + contentLength);
        }
    }

    /** One pass over the text of a header. */
    private static final class Parser {
        private final Json json;
        private final Path file;
        private final Map<String, String> metadata = new LinkedHashMap<>();
        private final List<Entry> entries = new ArrayList<>();
        private @Nullable Checksum checksum;

        Parser(byte[] text, Path file) {
            this.json = new Json(text, file);
            this.file = file;
        }

        void readHeader() throws FileFormatException {
            json.readObject("the header", name -> {
                if (name.equals(METADATA)) {
                    json.readObject("the metadata", this::readMetadata);
                } else {
                    entries.add(readEntry(name));
                    requireFewEntries();
                }
            });
            json.readEnd();
        }

        private void readMetadata(String key) throws FileFormatException {
            String value = json.readString("the metadata " + Json.quote(key));
            if (!key.equals(Safetensors.CHECKSUM_KEY)) {
                metadata.put(key, value);
                requireFewEntries();
                return;
            }
            if (!CHECKSUM.matcher(value).matches() || json.stringEnd() - json.stringStart() != CHECKSUM_DIGITS) {
                throw new FileFormatException(
                        file,
                        "metadata " + Json.quote(key) + ": expected " + CHECKSUM_DIGITS
                                + " lower-case hexadecimal digits, found " + Json.quote(value));
            }
            checksum = new Checksum(value, json.stringStart());
        }

        private void requireFewEntries() throws FileFormatException {
            if (entries.size() + metadata.size() > MAX_ENTRIES) {
                throw new FileFormatException(
                        file, "header has more than " + MAX_ENTRIES + " tensors and metadata entries");
            }
        }

        private Entry readEntry(String name) throws FileFormatException {
            String tensor = "tensor " + Json.quote(name);
            Description description = new Description();
            json.readObject(tensor, member -> {
                String what = tensor + ": " + member;
                switch (member) {
                    case "dtype" -> description.dtype = json.readString(what);
                    case "shape" -> description.shape = json.readIntegers(what, MAX_RANK);
                    case "data_offsets" -> description.offsets = json.readIntegers(what, 2);
                    default ->
                        throw new FileFormatException(
                                file,
                                tensor + ": expected dtype, shape and data_offsets only, found " + Json.quote(member));
                }
            });
            return description.check(name, tensor);
        }

        /** The members of a tensor's object, as far as they have been read. */
        private final class Description {
            private @Nullable String dtype;
            private long @Nullable [] shape;
            private long @Nullable [] offsets;

            Entry check(String name, String tensor) throws FileFormatException {
                if (dtype == null || shape == null || offsets == null) {
                    String missing = dtype == null ? "dtype" : shape == null ? "shape" : "data_offsets";
                    throw new FileFormatException(file, tensor + ": " + missing + " is missing");
                }
                ElementType type = ElementType.named(dtype);
                if (type == null) {
                    throw new FileFormatException(file, tensor + ": unknown dtype " + Json.quote(dtype));
                }
                if (offsets.length != 2 || offsets[0] > offsets[1]) {
                    throw new FileFormatException(
                            file,
                            tensor + ": expected data_offsets [begin, end] with begin <= end, found "
                                    + Arrays.toString(offsets));
                }
                String sized = tensor + ": " + type + " of shape " + Arrays.toString(shape);
                long size;
                try {
                    size = type.byteCount(shape);
                } catch (ArithmeticException e) {
                    throw new FileFormatException(file, sized + " has no valid size: " + e.getMessage());
                }
                if (size != offsets[1] - offsets[0]) {
                    throw new FileFormatException(
                            file,
                            sized + " takes " + size + " bytes, but data_offsets " + Arrays.toString(offsets) + " give "
                                    + (offsets[1] - offsets[0]));
                }
                return new Entry(name, type, shape, offsets[0], offsets[1]);
            }
        }
    }

    /**
     * Writes the header of a new file, the checksum first and all its digits zero, padded with spaces to a multiple
     * of 8 bytes.
     *
     * @param tensors the tensors in the order of their content
     * @param metadata the metadata less the checksum
     * @return the header in UTF-8
     * @throws IllegalArgumentException if a bound of the format is exceeded
     */
    static byte[] write(Collection<NamedTensor> tensors, Map<String, String> metadata) {
        requireAtMost(MAX_ENTRIES, (long) tensors.size() + metadata.size(), "tensors and metadata entries");
        StringBuilder out = new StringBuilder("{");
        Json.appendString(out, METADATA);
        out.append(":{");
        appendMember(out, Safetensors.CHECKSUM_KEY, "0".repeat(CHECKSUM_DIGITS));
        new TreeMap<>(metadata).forEach((key, value) -> {
            out.append(',');
            appendMember(out, key, value);
        });
        out.append('}');
        long end = 0;
        for (NamedTensor tensor : tensors) {
            long begin = end;
            end = Math.addExact(begin, tensor.byteCount());
            out.append(',');
            appendString(out, tensor.name());
            out.append(":{\"dtype\":\"").append(tensor.type()).append("\",\"shape\":");
            appendIntegers(out, tensor.shape());
            out.append(",\"data_offsets\":");
            appendIntegers(out, begin, end);
            out.append('}');
        }
        byte[] text = out.append('}').toString().getBytes(StandardCharsets.UTF_8);
        int length = text.length + (ALIGNMENT - text.length % ALIGNMENT) % ALIGNMENT;
        requireAtMost(MAX_LENGTH, length, "bytes of header");
        byte[] padded = Arrays.copyOf(text, length);
        Arrays.fill(padded, text.length, length, (byte) ' ');
        return padded;
    }

    /** The index in a header of {@link #write} of the first digit of the checksum. */
    static int checksumIndex() {
        return ("{\"" + METADATA + "\":{\"" + Safetensors.CHECKSUM_KEY + "\":\"").length();
    }

    private static void requireAtMost(int limit, long count, String what) {
        if (count > limit) {
            throw new IllegalArgumentException("a file holds at most " + limit + " " + what + ", got " + count);
        }
    }

    private static void appendMember(StringBuilder out, String name, String value) {
        appendString(out, name);
        out.append(':');
        appendString(out, value);
    }

    private static void appendString(StringBuilder out, String string) {
        int start = out.length();
        Json.appendString(out, string);
        int size = out.substring(start).getBytes(StandardCharsets.UTF_8).length - "\"\"".length();
        requireAtMost(Json.MAX_STRING, size, "bytes in a name or text");
    }

    private static void appendIntegers(StringBuilder out, long... integers) {
        out.append('[');
        for (int i = 0; i < integers.length; i++) {
            out.append(i == 0 ? "" : ",").append(integers[i]);
        }
        out.append(']');
    }
}
