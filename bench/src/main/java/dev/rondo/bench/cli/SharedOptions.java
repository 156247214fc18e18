package dev.rondo.bench.cli;

import dev.rondo.Cell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What options mean that several commands have, and what their values must be. */
public final class SharedOptions {
    private SharedOptions() {}

    /** The cell that {@code --cell} names. */
    public static Cell cellNamed(String name) {
        if (name.equalsIgnoreCase("rnn")) {
            return Cell.RNN_TANH;
        }
        for (Cell candidate : Cell.values()) {
            if (candidate.name().equalsIgnoreCase(name)) {
                return candidate;
            }
        }
        throw new IllegalArgumentException(
                "--cell: expected lstm, gru, rnn, rnn_relu or gru_reset_before, got " + name);
    }

    /** What is written must not replace what is read. */
    public static void requireApart(String option, @Nullable Path file, String otherOption, @Nullable Path other)
            throws IOException {
        if (file == null || other == null) {
            return;
        }
        boolean same = Files.exists(file) && Files.exists(other)
                ? Files.isSameFile(file, other)
                : file.toAbsolutePath()
                        .normalize()
                        .equals(other.toAbsolutePath().normalize());
        if (same) {
            throw new IllegalArgumentException(
                    option + ": expected another file than that of " + otherOption + ", got " + file);
        }
    }

    /** Before hours of training, not after them. */
    public static void requireWritable(String option, @Nullable Path file) throws IOException {
        if (file == null) {
            return;
        }
        if (Files.isDirectory(file)) {
            throw new IOException(option + ": expected a file, got the directory " + file);
        }
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new IOException(option + ": expected a regular file, got " + file);
        }
        Path parent = file.toAbsolutePath().getParent();
        if (parent == null || !Files.isDirectory(parent)) {
            throw new IOException(option + ": there is no directory " + parent);
        }
        if (!Files.isWritable(parent)) {
            throw new IOException(option + ": no permission to write to " + parent);
        }
    }
}
