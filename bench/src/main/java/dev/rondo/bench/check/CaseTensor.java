package dev.rondo.bench.check;

/**
 * One tensor of a case.
 *
 * @param name such as {@code X} or {@code dinitial_h}
 * @param type element type in the source of the case; all values are kept in float64
 * @param shape sizes, outermost first
 * @param values row-major, as many as the product of the sizes
 * @param line where it stands in its file
 */
public record CaseTensor(String name, String type, int[] shape, double[] values, int line) {
    /** The index of an element, given its place in {@link #values}. */
    int[] index(int place) {
        int[] index = new int[shape.length];
        int rest = place;
        for (int axis = shape.length - 1; axis >= 0; axis--) {
            index[axis] = rest % shape[axis];
            rest /= shape[axis];
        }
        return index;
    }
}
