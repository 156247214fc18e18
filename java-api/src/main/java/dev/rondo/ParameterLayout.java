package dev.rondo;

import dev.rondo.internal.Arguments;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where the named tensors of a model lie in one flat buffer. Immutable.
 *
 * <p>One buffer for all weights means that clipping, an optimizer or an exchange of gradients works on one vector.
 */
public final class ParameterLayout {
    /** One named tensor. */
    public static final class Entry {
        private final String name;
        private final int[] shape;
        private final int offset;
        private final int size;

        private Entry(String name, int[] shape, int offset, int size) {
            this.name = name;
            this.shape = shape.clone();
            this.offset = offset;
            this.size = size;
        }

        /**
         * Its name, unique in the layout.
         *
         * @return such as {@code weight_ih_l0}
         */
        public String name() {
            return name;
        }

        /**
         * Its sizes.
         *
         * @return a copy
         */
        public int[] shape() {
            return shape.clone();
        }

        /**
         * Its first element in the flat buffer.
         *
         * @return an index
         */
        public int offset() {
            return offset;
        }

        /**
         * Its number of elements.
         *
         * @return the product of its sizes
         */
        public int size() {
            return size;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Entry entry
                    && name.equals(entry.name)
                    && Arrays.equals(shape, entry.shape)
                    && offset == entry.offset;
        }

        @Override
        public int hashCode() {
            return 31 * name.hashCode() + Arrays.hashCode(shape);
        }

        @Override
        public String toString() {
            return name + " " + Arrays.toString(shape);
        }
    }

    /** Collects tensors one after the other. */
    public static final class Builder {
        private final Map<String, Entry> entries = new LinkedHashMap<>();
        private int size;

        private Builder() {}

        /**
         * Adds a tensor at the end.
         *
         * @param name its name
         * @param shape its sizes
         * @return this
         * @throws IllegalArgumentException if the name is taken, a size is below 1, or the sum of all sizes exceeds 2^31 - 9
         */
        public Builder add(String name, int... shape) {
            Arguments.notNull("name", name);
            if (entries.containsKey(name)) {
                throw new IllegalArgumentException("name: expected one that is not taken, got " + name);
            }
            long count = Arguments.size(name, shape);
            if (count > Integer.MAX_VALUE - 8 - size) {
                throw new IllegalArgumentException(name + ": expected at most " + (Integer.MAX_VALUE - 8)
                        + " parameters in all, got " + size + " and shape " + Arrays.toString(shape));
            }
            entries.put(name, new Entry(name, shape, size, (int) count));
            size += (int) count;
            return this;
        }

        /**
         * Adds the tensors of another layout at the end, their names behind a prefix.
         *
         * @param prefix such as {@code rnn.}
         * @param part the layout to add
         * @return this
         * @throws IllegalArgumentException as {@link #add(String, int...)}
         */
        public Builder add(String prefix, ParameterLayout part) {
            Arguments.notNull("prefix", prefix);
            Arguments.notNull("part", part);
            for (Entry entry : part.entries) {
                add(prefix + entry.name(), entry.shape());
            }
            return this;
        }

        /**
         * The layout of what has been added.
         *
         * @return a layout
         */
        public ParameterLayout build() {
            return new ParameterLayout(entries, size);
        }
    }

    private final List<Entry> entries;
    private final Map<String, Entry> byName;
    private final int size;

    private ParameterLayout(Map<String, Entry> entries, int size) {
        this.entries = List.copyOf(entries.values());
        this.byName = Map.copyOf(entries);
        this.size = size;
    }

    /**
     * Begins a layout.
     *
     * @return a builder without tensors
     */
    public static Builder builder() {
        return new Builder();
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
        Entry entry = byName.get(Arguments.notNull("name", name));
        if (entry == null) {
            throw unknown(name);
        }
        return entry;
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
    public int size() {
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

    @Override
    public String toString() {
        return entries.toString();
    }
}
