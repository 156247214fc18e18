package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.rondo.Cell;
import dev.rondo.Embedding;
import dev.rondo.IntTensor;
import dev.rondo.Linear;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import dev.rondo.train.Adam;
import dev.rondo.train.GradientClipping;
import dev.rondo.train.MeanSquaredError;
import dev.rondo.train.Optimizer;
import dev.rondo.train.SoftmaxCrossEntropy;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Whatever is written can be written, and lies apart from what is read: else the call is refused before it writes anything. */
public abstract class WrittenMemoryContract extends BackendContract {
    /** For subclasses. */
    protected WrittenMemoryContract() {}

    private RnnSpec spec;
    private RnnParameters weights;
    private Tensor x;
    private Tensor y;

    @BeforeEach
    final void makeANetworkAndItsArguments() {
        spec = RnnSpec.of(Cell.LSTM, 3, 2);
        weights = backend().parameters(spec);
        x = tensor(1, 2, 3).fill(1);
        y = tensor(1, 2, 2);
    }

    private Tensor tensor(int... shape) {
        return backend().tensor(shape);
    }

    /** Direct memory of the caller that can only be read; skips the test where the kernels cannot reach any. */
    private Tensor readOnly(int... shape) {
        int size = 1;
        for (int dimension : shape) {
            size *= dimension;
        }
        ByteBuffer bytes = ByteBuffer.allocateDirect(4 * size).order(ByteOrder.nativeOrder());
        Tensor tensor = Tensor.wrap(bytes.asFloatBuffer().asReadOnlyBuffer(), shape);
        assumeTrue(backend().kernels().accepts(tensor.storage()), "the kernels cannot reach this memory");
        return tensor;
    }

    private static void refused(String name, Executable call) {
        Refusal.illegalArgument(call, name + ": expected memory that can be written", "over a read-only buffer");
    }

    @Test
    void readOnlyMemoryOfTensorsAndStates() {
        Tensor fixed = Tensor.wrap(FloatBuffer.allocate(4).asReadOnlyBuffer(), 1, 2, 2);
        refused("tensor", () -> fixed.set(1f, 2f, 3f, 4f));
        refused("tensor", () -> fixed.set(1.0, 2.0, 3.0, 4.0));
        refused("tensor", () -> fixed.write(new float[4], 0));
        refused("tensor", () -> fixed.fill(1));
        refused("tensor", () -> fixed.copyFrom(y));
        assertArrayEquals(new double[4], fixed.toDoubles());
        RnnState state = new RnnState(fixed, null);
        RnnState other = new RnnState(Tensor.wrap(new float[4], 1, 2, 2).fill(3), null);
        RnnState half = new RnnState(Tensor.wrap(new float[4], 1, 2, 2).fill(3), fixed);
        refused("state.c", half::zero);
        refused("state.c", () -> half.copyFrom(new RnnState(y, tensor(1, 2, 2))));
        assertArrayEquals(new double[] {3, 3, 3, 3}, half.h().toDoubles());
        refused("state.h", state::zero);
        refused("state.h", () -> state.copyFrom(other));
        refused("state.h", () -> state.zeroRow(1));
        refused("state.h", () -> state.zeroRows(new boolean[] {false, true}));
        refused("state.h", () -> state.copyRow(0, other, 1));
        refused("state.h", () -> state.gather(other, 1, 0));
        refused("target.h", () -> other.scatter(state, 1, 0));
        refused("state.h", () -> state.writeRow(0, new float[2], 0));
        other.copyRow(0, state, 1);
        assertArrayEquals(new double[] {0, 0, 3, 3}, other.h().toDoubles());
    }

    @Test
    void readOnlyMemoryOfNetworks() {
        try (Rnn rnn = backend().rnn(spec, 1, 2, Purpose.TRAINING);
                RnnState state = backend().state(spec, 2)) {
            RnnState fixed = new RnnState(readOnly(1, 2, 2), readOnly(1, 2, 2));
            RnnState fixedC = new RnnState(tensor(1, 2, 2), readOnly(1, 2, 2));
            refused("y", () -> rnn.forward(weights, x, readOnly(1, 2, 2)));
            refused("last.h", () -> rnn.call(weights, x).last(fixed).run());
            refused("last.c", () -> rnn.call(weights, x).last(fixedC).run());
            refused("pool.h", () -> rnn.step(weights, x, fixed, new int[] {1, 0}, y));
            refused("pool.c", () -> rnn.step(weights, x, fixedC, new int[] {1, 0}, y));
            try (TrainingPass pass =
                    rnn.call(weights, x).initial(fixed).y(y).last(state).train()) {
                refused("dx", () -> pass.backward().dy(y).dx(readOnly(1, 2, 3)).run());
                refused(
                        "dInitial.h",
                        () -> pass.backward().dy(y).dInitial(fixed).run());
                int size = spec.layout().size();
                RnnParameters gradients = new RnnParameters(spec, readOnly(size));
                refused("gradients", () -> pass.backward(y, gradients));
                pass.backward(y, backend().parameters(spec));
            }
        }
    }

    @Test
    void readOnlyMemoryOfLayersAndTraining() {
        Linear linear = backend().linear(3, 2);
        Tensor w = readOnly(2, 3);
        refused("y", () -> linear.forward(w, null, x, readOnly(1, 2, 2)));
        refused("dx", () -> linear.backward(w, x, y, readOnly(1, 2, 3), null, null));
        refused("dWeight", () -> linear.backward(w, x, y, null, readOnly(2, 3), null));
        refused("dBias", () -> linear.backward(w, x, y, null, null, readOnly(2)));
        Embedding embedding = backend().embedding(4, 2);
        IntTensor indices = backend().intTensor(1, 2);
        refused("y", () -> embedding.forward(readOnly(4, 2), indices, readOnly(1, 2, 2)));
        refused("dTable", () -> embedding.backward(indices, readOnly(1, 2, 2), readOnly(4, 2)));
        SoftmaxCrossEntropy crossEntropy = new SoftmaxCrossEntropy(backend());
        refused("loss", () -> crossEntropy.apply(y, indices, readOnly(1), null));
        refused("dLogits", () -> crossEntropy.apply(y, indices, tensor(1), readOnly(1, 2, 2)));
        MeanSquaredError squares = new MeanSquaredError(backend());
        refused("loss", () -> squares.apply(y, y, readOnly(1), null));
        refused("dPrediction", () -> squares.apply(y, y, tensor(1), readOnly(1, 2, 2)));
        try (Optimizer adam = new Adam(backend(), 4, 0.1);
                GradientClipping clipping = new GradientClipping(backend())) {
            refused("weights", () -> adam.update(readOnly(4), tensor(4)));
            assertEquals(0, adam.updates());
            refused("gradients", () -> clipping.byGlobalNorm(readOnly(4), 1));
            refused("gradients", () -> clipping.byValue(readOnly(4), 1));
            adam.update(tensor(4), readOnly(4));
        }
        linear.backward(w, x, readOnly(1, 2, 2), tensor(1, 2, 3), tensor(2, 3), tensor(2));
    }

    @Test
    void overlapsAroundLayers() {
        Linear linear = backend().linear(3, 2);
        Tensor w = tensor(2, 3);
        Refusal.illegalArgument(
                () -> linear.backward(w, x, y, null, null, x.view(1, 2)), "dBias: expected memory apart from x");
        Refusal.illegalArgument(
                () -> linear.backward(w, x, y, null, null, w.view(4, 2)), "dBias: expected memory apart from weight");
        Embedding embedding = backend().embedding(4, 2);
        Tensor table = tensor(4, 2);
        IntTensor indices = backend().intTensor(2);
        Refusal.illegalArgument(
                () -> embedding.forward(table, indices, table.view(4, 2, 2)), "y: expected memory apart from table");
        Refusal.illegalArgument(
                () -> embedding.backward(indices, table.view(0, 2, 2), table), "dTable: expected memory apart from dy");
    }

    @Test
    void overlapsOfStates() {
        Tensor c = tensor(1, 2, 2);
        RnnState one = new RnnState(tensor(1, 2, 2), c);
        RnnState sameC = new RnnState(tensor(1, 2, 2), c);
        Refusal.illegalArgument(() -> one.gather(sameC, 1, 0), "source: expected another state");
        Refusal.illegalArgument(() -> one.scatter(sameC, 1, 0), "target: expected another state");
        RnnState crossed = new RnnState(c, tensor(1, 2, 2));
        Refusal.illegalArgument(() -> one.gather(crossed, 1, 0), "source: expected another state");
    }

    @Test
    void aPoolOfStatesLiesApart() {
        try (Rnn rnn = backend().rnn(spec, 1, 2, Purpose.INFERENCE);
                RnnState pool = backend().state(spec, 5)) {
            y.fill(7);
            Tensor inside = pool.h().view(0, 1, 2, 2);
            Refusal.illegalArgument(
                    () -> rnn.step(weights, x, pool, new int[] {3, 4}, inside), "pool: expected memory apart from y");
            RnnState inWeights = new RnnState(weights.flat().view(0, 1, 2, 2), tensor(1, 2, 2));
            Refusal.illegalArgument(
                    () -> rnn.step(weights, x, inWeights, new int[] {1, 0}, y),
                    "pool: expected memory apart from weights");
            Refusal.illegalArgument(
                    () -> rnn.step(weights, x, pool, new int[] {3, 3}, y), "rows[1]: expected each row once, got 3");
            Refusal.nullArgument(() -> rnn.step(null, x, pool, new int[] {3, 4}, y), "weights");
            assertArrayEquals(new double[] {7, 7, 7, 7}, y.toDoubles());
            rnn.step(weights, x, pool, new int[] {3, 4}, y);
            assertArrayEquals(new double[4], y.toDoubles());
        }
    }
}
