package dev.rondo.bench.cli;

import dev.rondo.Cell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What options mean that several commands have, and what their values must be. */
public final class SharedOptions {
    private SharedOptions() {}

    /** The names of the cells, for {@code --cell}; {@code rnn} is taken for {@code rnn_tanh} too. */
    public static final class CellNames implements Iterable<String> {
        /** For the command line, and to be listed. */
        public CellNames() {}

        @Override
        public Iterator<String> iterator() {
            return Arrays.stream(Cell.values())
                    .map(cell -> cell.name().toLowerCase(Locale.ROOT))
                    .iterator();
        }
    }

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
                "--cell: expected one of " + String.join(", ", new CellNames()) + ", got " + name);
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

    /** A number, if it is there, must be positive and finite. */
    public static void requirePositive(String option, @Nullable Number value) {
        if (value != null) {
            double number = value.doubleValue();
            require(number > 0 && number < Double.POSITIVE_INFINITY, option, "a positive number", value);
        }
    }

    /** What a number of an option must be. */
    public static void require(boolean holds, String option, String expected, Number got) {
        if (!holds) {
            throw new IllegalArgumentException(option + ": expected " + expected + ", got " + got);
        }
    }

    /** Reads a file; where that fails the message names the option. */
    public static <T> T ofFile(String option, Reading<T> reading) throws IOException {
        try {
            return reading.read();
        } catch (IOException e) {
            throw new IOException(option + ": " + e.getMessage(), e);
        }
    }

    /** Reads a file. */
    @FunctionalInterface
    public interface Reading<T> {
        /** What the file holds. */
        T read() throws IOException;
    }
}
