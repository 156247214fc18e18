package dev.rondo;

import dev.rondo.internal.Arguments;
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
        Arguments.shape("flat", flat, "[parameters]", Math.toIntExact(layout.size()));
        this.layout = layout;
        this.flat = flat;
        for (ParameterLayout.Entry entry : layout.entries()) {
            views.put(entry.name(), flat.view(entry.offset(), entry.dimensions()));
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

    /** Closes the flat tensor, unless it is a view of a larger one. */
    @Override
    public void close() {
        flat.close();
    }
}
