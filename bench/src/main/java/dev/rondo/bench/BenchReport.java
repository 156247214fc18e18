package dev.rondo.bench;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.Map;

/**
 * What {@code rondo bench} found, as text and as JSON.
 *
 * @param facts the settings, and where it ran: texts, numbers and truths by name
 * @param emulated whether the backend said that it runs on an emulator
 * @param results of each case
 */
record BenchReport(Map<String, Object> facts, boolean emulated, List<BenchResult> results) {
    /** Stands at every line, row and result of an emulated run. */
    static final String EMULATED = "emulated: not a GPU figure";

    /** What the figures are. */
    static final List<String> LEGEND = List.of(
            "One call is one layer over a whole sequence: inference is a forward pass; training is a forward and a backward",
            "pass with the gradients of the input and of all weights, after a write to the weights.",
            "Times are per call, including a final read: a batch of calls and the reading of one element after them, which",
            "waits for what a backend has queued, divided by the number of calls. Median and minimum are over the batches.",
            "us/step: the median divided by T. tokens/s: N*T divided by the median. GFLOP/s: 2*N*T*G*H*(I+H) for a forward",
            "pass, three times that for training, G being 4 for LSTM and 3 for GRU, divided by the median.");

    private static final String ROW = "%-5s %-10s %-20s %12s %12s %12s %12s %10s  %s";

    /** The mark of an emulated run, with what separates it from the text before it; else nothing. */
    static String mark(boolean emulated) {
        return emulated ? "  [" + EMULATED + "]" : "";
    }

    static String header() {
        return String.format(
                ROW,
                "cell",
                "mode",
                "N,T,I,H",
                "median ms",
                "min ms",
                "us/step",
                "tokens/s",
                "GFLOP/s",
                "batches x calls");
    }

    static String row(BenchResult result) {
        BenchCase what = result.what();
        if (result instanceof BenchResult.Timed timed) {
            return String.format(
                    ROW,
                    what.cell(),
                    what.modeName(),
                    what.shape(),
                    digits(1e3 * timed.median()),
                    digits(1e3 * timed.min()),
                    digits(timed.microsecondsPerStep()),
                    digits(timed.tokensPerSecond()),
                    digits(timed.gigaflops()),
                    timed.batches() + " x " + timed.calls());
        }
        BenchResult.NotTimed not = (BenchResult.NotTimed) result;
        return String.format(
                "%-5s %-10s %-20s not timed: %s", what.cell(), what.modeName(), what.shape(), not.reason());
    }

    /** Four significant digits, without an exponent. */
    static String digits(double number) {
        return new BigDecimal(number).round(new MathContext(4)).toPlainString();
    }

    void writeJson(JsonGenerator json) throws IOException {
        json.writeObjectFieldStart("settings");
        for (Map.Entry<String, Object> fact : facts.entrySet()) {
            json.writeObjectField(fact.getKey(), fact.getValue());
        }
        writeMark(json);
        json.writeEndObject();
        json.writeArrayFieldStart("results");
        for (BenchResult result : results) {
            writeJson(json, result);
        }
        json.writeEndArray();
    }

    private void writeJson(JsonGenerator json, BenchResult result) throws IOException {
        BenchCase what = result.what();
        json.writeStartObject();
        json.writeStringField("cell", what.cell().name());
        json.writeStringField("mode", what.modeName());
        json.writeNumberField("batch", what.shape().batch());
        json.writeNumberField("steps", what.shape().steps());
        json.writeNumberField("inputs", what.shape().inputs());
        json.writeNumberField("hidden", what.shape().hidden());
        if (result instanceof BenchResult.Timed timed) {
            json.writeNumberField("median_ms_per_call_with_final_read", 1e3 * timed.median());
            json.writeNumberField("min_ms_per_call_with_final_read", 1e3 * timed.min());
            json.writeNumberField("us_per_step", timed.microsecondsPerStep());
            json.writeNumberField("tokens_per_second", timed.tokensPerSecond());
            json.writeNumberField("gflops", timed.gigaflops());
            json.writeNumberField("batches", timed.batches());
            json.writeNumberField("calls_per_batch", timed.calls());
        } else if (result instanceof BenchResult.NotTimed not) {
            json.writeStringField("not_timed", not.reason());
        }
        writeMark(json);
        json.writeEndObject();
    }

    private void writeMark(JsonGenerator json) throws IOException {
        if (emulated) {
            json.writeStringField("note", EMULATED);
        }
    }
}
