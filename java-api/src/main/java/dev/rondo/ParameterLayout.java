package dev.rondo;

import dev.rondo.spi.Arguments;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Where the named tensors of a model lie in one flat buffer. Immutable.
 *
 * <p>One buffer for all weights means that clipping, an optimizer or an exchange of gradients works on one vector.
 */
public final class ParameterLayout {
    /**
     * One named tensor.
     *
     * @param name its name, unique in the layout
     * @param shape its sizes
     * @param offset its first element in the flat buffer
     * @param size its number of elements
     */
    public record Entry(String name, List<Integer> shape, long offset, long size) {
        /**
         * The sizes as an array.
         *
         * @return a new array
         */
        public int[] dimensions() {
            return shape.stream().mapToInt(Integer::intValue).toArray();
        }
    }

    private static final ParameterLayout EMPTY = new ParameterLayout(List.of(), 0);

    private final List<Entry> entries;
    private final long size;

    private ParameterLayout(List<Entry> entries, long size) {
        this.entries = entries;
        this.size = size;
    }

    /**
     * A layout without tensors, to start from.
     *
     * @return the empty layout
     */
    public static ParameterLayout empty() {
        return EMPTY;
    }

    /**
     * This layout and one more tensor at its end.
     *
     * @param name its name
     * @param shape its sizes
     * @return a new layout
     * @throws IllegalArgumentException if the name is taken, a size is below 1, or the sum of all sizes exceeds 2^31 - 9
     */
    public ParameterLayout with(String name, int... shape) {
        Arguments.notNull("name", name);
        if (entries.stream().anyMatch(entry -> entry.name().equals(name))) {
            throw new IllegalArgumentException("name: expected one that is not taken, got " + name);
        }
        long count = Arguments.size(name, shape);
        if (count > Integer.MAX_VALUE - 8 - size) {
            throw new IllegalArgumentException(name + ": expected at most " + (Integer.MAX_VALUE - 8)
                    + " parameters in all, got " + size + " and shape " + Arrays.toString(shape));
        }
        List<Entry> more = new ArrayList<>(entries);
        more.add(new Entry(name, Arrays.stream(shape).boxed().toList(), size, count));
        return new ParameterLayout(List.copyOf(more), size + count);
    }

    /**
     * This layout and another one at its end, its names behind a prefix.
     *
     * @param prefix such as {@code rnn.}
     * @param part the layout to append
     * @return a new layout
     */
    public ParameterLayout with(String prefix, ParameterLayout part) {
        Arguments.notNull("prefix", prefix);
        Arguments.notNull("part", part);
        ParameterLayout whole = this;
        for (Entry entry : part.entries) {
            whole = whole.with(prefix + entry.name(), entry.dimensions());
        }
        return whole;
    }

    /**
     * All tensors in the order of the buffer.
     *
     * @return an unmodifiable list
     */
    public List<Entry> entries() {
        return entries;
    }

    /**
     * One tensor.
     *
     * @param name its name
     * @return the entry
     * @throws IllegalArgumentException if there is none of that name
     */
    public Entry entry(String name) {
        return entries.stream()
                .filter(entry -> entry.name().equals(name))
                .findFirst()
                .orElseThrow(() -> unknown(name));
    }

    IllegalArgumentException unknown(String name) {
        List<String> names = entries.stream().map(Entry::name).toList();
        return new IllegalArgumentException("name: expected one of " + names + ", got " + name);
    }

    /**
     * The number of elements of the flat buffer.
     *
     * @return the sum of all sizes
     */
    public long size() {
        return size;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ParameterLayout layout && entries.equals(layout.entries);
    }

    @Override
    public int hashCode() {
        return entries.hashCode();
    }
}
