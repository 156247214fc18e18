package dev.rondo.bench.train;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.rondo.Backend;
import dev.rondo.Precision;
import dev.rondo.bench.report.JsonReport;
import dev.rondo.model.CharacterTraining;
import dev.rondo.model.CharacterTrainingSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What {@code rondo train --json} writes: one object with {@code settings}, {@code epochs} and {@code sample}. */
final class TrainJson {
    private TrainJson() {}

    static void write(
            Path file,
            Backend backend,
            Precision precision,
            CharacterTraining training,
            @Nullable Path text,
            @Nullable Integer maxTokens,
            List<EpochReport> reports,
            String sample)
            throws IOException {
        JsonReport.write(file, json -> {
            writeSettings(json, backend, precision, training, text, maxTokens);
            json.writeArrayFieldStart("epochs");
            for (EpochReport report : reports) {
                json.writeStartObject();
                json.writeNumberField("epoch", report.epoch());
                json.writeBooleanField("complete", report.complete());
                json.writeNumberField("loss", report.loss());
                json.writeNumberField("perplexity", report.perplexity());
                json.writeNumberField("tokens_per_second", report.tokensPerSecond());
                json.writeNumberField("seconds", report.seconds());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeStringField("sample", sample);
        });
    }

    private static void writeSettings(
            JsonGenerator json,
            Backend backend,
            Precision precision,
            CharacterTraining training,
            @Nullable Path text,
            @Nullable Integer maxTokens)
            throws IOException {
        CharacterTrainingSettings settings = training.settings();
        json.writeObjectFieldStart("settings");
        json.writeStringField("backend", backend.name());
        json.writeStringField("backend_description", backend.description());
        json.writeStringField("precision", precision.name());
        json.writeStringField("java", System.getProperty("java.vm.version"));
        json.writeStringField("text", text != null ? text.toString() : "built-in corpus");
        if (maxTokens != null) {
            json.writeNumberField("max_tokens", maxTokens);
        }
        json.writeStringField("cell", settings.cell().key());
        json.writeNumberField("hidden", settings.hiddenSize());
        json.writeNumberField("layers", settings.layers());
        json.writeNumberField("dropout", settings.dropout());
        json.writeNumberField("batch", settings.batch());
        json.writeNumberField("steps", settings.steps());
        json.writeNumberField("back_steps", settings.backSteps());
        json.writeStringField("optimizer", settings.algorithm().key());
        json.writeNumberField("lr", settings.learningRate());
        json.writeNumberField("clip", settings.clip());
        json.writeNumberField("seed", settings.seed());
        json.writeStringField("charset", training.model().filter().key());
        json.writeNumberField("vocabulary", training.model().vocabulary().size());
        json.writeNumberField(
                "parameters", training.model().parameters().layout().size());
        json.writeEndObject();
    }
}
