package dev.rondo.io;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;

/** The content of a file is not what its format, its checksum or its reader calls for. */
public class FileFormatException extends IOException {
    private static final long serialVersionUID = 1L;

    /** The file, as text. */
    private final String fileName;

    /**
     * Creates the exception with the message {@code file: problem}.
     *
     * @param file the file at fault
     * @param problem what is wrong: what was expected and what was found
     */
    public FileFormatException(Path file, String problem) {
        super(Objects.requireNonNull(file, "file") + ": " + Objects.requireNonNull(problem, "problem"));
        this.fileName = file.toString();
    }

    /**
     * Returns the file at fault, as it was named by the caller that opened it.
     *
     * @return the file's path as text
     */
    public final String fileName() {
        return fileName;
    }
}
