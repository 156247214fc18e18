package dev.rondo.bench.jmh;

import dev.rondo.Backend;
import dev.rondo.BackendOptions;
import dev.rondo.Cell;
import dev.rondo.ForwardCall;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import dev.rondo.train.Initializers;
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
 * A recurrent layer: the forward pass of inference over one sequence, forward and backward of training with all gradients, and
 * one step. Only the call is inside the timed region.
 */
@State(Scope.Thread)
@BenchmarkMode(org.openjdk.jmh.annotations.Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class RnnBenchmark {
    /** Name of the backend. */
    @Param("cpu")
    public String backend = "cpu";

    /** Threads of a CPU backend. */
    @Param({"1"})
    public int threads = 1;

    /** Name of the cell. */
    @Param({"LSTM", "GRU"})
    public Cell cell = Cell.LSTM;

    /** N, T, I, H, with an x between them, since JMH separates values by commas. */
    @Param({
        "1x100x64x64",
        "1x100x128x128",
        "1x100x256x256",
        "1x100x512x512",
        "1x100x1024x1024",
        "32x35x28x256",
        "64x50x512x512",
        "16x100x1024x1024",
        "16x100x128x128"
    })
    public String shape = "32x35x28x256";

    private Backend opened;
    private Rnn inference;
    private Rnn training;
    private ForwardCall inferenceCall;
    private ForwardCall trainingCall;
    private RnnParameters weights;
    private RnnParameters gradients;
    private Tensor x;
    private Tensor y;
    private Tensor dy;
    private Tensor dx;
    private RnnState state;
    private Tensor stepX;
    private Tensor stepY;

    /** For JMH. */
    public RnnBenchmark() {}

    /** Allocates and fills everything. */
    @Setup(Level.Trial)
    public void open() {
        String[] sizes = shape.split("x");
        int batch = Integer.parseInt(sizes[0]);
        int steps = Integer.parseInt(sizes[1]);
        int inputs = Integer.parseInt(sizes[2]);
        int hidden = Integer.parseInt(sizes[3]);
        RnnSpec spec = RnnSpec.of(cell, inputs, hidden);
        opened = Backend.named(backend, BackendOptions.defaults().withThreads(threads));
        opened.warmUp();
        inference = opened.rnn(spec, steps, batch, Purpose.INFERENCE);
        training = opened.rnn(spec, steps, batch, Purpose.TRAINING);
        weights = opened.parameters(spec);
        gradients = opened.parameters(spec);
        x = opened.tensor(steps, batch, inputs);
        y = opened.tensor(steps, batch, hidden);
        dy = opened.tensor(steps, batch, hidden);
        dx = opened.tensor(steps, batch, inputs);
        state = opened.state(spec, batch);
        stepX = opened.tensor(1, batch, inputs);
        stepY = opened.tensor(1, batch, hidden);
        inferenceCall = inference.call(weights, x).y(y).last(state);
        trainingCall = training.call(weights, x).y(y).last(state);
        Random random = new Random(1);
        Initializers.uniform(weights, random);
        Initializers.gaussian(x, 1, random);
        Initializers.gaussian(stepX, 1, random);
        Initializers.gaussian(dy, 1, random);
    }

    /** The forward pass of inference. */
    @Benchmark
    public void inference() {
        inferenceCall.run();
    }

    /** One step of inference, as in streaming: the state goes on from call to call. */
    @Benchmark
    public void step() {
        inference.step(weights, stepX, state, stepY);
    }

    /** Forward and backward, with the gradients of x and of all weights. */
    @Benchmark
    public void training() {
        try (TrainingPass pass = trainingCall.train()) {
            pass.backward().dy(dy).dx(dx).gradients(gradients).run();
        }
    }

    /** Closes the backend. */
    @TearDown(Level.Trial)
    public void close() {
        inference.close();
        training.close();
        opened.close();
    }
}
