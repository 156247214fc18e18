package dev.rondo.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Direction;
import dev.rondo.ForwardCall;
import dev.rondo.Input;
import dev.rondo.IntTensor;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.train.Initializers;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Networks that were made for inference: what they hold, and sequences that they do in windows. */
@SuppressWarnings("try") // a property that is set as long as a block runs
class InferenceTest {
    private static final int STEPS = 131; // two windows of 64 steps, and a part of one
    private static final int BATCH = 33;

    @AfterEach
    void resetEmulator() {
        TestDevice.reset();
    }

    private record Result(float[] y, float[] h, float[] c) {}

    @ParameterizedTest
    @CsvSource({"LSTM, step, 3", "GRU_RESET_BEFORE, step, 2", "RNN_RELU, step, 1", "GRU, block, 1"})
    void windowsGiveWhatAWholePassGives(Cell cell, String form, int layers) {
        RnnSpec spec = RnnSpec.of(cell, 5, 6).withLayers(layers).withDirection(Direction.BIDIRECTIONAL);
        try (SystemProperty forced = SystemProperty.set(Plans.PROPERTY, form);
                Backend backend = TestDevice.open()) {
            for (boolean indices : new boolean[] {false, true}) {
                int[] lengths = indices ? null : lengths();
                Result whole = run(backend, spec, Purpose.TRAINING, indices, lengths);
                Result windows = run(backend, spec, Purpose.INFERENCE, indices, lengths);
                assertNear(whole.y, windows.y, "y");
                assertNear(whole.h, windows.h, "h");
                assertNear(whole.c, windows.c, "c");
            }
        }
    }

    /** None, one, the ends of the windows and what is beside them, all. */
    private static int[] lengths() {
        int[] some = {STEPS, 0, 1, 63, 64, 65, 127, 128, 129, STEPS - 1};
        int[] lengths = new int[BATCH];
        for (int n = 0; n < BATCH; n++) {
            lengths[n] = some[n % some.length];
        }
        return lengths;
    }

    private static Result run(Backend backend, RnnSpec spec, Purpose purpose, boolean indices, int[] lengths) {
        Random random = new Random(3);
        try (Backend scope = backend.scope()) {
            RnnParameters weights = scope.parameters(spec);
            Initializers.uniform(weights, random);
            Input x;
            if (indices) {
                IntTensor tokens = scope.intTensor(STEPS, BATCH);
                tokens.set(random.ints(STEPS * BATCH, 0, spec.inputSize()).toArray());
                x = tokens;
            } else {
                Tensor dense = scope.tensor(STEPS, BATCH, spec.inputSize());
                Initializers.uniform(dense, 1, random);
                x = dense;
            }
            RnnState initial = scope.state(spec, BATCH);
            Initializers.uniform(initial.h(), 1, random);
            RnnState last = scope.state(spec, BATCH);
            Tensor y = scope.tensor(STEPS, BATCH, spec.outputSize());
            Rnn rnn = scope.rnn(spec, STEPS, BATCH, purpose);
            ForwardCall call =
                    rnn.call(weights, x).lengths(lengths).initial(initial).y(y).last(last);
            for (int i = 0; i < 2; i++) { // launch by launch, captured
                y.fill(Float.NaN);
                call.run();
            }
            Tensor c = last.c();
            return new Result(y.toFloats(), last.h().toFloats(), c == null ? new float[0] : c.toFloats());
        }
    }

    private static void assertNear(float[] expected, float[] actual, String what) {
        assertEquals(expected.length, actual.length, what);
        for (int k = 0; k < expected.length; k++) {
            double difference = Math.abs(actual[k] - expected[k]);
            assertTrue(difference <= 2e-6, what + ": element " + k + " differs by " + difference);
        }
    }

    private static long bytes(Backend backend, RnnSpec spec, int steps, int batch, Purpose purpose) {
        long before = TestDevice.liveBytes(backend);
        try (Rnn rnn = backend.rnn(spec, steps, batch, purpose)) {
            assertEquals(purpose, rnn.purpose());
            return TestDevice.liveBytes(backend) - before;
        }
    }

    /** Of L layers and D directions one set of buffers, with the gates of a window; nothing for gradients. */
    @Test
    void takesNoMemoryForTraining() {
        int hidden = 128;
        int steps = 1000;
        int batch = 16;
        RnnSpec spec = RnnSpec.of(Cell.LSTM, 32, hidden).withLayers(3).withDirection(Direction.BIDIRECTIONAL);
        try (Backend backend = TestDevice.open()) {
            long state = 4L * batch * hidden;
            long window = 4L * 2048 * 4 * hidden + (2048 / batch + 1) * state; // gates, c
            long rest = (steps + 1) * state + 2 * steps * 2 * state; // h, outputs of two layers
            long inference = bytes(backend, spec, steps, batch, Purpose.INFERENCE);
            assertTrue(inference <= window + rest + (1 << 18), inference + " bytes, window " + window);
            long training = bytes(backend, spec, steps, batch, Purpose.TRAINING);
            assertTrue(training >= 6 * steps * 4 * state, training + " bytes");
            long step = bytes(backend, spec, 1, 1, Purpose.INFERENCE);
            assertTrue(step < 1 << 16, step + " bytes for a stream");
        }
    }
}
