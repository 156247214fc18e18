package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.IntTensor;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.train.Adam;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** A backend owns what it made, and a scope what it made: both end it when they are closed, and nothing else. */
public abstract class LifetimeContract extends BackendContract {
    /** For subclasses. */
    protected LifetimeContract() {}

    private static final RnnSpec SPEC = RnnSpec.of(Cell.LSTM, 3, 4);

    @Test
    void aClosedScopeEndsTheScopesInIt() {
        Backend outer = backend().scope();
        Backend inner = outer.scope();
        Tensor tensor = inner.tensor(2);
        outer.close();
        Refusal.illegalState(tensor::toDoubles, "closed");
        Refusal.illegalState(() -> inner.tensor(1), "closed");
        Refusal.illegalState(tensor::changed, "closed");
    }

    @Test
    void aClosedBackendEndsWhatItMade() {
        Backend backend = open();
        Tensor tensor = backend.tensor(2);
        Tensor view = tensor.view(1, 1);
        IntTensor indices = backend.intTensor(2);
        RnnState state = backend.state(SPEC, 1);
        RnnParameters weights = backend.parameters(SPEC);
        Rnn rnn = backend.rnn(SPEC, 1, 1, Purpose.TRAINING);
        Adam adam = new Adam(backend, 2, 0.1, 0.9, 0.999, 1e-8);
        Tensor x = backend.tensor(1, 1, 3);
        Tensor y = backend.tensor(1, 1, 4);
        backend.close();
        Refusal.illegalState(tensor::toDoubles, "closed");
        Refusal.illegalState(tensor::toFloats, "closed");
        Refusal.illegalState(() -> tensor.read(new float[2], 0), "closed");
        Refusal.illegalState(() -> tensor.fill(1), "closed");
        Refusal.illegalState(() -> tensor.set(1.0, 2.0), "closed");
        Refusal.illegalState(view::toDoubles, "closed");
        Refusal.illegalState(indices::toInts, "closed");
        Refusal.illegalState(() -> indices.set(1, 2), "closed");
        Refusal.illegalState(state::zero, "closed");
        Refusal.illegalState(() -> state.readRow(0, new float[8], 0), "closed");
        Refusal.illegalState(() -> weights.flat().fill(0), "closed");
        Refusal.illegalState(() -> rnn.forward(weights, x, y), "closed");
        Refusal.illegalState(() -> rnn.call(weights, x).y(y).train(), "closed");
        Refusal.illegalState(() -> adam.update(tensor, tensor), "closed");
        Refusal.illegalState(backend::warmUp, "closed");
        Refusal.illegalState(() -> backend.unsupported(SPEC), "closed");
        Refusal.illegalState(backend::scope, "closed");
        rnn.close();
        adam.close();
        state.close();
        tensor.close();
        backend.close();
    }

    @Test
    void aClosedScopeEndsWhatItMadeAndNothingElse() {
        Tensor outside = backend().tensor(2).fill(3);
        Backend scope = backend().scope();
        Tensor inside = scope.tensor(2).copyFrom(outside);
        RnnParameters weights = scope.parameters(SPEC);
        Rnn rnn = scope.rnn(SPEC, 1, 1, Purpose.INFERENCE);
        Tensor y = backend().tensor(1, 1, 4);
        rnn.forward(weights, backend().tensor(1, 1, 3), y);
        assertEquals(0, y.toDoubles()[0]);
        scope.close();
        scope.close();
        Refusal.illegalState(inside::toDoubles, "closed");
        Refusal.illegalState(
                () -> scope.tensor(1), "scope of backend " + backend().name() + " is closed");
        Refusal.illegalState(() -> rnn.forward(weights, backend().tensor(1, 1, 3), y), "closed");
        assertEquals(3, outside.toDoubles()[1]);
        assertEquals(0, backend().tensor(1).toDoubles()[0]);
    }

    @Test
    void aScopeEndsWithItsBackend() {
        Backend backend = open();
        Backend scope = backend.scope();
        Tensor tensor = scope.tensor(1);
        backend.close();
        Refusal.illegalState(() -> scope.tensor(1), "closed");
        Refusal.illegalState(tensor::toDoubles, "closed");
        scope.close();
    }

    /** Whoever closes a network or a backend that another thread uses, the call ends with its result or says that it is closed. */
    @RepeatedTest(10)
    void closingWhatAnotherThreadUses() throws InterruptedException {
        RnnCase network = RnnCase.random(RnnSpec.of(Cell.LSTM, 3, 17), 12, 3, 81);
        Backend backend = open();
        double[] expected = network.forward(backend, Purpose.INFERENCE).y();
        RnnParameters weights = network.weights(backend);
        Tensor x = (Tensor) network.input(backend);
        RnnState initial = network.initial(backend);
        Tensor y = network.y(backend);
        Rnn rnn = network.rnn(backend, Purpose.INFERENCE);
        CountDownLatch started = new CountDownLatch(1);
        AtomicReference<Throwable> end = new AtomicReference<>();
        Thread user = new Thread(() -> {
            try {
                while (true) {
                    rnn.call(weights, x).initial(initial).y(y).run();
                    double[] actual = y.toDoubles();
                    for (int i = 0; i < actual.length; i++) {
                        if (!(actual[i] == expected[i])) {
                            throw new AssertionError("y[" + i + "]: expected " + expected[i] + ", got " + actual[i]);
                        }
                    }
                    started.countDown();
                }
            } catch (Throwable e) {
                started.countDown();
                end.set(e);
            }
        });
        user.start();
        started.await();
        assertNull(end.get());
        rnn.close();
        backend.close();
        user.join(60_000);
        assertTrue(
                end.get() instanceof IllegalStateException, () -> "expected IllegalStateException, got " + end.get());
    }

    @Test
    void oneNetworkHasOneCallAtATime() throws InterruptedException {
        RnnCase network = RnnCase.random(RnnSpec.of(Cell.GRU, 3, 8), 20, 3, 82);
        double[] expected = network.forward(backend(), Purpose.INFERENCE).y();
        RnnParameters weights = network.weights(backend());
        Tensor x = (Tensor) network.input(backend());
        RnnState initial = network.initial(backend());
        try (Rnn rnn = network.rnn(backend(), Purpose.INFERENCE)) {
            AtomicReference<Throwable> wrong = new AtomicReference<>();
            Runnable calls = () -> {
                Tensor y = network.y(backend());
                for (int i = 0; i < 200; i++) {
                    try {
                        rnn.call(weights, x).initial(initial).y(y).run();
                    } catch (IllegalStateException e) {
                        if (!String.valueOf(e.getMessage()).contains("one thread at a time")) {
                            wrong.set(e);
                        }
                        continue;
                    }
                    double[] actual = y.toDoubles();
                    for (int j = 0; j < actual.length; j++) {
                        if (!(actual[j] == expected[j])) {
                            wrong.set(new AssertionError("y[" + j + "]"));
                        }
                    }
                }
            };
            Thread other = new Thread(calls);
            other.start();
            calls.run();
            other.join();
            assertNull(wrong.get());
        }
    }
}
