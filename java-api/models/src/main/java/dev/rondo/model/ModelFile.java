package dev.rondo.model;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.ParameterLayout;
import dev.rondo.RnnSpec;
import dev.rondo.train.Checkpoint;
import dev.rondo.train.CheckpointFile;
import java.io.IOException;
import java.nio.file.Path;

/** What of a character language model stands in its file, and in that of its training. */
final class ModelFile {
    private static final String FORMAT = "rondo-character-language-model-1";

    private ModelFile() {}

    /** The content of a file with a model; more may be put to it. */
    static Checkpoint of(CharacterLanguageModel model) {
        RnnSpec spec = model.spec();
        return new Checkpoint(FORMAT)
                .put("cell", spec.cell().key())
                .put("hidden_size", spec.hiddenSize())
                .put("layers", spec.layers())
                .put("bias", spec.bias())
                .put("dropout", spec.dropout())
                .put("vocabulary", model.vocabulary())
                .put("filter", model.filter().key())
                .put("", model.parameters());
    }

    /** Opens such a file. */
    static CheckpointFile open(Path path) throws IOException {
        return CheckpointFile.open(path, FORMAT);
    }

    /** Makes the model; its tensors are looked for, and their shapes compared, before anything is allocated for it. */
    static CharacterLanguageModel read(Backend backend, CheckpointFile file) throws IOException {
        Vocabulary vocabulary = file.value("vocabulary", Vocabulary::of);
        TextFilter filter = file.value("filter", TextFilter::ofKey);
        Cell cell = file.value("cell", Cell::ofKey);
        int hidden = file.value("hidden_size", Integer::valueOf);
        int layers = (int) file.count("layers", file.tensorCount());
        boolean bias = file.flag("bias");
        double dropout = file.value("dropout", Double::valueOf);
        RnnSpec spec = file.value(
                "cell",
                any -> RnnSpec.of(cell, vocabulary.size(), hidden)
                        .withLayers(layers)
                        .withBias(bias)
                        .withDropout(dropout));
        ParameterLayout layout = file.value("hidden_size", any -> CharacterLanguageModel.layout(spec));
        file.require("", layout);
        CharacterLanguageModel model = new CharacterLanguageModel(backend, vocabulary, filter, spec);
        try {
            file.read("", model.parameters());
        } catch (IOException | RuntimeException e) {
            model.close();
            throw e;
        }
        return model;
    }
}
