package dev.rondo.bench.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Reads texts in UTF-8, and says what is wrong with one that is none. */
public final class TextFile {
    private TextFile() {}

    /** The text of a file that an option names. */
    public static String read(String option, Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new IOException(option + ": expected a file, got the directory " + file);
        }
        if (!Files.exists(file)) {
            throw new IOException(option + ": there is no file " + file);
        }
        if (!Files.isReadable(file)) {
            throw new IOException(option + ": no permission to read " + file);
        }
        if (Files.size(file) > Integer.MAX_VALUE - 8) {
            throw new IOException(option + ": expected at most 2 GiB, got " + Files.size(file) + " bytes in " + file);
        }
        byte[] bytes = Files.readAllBytes(file);
        if (bytes.length == 0) {
            throw new IOException(option + ": " + file + " is empty");
        }
        return decode(option, bytes, file.toString());
    }

    /** The text of bytes; an option names where they are from. */
    public static String decode(String option, byte[] bytes, String name) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length);
        if (StandardCharsets.UTF_8.newDecoder().decode(in, out, true).isError()) {
            throw new IOException(String.format(
                    Locale.ROOT,
                    "%s: expected UTF-8 in %s, got byte 0x%02x at offset %d",
                    option,
                    name,
                    bytes[in.position()],
                    in.position()));
        }
        return out.flip().toString();
    }
}
