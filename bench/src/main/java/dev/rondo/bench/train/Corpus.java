package dev.rondo.bench.train;

import dev.rondo.bench.cli.TextFile;
import java.io.IOException;
import java.io.InputStream;

/** The text that comes with the program: Rondo's own sources and documents. */
final class Corpus {
    private static final String NAME = "corpus.txt";

    private Corpus() {}

    static String read() throws IOException {
        try (InputStream stream = Corpus.class.getResourceAsStream(NAME)) {
            if (stream == null) {
                throw new IOException(
                        "the built-in corpus is missing from the jar; build it with mvn package, or give --text");
            }
            return TextFile.decode("--text", stream.readAllBytes(), NAME);
        }
    }
}
