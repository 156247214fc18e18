package dev.rondo.bench.translate;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.rondo.Backend;
import dev.rondo.bench.report.JsonReport;
import dev.rondo.model.EncoderDecoderSpec;
import dev.rondo.model.SentencePairs;
import dev.rondo.model.TranslationSettings;
import dev.rondo.model.TranslationTraining;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** What {@code rondo translate train --json} writes: one object with {@code settings}, {@code epochs} and {@code scores}. */
final class TranslationJson {
    private TranslationJson() {}

    static void write(
            Path file,
            Backend backend,
            Path pairs,
            List<SentencePairs> parts,
            TranslationTraining training,
            List<TranslationEpoch> epochs,
            TranslationScores scores)
            throws IOException {
        JsonReport.write(file, json -> {
            json.writeObjectFieldStart("settings");
            json.writeStringField("backend", backend.name());
            json.writeStringField("backend_description", backend.description());
            json.writeStringField("java", System.getProperty("java.vm.version"));
            json.writeStringField("pairs", pairs.toString());
            json.writeNumberField("trained_pairs", parts.get(1).size());
            json.writeNumberField("held_out_pairs", parts.get(0).size());
            writeSettings(json, training);
            json.writeEndObject();
            json.writeArrayFieldStart("epochs");
            for (TranslationEpoch epoch : epochs) {
                json.writeStartObject();
                json.writeNumberField("epoch", epoch.epoch());
                json.writeNumberField("loss", epoch.loss());
                json.writeNumberField(
                        "loss_per_step", epoch.loss() / training.settings().steps());
                json.writeNumberField("perplexity", Math.exp(epoch.loss()));
                json.writeNumberField("tokens_per_second", epoch.tokensPerSecond());
                json.writeNumberField("seconds", epoch.seconds());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeObjectFieldStart("scores");
            json.writeNumberField("sentences", scores.size());
            json.writeNumberField("bleu_greedy", scores.greedyBleu());
            json.writeNumberField("bleu_beam", scores.beamBleu());
            json.writeNumberField("exact", scores.exact());
            json.writeNumberField("beam_below_greedy", scores.beamBelowGreedy());
            json.writeEndObject();
        });
    }

    private static void writeSettings(JsonGenerator json, TranslationTraining training) throws IOException {
        TranslationSettings settings = training.settings();
        EncoderDecoderSpec model = training.translator().spec();
        json.writeStringField("cell", model.cell().key());
        json.writeNumberField("embedding", model.embeddingSize());
        json.writeNumberField("hidden", model.hiddenSize());
        json.writeNumberField("layers", model.layers());
        json.writeBooleanField("bidirectional", model.bidirectional());
        json.writeStringField("attention", model.source().key());
        json.writeNumberField("dropout", model.dropout());
        json.writeNumberField("min_count", settings.minCount());
        json.writeNumberField("source_words", model.sourceWords());
        json.writeNumberField("target_words", model.targetWords());
        json.writeNumberField("batch", settings.batch());
        json.writeNumberField("steps", settings.steps());
        json.writeStringField("optimizer", settings.algorithm().key());
        json.writeNumberField("lr", settings.learningRate());
        json.writeNumberField("clip", settings.clip());
        json.writeNumberField("seed", settings.seed());
        json.writeNumberField(
                "parameters", training.translator().learned().weights().layout().size());
    }
}
