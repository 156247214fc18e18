package dev.rondo.bench;

import dev.rondo.Backend;
import dev.rondo.Precision;
import dev.rondo.RnnParameters;
import dev.rondo.bench.BenchResult.Rival;
import dev.rondo.bench.CallTimer.Effort;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/** cuDNN beside a layer that is timed: each of its algorithms on the same numbers, compared, and then timed in the same way. */
final class CudnnRivals {
    private static final double ALLOWED_IN_FLOAT32 = 2e-5;
    /** In units of the last place of what a precision rounds to. */
    private static final double ALLOWED_UNITS = 16;

    private final BenchCase what;
    private final LayerTimer rondo;
    private final Backend backend;
    private final Precision precision;

    /**
     * Beside a layer.
     *
     * @param precision of Rondo's products; cuDNN is to compute in the same, or in float32 where it has no such thing
     */
    CudnnRivals(BenchCase what, LayerTimer rondo, Backend backend, Precision precision) {
        this.what = what;
        this.rondo = rondo;
        this.backend = backend;
        this.precision = precision == Precision.TF32X3 ? Precision.FP32 : precision;
    }

    List<Rival> measure(Effort effort) {
        rondo.once();
        List<Rival> rivals = new ArrayList<>();
        for (CudnnLayer.Algorithm algorithm : CudnnLayer.Algorithm.values()) {
            rivals.add(measure(algorithm, effort));
        }
        return rivals;
    }

    private Rival measure(CudnnLayer.Algorithm algorithm, Effort effort) {
        BenchCase.Shape shape = what.shape();
        try (CudnnLayer layer =
                new CudnnLayer(backend, what.spec(), shape.steps(), shape.batch(), what.mode(), algorithm, precision)) {
            layer.weights(rondo.weights());
            layer.x(rondo.x());
            if (what.isTraining()) {
                layer.dy(rondo.dy());
                layer.clearGradients();
            }
            call(layer);
            Difference difference = difference(layer);
            if (!(difference.share <= 1)) {
                return new Rival(algorithm.name(), OptionalDouble.empty(), "not timed: " + difference, true);
            }
            CallTimer.Times times = new CallTimer(backend).measure(effort, () -> call(layer), () -> 0);
            return new Rival(algorithm.name(), OptionalDouble.of(times.median()), difference.toString(), false);
        } catch (CudnnException e) {
            return new Rival(algorithm.name(), OptionalDouble.empty(), String.valueOf(e.getMessage()), false);
        }
    }

    private void call(CudnnLayer layer) {
        layer.forward();
        if (what.isTraining()) {
            layer.backward();
        }
    }

    /** The largest difference, as a share of what is allowed. */
    private record Difference(String tensor, double difference, double allowed, double share) {
        @Override
        public String toString() {
            return String.format(Locale.ROOT, "%s differs by %.1e, allowed %.1e", tensor, difference, allowed);
        }
    }

    private Difference difference(CudnnLayer layer) {
        Difference worst = difference("y", rondo.y().toFloats(), layer.y());
        if (what.isTraining()) {
            worst = worse(worst, difference("dx", rondo.dx().toFloats(), layer.dx()));
            try (RnnParameters gradients = backend.parameters(what.spec())) {
                layer.gradients(gradients);
                worst = worse(
                        worst,
                        difference(
                                "the gradient of the weights",
                                rondo.gradients().flat().toFloats(),
                                gradients.flat().toFloats()));
            }
        }
        return worst;
    }

    private static Difference worse(Difference one, Difference other) {
        return !(other.share <= one.share) ? other : one;
    }

    /** Relative to the largest element, if that is above 1. */
    private Difference difference(String tensor, float[] expected, float[] actual) {
        if (expected.length != actual.length) {
            throw new IllegalStateException(
                    tensor + ": expected " + expected.length + " elements, got " + actual.length);
        }
        double largest = 0;
        double scale = 1;
        for (int i = 0; i < expected.length; i++) {
            largest = Math.max(largest, Math.abs((double) expected[i] - actual[i]));
            scale = Math.max(scale, Math.abs(expected[i]));
        }
        double allowed = scale
                * (ModeTolerance.rounds(precision)
                        ? ALLOWED_UNITS * ModeTolerance.unit(precision)
                        : ALLOWED_IN_FLOAT32);
        return new Difference(tensor, largest, allowed, largest / allowed);
    }
}
