package dev.rondo.bench.conform;

/** A file of cases is malformed. The message begins with the file's name and the number of the line. */
final class CaseFileException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    CaseFileException(String file, int line, String problem) {
        super(file + ":" + line + ": " + problem);
    }
}
