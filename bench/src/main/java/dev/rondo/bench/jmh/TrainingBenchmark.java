package dev.rondo.bench.jmh;

import dev.rondo.Backend;
import dev.rondo.BackendOptions;
import dev.rondo.Cell;
import dev.rondo.model.CharacterTraining;
import dev.rondo.model.CharacterTrainingSettings;
import dev.rondo.model.TextFilter;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A whole training step of the character model: input, forward, loss, backward by truncated BPTT, clipping, update. Letters at
 * random, 32 streams, windows of 35 steps, one layer of 256 units.
 */
@State(Scope.Thread)
@BenchmarkMode(org.openjdk.jmh.annotations.Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class TrainingBenchmark {
    private static final int CHARACTERS = 100_000;

    /** Name of the backend. */
    @Param("cpu")
    public String backend = "cpu";

    /** Threads of a CPU backend. */
    @Param("1")
    public int threads = 1;

    /** Name of the cell. */
    @Param({"LSTM", "GRU"})
    public Cell cell = Cell.LSTM;

    /** The optimizer. */
    @Param({"SGD", "ADAM"})
    public CharacterTrainingSettings.Algorithm algorithm = CharacterTrainingSettings.Algorithm.SGD;

    private Backend opened;
    private CharacterTraining training;

    /** For JMH. */
    public TrainingBenchmark() {}

    /** Starts a training run. */
    @Setup(Level.Trial)
    public void open() {
        Random random = new Random(1);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < CHARACTERS; i++) {
            int letter = random.nextInt(27);
            text.append(letter == 26 ? ' ' : (char) ('a' + letter));
        }
        opened = Backend.named(backend, BackendOptions.defaults().withThreads(threads));
        opened.warmUp();
        CharacterTrainingSettings settings = CharacterTrainingSettings.of(cell, 256)
                .withBatch(32)
                .withSteps(35)
                .withOptimizer(algorithm, 0.001);
        training = new CharacterTraining(opened, settings, TextFilter.LETTERS, text.toString(), CHARACTERS);
    }

    /** One window of 32 x 35 characters. */
    @Benchmark
    public void window() {
        if (training.window() == training.windowsInEpoch()) {
            training.nextEpoch();
        }
        training.trainWindow();
    }

    /** Ends the run. */
    @TearDown(Level.Trial)
    public void close() {
        training.close();
        opened.close();
    }
}
