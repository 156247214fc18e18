package dev.rondo.bench.cudnn;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.ForwardCall;
import dev.rondo.ParameterLayout;
import dev.rondo.Precision;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import dev.rondo.bench.check.Check.Output;
import dev.rondo.bench.check.ModeTolerance;
import dev.rondo.bench.check.Numbers;
import dev.rondo.bench.check.Workspace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How far cuDNN and Rondo are apart in a layer, in inference and in training. The numbers are random and the same every time.
 *
 * @param share the largest share of a tolerance that was used; above 1 they do not agree, NaN too
 * @param tensor where
 */
record CudnnComparison(double share, String tensor) {
    /** Whether all is within the tolerances. */
    boolean agrees() {
        return share <= 1;
    }

    /**
     * Computes a layer with both.
     *
     * @param cuda where cuDNN computes, a backend {@code cuda}
     * @param rondo where Rondo does, any backend in {@link Precision#FP32} or better; may be the same
     * @param spec one forward layer; without a jump in its derivative if the precision rounds
     * @param steps T
     * @param batch N
     * @param algorithm how cuDNN computes
     * @param precision in which cuDNN computes; the tolerance is that of it
     * @throws CudnnException if cuDNN does not have it, or fails
     */
    static CudnnComparison of(
            Backend cuda,
            Backend rondo,
            RnnSpec spec,
            int steps,
            int batch,
            CudnnLayer.Algorithm algorithm,
            Precision precision) {
        Layer layer = new Layer(spec, steps, batch);
        List<Output> actual = layer.byCudnn(new Workspace(rondo), cuda, algorithm, precision);
        List<Output> expected = layer.byRondo(new Workspace(rondo));
        List<Output> measure = ModeTolerance.rounds(precision)
                ? layer.byRondo(new Workspace(rondo, value -> ModeTolerance.rounded(precision, value)))
                : expected;
        CudnnComparison worst = new CudnnComparison(0, "none");
        for (int k = 0; k < expected.size(); k++) {
            Output one = expected.get(k);
            double tolerance = one.tolerance();
            if (ModeTolerance.rounds(precision)) {
                tolerance += ModeTolerance.beyondFloat32(precision, one, measure.get(k));
            }
            double share = difference(one.values(), actual.get(k).values()) / tolerance;
            if (!(share <= worst.share)) {
                worst = new CudnnComparison(share, one.name());
            }
        }
        return worst;
    }

    /** The largest one; NaN if an element is NaN. */
    private static double difference(double[] expected, double[] actual) {
        if (actual.length != expected.length) {
            throw new IllegalStateException("expected " + expected.length + " elements, got " + actual.length);
        }
        double largest = 0;
        for (int i = 0; i < expected.length; i++) {
            largest = Math.max(largest, Math.abs(actual[i] - expected[i]));
        }
        return largest;
    }

    /** What is computed. */
    private record Layer(RnnSpec spec, int steps, int batch) {
        /** The arguments, on a backend. */
        private record Arguments(RnnParameters weights, Tensor x, Tensor dy) {}

        private Arguments arguments(Workspace workspace) {
            Numbers numbers =
                    new Numbers(Arrays.hashCode(new int[] {steps, batch, spec.inputSize(), spec.hiddenSize()}));
            RnnParameters weights = workspace.own(workspace.backend().parameters(spec));
            int count = Math.toIntExact(weights.flat().size());
            weights.flat().set(workspace.rounded(numbers.uniform(count, 1 / Math.sqrt(spec.hiddenSize()))));
            return new Arguments(
                    weights,
                    sequence(workspace, numbers, spec.inputSize()),
                    sequence(workspace, numbers, spec.hiddenSize()));
        }

        private Tensor sequence(Workspace workspace, Numbers numbers, int size) {
            double[] values = numbers.uniform(Math.multiplyExact(steps * batch, size), 1);
            return workspace.tensor(values, steps, batch, size);
        }

        List<Output> byRondo(Workspace workspace) {
            try (workspace) {
                Arguments arguments = arguments(workspace);
                List<Output> outputs = new ArrayList<>();
                Rnn rnn = workspace.own(workspace.backend().rnn(spec, steps, batch, Purpose.TRAINING));
                TrainingPass pass = null;
                for (Purpose purpose : List.of(Purpose.INFERENCE, Purpose.TRAINING)) {
                    Tensor y = workspace.unset(steps, batch, spec.hiddenSize());
                    RnnState last = workspace.unsetState(spec, batch);
                    ForwardCall call =
                            rnn.call(arguments.weights, arguments.x).y(y).last(last);
                    if (purpose == Purpose.TRAINING) {
                        pass = workspace.own(call.train());
                    } else {
                        call.run();
                    }
                    @Nullable Tensor c = last.c();
                    addForward(outputs, purpose, y.toDoubles(), last.h().toDoubles(), c == null ? null : c.toDoubles());
                }
                Tensor dx = workspace.unset(steps, batch, spec.inputSize());
                RnnParameters gradients = workspace.own(workspace.backend().parameters(spec));
                Objects.requireNonNull(pass)
                        .backward()
                        .dy(arguments.dy)
                        .dx(dx)
                        .gradients(gradients)
                        .run();
                addBackward(outputs, dx.toDoubles(), gradients);
                return outputs;
            }
        }

        /** The workspace is where the arguments come from. */
        List<Output> byCudnn(Workspace workspace, Backend cuda, CudnnLayer.Algorithm algorithm, Precision precision) {
            try (workspace) {
                Arguments arguments = arguments(workspace);
                List<Output> outputs = new ArrayList<>();
                for (Purpose purpose : List.of(Purpose.INFERENCE, Purpose.TRAINING)) {
                    try (CudnnLayer layer = new CudnnLayer(cuda, spec, steps, batch, purpose, algorithm, precision)) {
                        layer.weights(arguments.weights);
                        layer.x(arguments.x);
                        layer.forward();
                        addForward(
                                outputs,
                                purpose,
                                doubles(layer.y()),
                                doubles(layer.lastH()),
                                spec.cell() == Cell.LSTM ? doubles(layer.lastC()) : null);
                        if (purpose == Purpose.TRAINING) {
                            layer.dy(arguments.dy);
                            layer.clearGradients();
                            layer.backward();
                            RnnParameters gradients =
                                    workspace.own(workspace.backend().parameters(spec));
                            layer.gradients(gradients);
                            addBackward(outputs, doubles(layer.dx()), gradients);
                        }
                    }
                }
                return outputs;
            }
        }

        private void addForward(List<Output> outputs, Purpose purpose, double[] y, double[] h, double @Nullable [] c) {
            String suffix = purpose == Purpose.INFERENCE ? " of inference" : "";
            outputs.add(new Output("y", "y" + suffix, false, new int[] {steps, batch, spec.hiddenSize()}, y));
            outputs.add(new Output("h_n", "h_n" + suffix, false, new int[] {1, batch, spec.hiddenSize()}, h));
            if (c != null) {
                outputs.add(new Output("c_n", "c_n" + suffix, false, new int[] {1, batch, spec.hiddenSize()}, c));
            }
        }

        private void addBackward(List<Output> outputs, double[] dx, RnnParameters gradients) {
            outputs.add(new Output("dx", "dx", true, new int[] {steps, batch, spec.inputSize()}, dx));
            for (ParameterLayout.Entry entry : spec.layout().entries()) {
                String name = entry.name();
                outputs.add(Output.backward(name, "the gradient of " + name, gradients.tensor(name)));
            }
        }

        private static double[] doubles(float[] values) {
            double[] wide = new double[values.length];
            Arrays.setAll(wide, i -> values[i]);
            return wide;
        }
    }
}
