package dev.rondo.bench;

import dev.rondo.Backend;
import dev.rondo.Mode;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Runs one case on one backend, through the public API. */
final class CaseRunner implements AutoCloseable {
    private final Case tested;
    private final Backend backend;
    private final RnnSpec spec;
    private final OnnxLayout layout;
    private final Deque<AutoCloseable> owned = new ArrayDeque<>();

    private CaseRunner(Case tested, Backend backend) {
        this.tested = tested;
        this.backend = backend;
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
        List<Mismatch> mismatches = new ArrayList<>();
        try {
            Map<String, double[]> actual = compute(tested, backend);
            for (CaseTensor expected : tested.outputs().values()) {
                Mismatch.between(expected, actual.get(expected.name()), tested.atol())
                        .ifPresent(mismatches::add);
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
        RnnParameters weights = own(backend.parameters(spec));
        layout.setWeights(weights, tested.input("W").values(), tested.input("R").values(), tested.values("B"));
        Tensor x = tensor(layout.inputToRondo(tested.input("X").values()), steps, batch, spec.inputSize());
        RnnState initial = state("initial_h", "initial_c");
        Tensor y = unset(steps, batch, spec.outputSize());
        RnnState last = unsetState();
        boolean gradients = tested.isGradientCase();
        Rnn rnn = own(backend.rnn(spec, steps, batch));
        rnn.forward(gradients ? Mode.TRAINING : Mode.INFERENCE, weights, x, tested.lengths(), initial, y, last);
        Map<String, double[]> outputs = new TreeMap<>();
        outputs.put("Y", layout.outputToOnnx(y.toDoubles()));
        putState(outputs, "Y", last);
        if (gradients) {
            backward(rnn, outputs);
        }
        return outputs;
    }

    private void backward(Rnn rnn, Map<String, double[]> outputs) {
        double[] upstream = tested.values("dY");
        Tensor dy = upstream == null
                ? null
                : tensor(layout.outputToRondo(upstream), tested.steps(), tested.batch(), spec.outputSize());
        Tensor dx = unset(tested.steps(), tested.batch(), spec.inputSize());
        RnnState dInitial = unsetState();
        RnnParameters dWeights = own(backend.parameters(spec));
        rnn.backward(dy, state("dY_h", "dY_c"), dx, dInitial, dWeights);
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
        RnnState state = own(backend.state(spec, tested.batch()));
        if (h != null) {
            state.h().set(layout.stateToRondo(h));
        }
        Tensor cellState = state.c();
        if (c != null && cellState != null) {
            cellState.set(layout.stateToRondo(c));
        }
        return state;
    }

    private Tensor tensor(double[] values, int... shape) {
        return own(backend.tensor(shape)).set(values);
    }

    /** Room for a result, full of NaN: what the backend does not assign is found. */
    private Tensor unset(int... shape) {
        return own(backend.tensor(shape)).fill(Double.NaN);
    }

    private RnnState unsetState() {
        RnnState state = own(backend.state(spec, tested.batch()));
        state.h().fill(Double.NaN);
        Tensor c = state.c();
        if (c != null) {
            c.fill(Double.NaN);
        }
        return state;
    }

    private <T extends AutoCloseable> T own(T resource) {
        owned.push(resource);
        return resource;
    }

    /** Closes everything, the youngest first. */
    @Override
    public void close() {
        while (!owned.isEmpty()) {
            try {
                owned.pop().close();
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException("closing failed", e);
            }
        }
    }
}
