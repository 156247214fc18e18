package dev.rondo.bench.conform;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.bench.SharedFolder;
import dev.rondo.bench.check.CaseResult;
import dev.rondo.layout.OnnxLayout;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The published cases on the oracle. */
class SharedCasesTest {
    /** Printed digits and the central differences bound how exact the expected gradients are. */
    private static final double DOUBLE_PRECISION_ATOL = 1e-6;

    @Test
    void forwardCases() throws IOException {
        List<Case> cases = CaseFile.read(SharedFolder.cases("forward.txt"));
        assertEquals(86, count(cases, "core"));
        assertEquals(21, count(cases, "extended"));
        check(cases);
    }

    @Test
    void gradientCases() throws IOException {
        List<Case> cases = CaseFile.read(SharedFolder.cases("gradients.txt"));
        assertEquals(76, count(cases, "core"));
        assertEquals(95, cases.size());
        assertTrue(cases.stream().allMatch(Case::isGradientCase));
        check(cases.stream().map(SharedCasesTest::sharper).toList());
    }

    private static long count(List<Case> cases, String profile) {
        return cases.stream().filter(tested -> tested.profile().equals(profile)).count();
    }

    private static Case sharper(Case c) {
        return new Case(
                c.file(),
                c.line(),
                c.name(),
                c.op(),
                c.profile(),
                c.source(),
                c.attributes(),
                DOUBLE_PRECISION_ATOL,
                c.inputs(),
                c.outputs());
    }

    /** Core cases pass; the others pass or are unsupported by name. */
    private static void check(List<Case> cases) {
        try (Backend backend = Backend.named("reference")) {
            for (Case tested : cases) {
                CaseResult result = CaseRunner.run(tested, backend);
                boolean fine = result instanceof CaseResult.Passed
                        || result instanceof CaseResult.Unsupported unsupported
                                && tested.profile().equals("extended")
                                && !unsupported.reason().isBlank();
                assertTrue(fine, () -> tested.name() + ": " + result);
            }
        }
    }

    /** One call over all steps, two calls of half of them, and single steps give the same bits. */
    @Test
    void statefulCases() throws IOException {
        List<Case> cases = CaseFile.read(SharedFolder.cases("forward.txt")).stream()
                .filter(tested -> tested.name().matches("keras_.*_statefulness_.*"))
                .toList();
        assertEquals(3, cases.size());
        try (Backend backend = Backend.named("reference")) {
            for (Case tested : cases) {
                Map<String, double[]> whole = CaseRunner.compute(tested, backend);
                assertEquals(6, tested.steps());
                for (int window : new int[] {3, 1}) {
                    checkWindows(tested, backend, window, whole);
                }
            }
        }
    }

    private static void checkWindows(Case tested, Backend backend, int window, Map<String, double[]> whole) {
        RnnSpec spec = CaseSupport.spec(tested);
        int batch = tested.batch();
        OnnxLayout layout = new OnnxLayout(spec, window, batch, false);
        RnnParameters weights = backend.parameters(spec);
        layout.setWeights(weights, tested.input("W").values(), tested.input("R").values(), tested.values("B"));
        RnnState state = backend.state(spec, batch);
        Tensor x = backend.tensor(window, batch, spec.inputSize());
        Tensor y = backend.tensor(window, batch, spec.outputSize());
        int xSize = x.size();
        int ySize = y.size();
        try (Rnn rnn = backend.rnn(spec, window, batch, Purpose.INFERENCE)) {
            for (int k = 0; k < tested.steps() / window; k++) {
                x.set(Arrays.copyOfRange(tested.input("X").values(), k * xSize, (k + 1) * xSize));
                if (window == 1) {
                    rnn.step(weights, x, state, y);
                } else {
                    rnn.call(weights, x).initial(state).y(y).last(state).run();
                }
                assertArrayEquals(
                        Arrays.copyOfRange(whole.get("Y"), k * ySize, (k + 1) * ySize),
                        layout.outputToOnnx(y.toDoubles()),
                        tested.name());
            }
        }
        assertArrayEquals(whole.get("Y_h"), state.h().toDoubles(), tested.name());
        Tensor c = state.c();
        if (c != null) {
            assertArrayEquals(whole.get("Y_c"), c.toDoubles(), tested.name());
        }
    }
}
