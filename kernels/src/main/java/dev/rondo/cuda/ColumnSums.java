package dev.rondo.cuda;

/** The sums of the columns of a matrix, added to a vector: gradients of biases. */
final class ColumnSums {
    private static final int ROWS_OF_PART = 256;
    private static final int MAX_PARTS = 64;
    static final int BLOCK_COLUMNS = 32;
    static final int BLOCK_ROWS = 8;

    private ColumnSums() {}

    /** The rows that one sum of the first kernel has at most. */
    static int rowsOfPart(int rows) {
        return Math.max(ROWS_OF_PART, (int) (((long) rows + MAX_PARTS - 1) / MAX_PARTS));
    }

    /** How many such sums there are for a column. */
    static int parts(int rows) {
        return (int) (((long) rows + rowsOfPart(rows) - 1) / rowsOfPart(rows));
    }

    /** The blocks that go over the columns. */
    static long blocks(int columns) {
        return ((long) columns + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS;
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
                .grid(blocks(columns), parts, 1, BLOCK_COLUMNS, BLOCK_ROWS);
        finish(launcher, scratch, parts, columns, target);
    }

    /** {@code target [columns] +=} the sum of sums {@code [parts,columns]}. */
    static void finish(Launcher launcher, long partial, int parts, int columns, long target) {
        launcher.of(Kernel.COLUMN_SUMS_FINISH)
                .pointer(partial)
                .integer(parts)
                .integer(columns)
                .pointer(target)
                .grid(((long) columns + Launcher.THREADS - 1) / Launcher.THREADS, 1, 1, Launcher.THREADS, 1);
    }
}
