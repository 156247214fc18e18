package dev.rondo.train;

import dev.rondo.IntTensor;
import dev.rondo.ParameterLayout;
import dev.rondo.Parameters;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.internal.Arguments;
import dev.rondo.io.NamedTensor;
import dev.rondo.io.Safetensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The content of a file of a model or of its training, on its way to the file: tensors under names, and metadata. Tensors are
 * written as the backend holds them, float32 or float64, so nothing is rounded. {@link CheckpointFile} reads it.
 *
 * <pre>{@code
 * Checkpoint checkpoint = new Checkpoint("tagger-1");
 * checkpoint.put("hidden_size", spec.hiddenSize());
 * checkpoint.put("", parameters);
 * loop.put(checkpoint);
 * checkpoint.write(file);
 * }</pre>
 */
public final class Checkpoint {
    /** The key of the metadata under which the format is. */
    static final String FORMAT_KEY = "format";

    private final List<NamedTensor> tensors = new ArrayList<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    /**
     * An empty one.
     *
     * @param format the name of the format, with its version: what a reader asks for
     */
    public Checkpoint(String format) {
        metadata.put(FORMAT_KEY, Arguments.notNull("format", format));
    }

    /**
     * Puts a value into the metadata, in place of an older one.
     *
     * @param key its key
     * @param value written as a text, by its {@code toString}; a constant of an enum by a key of its own, which stays when the
     *     constant is renamed
     * @return this
     */
    public Checkpoint put(String key, Object value) {
        metadata.put(
                Arguments.notNull("key", key), Arguments.notNull("value", value).toString());
        return this;
    }

    /**
     * Copies a tensor.
     *
     * @param name its name in the file
     * @param tensor its present values
     * @return this
     */
    public Checkpoint put(String name, Tensor tensor) {
        long[] shape = longs(tensor.shape());
        tensors.add(
                tensor.storage().isDouble()
                        ? NamedTensor.f64(name, tensor.toDoubles(), shape)
                        : NamedTensor.f32(name, tensor.toFloats(), shape));
        return this;
    }

    /**
     * Copies a tensor of integers.
     *
     * @param name its name in the file
     * @param tensor its present values
     * @return this
     */
    public Checkpoint put(String name, IntTensor tensor) {
        tensors.add(NamedTensor.i32(name, tensor.toInts(), longs(tensor.shape())));
        return this;
    }

    /**
     * Copies a state.
     *
     * @param name {@code NAME.h} and, where there is a cell state, {@code NAME.c} are the names in the file
     * @param state its present values
     * @return this
     */
    public Checkpoint put(String name, RnnState state) {
        put(name + ".h", state.h());
        Tensor c = state.c();
        if (c != null) {
            put(name + ".c", c);
        }
        return this;
    }

    /**
     * Copies weights, each under its own name.
     *
     * @param prefix comes before each name; may be empty
     * @param parameters the weights
     * @return this
     */
    public Checkpoint put(String prefix, Parameters parameters) {
        for (ParameterLayout.Entry entry : parameters.layout().entries()) {
            put(prefix + entry.name(), parameters.tensor(entry.name()));
        }
        return this;
    }

    /**
     * Writes everything to a file (safetensors, with a checksum), replacing an old one atomically.
     *
     * @param file where to
     * @throws IOException if it cannot be written; an old file is then as it was
     */
    public void write(Path file) throws IOException {
        Safetensors.write(file, tensors, metadata);
    }

    static long[] longs(int[] shape) {
        return Arrays.stream(shape).asLongStream().toArray();
    }
}
