package dev.rondo.cuda;

/** The sums of the columns of a matrix, added to a vector: gradients of biases. */
final class ColumnSums {
    private static final int ROWS_OF_PART = 256;
    private static final int MAX_PARTS = 64;
    private static final int BLOCK_COLUMNS = 32;
    private static final int BLOCK_ROWS = 8;

    private ColumnSums() {}

    private static int rowsOfPart(int rows) {
        return Math.max(ROWS_OF_PART, (int) (((long) rows + MAX_PARTS - 1) / MAX_PARTS));
    }

    private static int parts(int rows) {
        return (int) (((long) rows + rowsOfPart(rows) - 1) / rowsOfPart(rows));
    }

    /** The elements of scratch that {@link #add} needs. */
    static long scratchElements(int rows, int columns) {
        return (long) parts(rows) * columns;
    }

    /**
     * {@code target [columns] +=} the sum of the rows of a matrix.
     *
     * @param matrix the first element
     * @param matrixRow distance of two rows
     * @param scratch with {@link #scratchElements}
     */
    static void add(Launcher launcher, long matrix, int matrixRow, int rows, int columns, long target, long scratch) {
        int parts = parts(rows);
        launcher.of(Kernel.COLUMN_SUMS)
                .pointer(matrix)
                .integer(matrixRow)
                .wide(rows)
                .integer(columns)
                .integer(rowsOfPart(rows))
                .pointer(scratch)
                .grid(((long) columns + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS, parts, 1, BLOCK_COLUMNS, BLOCK_ROWS);
        launcher.of(Kernel.COLUMN_SUMS_FINISH)
                .pointer(scratch)
                .integer(parts)
                .integer(columns)
                .pointer(target)
                .grid(((long) columns + Launcher.THREADS - 1) / Launcher.THREADS, 1, 1, Launcher.THREADS, 1);
    }
}
