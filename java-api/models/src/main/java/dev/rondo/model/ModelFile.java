package dev.rondo.model;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.IntTensor;
import dev.rondo.ParameterLayout;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.io.FileFormatException;
import dev.rondo.io.Integrity;
import dev.rondo.io.NamedTensor;
import dev.rondo.io.Safetensors;
import dev.rondo.io.SafetensorsFile;
import dev.rondo.io.StoredTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The content of a model file: tensors under the names of the model, and metadata that describe it. Tensors are written as
 * the backend holds them, float32 or float64, so nothing is rounded on the way.
 */
final class ModelFile {
    private static final String FORMAT = "rondo-character-language-model-1";

    private final List<NamedTensor> tensors = new ArrayList<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    List<NamedTensor> tensors() {
        return tensors;
    }

    Map<String, String> metadata() {
        return metadata;
    }

    /** Opens a file that {@link #put(CharacterLanguageModel)} has been written to, its checksum verified. */
    static SafetensorsFile open(Path path) throws IOException {
        SafetensorsFile file = Safetensors.open(path, Integrity.IF_PRESENT);
        try {
            String format = file.metadata().get("format");
            if (!FORMAT.equals(format)) {
                throw new FileFormatException(
                        path,
                        "expected a model of Rondo, with the metadata \"format\" = \"" + FORMAT + "\", got "
                                + (format == null ? "a file without it" : "\"" + format + "\""));
            }
            if (file.checksum().isEmpty()) {
                throw new FileFormatException(
                        path, "expected a checksum in the metadata \"" + Safetensors.CHECKSUM_KEY + "\", got none");
            }
            return file;
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    void put(String key, Object value) {
        metadata.put(key, value.toString());
    }

    void put(String name, Tensor tensor) {
        long[] shape = Arrays.stream(tensor.shape()).asLongStream().toArray();
        tensors.add(
                tensor.storage().isDouble()
                        ? NamedTensor.f64(name, tensor.toDoubles(), shape)
                        : NamedTensor.f32(name, tensor.toFloats(), shape));
    }

    void put(String name, IntTensor tensor) {
        tensors.add(NamedTensor.i32(
                name,
                tensor.toInts(),
                Arrays.stream(tensor.shape()).asLongStream().toArray()));
    }

    void put(CharacterLanguageModel model) {
        RnnSpec spec = model.spec();
        put("format", FORMAT);
        put("cell", spec.cell().key());
        put("hidden_size", spec.hiddenSize());
        put("layers", spec.layers());
        put("bias", spec.bias());
        put("dropout", spec.dropout());
        put("vocabulary", model.vocabulary());
        put("filter", model.filter());
        for (ParameterLayout.Entry entry : model.parameters().layout().entries()) {
            put(entry.name(), model.parameters().tensor(entry.name()));
        }
    }

    /**
     * Makes a model of an {@linkplain #open open} file; its tensors are looked for, and their shapes compared, before
     * anything is allocated for it.
     */
    static CharacterLanguageModel readModel(Backend backend, SafetensorsFile file) throws IOException {
        Vocabulary vocabulary = value(file, "vocabulary", Vocabulary::of);
        TextFilter filter = value(file, "filter", TextFilter::valueOf);
        Cell cell = value(file, "cell", Cell::ofKey);
        int hidden = value(file, "hidden_size", Integer::valueOf);
        int layers = (int) count(file, "layers", file.tensors().size());
        boolean bias = value(file, "bias", ModelFile::truth);
        double dropout = value(file, "dropout", Double::valueOf);
        RnnSpec spec = value(
                file,
                "cell",
                any -> RnnSpec.of(cell, vocabulary.size(), hidden)
                        .withLayers(layers)
                        .withBias(bias)
                        .withDropout(dropout));
        ParameterLayout layout = value(file, "hidden_size", any -> CharacterLanguageModel.layout(spec));
        for (ParameterLayout.Entry entry : layout.entries()) {
            stored(file, entry.name(), entry.dimensions());
        }
        CharacterLanguageModel model = new CharacterLanguageModel(backend, vocabulary, filter, spec);
        try {
            for (ParameterLayout.Entry entry : layout.entries()) {
                read(file, entry.name(), model.parameters().tensor(entry.name()));
            }
        } catch (IOException | RuntimeException e) {
            model.close();
            throw e;
        }
        return model;
    }

    /** A value of the metadata; what its parser refuses is a fault of the file. */
    static <T> T value(SafetensorsFile file, String key, Function<String, T> parser) throws IOException {
        String text = file.requireMetadata(key);
        try {
            return parser.apply(text);
        } catch (IllegalArgumentException e) {
            throw new FileFormatException(file.path(), key + ": got \"" + text + "\": " + e.getMessage());
        }
    }

    /** A value of the metadata that counts something. */
    static long count(SafetensorsFile file, String key, long max) throws IOException {
        long count = value(file, key, Long::valueOf);
        if (count < 0 || count > max) {
            throw new FileFormatException(file.path(), key + ": expected 0 to " + max + ", got " + count);
        }
        return count;
    }

    private static boolean truth(String text) {
        if (!text.equals("true") && !text.equals("false")) {
            throw new IllegalArgumentException("expected true or false");
        }
        return text.equals("true");
    }

    static void read(SafetensorsFile file, String name, Tensor target) throws IOException {
        target.set(stored(file, name, target.shape()).toDoubleArray());
    }

    static void read(SafetensorsFile file, String name, IntTensor target) throws IOException {
        target.set(stored(file, name, target.shape()).toIntArray());
    }

    private static StoredTensor stored(SafetensorsFile file, String name, int[] shape) throws IOException {
        return file.tensor(name)
                .requireShape(Arrays.stream(shape).asLongStream().toArray());
    }
}
