package dev.rondo.bench.jmh;

import dev.rondo.Backend;
import dev.rondo.BackendOptions;
import dev.rondo.Cell;
import dev.rondo.Linear;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.train.Initializers;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A service: one backend and one set of weights, and as many threads as {@code -t} says, each with a stream of its own. Calls
 * per second of all threads together.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 2)
public class ServingBenchmark {
    /** For JMH. */
    public ServingBenchmark() {}

    /** What all threads share. */
    @State(Scope.Benchmark)
    public static class Shared {
        /** Name of the backend. */
        @Param("cpu")
        public String backend = "cpu";

        /** Threads of the backend. */
        @Param({"1", "2"})
        public int threads = 1;

        /** I and H. */
        @Param({"128", "512"})
        public int hidden = 128;

        private Backend opened;
        private RnnSpec spec;
        private RnnParameters weights;
        private Tensor matrix;
        private Tensor bias;

        /** For JMH. */
        public Shared() {}

        /** Makes the weights. */
        @Setup(Level.Trial)
        public void open() {
            opened = Backend.named(backend, BackendOptions.defaults().withThreads(threads));
            opened.warmUp();
            spec = RnnSpec.of(Cell.LSTM, hidden, hidden);
            weights = opened.parameters(spec);
            matrix = opened.tensor(4 * hidden, hidden);
            bias = opened.tensor(4 * hidden);
            Initializers.uniform(weights, new Random(1));
            Initializers.gaussian(matrix, 0.1, new Random(2));
        }

        /** Closes the backend. */
        @TearDown(Level.Trial)
        public void close() {
            opened.close();
        }
    }

    /** What each thread has. */
    @State(Scope.Thread)
    public static class Stream {
        private Rnn rnn;
        private Linear linear;
        private RnnState state;
        private Tensor x;
        private Tensor y;
        private Tensor row;
        private Tensor result;

        /** For JMH. */
        public Stream() {}

        /**
         * Makes a stream.
         *
         * @param shared the backend
         */
        @Setup(Level.Trial)
        public void open(Shared shared) {
            Backend backend = shared.opened;
            int hidden = shared.hidden;
            rnn = backend.rnn(shared.spec, 1, 1, Purpose.INFERENCE);
            linear = backend.linear(hidden, 4 * hidden);
            state = backend.state(shared.spec, 1);
            x = backend.tensor(1, 1, hidden);
            y = backend.tensor(1, 1, hidden);
            row = backend.tensor(1, hidden);
            result = backend.tensor(1, 4 * hidden);
            Initializers.gaussian(x, 1, new Random(3));
            Initializers.gaussian(row, 1, new Random(4));
        }
    }

    /**
     * A step of an LSTM, through {@code 8 H^2} weights.
     *
     * @param shared the weights
     * @param stream the stream
     */
    @Benchmark
    public void step(Shared shared, Stream stream) {
        stream.rnn.step(shared.weights, stream.x, stream.state, stream.y);
    }

    /**
     * One row through a linear layer, of {@code 4 H^2} weights.
     *
     * @param shared the weights
     * @param stream the row
     */
    @Benchmark
    public void linearRow(Shared shared, Stream stream) {
        stream.linear.forward(shared.matrix, shared.bias, stream.row, stream.result);
    }
}
