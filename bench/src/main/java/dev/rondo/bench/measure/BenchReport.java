package dev.rondo.bench.measure;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.rondo.bench.measure.BenchResult.NotTimed;
import dev.rondo.bench.measure.BenchResult.Rival;
import dev.rondo.bench.measure.BenchResult.Timed;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What {@code rondo bench} found, as text and as JSON.
 *
 * @param facts the settings, and where it ran: texts, numbers and truths by name
 * @param emulated whether the backend said that it runs on an emulator
 * @param onDevice whether a CUDA device, or an emulated one, computed it: there are more figures then
 * @param results of each case
 */
record BenchReport(Map<String, Object> facts, boolean emulated, boolean onDevice, List<BenchResult> results) {
    /** Stands at every line, row and result of an emulated run. */
    static final String EMULATED = "emulated: not a GPU figure";

    private static final List<String> CASES = List.of(
            "One call is one layer over a whole sequence: inference is a forward pass; training is a forward and a backward",
            "pass with the gradients of the input and of all weights, after a write to the weights.");

    private static final List<String> TIMES_WITH_READ = List.of(
            "Times are per call, including a final read: a batch of calls and the reading of one element after them, which",
            "waits for what a backend has queued, divided by the number of calls. Median and minimum are over the batches.");

    private static final List<String> TIMES_ON_DEVICE = List.of(
            "Times are per call, on the device: between events before and after a batch of calls, divided by the number of",
            "calls. Median and minimum are over the batches. queue us: how long a call takes in Java until it returns.");

    private static final List<String> RATES = List.of(
            "us/step: the median divided by T. tokens/s: N*T divided by the median. GFLOP/s: 2*N*T*G*H*(I+H) for a forward",
            "pass, three times that for training, G being 4 for LSTM and 3 for GRU, divided by the median.");

    private static final List<String> COMPARISONS = List.of(
            "form: how the recurrence was computed, forward / backward. of floor: the least time on paper, divided by the",
            "median: all multiply-adds at the highest rate of the device, then 0.25 or 0.5 us for each step of a pass. cuDNN",
            "ms: the median of its fastest algorithm, call by call or as a CUDA graph, measured in the same way after its",
            "results were compared with Rondo's. cuDNN/rondo: above 1, Rondo is faster.");

    private static final String CASE = "%-5s %-10s %-20s";
    private static final String NOT_TIMED = "not timed: ";

    /** A figure of a result: its name, the width of its column, and its text. */
    private record Column(String name, int width, Function<Timed, String> text) {
        String padded(String cell) {
            return String.format(" %" + width + "s", cell);
        }
    }

    private static final List<Column> COLUMNS = List.of(
            new Column("median ms", 12, timed -> digits(1e3 * timed.times().median())),
            new Column("min ms", 12, timed -> digits(1e3 * timed.times().min())),
            new Column("us/step", 12, timed -> digits(timed.microsecondsPerStep())),
            new Column("tokens/s", 12, timed -> digits(timed.tokensPerSecond())),
            new Column("GFLOP/s", 10, timed -> digits(timed.gigaflops())),
            new Column(
                    "batches x calls",
                    15,
                    timed -> timed.times().batches() + " x " + timed.times().calls()));

    private static final List<Column> COLUMNS_ON_DEVICE = List.of(
            new Column("form", 25, Timed::form),
            new Column("queue us", 10, timed -> digits(timed.times().queued(), 1e6)),
            new Column("of floor", 9, timed -> digits(timed.shareOfFloor(), 1)),
            new Column("cuDNN ms", 10, timed -> digits(bestMedian(timed), 1e3)),
            new Column("cuDNN/rondo", 11, timed -> digits(timed.bestRivalOverThis(), 1)),
            new Column(
                    "algorithm", 22, timed -> timed.bestRival().map(Rival::name).orElse("-")));

    private static OptionalDouble bestMedian(Timed timed) {
        return timed.bestRival().map(Rival::median).orElse(OptionalDouble.empty());
    }

    private List<Column> columns() {
        return onDevice
                ? Stream.concat(COLUMNS.stream(), COLUMNS_ON_DEVICE.stream()).toList()
                : COLUMNS;
    }

    /** What the figures are. */
    List<String> legend() {
        return Stream.of(
                        CASES,
                        onDevice ? TIMES_ON_DEVICE : TIMES_WITH_READ,
                        RATES,
                        onDevice ? COMPARISONS : List.<String>of())
                .flatMap(List::stream)
                .toList();
    }

    /** The mark of an emulated run, with what separates it from the text before it; else nothing. */
    String mark() {
        return emulated ? "  [" + EMULATED + "]" : "";
    }

    String header() {
        return String.format(CASE, "cell", "mode", "N,T,I,H")
                + columns().stream().map(column -> column.padded(column.name())).collect(Collectors.joining());
    }

    String row(BenchResult result) {
        BenchCase what = result.what();
        String text = String.format(CASE, what.cell(), what.purposeName(), what.shape());
        if (result instanceof Timed timed) {
            return text
                    + columns().stream()
                            .map(column -> column.padded(column.text().apply(timed)))
                            .collect(Collectors.joining());
        }
        return text + " " + NOT_TIMED + ((NotTimed) result).reason();
    }

    /** What else has to be said of a result: rivals that differ, or that failed. */
    List<String> remarks(BenchResult result) {
        if (!(result instanceof Timed timed)) {
            return List.of();
        }
        Stream<String> unsteady =
                timed.times().isSteady() ? Stream.empty() : Stream.of("  not steady: the times had not come to rest");
        Stream<String> rivals = timed.rivals().stream()
                .filter(rival -> rival.differs() || rival.note().startsWith(CudnnRivals.FAILED))
                .map(rival -> "  cuDNN, " + rival.name() + ": " + rival.note().replaceAll("\\s+", " "));
        return Stream.concat(unsteady, rivals).toList();
    }

    /** The names of {@link #figures}. */
    List<String> names() {
        return columns().stream().map(Column::name).toList();
    }

    List<String> figures(Timed timed) {
        return columns().stream().map(column -> column.text().apply(timed)).toList();
    }

    private static String digits(OptionalDouble number, double factor) {
        return number.isEmpty() ? "-" : digits(factor * number.getAsDouble());
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
        json.writeStringField("mode", what.purposeName());
        json.writeNumberField("batch", what.shape().batch());
        json.writeNumberField("steps", what.shape().steps());
        json.writeNumberField("inputs", what.shape().inputs());
        json.writeNumberField("hidden", what.shape().hidden());
        if (result instanceof Timed timed) {
            String how = onDevice ? "on_device" : "with_final_read";
            json.writeNumberField(
                    "median_ms_per_call_" + how, 1e3 * timed.times().median());
            json.writeNumberField("min_ms_per_call_" + how, 1e3 * timed.times().min());
            json.writeNumberField("us_per_step", timed.microsecondsPerStep());
            json.writeNumberField("tokens_per_second", timed.tokensPerSecond());
            json.writeNumberField("gflops", timed.gigaflops());
            json.writeNumberField("batches", timed.times().batches());
            json.writeNumberField("calls_per_batch", timed.times().calls());
            json.writeBooleanField("steady", timed.times().isSteady());
            if (onDevice) {
                writeOnDevice(json, timed);
            }
        } else if (result instanceof NotTimed not) {
            json.writeStringField("not_timed", not.reason());
        }
        writeMark(json);
        json.writeEndObject();
    }

    private static void writeOnDevice(JsonGenerator json, Timed timed) throws IOException {
        json.writeStringField("form", timed.form());
        writeOptional(json, "queue_us_per_call", timed.times().queued(), 1e6);
        writeOptional(json, "floor_ms", timed.floor(), 1e3);
        writeOptional(json, "share_of_floor", timed.shareOfFloor(), 1);
        json.writeArrayFieldStart("rivals");
        for (Rival rival : timed.rivals()) {
            json.writeStartObject();
            json.writeStringField("name", rival.name());
            writeOptional(json, "median_ms_per_call_on_device", rival.median(), 1e3);
            json.writeStringField("comparison", rival.note());
            json.writeEndObject();
        }
        json.writeEndArray();
        writeOptional(json, "best_rival_over_rondo", timed.bestRivalOverThis(), 1);
    }

    private static void writeOptional(JsonGenerator json, String name, OptionalDouble number, double factor)
            throws IOException {
        if (number.isPresent()) {
            json.writeNumberField(name, factor * number.getAsDouble());
        }
    }

    private void writeMark(JsonGenerator json) throws IOException {
        if (emulated) {
            json.writeStringField("note", EMULATED);
        }
    }
}
