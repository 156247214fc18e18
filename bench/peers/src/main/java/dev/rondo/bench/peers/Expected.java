package dev.rondo.bench.peers;

import dev.rondo.io.NamedTensor;
import dev.rondo.io.Safetensors;
import dev.rondo.io.SafetensorsFile;
import dev.rondo.io.StoredTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What a case has to give, as Rondo's oracle computes it in float64, and the comparison with it. */
final class Expected {
    /** Largest difference of an output over 100 steps; it grows with the steps. */
    private static final double FORWARD = 1e-5;
    /** Largest difference of a gradient, by the largest value of its tensor. */
    private static final double GRADIENT = 5e-5;

    private final RnnCase rnn;
    private final Map<String, float[]> tensors;

    private Expected(RnnCase rnn, Map<String, float[]> tensors) {
        this.rnn = rnn;
        this.tensors = tensors;
    }

    /** Computes a case by the oracle and writes the outcome to a file. */
    static void write(Path file, RnnCase rnn) throws IOException {
        List<NamedTensor> tensors = new ArrayList<>();
        RondoEngine oracle = new RondoEngine("reference", rnn, new RnnData(rnn));
        oracle.call();
        oracle.outputs().forEach((name, values) -> tensors.add(NamedTensor.f32(name, values, values.length)));
        Safetensors.write(file, tensors, Map.of());
    }

    /** Reads what {@link #write} wrote. */
    static Expected read(Path file, RnnCase rnn) throws IOException {
        Map<String, float[]> tensors = new LinkedHashMap<>();
        try (SafetensorsFile stored = Safetensors.open(file)) {
            for (StoredTensor tensor : stored.tensors()) {
                tensors.put(tensor.name(), tensor.toFloatArray());
            }
        }
        return new Expected(rnn, tensors);
    }

    /** The first element that differs, in words; empty if all outputs and gradients are right. */
    Optional<String> difference(Map<String, float[]> actual) {
        return tensors.keySet().stream()
                .map(name -> difference(name, actual))
                .flatMap(Optional::stream)
                .findFirst();
    }

    /** The same for the outputs of the forward pass alone. */
    Optional<String> forwardDifference(Map<String, float[]> actual) {
        return tensors.keySet().stream()
                .filter(Expected::isForward)
                .map(name -> difference(name, actual))
                .flatMap(Optional::stream)
                .findFirst();
    }

    private static boolean isForward(String name) {
        return name.equals(Engine.Y) || name.equals(Engine.LAST_H) || name.equals(Engine.LAST_C);
    }

    private Optional<String> difference(String name, Map<String, float[]> outputs) {
        float[] expected = tensors.get(name);
        float[] actual = outputs.get(name);
        if (actual == null || actual.length != expected.length) {
            return Optional.of(name + ": expected " + expected.length + " elements, got "
                    + (actual == null ? "none" : actual.length));
        }
        double tolerance = isForward(name)
                ? FORWARD * Math.max(1, rnn.shape().steps() / 100.0)
                : GRADIENT * Math.max(1, largest(expected));
        for (int i = 0; i < expected.length; i++) {
            double difference = Math.abs((double) actual[i] - expected[i]);
            if (!(difference <= tolerance)) {
                return Optional.of(String.format(
                        Locale.ROOT,
                        "%s[%d]: expected %.9g, got %.9g; tolerance %.3g",
                        name,
                        i,
                        expected[i],
                        actual[i],
                        tolerance));
            }
        }
        return Optional.empty();
    }

    private static double largest(float[] values) {
        double largest = 0;
        for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }
}
