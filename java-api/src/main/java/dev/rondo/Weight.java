package dev.rondo;

import java.util.Objects;

/** One weight of a network: a matrix or a vector with its role, its name and its place in the flat buffer. Immutable. */
public final class Weight {
    private final WeightRole role;
    private final int layer;
    private final int direction;
    private final String name;
    private final int rows;
    private final int columns;
    private final boolean vector;
    private final int offset;

    /** The weight of a role, of the size that {@code size} tells, behind the {@code offset} elements before it. */
    Weight(Size size, int layer, int direction, String suffix, int offset) {
        this.role = size.role;
        this.layer = layer;
        this.direction = direction;
        this.name = size.role.stem() + suffix;
        this.rows = size.rows;
        this.columns = size.columns;
        this.vector = size.vector;
        this.offset = offset;
    }

    /** The role and size of a weight that every direction of a layer has. */
    static final class Size {
        private final WeightRole role;
        private final int rows;
        private final int columns;
        private final boolean vector;

        private Size(WeightRole role, int rows, int columns, boolean vector) {
            this.role = role;
            this.rows = rows;
            this.columns = columns;
            this.vector = vector;
        }

        static Size matrix(WeightRole role, int rows, int columns) {
            return new Size(role, rows, columns, false);
        }

        static Size vector(WeightRole role, int length) {
            return new Size(role, length, 1, true);
        }

        /** In double, since it may exceed everything. */
        double elements() {
            return (double) rows * columns;
        }
    }

    /**
     * What it is for.
     *
     * @return the role
     */
    public WeightRole role() {
        return role;
    }

    /**
     * The layer.
     *
     * @return 0 to L - 1
     */
    public int layer() {
        return layer;
    }

    /**
     * The direction index.
     *
     * @return 0 to D - 1
     */
    public int direction() {
        return direction;
    }

    /**
     * Its name in PyTorch and in files.
     *
     * @return such as {@code weight_hh_l0_reverse}
     */
    public String name() {
        return name;
    }

    /**
     * The number of rows.
     *
     * @return such as {@code G*H}; the length of a vector
     */
    public int rows() {
        return rows;
    }

    /**
     * The number of columns.
     *
     * @return such as I; 1 for a vector
     */
    public int columns() {
        return columns;
    }

    /**
     * The shape.
     *
     * @return {@code [rows,columns]}, or {@code [rows]} for a vector; a new array
     */
    public int[] shape() {
        return vector ? new int[] {rows} : new int[] {rows, columns};
    }

    /**
     * The place in the flat buffer of all weights.
     *
     * @return its first element
     */
    public int offset() {
        return offset;
    }

    /**
     * The number of elements.
     *
     * @return rows times columns
     */
    public int size() {
        return rows * columns;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Weight weight
                && name.equals(weight.name)
                && rows == weight.rows
                && columns == weight.columns
                && offset == weight.offset;
    }

    @Override
    public int hashCode() {
        return Objects.hash(name, rows, columns, offset);
    }

    @Override
    public String toString() {
        return name + (vector ? " [" + rows + "]" : " [" + rows + "," + columns + "]");
    }
}
