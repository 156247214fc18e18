package dev.rondo.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Direction;
import dev.rondo.IntTensor;
import dev.rondo.Linear;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.train.Initializers;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link StreamPool}: a stream among others gives what it gives alone, whoever joins and leaves. */
public abstract class StreamPoolContract extends ModelContract {
    private static final RnnSpec SPEC = RnnSpec.of(Cell.LSTM, 5, 7).withLayers(2);
    private static final int OUTPUTS = 3;

    /** A stream on its own: a network with a batch of one. */
    private static final class Lone {
        private final RnnState state;
        private final Tensor y;
        private final Tensor logits;

        Lone(Backend backend) {
            state = backend.state(SPEC, 1);
            y = backend.tensor(1, 1, SPEC.outputSize());
            logits = backend.tensor(1, OUTPUTS);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void streamsDoNotKnowOfEachOther(boolean indices) {
        assumeSupported(SPEC);
        // On a GPU the form of a kernel may depend on the batch.
        double tolerance = backend().name().equals("cuda") ? 1e-5 : 0;
        Random random = new Random(4);
        try (Backend scope = backend().scope()) {
            RnnParameters weights = scope.parameters(SPEC);
            Initializers.uniform(weights, random);
            Tensor outputWeight = scope.tensor(OUTPUTS, SPEC.outputSize());
            Initializers.uniform(outputWeight, 0.5, random);
            Tensor bias = scope.tensor(OUTPUTS).set(0.1f, 0.2f, 0.3f);
            StreamPool pool = new StreamPool(scope, weights, outputWeight, bias, 9, 4);
            Linear linear = scope.linear(SPEC.outputSize(), OUTPUTS);
            Rnn rnn = scope.rnn(SPEC, 1, 1, Purpose.INFERENCE);
            Map<Integer, Lone> lone = new HashMap<>();
            for (int round = 0; round < 60; round++) {
                change(scope, pool, lone, random);
                List<Integer> active = new ArrayList<>(lone.keySet());
                active.removeIf(any -> random.nextInt(3) == 0);
                if (active.isEmpty()) {
                    continue;
                }
                int count = active.size();
                float[] values = new float[count * 5];
                int[] symbols = new int[count];
                for (int i = 0; i < count; i++) {
                    symbols[i] = random.nextInt(5);
                    for (int k = 0; k < 5; k++) {
                        values[i * 5 + k] = (float) random.nextGaussian();
                    }
                }
                Tensor outputs = scope.tensor(count, OUTPUTS);
                Tensor dense = scope.tensor(count, 5).set(values);
                IntTensor sparse = scope.intTensor(count).set(symbols);
                pool.step(active.stream().mapToInt(Integer::intValue).toArray(), indices ? sparse : dense, outputs);
                double[] actual = outputs.toDoubles();
                for (int i = 0; i < count; i++) {
                    Lone alone = lone.get(active.get(i));
                    rnn.step(
                            weights, indices ? sparse.view(i, 1, 1) : dense.view(i * 5, 1, 1, 5), alone.state, alone.y);
                    linear.forward(outputWeight, bias, alone.y, alone.logits);
                    double[] expected = alone.logits.toDoubles();
                    for (int o = 0; o < OUTPUTS; o++) {
                        assertEquals(expected[o], actual[i * OUTPUTS + o], tolerance, "round " + round);
                    }
                }
            }
            pool.close();
        }
    }

    /** Some streams join, and some leave. */
    private static void change(Backend scope, StreamPool pool, Map<Integer, Lone> lone, Random random) {
        for (int i = random.nextInt(3); i > 0 && pool.streams() < 9; i--) {
            assertTrue(lone.put(pool.join(), new Lone(scope)) == null, "a number that is taken");
        }
        List<Integer> streams = new ArrayList<>(lone.keySet());
        for (int stream : streams) {
            if (random.nextInt(8) == 0) {
                pool.leave(stream);
                lone.remove(stream);
            }
        }
        assertEquals(lone.size(), pool.streams());
    }

    @Test
    void outputsAreThoseOfTheNetworkWithoutALayer() {
        RnnSpec spec = RnnSpec.of(Cell.GRU, 2, 3);
        assumeSupported(spec);
        try (Backend scope = backend().scope()) {
            RnnParameters weights = scope.parameters(spec);
            Initializers.uniform(weights, new Random(1));
            Tensor x = scope.tensor(2, 2).set(1, 2, 3, 4);
            Tensor y = scope.tensor(2, 3);
            Tensor expected = scope.tensor(1, 2, 3);
            StreamPool pool = new StreamPool(scope, weights, 5, 8);
            int first = pool.join();
            int second = pool.join();
            pool.step(new int[] {second, first}, x, y);
            scope.rnn(spec, 1, 2, Purpose.INFERENCE).forward(weights, x.view(0, 1, 2, 2), expected);
            assertArrayEquals(expected.toDoubles(), y.toDoubles(), 1e-6);
        }
    }

    @Test
    void refusesStreamsThatAreNotThere() {
        RnnSpec spec = RnnSpec.of(Cell.GRU, 2, 3);
        assumeSupported(spec);
        try (Backend scope = backend().scope()) {
            RnnParameters weights = scope.parameters(spec);
            Initializers.uniform(weights, new Random(1));
            StreamPool pool = new StreamPool(scope, weights, 2, 1);
            int first = pool.join();
            int second = pool.join();
            assertThrows(IllegalStateException.class, pool::join);
            pool.leave(first);
            int third = pool.join();
            // its row is that of the first one
            assertTrue(third != first && third != second);
            for (int gone : new int[] {first, -1, 1000, Integer.MAX_VALUE}) {
                String message = assertThrows(IllegalArgumentException.class, () -> pool.leave(gone))
                        .getMessage();
                assertEquals("stream: expected a stream that joined and did not leave, got " + gone, message);
            }
            Tensor x = scope.tensor(2, 2).set(1, 2, 3, 4);
            Tensor y = scope.tensor(2, 3);
            pool.step(new int[] {second, third}, x, y);
            float[] after = y.toFloats();
            pool.leave(second);
            pool.leave(third);
            int fourth = pool.join();
            int fifth = pool.join();
            assertThrows(IllegalArgumentException.class, () -> pool.step(new int[] {fourth, second}, x, y));
            String twice = assertThrows(
                            IllegalArgumentException.class, () -> pool.step(new int[] {fourth, fourth}, x, y))
                    .getMessage();
            assertEquals("streams[1]: expected each stream once, got " + fourth + " again", twice);
            assertThrows(IllegalArgumentException.class, () -> pool.step(new int[] {fourth}, x, y));
            // no refused call has moved a state, and those that joined start from zero
            pool.step(new int[] {fourth, fifth}, x, y);
            assertArrayEquals(after, y.toFloats());
        }
    }

    @Test
    void refusesANetworkThatNeedsTheWholeSequence() {
        RnnSpec spec = RnnSpec.of(Cell.GRU, 2, 3).withDirection(Direction.BIDIRECTIONAL);
        assumeSupported(spec);
        try (Backend scope = backend().scope()) {
            RnnParameters weights = scope.parameters(spec);
            assertThrows(IllegalArgumentException.class, () -> new StreamPool(scope, weights, 2, 1));
        }
    }
}
