package dev.rondo.bench.conform;

import dev.rondo.Backend;
import dev.rondo.ForwardCall;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import dev.rondo.bench.check.CaseResult;
import dev.rondo.bench.check.CaseTensor;
import dev.rondo.bench.check.Mismatch;
import dev.rondo.bench.check.Workspace;
import dev.rondo.layout.OnnxLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Runs one case on one backend, through the public API. */
final class CaseRunner implements AutoCloseable {
    private final Case tested;
    private final RnnSpec spec;
    private final OnnxLayout layout;
    private final Workspace workspace;

    private CaseRunner(Case tested, Backend backend) {
        this.tested = tested;
        this.workspace = new Workspace(backend);
        this.spec = CaseSupport.spec(tested);
        this.layout = new OnnxLayout(
                spec, tested.steps(), tested.batch(), tested.attributes().batchMajor());
    }

    /** Runs a case and compares every output that it lists. */
    static CaseResult run(Case tested, Backend backend) {
        List<String> missing = CaseSupport.missing(tested);
        if (!missing.isEmpty()) {
            return new CaseResult.Unsupported(String.join(", ", missing));
        }
        Optional<String> lacking = backend.unsupported(CaseSupport.spec(tested));
        if (lacking.isPresent()) {
            return new CaseResult.Unsupported(lacking.get());
        }
        List<Mismatch> mismatches = new ArrayList<>();
        try {
            Map<String, double[]> actual = compute(tested, backend);
            for (CaseTensor expected : tested.outputs().values()) {
                double[] values = Objects.requireNonNull(actual.get(expected.name()), expected.name());
                Mismatch.between(expected, values, tested.atol()).ifPresent(mismatches::add);
            }
        } catch (RuntimeException e) {
            return new CaseResult.Failed("the backend threw " + e.toString().replaceAll("\\s+", " "), List.of());
        }
        return mismatches.isEmpty() ? new CaseResult.Passed() : CaseResult.Failed.of(mismatches);
    }

    /** Every output that a case of this kind can list, in ONNX's layout. */
    static Map<String, double[]> compute(Case tested, Backend backend) {
        try (CaseRunner runner = new CaseRunner(tested, backend)) {
            return runner.compute();
        }
    }

    private Map<String, double[]> compute() {
        int steps = tested.steps();
        int batch = tested.batch();
        RnnParameters weights = workspace.own(workspace.backend().parameters(spec));
        layout.setWeights(weights, tested.input("W").values(), tested.input("R").values(), tested.values("B"));
        Tensor x = workspace.tensor(layout.inputToRondo(tested.input("X").values()), steps, batch, spec.inputSize());
        RnnState initial = state("initial_h", "initial_c");
        Tensor y = workspace.unset(steps, batch, spec.outputSize());
        RnnState last = workspace.unsetState(spec, tested.batch());
        boolean gradients = tested.isGradientCase();
        Rnn rnn = workspace.own(
                workspace.backend().rnn(spec, steps, batch, gradients ? Purpose.TRAINING : Purpose.INFERENCE));
        ForwardCall call = rnn.call(weights, x)
                .lengths(tested.lengths())
                .initial(initial)
                .y(y)
                .last(last);
        TrainingPass pass = null;
        if (gradients) {
            pass = workspace.own(call.train());
        } else {
            call.run();
        }
        Map<String, double[]> outputs = new TreeMap<>();
        outputs.put("Y", layout.outputToOnnx(y.toDoubles()));
        putState(outputs, "Y", last);
        if (pass != null) {
            backward(pass, outputs);
        }
        return outputs;
    }

    private void backward(TrainingPass pass, Map<String, double[]> outputs) {
        double[] upstream = tested.values("dY");
        Tensor dy = upstream == null
                ? null
                : workspace.tensor(layout.outputToRondo(upstream), tested.steps(), tested.batch(), spec.outputSize());
        Tensor dx = workspace.unset(tested.steps(), tested.batch(), spec.inputSize());
        RnnState dInitial = workspace.unsetState(spec, tested.batch());
        RnnParameters dWeights = workspace.own(workspace.backend().parameters(spec));
        pass.backward()
                .dy(dy)
                .dLast(state("dY_h", "dY_c"))
                .dx(dx)
                .dInitial(dInitial)
                .gradients(dWeights)
                .run();
        outputs.put("dX", layout.inputToOnnx(dx.toDoubles()));
        outputs.put("dW", layout.inputWeights(dWeights));
        outputs.put("dR", layout.recurrentWeights(dWeights));
        if (spec.bias()) {
            outputs.put("dB", layout.biases(dWeights));
        }
        putState(outputs, "dinitial", dInitial);
    }

    /** Puts {@code NAME_h} and, where there is a cell state, {@code NAME_c}. */
    private void putState(Map<String, double[]> outputs, String name, RnnState state) {
        outputs.put(name + "_h", layout.stateToOnnx(state.h().toDoubles()));
        Tensor c = state.c();
        if (c != null) {
            outputs.put(name + "_c", layout.stateToOnnx(c.toDoubles()));
        }
    }

    /** The state of two inputs of the case; null where it has neither, zero where it has one of them only. */
    private @Nullable RnnState state(String hName, String cName) {
        double[] h = tested.values(hName);
        double[] c = tested.values(cName);
        if (h == null && c == null) {
            return null;
        }
        RnnState state = workspace.state(spec, tested.batch());
        if (h != null) {
            state.h().set(layout.stateToRondo(h));
        }
        Tensor cellState = state.c();
        if (c != null && cellState != null) {
            cellState.set(layout.stateToRondo(c));
        }
        return state;
    }

    /** Closes what the case took of the backend. */
    @Override
    public void close() {
        workspace.close();
    }
}
