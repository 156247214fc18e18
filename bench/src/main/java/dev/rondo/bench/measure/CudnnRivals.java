package dev.rondo.bench.measure;

import dev.rondo.Backend;
import dev.rondo.Precision;
import dev.rondo.RnnParameters;
import dev.rondo.bench.check.LayerResults;
import dev.rondo.bench.cudnn.CudnnException;
import dev.rondo.bench.cudnn.CudnnLayer;
import dev.rondo.bench.measure.BenchResult.Rival;
import dev.rondo.bench.measure.CallTimer.Effort;
import dev.rondo.bench.measure.CallTimer.Times;
import dev.rondo.cuda.CudaGraph;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * cuDNN beside a layer that is timed: each of its algorithms on the same numbers, compared, and then timed in the same way, call by
 * call and as a CUDA graph, as which Rondo's calls are replayed too; the faster of the two counts.
 */
final class CudnnRivals {
    /** Begins the note of one that failed otherwise than by not being supported. */
    static final String FAILED = "failed";

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
        LayerResults expected = rondo.once();
        List<Rival> rivals = new ArrayList<>();
        for (CudnnLayer.Algorithm algorithm : CudnnLayer.Algorithm.values()) {
            rivals.add(measure(algorithm, expected, effort));
        }
        return rivals;
    }

    private Rival measure(CudnnLayer.Algorithm algorithm, LayerResults expected, Effort effort) {
        BenchCase.Shape shape = what.shape();
        try (CudnnLayer layer = new CudnnLayer(
                backend, what.spec(), shape.steps(), shape.batch(), what.purpose(), algorithm, precision)) {
            layer.weights(rondo.weights());
            layer.x(rondo.x());
            if (what.isTraining()) {
                layer.dy(rondo.dy());
                layer.clearGradients();
            }
            call(layer);
            LayerResults.Difference difference = expected.difference(results(layer), precision);
            if (!difference.isAllowed()) {
                return new Rival(algorithm.name(), OptionalDouble.empty(), "not timed: " + difference, true);
            }
            return timed(algorithm, layer, effort, difference.toString());
        } catch (RuntimeException | OutOfMemoryError e) {
            // Whatever it is, Rondo's own figure stands.
            boolean unsupported = e instanceof CudnnException cudnn && cudnn.isNotSupported();
            return new Rival(
                    algorithm.name(),
                    OptionalDouble.empty(),
                    (unsupported ? "" : FAILED + ": ") + e.getMessage(),
                    false);
        }
    }

    private Rival timed(CudnnLayer.Algorithm algorithm, CudnnLayer layer, Effort effort, String compared) {
        Times loose = new CallTimer(backend).measure(effort, () -> call(layer), () -> 0);
        String note = String.format(
                "%s; call by call %s ms, queued in %s us",
                compared,
                BenchReport.digits(1e3 * loose.median()),
                BenchReport.digits(1e6 * loose.queued().orElse(0)));
        double best = loose.median();
        try (CudaGraph graph = CudaGraph.capture(backend, () -> call(layer))) {
            Times replayed = new CallTimer(backend).measure(effort, graph::launch, () -> 0);
            best = Math.min(best, replayed.median());
            note += ", as a graph " + BenchReport.digits(1e3 * replayed.median()) + " ms";
        } catch (RuntimeException e) {
            note += ", not as a graph: " + e.getMessage();
        }
        return new Rival(algorithm.name(), OptionalDouble.of(best), note, false);
    }

    private void call(CudnnLayer layer) {
        layer.forward();
        if (what.isTraining()) {
            layer.backward();
        }
    }

    private LayerResults results(CudnnLayer layer) {
        if (!what.isTraining()) {
            return new LayerResults(layer.y(), null, null);
        }
        try (RnnParameters gradients = backend.parameters(what.spec())) {
            layer.gradients(gradients);
            return new LayerResults(layer.y(), layer.dx(), gradients.flat().toFloats());
        }
    }
}
