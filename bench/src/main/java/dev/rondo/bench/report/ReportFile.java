package dev.rondo.bench.report;

import dev.rondo.io.AtomicFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Writes the file of an option such as {@code --json} or {@code --html}. */
public final class ReportFile {
    private ReportFile() {}

    /** Creates the file, or replaces it whole. */
    public static void write(Path file, byte[] bytes) throws IOException {
        AtomicFile.replace(file, channel -> {
            ByteBuffer content = ByteBuffer.wrap(bytes);
            while (content.hasRemaining()) {
                channel.write(content);
            }
        });
    }
}
