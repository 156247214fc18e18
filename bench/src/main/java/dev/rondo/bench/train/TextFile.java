package dev.rondo.bench.train;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Reads texts in UTF-8, and says what is wrong with one that is none. */
final class TextFile {
    private static final String CORPUS = "corpus.txt";

    private TextFile() {}

    static String read(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new IOException("--text: expected a file, got the directory " + file);
        }
        if (!Files.exists(file)) {
            throw new IOException("--text: there is no file " + file);
        }
        if (!Files.isReadable(file)) {
            throw new IOException("--text: no permission to read " + file);
        }
        if (Files.size(file) > Integer.MAX_VALUE - 8) {
            throw new IOException("--text: expected at most 2 GiB, got " + Files.size(file) + " bytes in " + file);
        }
        byte[] bytes = Files.readAllBytes(file);
        if (bytes.length == 0) {
            throw new IOException("--text: " + file + " is empty");
        }
        return decode(bytes, file.toString());
    }

    /** The text that comes with the program: Rondo's own sources and documents. */
    static String corpus() throws IOException {
        try (InputStream stream = TextFile.class.getResourceAsStream(CORPUS)) {
            if (stream == null) {
                throw new IOException(
                        "the built-in corpus is missing from the jar; build it with mvn package, or give --text");
            }
            return decode(stream.readAllBytes(), CORPUS);
        }
    }

    private static String decode(byte[] bytes, String name) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length);
        if (StandardCharsets.UTF_8.newDecoder().decode(in, out, true).isError()) {
            throw new IOException(String.format(
                    Locale.ROOT,
                    "--text: expected UTF-8 in %s, got byte 0x%02x at offset %d",
                    name,
                    bytes[in.position()],
                    in.position()));
        }
        return out.flip().toString();
    }
}
