package dev.rondo.bench.peers;

import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** One case on one library, in a JVM of its own: the outcome is checked before and after it is timed. */
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class EngineBenchmark {
    /** System property: the file with the expected outcome. */
    static final String EXPECTED = "rondo.peers.expected";

    /** Name of the library. */
    @Param({"RONDO"})
    public String library = "RONDO";

    /** What it computes. */
    @Param({"LSTM:INFERENCE:1x100x64x64:1"})
    public String rnnCase = "LSTM:INFERENCE:1x100x64x64:1";

    private Expected expected;
    private Engine engine;

    /** For JMH. */
    public EngineBenchmark() {}

    /** Makes the engine and checks what its first call computes. */
    @Setup(Level.Trial)
    public void open() {
        told(() -> {
            RnnCase rnn = RnnCase.parse(rnnCase);
            expected = Expected.read(Path.of(System.getProperty(EXPECTED)), rnn);
            engine = Library.valueOf(library).open(rnn, new RnnData(rnn));
            engine.call();
            require(expected.difference(engine.outputs()));
        });
    }

    /**
     * The call.
     *
     * @throws Exception if the library fails
     */
    @Benchmark
    public void call() throws Exception {
        engine.call();
    }

    /** Checks what the last call computed; gradients may have been added up meanwhile. */
    @TearDown(Level.Trial)
    public void check() {
        told(() -> require(expected.forwardDifference(engine.outputs())));
    }

    private static void require(Optional<String> difference) {
        if (difference.isPresent()) {
            throw new IllegalStateException("differs: " + difference.get());
        }
    }

    private interface Step {
        void run() throws Exception;
    }

    /** Turns any failure into one that the JVM of the comparison can read: it lacks the classes of the library. */
    private static void told(Step step) {
        try {
            step.run();
        } catch (Exception | LinkageError e) {
            if (Boolean.getBoolean("rondo.debug")) {
                e.printStackTrace();
            }
            String text = e instanceof IllegalStateException ? e.getMessage() : e.toString();
            throw new IllegalStateException(text.lines().findFirst().orElse(""));
        }
    }
}
