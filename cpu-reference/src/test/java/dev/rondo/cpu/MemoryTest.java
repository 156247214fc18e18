package dev.rondo.cpu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Linear;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.train.Sgd;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Bytes that are allocated: by the calling thread, which makes all the memory of a network. With plain loops, since those of the
 * Vector API allocate until they are compiled.
 */
class MemoryTest {
    private static final RnnSpec LSTM = RnnSpec.of(Cell.LSTM, 512, 512);
    private static final long WEIGHTS = 4L * LSTM.layout().size();

    private final Backend backend = CpuContracts.open("plain", 2);

    @AfterEach
    void close() {
        backend.close();
    }

    private static long allocatedBy(Runnable work) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long thread = Thread.currentThread().getId();
        long before = threads.getThreadAllocatedBytes(thread);
        work.run();
        return threads.getThreadAllocatedBytes(thread) - before;
    }

    private static void assertAtMost(String what, double limit, long bytes) {
        assertTrue(bytes <= limit, () -> what + ": expected at most " + (long) limit + " bytes, got " + bytes);
    }

    /** A network for one stream, and its first step. */
    private Rnn stream(RnnSpec spec, RnnParameters weights) {
        Rnn rnn = backend.rnn(spec, 1, 1, Purpose.INFERENCE);
        Tensor x = backend.tensor(1, 1, spec.inputSize());
        rnn.step(weights, x, backend.state(spec, 1), backend.tensor(1, 1, spec.outputSize()));
        return rnn;
    }

    @Test
    void streamsShareThePackedWeights() {
        RnnParameters weights = backend.parameters(LSTM);
        List<Rnn> streams = new ArrayList<>();
        assertAtMost("the first stream", 1.3 * WEIGHTS, allocatedBy(() -> streams.add(stream(LSTM, weights))));
        assertAtMost("the second stream", 1e6, allocatedBy(() -> streams.add(stream(LSTM, weights))));
        weights.flat().fill(1);
        assertAtMost("after a change", 1e6, allocatedBy(() -> streams.add(stream(LSTM, weights))));
    }

    @Test
    void inferenceKeepsAWindowOfSteps() {
        RnnParameters weights = backend.parameters(LSTM);
        Tensor x = backend.tensor(500, 16, 512);
        Tensor y = backend.tensor(500, 16, 512);
        long bytes = allocatedBy(() -> {
            try (Rnn rnn = backend.rnn(LSTM, 500, 16, Purpose.INFERENCE)) {
                rnn.forward(weights, x, y);
            }
        });
        assertAtMost("T = 500, N = 16", 1.3 * WEIGHTS, bytes);
    }

    @Test
    void aSmallNetworkIsSmallWithManyThreads() {
        RnnSpec spec = RnnSpec.of(Cell.LSTM, 8, 8);
        try (Backend many = CpuContracts.open("plain", 64)) {
            // Once, so that its classes are there.
            many.rnn(spec, 1, 1, Purpose.TRAINING).close();
            many.rnn(spec, 1, 1, Purpose.INFERENCE).close();
            assertAtMost("inference", 20_000, allocatedBy(() -> many.rnn(spec, 1, 1, Purpose.INFERENCE)));
            assertAtMost("training", 20_000, allocatedBy(() -> many.rnn(spec, 1, 1, Purpose.TRAINING)));
            assertAtMost("a million steps", 30_000, allocatedBy(() -> many.rnn(spec, 1_000_000, 1, Purpose.INFERENCE)));
        }
    }

    /** Repeated until it is warm. */
    private static void assertSteady(String what, double limit, Runnable call) {
        for (int i = 0; i < 20_000; i++) {
            call.run();
        }
        long bytes = allocatedBy(() -> {
            for (int i = 0; i < 100; i++) {
                call.run();
            }
        });
        assertAtMost(what + ", 100 calls", 100 * limit, bytes);
    }

    @Test
    void aStepAllocatesNothing() {
        RnnSpec spec = RnnSpec.of(Cell.GRU, 8, 8);
        RnnParameters weights = backend.parameters(spec);
        RnnState state = backend.state(spec, 1);
        Tensor x = backend.tensor(1, 1, 8);
        Tensor y = backend.tensor(1, 1, 8);
        try (Rnn rnn = backend.rnn(spec, 1, 1, Purpose.INFERENCE)) {
            assertSteady("step", 1, () -> rnn.step(weights, x, state, y));
        }
    }

    @Test
    void aLinearLayerAllocatesNothing() {
        Linear linear = backend.linear(16, 20);
        Tensor weight = backend.tensor(20, 16);
        Tensor dWeight = backend.tensor(20, 16);
        Tensor bias = backend.tensor(20);
        Tensor x = backend.tensor(3, 16);
        Tensor dx = backend.tensor(3, 16);
        Tensor y = backend.tensor(3, 20);
        assertSteady("forward", 100, () -> linear.forward(weight, bias, x, y));
        assertSteady("backward", 100, () -> linear.backward(weight, x, y, dx, dWeight, bias));
    }

    /** The weights are packed anew after each update, in the memory that is there. */
    @Test
    void updatesAllocateNoPackedWeights() {
        RnnSpec spec = RnnSpec.of(Cell.LSTM, 128, 128);
        RnnParameters weights = backend.parameters(spec);
        RnnParameters gradients = backend.parameters(spec);
        Tensor x = backend.tensor(2, 1, 128);
        Tensor y = backend.tensor(2, 1, 128);
        Rnn rnn = backend.rnn(spec, 2, 1, Purpose.TRAINING);
        Rnn other = stream(spec, weights);
        Sgd sgd = new Sgd(backend, weights.flat().size(), 0.1, 0);
        Runnable update = () -> {
            rnn.call(weights, x).y(y).train().backward(y, gradients);
            sgd.update(weights.flat(), gradients.flat());
        };
        for (int i = 0; i < 100; i++) {
            update.run();
        }
        assertAtMost("100 updates", 100 * 5_000, allocatedBy(() -> {
            for (int i = 0; i < 100; i++) {
                update.run();
            }
        }));
        other.close();
        sgd.close();
        rnn.close();
    }
}
