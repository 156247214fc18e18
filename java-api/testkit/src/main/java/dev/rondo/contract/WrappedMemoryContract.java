package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.rondo.Cell;
import dev.rondo.IntTensor;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Memory of the caller, as arguments of a network and as the other end of a copy. A backend whose kernels cannot reach
 * it refuses it; copies work everywhere.
 */
public abstract class WrappedMemoryContract extends BackendContract {
    /** For subclasses. */
    protected WrappedMemoryContract() {}

    private static final int FRONT = 3;
    private static final float UNTOUCHED = 7.5f;

    /** Whose memory a tensor stands on. */
    enum Memory {
        ARRAY {
            @Override
            Tensor tensor(double[] values, int... shape) {
                return Tensor.wrap(new float[values.length], shape).set(values);
            }
        },
        HEAP_BUFFER {
            @Override
            Tensor tensor(double[] values, int... shape) {
                return over(FloatBuffer.allocate(values.length + 2 * FRONT), values, shape);
            }
        },
        DIRECT_BUFFER {
            @Override
            Tensor tensor(double[] values, int... shape) {
                return over(direct(values.length + 2 * FRONT, ByteOrder.nativeOrder()), values, shape);
            }
        };

        abstract Tensor tensor(double[] values, int... shape);

        private static Tensor over(FloatBuffer buffer, double[] values, int... shape) {
            buffer.position(FRONT).limit(FRONT + values.length);
            return Tensor.wrap(buffer, shape).set(values);
        }
    }

    private static FloatBuffer direct(int size, ByteOrder order) {
        return ByteBuffer.allocateDirect(size * Float.BYTES).order(order).asFloatBuffer();
    }

    @ParameterizedTest(name = "{0}")
    @EnumSource
    void everyArgumentMayBeTheCallers(Memory memory) {
        RnnSpec spec = RnnSpec.of(Cell.LSTM, 3, 4).withLayers(2);
        RnnCase network = RnnCase.random(spec, 5, 3, 61).withLengths(5, 0, 2);
        Tensor x = memory.tensor(network.x, 5, 3, 3);
        assumeTrue(backend().kernels().accepts(x.storage()), "the kernels cannot reach this memory");
        RnnOutcome expected = network.run(backend());

        RnnParameters weights = new RnnParameters(spec, memory.tensor(network.weights, network.weights.length));
        RnnState state = state(memory, network.initial);
        Tensor y = memory.tensor(new double[expected.y().length], 5, 3, 4).fill(Double.NaN);
        Tensor dy = memory.tensor(network.dy, 5, 3, 4);
        RnnState dState = state(memory, network.dLast);
        Tensor dx = memory.tensor(new double[network.x.length], 5, 3, 3).fill(Double.NaN);
        RnnParameters gradients =
                new RnnParameters(spec, memory.tensor(new double[network.weights.length], network.weights.length));
        try (Rnn rnn = network.rnn(backend())) {
            TrainingPass pass = rnn.call(weights, x)
                    .lengths(network.lengths)
                    .initial(state)
                    .y(y)
                    .last(state)
                    .train();
            StateValues last = StateValues.of(state);
            pass.backward()
                    .dy(dy)
                    .dLast(dState)
                    .dx(dx)
                    .dInitial(dState)
                    .gradients(gradients)
                    .run();
            RnnOutcome actual = new RnnOutcome(
                    y.toDoubles(),
                    last,
                    dx.toDoubles(),
                    StateValues.of(dState),
                    gradients.flat().toDoubles());
            expected.assertNear(Tolerance.forward(false), Tolerance.backward(false), actual);
        }
    }

    private static RnnState state(Memory memory, StateValues values) {
        return new RnnState(memory.tensor(values.h(), 2, 3, 4), memory.tensor(values.c(), 2, 3, 4));
    }

    @ParameterizedTest(name = "{0}")
    @EnumSource
    void unreachableMemoryIsRefused(Memory memory) {
        RnnCase network = RnnCase.random(RnnSpec.of(Cell.GRU, 3, 4), 2, 2, 62);
        Tensor x = memory.tensor(network.x, 2, 2, 3);
        assumeTrue(!backend().kernels().accepts(x.storage()), "the kernels can reach this memory");
        Tensor y = network.y(backend());
        try (Rnn rnn = network.rnn(backend())) {
            Refusal.illegalArgument(
                    () -> rnn.call(network.weights(backend()), x).y(y).run(), "x", "memory");
        }
    }

    @Test
    void wrappedIndicesEqualOwnOnes() {
        RnnCase network = RnnCase.random(RnnSpec.of(Cell.GRU, 5, 4), 4, 3, 63).oneHot();
        IntTensor indices = IntTensor.wrap(network.indices, 4, 3);
        assumeTrue(backend().kernels().accepts(indices.storage()), "the kernels cannot reach this memory");
        Tensor y = network.y(backend());
        try (Rnn rnn = network.rnn(backend())) {
            rnn.call(network.weights(backend()), indices)
                    .initial(network.initial(backend()))
                    .y(y)
                    .run();
        }
        assertArrayEquals(network.forward(backend(), Purpose.INFERENCE).y(), y.toDoubles());
    }

    @ParameterizedTest(name = "{0}")
    @EnumSource
    void copiesGoBothWays(Memory memory) {
        double[] values = new Numbers(64).uniform(12, 1);
        Tensor wrapped = memory.tensor(values, 3, 4);
        Tensor own = backend().tensor(12).copyFrom(wrapped);
        assertArrayEquals(values, own.toDoubles());
        Tensor back = memory.tensor(new double[12], 2, 6).copyFrom(own);
        assertArrayEquals(values, back.toDoubles());
        Tensor part = backend().tensor(2, 10).fill(1);
        part.view(4, 4).copyFrom(wrapped.view(8, 4));
        double[] expected = new double[20];
        Arrays.fill(expected, 1);
        System.arraycopy(values, 8, expected, 4, 4);
        assertArrayEquals(expected, part.toDoubles());
    }

    @Test
    void overlappingCopiesBehaveAsIfThroughATemporary() {
        Tensor own = backend().tensor(6).set(1.0, 2, 3, 4, 5, 6);
        own.view(1, 4).copyFrom(own.view(0, 4));
        assertArrayEquals(new double[] {1, 1, 2, 3, 4, 6}, own.toDoubles());
        own.view(0, 4).copyFrom(own.view(2, 4));
        assertArrayEquals(new double[] {2, 3, 4, 6, 4, 6}, own.toDoubles());
        IntTensor ints = backend().intTensor(4).set(1, 2, 3, 4);
        ints.view(1, 3).copyFrom(ints.view(0, 3));
        assertArrayEquals(new int[] {1, 1, 2, 3}, ints.toInts());
    }

    @Test
    void onlyTheRemainingElementsOfABufferAreUsed() {
        FloatBuffer buffer = direct(10, ByteOrder.nativeOrder());
        for (int i = 0; i < 10; i++) {
            buffer.put(i, UNTOUCHED);
        }
        buffer.position(FRONT).limit(7);
        Tensor wrapped = Tensor.wrap(buffer, 4);
        wrapped.copyFrom(backend().tensor(4).set(1.0, 2, 3, 4));
        assertEquals(FRONT, buffer.position());
        buffer.clear();
        float[] elements = new float[10];
        buffer.get(elements);
        float u = UNTOUCHED;
        assertArrayEquals(new float[] {u, u, u, 1, 2, 3, 4, u, u, u}, elements);
    }

    @Test
    void anotherByteOrderIsRespected() {
        for (ByteOrder order : new ByteOrder[] {ByteOrder.BIG_ENDIAN, ByteOrder.LITTLE_ENDIAN}) {
            Tensor wrapped = Tensor.wrap(direct(3, order), 3).set(1.5, -2, 1e10f);
            assertArrayEquals(
                    new double[] {1.5, -2, 1e10f},
                    backend().tensor(3).copyFrom(wrapped).toDoubles());
        }
    }

    @Test
    void ownTensorsHoldWhatIsPutIn() {
        Tensor own = backend().tensor(2, 3);
        assertArrayEquals(new double[6], own.toDoubles(), "zero at first");
        float[] special = {Float.NaN, Float.NEGATIVE_INFINITY, -0f, Float.MIN_VALUE, Float.MAX_VALUE, 0.1f};
        own.set(special);
        assertArrayEquals(special, own.toFloats());
        own.view(2, 3).fill(2.5);
        assertArrayEquals(new double[] {2.5, 2.5, 2.5}, own.view(2, 3).toDoubles());
        assertArrayEquals(new int[4], backend().intTensor(4).toInts(), "zero at first");
        int[] ints = {Integer.MIN_VALUE, -1, 0, Integer.MAX_VALUE};
        assertArrayEquals(ints, backend().intTensor(2, 2).set(ints).toInts());
    }
}
