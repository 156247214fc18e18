package dev.rondo.cpu;

/**
 * A matrix in the layout that the inner loops read best. Columns are padded to whole panels; what is never packed is zero.
 */
abstract class PackedMatrix {
    /** Rows that there is room for. */
    final int depth;

    /** Columns, padded. */
    final int columns;

    PackedMatrix(int depth, int columns) {
        this.depth = depth;
        this.columns = columns;
    }

    /** So many columns, padded to whole panels. */
    static int padded(int columns, int panel) {
        return Sizes.product("padded columns", ((long) columns + panel - 1) / panel, panel, 1);
    }

    /**
     * Packs rows: the element of depth {@code toDepth + k} and column {@code toColumn + j} becomes
     * {@code source[offset + k * row + j]}. Columns up to the end of the last panel become zero.
     *
     * @param source the matrix, row-major
     * @param offset its first element
     * @param row distance of rows
     * @param count number of rows
     * @param width number of columns
     * @param toDepth where the first row goes
     * @param toColumn where the first column goes; the first of a panel
     */
    abstract void pack(float[] source, int offset, int row, int count, int width, int toDepth, int toColumn);

    /**
     * Packs the transpose: the element of depth {@code toDepth + k} and column {@code toColumn + j} becomes
     * {@code source[offset + j * row + k]}.
     *
     * @param source the matrix, row-major
     * @param offset its first element
     * @param row distance of rows
     * @param count number of columns of the source
     * @param width number of rows of the source
     * @param toDepth where the first column of the source goes
     * @param toColumn where the first row of the source goes; the first of a panel
     */
    abstract void packTransposed(float[] source, int offset, int row, int count, int width, int toDepth, int toColumn);

    /** Makes a row zero in the first columns; whole panels. */
    abstract void clear(int row, int width);
}
