package dev.rondo.bench.peers;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/** The file of the option {@code --json}. A time or ratio that there is none of is null. */
final class JsonFile {
    private JsonFile() {}

    static void write(Path file, Map<String, String> facts, Map<String, String> settings, Report report)
            throws IOException {
        try (JsonGenerator json = new JsonFactory().createGenerator(file.toFile(), JsonEncoding.UTF8)) {
            json.useDefaultPrettyPrinter();
            json.writeStartObject();
            write(json, "facts", facts);
            write(json, "settings", settings);
            json.writeArrayFieldStart("cases");
            for (Row row : report.rows()) {
                write(json, row);
            }
            json.writeEndArray();
            json.writeObjectFieldStart("geometric_means");
            for (Map.Entry<String, Double> mean : report.means().entrySet()) {
                number(json, mean.getKey(), mean.getValue());
            }
            json.writeEndObject();
            json.writeEndObject();
            json.writeRaw('\n');
        }
    }

    private static void write(JsonGenerator json, String name, Map<String, String> texts) throws IOException {
        json.writeObjectFieldStart(name);
        for (Map.Entry<String, String> text : texts.entrySet()) {
            json.writeStringField(text.getKey(), text.getValue());
        }
        json.writeEndObject();
    }

    private static void write(JsonGenerator json, Row row) throws IOException {
        RnnCase rnn = row.rnn();
        json.writeStartObject();
        json.writeStringField("cell", rnn.cell().name());
        json.writeStringField("mode", rnn.mode().name().toLowerCase(Locale.ROOT));
        json.writeNumberField("threads", rnn.threads());
        json.writeStringField("shape", rnn.shape().toString());
        number(json, "best_peer_to_rondo", row.ratio());
        json.writeObjectFieldStart("libraries");
        for (Outcome outcome : row.outcomes()) {
            json.writeObjectFieldStart(outcome.library().toString());
            number(json, "milliseconds", outcome.time());
            json.writeArrayFieldStart("medians_of_rounds");
            for (double median : outcome.medians()) {
                json.writeNumber(median);
            }
            json.writeEndArray();
            json.writeStringField("unsupported", outcome.unsupported());
            json.writeStringField("failure", outcome.failure());
            json.writeEndObject();
        }
        json.writeEndObject();
        json.writeEndObject();
    }

    private static void number(JsonGenerator json, String name, double value) throws IOException {
        json.writeFieldName(name);
        if (Double.isFinite(value)) {
            json.writeNumber(value);
        } else {
            json.writeNull();
        }
    }
}
