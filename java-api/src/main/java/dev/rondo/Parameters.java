package dev.rondo;

import dev.rondo.internal.Arguments;
import dev.rondo.internal.TensorArguments;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** The weights of a model, or their gradients: named tensors that are views of one flat tensor. */
public final class Parameters implements AutoCloseable {
    private final ParameterLayout layout;
    private final Tensor flat;
    private final Map<String, Tensor> views = new LinkedHashMap<>();

    /**
     * Names over a flat tensor, which is not copied.
     *
     * @param layout names, shapes and places
     * @param flat the elements, {@code [layout.size()]}
     * @throws IllegalArgumentException if the sizes do not agree
     */
    public Parameters(ParameterLayout layout, Tensor flat) {
        Arguments.notNull("layout", layout);
        TensorArguments.shape("flat", flat, "[parameters]", layout.size());
        this.layout = layout;
        this.flat = flat;
        for (ParameterLayout.Entry entry : layout.entries()) {
            views.put(entry.name(), flat.view(entry.offset(), entry.shape()));
        }
    }

    /**
     * Names, shapes and places.
     *
     * @return the layout
     */
    public ParameterLayout layout() {
        return layout;
    }

    /**
     * All elements as one vector.
     *
     * @return {@code [layout().size()]}, not a copy
     */
    public Tensor flat() {
        return flat;
    }

    /**
     * One named tensor.
     *
     * @param name its name
     * @return a view, the same object at every call
     * @throws IllegalArgumentException if there is none of that name
     */
    public Tensor tensor(String name) {
        Tensor view = views.get(Arguments.notNull("name", name));
        if (view == null) {
            throw layout.unknown(name);
        }
        return view;
    }

    /**
     * The part of these weights whose names begin with a prefix, as the weights of a network.
     *
     * @param prefix such as {@code encoder.}
     * @param spec the network; the rest of the names are those of its {@link RnnSpec#weights()}
     * @return a view, which is closed with this
     * @throws IllegalArgumentException if a weight is missing, has another shape or stands in another place
     */
    public RnnParameters rnn(String prefix, RnnSpec spec) {
        Arguments.notNull("spec", spec);
        return new RnnParameters(spec, part(prefix, spec.layout()).flat);
    }

    /**
     * The part of these weights whose names begin with a prefix.
     *
     * @param prefix such as {@code decoder.}
     * @param part names without the prefix, shapes and order, such as those given to
     *     {@link ParameterLayout.Builder#add(String, ParameterLayout)}
     * @return a view, which is closed with this
     * @throws IllegalArgumentException if a tensor is missing, has another shape or stands in another place
     */
    public Parameters part(String prefix, ParameterLayout part) {
        Arguments.notNull("prefix", prefix);
        Arguments.notNull("part", part);
        int start = -1;
        for (ParameterLayout.Entry wanted : part.entries()) {
            ParameterLayout.Entry entry = layout.entry(prefix + wanted.name());
            if (!Arrays.equals(entry.shape(), wanted.shape())) {
                throw new IllegalArgumentException(entry.name() + ": expected shape " + Arrays.toString(wanted.shape())
                        + ", got " + Arrays.toString(entry.shape()));
            }
            start = start < 0 ? entry.offset() : start;
            if (entry.offset() - start != wanted.offset()) {
                throw new IllegalArgumentException(entry.name() + ": expected it " + wanted.offset()
                        + " elements behind the first of " + prefix + ", got " + (entry.offset() - start));
            }
        }
        if (start < 0) {
            throw new IllegalArgumentException("part: expected at least one tensor, got none");
        }
        return new Parameters(part, flat.view(start, part.size()));
    }

    /** Closes the flat tensor, unless it is a view of a larger one. */
    @Override
    public void close() {
        flat.close();
    }
}
