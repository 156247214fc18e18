package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.IntTensor;
import dev.rondo.Linear;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import dev.rondo.train.Sgd;
import dev.rondo.train.TruncatedBptt;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What may be shared, between arguments and between threads, and what may not. */
public abstract class SharingContract extends BackendContract {
    /** For subclasses. */
    protected SharingContract() {}

    private static final RnnSpec SPEC = RnnSpec.of(Cell.LSTM, 3, 3);
    private static final int STEPS = 4;
    private static final int BATCH = 2;

    private Tensor tensor(int... shape) {
        return backend().tensor(shape).fill(0.25);
    }

    private RnnParameters weights() {
        return new RnnParameters(SPEC, tensor(SPEC.layout().size()));
    }

    private static void refused(String name, String other, Executable call) {
        Refusal.illegalArgument(call, name + ": expected memory apart from " + other, "overlapping");
    }

    @Test
    void backwardDoesNotWriteWhatItReads() {
        try (Rnn rnn = backend().rnn(SPEC, STEPS, BATCH, Purpose.TRAINING)) {
            RnnParameters weights = weights();
            Tensor x = tensor(STEPS, BATCH, 3);
            Tensor dy = tensor(STEPS, BATCH, 3);
            RnnState inX = new RnnState(x.view(0, 1, BATCH, 3), tensor(1, BATCH, 3));
            TrainingPass pass = rnn.call(weights, x).train();
            refused("dx", "x", () -> pass.backward().dy(dy).dx(x).run());
            refused(
                    "dx",
                    "weights",
                    () -> pass.backward()
                            .dy(dy)
                            .dx(weights.flat().view(0, STEPS, BATCH, 3))
                            .run());
            refused(
                    "gradients",
                    "weights",
                    () -> pass.backward().dy(dy).gradients(weights).run());
            refused("dInitial", "x", () -> pass.backward().dy(dy).dInitial(inX).run());
            pass.backward()
                    .dy(dy)
                    .dx(tensor(STEPS, BATCH, 3))
                    .gradients(weights())
                    .run();
        }
    }

    @Test
    void twoTensorsOverOneArrayOfTheCallerOverlap() {
        float[] array = new float[STEPS * BATCH * 3];
        Tensor x = Tensor.wrap(array, STEPS, BATCH, 3);
        Tensor y = Tensor.wrap(array, STEPS, BATCH, 3);
        try (Rnn rnn = backend().rnn(SPEC, STEPS, BATCH, Purpose.TRAINING)) {
            if (backend().kernels().accepts(x.storage())) {
                refused("y", "x", () -> rnn.call(weights(), x).y(y).run());
            }
        }
    }

    @Test
    void closedWeightsAndInputsAreNoticedByBackward() {
        try (Rnn rnn = backend().rnn(SPEC, STEPS, BATCH, Purpose.TRAINING)) {
            RnnParameters weights = weights();
            TrainingPass pass = rnn.call(weights, tensor(STEPS, BATCH, 3)).train();
            weights.close();
            Refusal.illegalState(() -> pass.backward().run(), "weights", "is closed");
            Tensor x = tensor(STEPS, BATCH, 3);
            TrainingPass other = rnn.call(weights(), x).train();
            x.close();
            Refusal.illegalState(() -> other.backward().run(), "x", "is closed");
        }
    }

    @Test
    void layersAndOptimizersDoNotWriteWhatTheyRead() {
        Linear linear = backend().linear(3, 3);
        Tensor weight = tensor(3, 3);
        Tensor x = tensor(BATCH, 3);
        Tensor dy = tensor(BATCH, 3);
        refused("dx", "x", () -> linear.backward(weight, x, dy, x, null, null));
        refused("dx", "dy", () -> linear.backward(weight, x, dy, dy, null, null));
        refused("dWeight", "weight", () -> linear.backward(weight, x, dy, null, weight, null));
        Tensor flat = tensor(9);
        try (Sgd sgd = new Sgd(backend(), 9, 0.1, 0)) {
            refused("weights", "gradients", () -> sgd.update(flat, flat));
        }
        assertArrayEquals(tensor(9).toDoubles(), flat.toDoubles());
    }

    @Test
    void gradientsOfAnEmbeddingStayInsideTheirTable() {
        Tensor flat = tensor(8);
        Tensor table = flat.view(0, 2, 2);
        IntTensor index = backend().intTensor(1).set(2);
        Refusal.illegalArgument(
                () -> backend().embedding(2, 2).backward(index, tensor(1, 2), table), "indices[0]", "0 to 1", "got 2");
        assertArrayEquals(tensor(8).toDoubles(), flat.toDoubles());
    }

    @Test
    void closingAViewDoesNothing() {
        Tensor whole = tensor(6);
        whole.view(1, 2).close();
        assertEquals(6, whole.toDoubles().length);
        new RnnParameters(SPEC, tensor(1000).view(0, SPEC.layout().size())).close();
        whole.close();
        Refusal.illegalState(whole::toDoubles, "is closed");
    }

    @Test
    void threadsShareABackend() throws InterruptedException, ExecutionException {
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try {
            double[] expected = work(0);
            List<Future<double[]>> results = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                results.add(threads.submit(() -> work(0)));
            }
            for (Future<double[]> result : results) {
                assertArrayEquals(expected, result.get());
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** A network and a linear layer, with tensors of its own. */
    private double[] work(int seed) {
        RnnCase one = RnnCase.random(SPEC, STEPS, BATCH, seed);
        RnnOutcome outcome = one.run(backend());
        Tensor x = backend().tensor(BATCH, 3).set(Arrays.copyOf(one.x, BATCH * 3));
        Tensor weight = backend().tensor(5, 3).set(Arrays.copyOf(one.weights, 15));
        Tensor y = backend().tensor(BATCH, 5);
        backend().linear(3, 5).forward(weight, null, x, y);
        double[] all = Arrays.copyOf(y.toDoubles(), 10 + outcome.gradients().length);
        System.arraycopy(outcome.gradients(), 0, all, 10, outcome.gradients().length);
        return all;
    }

    @Test
    void aBackendClosedByAnotherThreadEndsItsCalls() throws InterruptedException {
        Backend own = open();
        Thread closing = new Thread(own::close);
        RnnCase one = RnnCase.random(RnnSpec.of(Cell.GRU, 8, 64), 30, 8, 1);
        try {
            for (int i = 0; i < 200; i++) {
                if (i == 20) {
                    closing.start();
                }
                one.run(own);
            }
        } catch (IllegalStateException e) {
            assertTrue(String.valueOf(e.getMessage()).contains("closed"), e::toString);
        }
        closing.join();
        Refusal.illegalState(() -> own.tensor(1), "backend", "closed");
    }

    @Test
    void aRefusedRestoreLeavesTheStreamAsItWas() {
        RnnParameters weights = weights();
        Tensor x = tensor(2, BATCH, 3);
        try (TruncatedBptt one = new TruncatedBptt(backend(), SPEC, BATCH, 2, 4);
                TruncatedBptt twin = new TruncatedBptt(backend(), SPEC, BATCH, 2, 4)) {
            one.forward(weights, x, null);
            twin.forward(weights, x, null);
            RnnState state = backend().state(SPEC, BATCH);
            boolean[] none = new boolean[BATCH];
            for (TruncatedBptt.Advance wrong : List.of(
                    new TruncatedBptt.Advance(x, state, new boolean[BATCH + 1]),
                    new TruncatedBptt.Advance(tensor(3, BATCH, 3), state, none),
                    new TruncatedBptt.Advance(x, backend().state(SPEC, BATCH + 1), none))) {
                assertThrows(IllegalArgumentException.class, () -> one.restore(List.of(wrong), state, 1));
            }
            assertThrows(
                    IllegalArgumentException.class,
                    () -> one.restore(List.of(), backend().state(SPEC, BATCH + 1), 1));
            double[] expected = twin.forward(weights, x, null).toDoubles();
            assertArrayEquals(expected, one.forward(weights, x, null).toDoubles());
        }
    }
}
